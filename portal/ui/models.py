"""Views a person saved: the filters and the order of a list, under a name."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.audit.history import HistoricalModel


class SavedView(HistoricalModel):
    """The address of a list (``query``, without its page) kept by its owner.

    A shared one is seen by everybody of the owner's office. What was removed stays as
    history; its name is free again.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.RESTRICT, related_name="+"
    )
    list_key = models.CharField(max_length=40)
    name = models.CharField(_("名称"), max_length=20)
    query = models.CharField(max_length=1000, blank=True)
    is_shared = models.BooleanField(_("与本部门共享"), default=False)
    is_default = models.BooleanField(_("打开列表时先用这个视图"), default=False)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "list_key", "name"],
                condition=Q(removed_at__isnull=True),
                name="ui_savedview_one_name",
                violation_error_message=_("已有同名的视图，请换一个名称。"),
            ),
            models.UniqueConstraint(
                fields=["owner", "list_key"],
                condition=Q(is_default=True, removed_at__isnull=True),
                name="ui_savedview_one_default",
            ),
        ]
        indexes = [
            models.Index(
                fields=["list_key", "owner"],
                condition=Q(removed_at__isnull=True),
                name="ui_savedview_of_list",
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
