"""The grades of procedures over time, what led to them, and whom they were shown to.

``GradeChange`` is written once and is the truth; ``Procedure.grade`` is what the changes
add up to today (``surgery.ledger``). A decided batch of changes is one version of the
hospital's catalogue.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.approvals.models import Proposal
from portal.audit.history import HistoricalModel, WriteOnceModel
from surgery.checks.scoring import HIGHEST, LOWEST, ScoreSheet
from surgery.enums import Grade, GradeAct, Publishing
from surgery.models.procedures import Procedure

POINTS = ("score_risk", "score_difficulty", "score_resources", "score_ethics")
CHANGING = ("NEW", "CHANGE", "WITHDRAW", "RECODE")


class GradeVersion(WriteOnceModel):
    """One version of the hospital's graded catalogue: ``2026.2``.

    ``effective_on`` is the day from which all of it is in force, ``meeting`` the
    committee's meeting where one decided.
    """

    year = models.PositiveSmallIntegerField()
    sequence = models.PositiveSmallIntegerField()
    effective_on = models.DateField()
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.RESTRICT, related_name="+"
    )
    meeting = models.CharField(_("会议"), max_length=50, blank=True)
    doc_no = models.CharField(_("文号"), max_length=50, blank=True)
    reason = models.CharField(max_length=200)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["year", "sequence"], name="surgery_gradeversion_number"
            )
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"{self.year}.{self.sequence}"


class GradeProposal(Proposal):
    """A grade asked for: the first one, another one, or none any more.

    ``grade_before`` is what the proposer saw. The four scores are the sheet of domain
    3.4; a withdrawal has none, and what the HIS was seen to have comes without one and
    is scored before it is decided. ``version`` is what the decision made.
    """

    procedure = models.ForeignKey(
        Procedure, on_delete=models.RESTRICT, related_name="grade_proposals"
    )
    act = models.CharField(max_length=8, choices=GradeAct.choices)
    grade = models.PositiveSmallIntegerField(choices=Grade.choices)
    grade_before = models.PositiveSmallIntegerField(choices=Grade.choices)
    score_risk = models.PositiveSmallIntegerField(_("手术风险"), null=True, blank=True)
    score_difficulty = models.PositiveSmallIntegerField(
        _("难易程度"), null=True, blank=True
    )
    score_resources = models.PositiveSmallIntegerField(
        _("资源消耗"), null=True, blank=True
    )
    score_ethics = models.PositiveSmallIntegerField(
        _("伦理风险"), null=True, blank=True
    )
    effective_on = models.DateField(_("施行日期"))
    reason = models.CharField(_("理由"), max_length=200)
    meeting = models.CharField(_("会议"), max_length=50, blank=True)
    doc_no = models.CharField(_("文号"), max_length=50, blank=True)
    version = models.ForeignKey(
        GradeVersion,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="proposals",
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            *Proposal.Meta.constraints,
            models.UniqueConstraint(
                fields=["procedure"],
                condition=Q(state="SUBMITTED"),
                name="surgery_gradeproposal_one_open",
                violation_error_message=_("这项手术已有一份待审定的定级申请。"),
            ),
            models.CheckConstraint(
                condition=Q(act__in=["NEW", "CHANGE"], grade__in=[1, 2, 3, 4])
                | Q(act="WITHDRAW", grade=0),
                name="surgery_gradeproposal_grade_fits_act",
            ),
            models.CheckConstraint(
                condition=Q(act="WITHDRAW")
                # A range alone lets pass what is not there.
                | Q(**{f"{name}__isnull": False for name in POINTS})
                & Q(**{f"{name}__range": (LOWEST, HIGHEST) for name in POINTS})
                | ~Q(state="APPROVED")
                & Q(**{f"{name}__isnull": True for name in POINTS}),
                name="surgery_gradeproposal_scored",
                violation_error_message=_("四个维度都须评 1 至 5 分。"),
            ),
            models.CheckConstraint(
                condition=Q(version__isnull=True) | Q(state="APPROVED"),
                name="surgery_gradeproposal_version_when_approved",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="surgery_gradeproposal_state")
        ]

    def __str__(self) -> str:
        return f"{self.act} #{self.pk}"

    @property
    def lacks_sheet(self) -> bool:
        return bool(self.grade) and self.sheet is None

    @property
    def lacks_proposer(self) -> bool:
        """Proposed by the system and not to be scored: nobody stands for it yet."""
        return not self.lacks_sheet and self.proposed_by.is_system

    @property
    def sheet(self) -> ScoreSheet | None:
        """None for a withdrawal, and for what nobody has scored yet."""
        points = [getattr(self, name) for name in POINTS]
        return None if None in points else ScoreSheet(*points)


class GradeChange(WriteOnceModel):
    """One line of the ledger of grades.

    ``code`` and ``name`` are the procedure's as they were. ``grade_before`` is the grade
    of that day as it was known when this was recorded. ``transition_until`` is the last
    day on which rights given under the grade before still count. UNDO takes back the
    change it ``undoes``; its own ``grade`` is what holds on that day without it. RECODE
    carries a grade from one code to another.
    """

    procedure = models.ForeignKey(
        Procedure, on_delete=models.RESTRICT, related_name="grade_changes"
    )
    code = models.CharField(max_length=32)
    name = models.CharField(max_length=200)
    act = models.CharField(max_length=8, choices=GradeAct.choices)
    grade = models.PositiveSmallIntegerField(choices=Grade.choices)
    grade_before = models.PositiveSmallIntegerField(choices=Grade.choices)
    effective_from = models.DateField()
    recorded_at = models.DateTimeField()
    transition_until = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=200)
    meeting = models.CharField(max_length=50, blank=True)
    doc_no = models.CharField(max_length=50, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.RESTRICT, related_name="+"
    )
    version = models.ForeignKey(
        GradeVersion, on_delete=models.RESTRICT, related_name="changes"
    )
    proposal = models.OneToOneField(
        GradeProposal,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="change",
    )
    undoes = models.OneToOneField(
        "self",
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="undone_by",
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(act="UNDO", undoes__isnull=False)
                | Q(act__in=CHANGING, undoes__isnull=True),
                name="surgery_gradechange_undo_names_what",
            ),
            models.CheckConstraint(
                condition=Q(transition_until__isnull=True)
                | Q(transition_until__gte=models.F("effective_from")),
                name="surgery_gradechange_transition_after_start",
            ),
            models.UniqueConstraint(
                fields=["version", "procedure"],
                name="surgery_gradechange_once_a_version",
            ),
        ]
        indexes = [
            models.Index(
                fields=["effective_from"], name="surgery_gradechange_effective"
            ),
            models.Index(fields=["code"], name="surgery_gradechange_code"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.code}"


class CataloguePublication(HistoricalModel):
    """That the catalogue of grades 3 and 4 was reported or published (GR04, GR05).

    ``count`` and ``check_code`` stand for what was handed over, ``receipt`` is what the
    other side answered. No act changes a row: what was wrong is recorded anew.
    """

    version = models.ForeignKey(
        GradeVersion, on_delete=models.RESTRICT, related_name="publications"
    )
    kind = models.CharField(max_length=9, choices=Publishing.choices)
    on = models.DateField(_("日期"))
    to = models.CharField(_("对象"), max_length=100)
    receipt = models.CharField(_("回执号、网址"), max_length=100, blank=True)
    note = models.CharField(_("说明"), max_length=200, blank=True)
    count = models.PositiveIntegerField()
    check_code = models.CharField(max_length=20)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.RESTRICT, related_name="+"
    )
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
