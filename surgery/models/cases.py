"""What was operated and what is booked, as the HIS has it; changed by pulls only.

Codes and numbers are the HIS's, whether our directory and catalogue know them or not:
nothing that was done is lost. Of the patient only the keys of the encounter are kept.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.directory.models import HisRow
from surgery.enums import BookingStatus, Nature, Planned, Reoperation, TeamRole


class PerformedCase(HisRow):
    """One operation that was done, with its outcome: a row of ``V_YW_OPERATION``."""

    op_id = models.CharField(max_length=32, unique=True)
    apply_id = models.CharField(max_length=32, blank=True, db_index=True)
    patient_id = models.CharField(max_length=32)
    mr_no = models.CharField(max_length=50, blank=True)
    visit_no = models.IntegerField(null=True, blank=True)
    admission_id = models.CharField(max_length=32, blank=True)
    dept_code = models.CharField(max_length=20, blank=True)
    op_dept_code = models.CharField(max_length=20, blank=True)
    planned_at = models.DateTimeField(null=True, blank=True)
    in_room = models.DateTimeField(null=True, blank=True)
    anes_start = models.DateTimeField(null=True, blank=True)
    # The incision: a case without it was not begun, or nobody wrote it down.
    op_start = models.DateTimeField(null=True, blank=True)
    op_end = models.DateTimeField(null=True, blank=True)
    anes_end = models.DateTimeField(null=True, blank=True)
    out_room = models.DateTimeField(null=True, blank=True)
    proc_code = models.CharField(max_length=32)
    proc_name = models.CharField(max_length=100, blank=True)
    op_grade = models.CharField(max_length=1, blank=True)
    nature = models.CharField(max_length=1, choices=Nature.choices, blank=True)
    is_planned = models.CharField(max_length=1, choices=Planned.choices, blank=True)
    reoperation = models.CharField(
        max_length=1, choices=Reoperation.choices, blank=True
    )
    surgeon_no = models.CharField(max_length=20, db_index=True)
    surgeon_name = models.CharField(max_length=50, blank=True)
    anes_method = models.CharField(max_length=6, blank=True)
    incision_class = models.CharField(max_length=1, blank=True)
    complication = models.CharField(max_length=2, blank=True)
    is_dead = models.BooleanField(null=True)
    death_time = models.DateTimeField(null=True, blank=True)
    is_canceled = models.BooleanField()

    class Meta:
        ordering = ["-op_start", "op_id"]
        indexes = [
            models.Index(fields=["op_start", "op_id"], name="surgery_case_by_time"),
            models.Index(fields=["proc_code"], name="surgery_case_by_procedure"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class CaseProcedure(HisRow):
    """One procedure of a case, 1 the main one: a row of ``V_YW_OPERATION_ITEM``."""

    # The HIS may show the line before the case it belongs to.
    case = models.ForeignKey(
        PerformedCase,
        on_delete=models.DO_NOTHING,
        to_field="op_id",
        db_constraint=False,
        related_name="procedures",
    )
    item_no = models.IntegerField()
    code = models.CharField(max_length=32, db_index=True)
    name = models.CharField(max_length=100, blank=True)
    his_item_id = models.CharField(max_length=32, blank=True)
    op_grade = models.CharField(max_length=1, blank=True)

    class Meta:
        ordering = ["case_id", "item_no"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "item_no"], name="surgery_caseprocedure_key"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class CaseMember(HisRow):
    """One person in one role of a case: a row of ``V_YW_OPERATION_TEAM``."""

    case = models.ForeignKey(
        PerformedCase,
        on_delete=models.DO_NOTHING,
        to_field="op_id",
        db_constraint=False,
        related_name="members",
    )
    role = models.CharField(max_length=1, choices=TeamRole.choices)
    emp_no = models.CharField(max_length=20, db_index=True)
    name = models.CharField(max_length=50, blank=True)

    class Meta:
        ordering = ["case_id", "role", "emp_no"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "role", "emp_no"], name="surgery_casemember_key"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class BookedOperation(HisRow):
    """An operation applied for in the HIS: a row of ``V_YW_SURGERY_APPLY``."""

    apply_id = models.CharField(_("申请单号"), max_length=32, unique=True)
    admission_id = models.CharField(max_length=32, blank=True)
    dept_code = models.CharField(max_length=20, blank=True)
    proc_code = models.CharField(max_length=32)
    proc_name = models.CharField(max_length=100, blank=True)
    extra_proc_code = models.CharField(max_length=32, blank=True)
    surgeon_no = models.CharField(max_length=20)
    assist1_no = models.CharField(max_length=20, blank=True)
    assist2_no = models.CharField(max_length=20, blank=True)
    applicant_no = models.CharField(max_length=20)
    applied_at = models.DateTimeField()
    planned_at = models.DateTimeField(_("手术时间"), null=True, blank=True)
    op_room = models.CharField(max_length=20, blank=True)
    anes_name = models.CharField(max_length=20, blank=True)
    is_planned = models.CharField(max_length=1, choices=Planned.choices, blank=True)
    nature = models.CharField(max_length=1, choices=Nature.choices, blank=True)
    reoperation = models.CharField(
        max_length=1, choices=Reoperation.choices, blank=True
    )
    status = models.CharField(max_length=1, choices=BookingStatus.choices)

    class Meta:
        ordering = ["planned_at", "apply_id"]
        indexes = [
            models.Index(fields=["planned_at", "apply_id"], name="surgery_booked_time"),
            models.Index(
                fields=["surgeon_no", "planned_at"], name="surgery_booked_surgeon"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
