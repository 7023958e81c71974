"""The surgery applications doctors declare on."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.audit.history import HistoricalModel
from portal.directory.models import Practitioner
from surgery.enums import Grade, Nature, Planned, Reoperation


class SurgeryApplication(HistoricalModel):
    """A planned operation of the HIS, with what the doctor declared in our field.

    It carries the HIS's application number and no patient identifier.
    """

    application_no = models.CharField(_("申请单号"), max_length=40, unique=True)
    applicant = models.ForeignKey(
        Practitioner, on_delete=models.RESTRICT, related_name="+"
    )
    surgeon = models.ForeignKey(
        Practitioner, on_delete=models.RESTRICT, related_name="surgery_applications"
    )
    planned_at = models.DateTimeField(_("手术时间"))
    is_planned = models.CharField(
        _("是否计划手术"), max_length=1, choices=Planned.choices
    )
    nature = models.CharField(_("手术性质"), max_length=1, choices=Nature.choices)
    is_rescue = models.BooleanField(_("抢救生命"), default=False)
    reoperation = models.CharField(
        _("再次手术类型"), max_length=1, choices=Reoperation.choices
    )
    reoperation_reason = models.CharField(_("再次手术原因"), max_length=200, blank=True)
    # The verdict as it stood when the values were saved (domain 1.3).
    verdict_code = models.CharField(max_length=2)
    verdict = models.JSONField()
    declared_at = models.DateTimeField()

    class Meta:
        ordering = ["-declared_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reoperation="2") | ~Q(reoperation_reason=""),
                name="surgery_surgeryapplication_reoperation_has_reason",
                violation_error_message=_("非计划再次手术须写明原因。"),
            ),
            models.CheckConstraint(
                condition=Q(is_rescue=False) | Q(nature="2"),
                name="surgery_surgeryapplication_rescue_is_emergency",
                violation_error_message=_("只有急诊手术可以勾选抢救生命。"),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class ApplicationProcedure(HistoricalModel):
    """One procedure of a surgery application; code, name and grade are frozen."""

    application = models.ForeignKey(
        SurgeryApplication, on_delete=models.RESTRICT, related_name="procedures"
    )
    position = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=32)
    name = models.CharField(max_length=100)
    grade = models.PositiveSmallIntegerField(choices=Grade.choices)
    # A line a later declaration dropped stays, marked.
    is_dropped = models.BooleanField(default=False)

    class Meta:
        ordering = ["application", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "position"],
                name="surgery_applicationprocedure_one_per_position",
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
