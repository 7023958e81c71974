"""Versions of the catalogue, and the changes collected for the next one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from permissions.models.attributes import OPEN_STATES, VersionState
from portal.audit.history import HistoricalModel


class CatalogueVersion(HistoricalModel):
    """One release of the catalogue: collected, submitted, approved, published.

    ``number`` is given when it is published. ``revision`` counts what was done to it,
    so that nobody decides on something other than what they read. ``is_open`` holds
    while the version is under way.
    """

    number = models.PositiveIntegerField(null=True, blank=True)
    state = models.CharField(
        max_length=9, choices=VersionState.choices, default=VersionState.DRAFT
    )
    is_open = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=0)
    effective_on = models.DateField(null=True, blank=True)
    doc_no = models.CharField(max_length=50, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    started_at = models.DateTimeField()
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.CharField(max_length=200, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_open"],
                condition=Q(is_open=True),
                name="permissions_catalogueversion_one_open",
                violation_error_message=_("已有一版正在修改。"),
            ),
            models.UniqueConstraint(
                fields=["number"],
                condition=Q(number__isnull=False),
                name="permissions_catalogueversion_number",
            ),
            models.CheckConstraint(
                condition=Q(is_open=True, state__in=sorted(OPEN_STATES))
                | Q(is_open=False) & ~Q(state__in=sorted(OPEN_STATES)),
                name="permissions_catalogueversion_open_state",
            ),
            models.CheckConstraint(
                condition=Q(number__isnull=True)
                | Q(published_at__isnull=False, effective_on__isnull=False),
                name="permissions_catalogueversion_published_whole",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True, decided_at__isnull=True)
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="permissions_catalogueversion_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | Q(submitted_by__isnull=True)
                | ~Q(decided_by=F("submitted_by")),
                name="permissions_catalogueversion_second_person",
                violation_error_message=_("提交人不能审批自己提交的版本。"),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.state}"


class DraftEntry(HistoricalModel):
    """An entry as the version under way would have it.

    ``content`` is an ``Entry`` as JSON; ``is_dropped`` takes the change back.
    """

    version = models.ForeignKey(
        CatalogueVersion, on_delete=models.RESTRICT, related_name="drafts"
    )
    code = models.CharField(max_length=20)
    content = models.JSONField()
    is_new = models.BooleanField(default=False)
    is_dropped = models.BooleanField(default=False)
    revision = models.PositiveIntegerField(default=1)
    reason = models.CharField(max_length=200)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.RESTRICT, related_name="+"
    )
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "code"], name="permissions_draftentry_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} #{self.version_id}"
