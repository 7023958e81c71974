"""The surgery applications doctors declare on."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.audit.history import HistoricalModel
from portal.directory.models import Practitioner
from surgery.enums import (
    DeclaredRole,
    Grade,
    Nature,
    OperatedSide,
    Planned,
    Reoperation,
    ReoperationCause,
    Technique,
)


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
    reoperation_cause = models.CharField(
        _("再次手术原因分类"),
        max_length=12,
        choices=ReoperationCause.choices,
        blank=True,
        default="",
    )
    first_operation = models.CharField(
        _("首次手术"), max_length=40, blank=True, default=""
    )
    is_day = models.BooleanField(_("日间手术"), default=False)
    side = models.CharField(
        _("侧别"), max_length=1, choices=OperatedSide.choices, blank=True, default=""
    )
    site = models.CharField(_("部位"), max_length=60, blank=True, default="")
    is_mini = models.BooleanField(_("微创"), default=False)
    technique = models.CharField(
        _("技术类别"), max_length=1, choices=Technique.choices, blank=True, default=""
    )
    technique_text = models.CharField(
        _("技术名称"), max_length=100, blank=True, default=""
    )
    preop_discussion = models.CharField(
        _("术前讨论编号"), max_length=40, blank=True, default=""
    )
    preop_discussed_at = models.DateTimeField(_("术前讨论时间"), null=True, blank=True)
    mdt = models.CharField(_("MDT 编号"), max_length=40, blank=True, default="")
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
            models.CheckConstraint(
                condition=Q(reoperation="2") | Q(reoperation_cause=""),
                name="surgery_surgeryapplication_cause_of_unplanned",
            ),
            models.CheckConstraint(
                condition=Q(reoperation__in=["1", "2"]) | Q(first_operation=""),
                name="surgery_surgeryapplication_first_of_again",
            ),
            models.CheckConstraint(
                condition=Q(technique__in=["1", "2"]) | Q(technique_text=""),
                name="surgery_surgeryapplication_technique_named",
            ),
            models.CheckConstraint(
                condition=Q(preop_discussed_at__isnull=True)
                | Q(preop_discussed_at__lte=F("declared_at")),
                name="surgery_surgeryapplication_discussed_before",
                violation_error_message=_("术前讨论时间不能晚于现在。"),
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


class ApplicationMember(HistoricalModel):
    """Somebody beside the surgeon; number and name are as they were declared."""

    application = models.ForeignKey(
        SurgeryApplication, on_delete=models.RESTRICT, related_name="team"
    )
    position = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=9, choices=DeclaredRole.choices)
    emp_no = models.CharField(max_length=20)
    # Empty of a number the directory did not know.
    name = models.CharField(max_length=50, blank=True)
    # A line a later declaration dropped stays, marked.
    is_dropped = models.BooleanField(default=False)

    class Meta:
        ordering = ["application", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "position"],
                name="surgery_applicationmember_one_per_position",
            ),
            models.CheckConstraint(
                condition=Q(role__in=["ASSIST", "SUPERVISE"]) & ~Q(emp_no=""),
                name="surgery_applicationmember_who_as_what",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
