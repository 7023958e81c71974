"""Who gets what: shared by what is proposed and what is granted."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from permissions.enums import Setting
from permissions.models.catalogue import Privilege
from portal.directory.models import Practitioner


class Terms(models.Model):
    """Who gets what, where, from when to when; shared by proposal and grant.

    ``item_code`` is the procedure's code for ITEM privileges and empty otherwise;
    ``valid_to`` is exclusive, None means without end.
    """

    practitioner = models.ForeignKey(Practitioner, on_delete=models.RESTRICT)
    privilege = models.ForeignKey(Privilege, on_delete=models.RESTRICT)
    item_code = models.CharField(max_length=32, blank=True)
    item_name = models.CharField(max_length=100, blank=True)
    item_grade = models.PositiveSmallIntegerField(null=True, blank=True)
    setting = models.CharField(max_length=4, choices=Setting.choices)
    valid_from = models.DateTimeField(_("生效日期"))
    valid_to = models.DateTimeField(_("到期日期"), null=True, blank=True)
    doc_no = models.CharField(_("依据文号"), max_length=50, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_from__lt=F("valid_to")),
                name="%(app_label)s_%(class)s_ends_after_start",
                violation_error_message=_("到期日期不能早于生效日期。"),
            )
        ]
