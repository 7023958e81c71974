"""Who gets what: shared by what is proposed, what is granted and how it stands."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from permissions.enums import GrantKind, ItemKind, Setting, Side, SurgicalRole
from permissions.ledger import LineKey, Span
from permissions.models.catalogue import Privilege
from portal.directory.models import Practitioner


class KeyedLine(models.Model):
    """What tells a line apart, and from when to when it was meant to hold.

    ``item_code`` is empty for flags and levels; an empty ``campus`` or ``side`` means
    all; ``visit_no`` is the HIS's number of the one visit a one-patient line is for, no
    patient identifier; ``valid_to`` is exclusive, None means without end.
    """

    practitioner = models.ForeignKey(Practitioner, on_delete=models.RESTRICT)
    privilege = models.ForeignKey(Privilege, on_delete=models.RESTRICT)
    item_kind = models.CharField(max_length=9, choices=ItemKind.choices, blank=True)
    item_code = models.CharField(max_length=32, blank=True)
    role = models.CharField(max_length=18, choices=SurgicalRole.choices, blank=True)
    setting = models.CharField(max_length=4, choices=Setting.choices)
    campus = models.CharField(_("院区"), max_length=20, blank=True)
    side = models.CharField(
        _("侧别限制"), max_length=10, choices=Side.choices, blank=True
    )
    visit_no = models.CharField(_("就诊号"), max_length=40, blank=True)
    kind = models.CharField(
        max_length=11, choices=GrantKind.choices, default=GrantKind.FIRST
    )
    valid_from = models.DateTimeField(_("生效日期"))
    valid_to = models.DateTimeField(_("到期日期"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def key(self) -> LineKey:
        return LineKey(
            practitioner=self.practitioner_id,
            privilege=self.privilege_id,
            item_kind=self.item_kind,
            item_code=self.item_code,
            role=self.role,
            setting=self.setting,
            campus=self.campus,
            side=self.side,
            visit_no=self.visit_no,
        )

    @property
    def span(self) -> Span:
        return Span(self.valid_from, self.valid_to)


class Terms(KeyedLine):
    """A line with everything that is said of it; shared by proposal and grant.

    ``conditions`` are shown wherever the right is; ``evidence`` says what it rests on.
    """

    item_name = models.CharField(max_length=100, blank=True)
    item_grade = models.PositiveSmallIntegerField(null=True, blank=True)
    conditions = models.CharField(_("附加条件"), max_length=200, blank=True)
    evidence = models.CharField(_("依据材料"), max_length=500, blank=True)
    doc_no = models.CharField(_("依据文号"), max_length=50, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_from__lt=F("valid_to")),
                name="%(app_label)s_%(class)s_ends_after_start",
                violation_error_message=_("到期日期不能早于生效日期。"),
            ),
            models.CheckConstraint(
                condition=Q(item_kind="", item_code="")
                | ~Q(item_kind="") & ~Q(item_code=""),
                name="%(app_label)s_%(class)s_item_has_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="ONE_PATIENT") & ~Q(visit_no="")
                | ~Q(kind="ONE_PATIENT") & Q(visit_no=""),
                name="%(app_label)s_%(class)s_one_patient_has_visit",
                violation_error_message=_("单例患者授权须填就诊号，其他授权不填。"),
            ),
        ]
