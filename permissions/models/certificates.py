"""Personal certificates 个人证书: who holds which, until when (domain 2.5-7)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from permissions.models.attributes import Certificate
from portal.audit.history import HistoricalModel
from portal.directory.models import Practitioner

# What the HIS tells itself, with the registration and its filings, is not kept twice.
TOLD_BY_HIS = frozenset({Certificate.LICENSE, Certificate.MULTI_SITE})
KEPT_HERE = tuple(one for one in Certificate if one not in TOLD_BY_HIS)


class PersonalCertificate(HistoricalModel):
    """One certificate; ``valid_to`` is the last day it is good for, None without end.

    A renewed one is a record of its own. One entered in error is void and stays.
    """

    practitioner = models.ForeignKey(
        Practitioner, on_delete=models.RESTRICT, related_name="certificates"
    )
    kind = models.CharField(
        _("证书"),
        max_length=12,
        choices=[(one.value, one.label) for one in KEPT_HERE],
    )
    number = models.CharField(_("证书编号"), max_length=50)
    issuer = models.CharField(_("发证单位"), max_length=80, blank=True)
    issued_on = models.DateField(_("发证日期"))
    valid_to = models.DateField(_("有效期至"), null=True, blank=True)
    document = models.CharField(_("材料"), max_length=100, blank=True)
    is_void = models.BooleanField(default=False)

    class Meta:
        ordering = ["-issued_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["practitioner", "kind", "number", "issued_on"],
                condition=Q(is_void=False),
                name="permissions_personalcertificate_once",
                violation_error_message=_("这张证书已登记。"),
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("issued_on")),
                name="permissions_personalcertificate_ends_after",
                violation_error_message=_("有效期不能早于发证日期。"),
            ),
        ]
        indexes = [
            models.Index(fields=["valid_to"], name="permissions_certificate_ends")
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
