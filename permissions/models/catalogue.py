"""The privilege catalogue 医生权限字典."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from permissions.enums import Category, Setting, TitleRule, ValueKind
from permissions.models.attributes import EndsWith, Flow, OnExpiry
from permissions.models.dictionaries import RegistrationScope, Regulation, Training
from permissions.models.versions import CatalogueVersion
from portal.audit.history import HistoricalModel, WriteOnceModel, WriteOnceQuerySet

L = TypeVar("L", bound=models.Model)


class Privilege(HistoricalModel):
    """One entry of the privilege catalogue, as the last published version has it.

    ``requirements`` says what no other attribute can; ``version`` is the one that last
    changed the entry, None where versions were not kept yet. What the entry refers to
    (other privileges, courses, scopes, regulations) stands in links of that version.
    """

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    initials = models.CharField(max_length=100, db_index=True)
    category = models.CharField(max_length=2, choices=Category.choices)
    value_kind = models.CharField(max_length=5, choices=ValueKind.choices)
    level = models.CharField(max_length=10, blank=True)
    setting = models.CharField(
        max_length=4, choices=Setting.choices, default=Setting.ALL
    )
    title_rule = models.CharField(
        max_length=4, choices=TitleRule.choices, default=TitleRule.NONE
    )
    min_title_rank = models.PositiveSmallIntegerField(default=0)
    certificates = models.JSONField(default=list)
    min_years = models.PositiveSmallIntegerField(null=True, blank=True)
    min_cases = models.PositiveSmallIntegerField(null=True, blank=True)
    requirements = models.CharField(max_length=200, blank=True)
    validity_months = models.PositiveSmallIntegerField(null=True, blank=True)
    ends_with = models.CharField(
        max_length=11, choices=EndsWith.choices, default=EndsWith.NOTHING, blank=True
    )
    assessment_months = models.PositiveSmallIntegerField(null=True, blank=True)
    flow = models.CharField(max_length=10, choices=Flow.choices, default=Flow.OFFICE)
    his_target = models.CharField(max_length=100, blank=True)
    his_value = models.CharField(max_length=20, blank=True)
    enforced_at = models.JSONField(default=list)
    on_expiry = models.CharField(
        max_length=7, choices=OnExpiry.choices, default=OnExpiry.SUSPEND
    )
    is_enabled = models.BooleanField(default=True)
    sort = models.PositiveSmallIntegerField(default=0)
    version = models.ForeignKey(
        CatalogueVersion,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )

    class Meta:
        ordering = ["sort", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(title_rule="NONE", min_title_rank=0)
                | ~Q(title_rule="NONE") & Q(min_title_rank__gt=0),
                name="permissions_privilege_rule_with_title",
                violation_error_message=_("职称规则与最低职称须同时填写。"),
            ),
            models.CheckConstraint(
                condition=Q(validity_months__isnull=True) | Q(ends_with=""),
                name="permissions_privilege_one_end",
                violation_error_message=_("有效月数与到期条件只填一项。"),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class PrivilegeRevision(WriteOnceModel):
    """An entry as one version made it; ``content`` is an ``Entry`` as JSON."""

    privilege = models.ForeignKey(
        Privilege, on_delete=models.RESTRICT, related_name="revisions"
    )
    version = models.ForeignKey(
        CatalogueVersion, on_delete=models.RESTRICT, related_name="revisions"
    )
    content = models.JSONField()

    class Meta:
        ordering = ["version_id", "privilege_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["privilege", "version"],
                name="permissions_privilegerevision_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.privilege_id} #{self.version_id}"


class LinkQuerySet(WriteOnceQuerySet[L]):
    def current(self) -> LinkQuerySet[L]:
        """The links of each entry's present version; older ones are kept."""
        return self.filter(version=F("privilege__version"))


class Link(WriteOnceModel):
    """Something an entry refers to, as one version made it."""

    privilege = models.ForeignKey(Privilege, on_delete=models.RESTRICT)
    version = models.ForeignKey(
        CatalogueVersion, on_delete=models.RESTRICT, related_name="+"
    )

    objects: ClassVar[Any] = LinkQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"#{self.pk}"


class Prerequisite(Link):
    """Only who holds ``needed`` may be given ``privilege``; never in a circle."""

    needed = models.ForeignKey(
        Privilege, on_delete=models.RESTRICT, related_name="needed_by"
    )

    class Meta:
        ordering = ["needed__sort", "needed__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["privilege", "version", "needed"],
                name="permissions_prerequisite_once",
            ),
            models.CheckConstraint(
                condition=~Q(needed=F("privilege")),
                name="permissions_prerequisite_not_itself",
            ),
        ]


class TrainingNeed(Link):
    """A course that must be attended, or whose exam must be passed."""

    training = models.ForeignKey(Training, on_delete=models.RESTRICT)
    is_exam = models.BooleanField()

    class Meta:
        ordering = ["training__sort", "is_exam"]
        constraints = [
            models.UniqueConstraint(
                fields=["privilege", "version", "training", "is_exam"],
                name="permissions_trainingneed_once",
            )
        ]


class ScopeLimit(Link):
    """A registration scope in which the right may be given; none means any."""

    scope = models.ForeignKey(RegistrationScope, on_delete=models.RESTRICT)

    class Meta:
        ordering = ["scope__sort"]
        constraints = [
            models.UniqueConstraint(
                fields=["privilege", "version", "scope"],
                name="permissions_scopelimit_once",
            )
        ]


class Basis(Link):
    """A regulation the entry rests on."""

    regulation = models.ForeignKey(Regulation, on_delete=models.RESTRICT)

    class Meta:
        ordering = ["regulation__sort"]
        constraints = [
            models.UniqueConstraint(
                fields=["privilege", "version", "regulation"],
                name="permissions_basis_once",
            )
        ]
