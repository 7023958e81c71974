"""Post templates 岗位模板: a named set of privilege lines the office grants at once."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from permissions.enums import ItemKind, Setting, Side, SurgicalRole
from permissions.models.catalogue import Privilege
from portal.audit.history import HistoricalModel


class PostTemplate(HistoricalModel):
    """What a post usually holds: 肝胆外科主治医师."""

    name = models.CharField(_("名称"), max_length=50, unique=True)
    note = models.CharField(_("说明"), max_length=200, blank=True)
    is_enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PostTemplateLine(HistoricalModel):
    """One right of a template; ``months`` None lasts as long as the privilege allows.

    A line a later version dropped stays, marked.
    """

    template = models.ForeignKey(
        PostTemplate, on_delete=models.RESTRICT, related_name="lines"
    )
    position = models.PositiveSmallIntegerField()
    privilege = models.ForeignKey(Privilege, on_delete=models.RESTRICT)
    item_kind = models.CharField(max_length=9, choices=ItemKind.choices, blank=True)
    item_code = models.CharField(max_length=32, blank=True)
    item_name = models.CharField(max_length=100, blank=True)
    role = models.CharField(max_length=18, choices=SurgicalRole.choices, blank=True)
    setting = models.CharField(max_length=4, choices=Setting.choices)
    campus = models.CharField(max_length=20, blank=True)
    side = models.CharField(max_length=10, choices=Side.choices, blank=True)
    months = models.PositiveSmallIntegerField(null=True, blank=True)
    is_dropped = models.BooleanField(default=False)

    class Meta:
        ordering = ["template", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    *("template", "privilege", "item_code"),
                    *("role", "setting", "campus", "side"),
                ],
                condition=Q(is_dropped=False),
                name="permissions_posttemplateline_once",
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
