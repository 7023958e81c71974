"""Import of procedures by sheet: what is read of a row, and what came of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.sheets.models import SheetImport, SheetRow
from surgery.models.grading import GradeVersion
from surgery.models.procedures import Procedure

# The kinds of its jobs.
CHECK, APPLY, UNDO = (
    "surgery.check_import",
    "surgery.apply_import",
    "surgery.undo_import",
)


class Sort(models.TextChoices):
    """Which sheet it is."""

    NATIONAL = "NATIONAL", _("国临 3.0 手术操作")
    ASSESSED = "ASSESSED", _("国考四级、微创目录")
    GRADES = "GRADES", _("本院手术分级目录")


class Flag(models.TextChoices):
    """What every row of an assessed list is, where no column says so."""

    NONE = "", _("按列中所写")
    LEVEL4 = "LEVEL4", _("每行都是国考四级手术")
    MINI = "MINI", _("每行都是国考微创手术")


class ProcedureImport(SheetImport):
    """One sheet on its way into the catalogue.

    ``each_is`` reads a list without columns of flags. ``effective_on`` and ``meeting``
    are those of a list of grades, ``version`` what it made. ``told_to`` is the newest history row of a procedure
    when the writing was done: what is newer, somebody changed since.
    """

    sort = models.CharField(max_length=8, choices=Sort.choices)
    each_is = models.CharField(max_length=6, choices=Flag.choices, blank=True)
    effective_on = models.DateField(null=True, blank=True)
    meeting = models.CharField(max_length=50, blank=True)
    version = models.ForeignKey(
        GradeVersion,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    told_to = models.BigIntegerField(null=True, blank=True)


class Verdict(models.TextChoices):
    """What a dry run says of a row."""

    NEW = "NEW", _("新增")
    CHANGED = "CHANGED", _("改变")
    SAME = "SAME", _("相同")
    UNKNOWN = "UNKNOWN", _("不在目录")
    CONFLICT = "CONFLICT", _("冲突")
    ERROR = "ERROR", _("有误")


class ProcedureImportRow(SheetRow):
    """One row of the sheet as last read.

    ``after`` has what it says of the procedure, field by field as stored; ``before``
    what the catalogue said of the same fields then. Of a changed row both have only the
    fields that differ.
    """

    procedure_import = models.ForeignKey(
        ProcedureImport, on_delete=models.RESTRICT, related_name="rows"
    )
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    code = models.CharField(max_length=32, blank=True)
    name = models.CharField(max_length=100, blank=True)
    procedure = models.ForeignKey(
        Procedure, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        ordering = ["procedure_import", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["procedure_import", "number"],
                name="surgery_procedureimportrow_once",
            )
        ]
