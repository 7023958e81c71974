"""Grades asked for, as lists and pages show them, and what they would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.checks.codes import Code
from permissions.presenters import words
from permissions.regrading import (
    BookedEffect,
    Changing,
    Fate,
    Foreseen,
    Outlook,
    foresee,
)
from portal.approvals.workflow import ProposalState
from portal.ui.elements import Chip, Element, Grade, Note, Text
from portal.ui.moments import write_day, write_last_day, write_moment, write_short
from portal.ui.phrases import listed, noted
from surgery.checks.scoring import HIGHEST, ScoreSheet
from surgery.enums import Grade as GradeOf
from surgery.enums import GradeAct, VerdictCode
from surgery.models import GradeProposal
from surgery.models.grading import POINTS
from surgery.presenters.grade_versions import ACT_CHIPS, grade_chip

# How many doctors and operations a page lists one by one.
MOST_LISTED = 20


# --- the score sheet ------------------------------------------------------------------


@dataclass(frozen=True)
class Score:
    """The sheet as it is shown: four bars, the total, what it proposes."""

    rows: Sequence[tuple[Text, int]]
    total: int
    proposed: Grade
    most: int = HIGHEST

    @property
    def says(self) -> str:
        return _("合计 %(total)s 分，建议%(grade)s") % {
            "total": self.total,
            "grade": self.proposed.text,
        }


def score(sheet: ScoreSheet | None) -> Score | None:
    if sheet is None:
        return None
    titles = [GradeProposal._meta.get_field(name).verbose_name for name in POINTS]  # type: ignore[union-attr]
    rows = list(zip(titles, sheet.points, strict=True))
    return Score(rows, sheet.total, Grade(sheet.grade))


# --- what it would do -----------------------------------------------------------------


@dataclass(frozen=True)
class OutlookRow:
    """One doctor: what they hold, and what becomes of it."""

    name: str
    emp_no: str
    title: str
    department: str
    held: str
    then: str
    tone: str


@dataclass(frozen=True)
class BookedRow:
    planned_at: str
    surgeon: str
    emp_no: str
    application_no: str
    then: str
    is_lost: bool


@dataclass(frozen=True)
class Panel:
    """Who is concerned and what is booked; the first of each one by one."""

    summary: str
    rows: Sequence[OutlookRow]
    left_out: int
    keeping: int
    booked: Sequence[BookedRow]
    booked_count: int
    booked_left_out: int
    notes: Sequence[Element]


def panel(changing: Changing, *, now: datetime) -> Panel:
    found = foresee(changing, now=now)
    told = [one for one in found.outlooks if one.fate is not Fate.KEEPS or one.lines]
    return Panel(
        summary=_summary(found),
        rows=[_outlook(one) for one in told[:MOST_LISTED]],
        left_out=max(0, len(told) - MOST_LISTED),
        keeping=len(found.outlooks) - len(told),
        booked=[_booked(one) for one in found.booked[:MOST_LISTED]],
        booked_count=len(found.booked),
        booked_left_out=max(0, len(found.booked) - MOST_LISTED),
        notes=_notes(found),
    )


def _summary(found: Foreseen) -> str:
    counts = (
        (Fate.LOSES, _("施行日起失去 %(n)s 人")),
        (Fate.UNTIL, _("过渡期后失去 %(n)s 人")),
        (Fate.GAINS, _("新增 %(n)s 人")),
        (Fate.KEEPS, _("不变 %(n)s 人")),
    )
    told = [text % {"n": n} for fate, text in counts if (n := found.count(fate))]
    return listed(told) or _("没有人持有这项手术的授权")


def _outlook(one: Outlook) -> OutlookRow:
    person = one.practitioner
    tones = {Fate.LOSES: "o", Fate.UNTIL: "n", Fate.GAINS: "n", Fate.KEEPS: ""}
    return OutlookRow(
        name=person.name,
        emp_no=person.emp_no,
        title=words.title_word(person.title_code),
        department=person.department.name,
        held=_held(one),
        then=_then(one),
        tone=tones[one.fate],
    )


def _held(one: Outlook) -> str:
    found = []
    for line in one.lines[:2]:
        role = str(words.role_word(line.role) or _("授权"))
        last = write_last_day(line.valid_to)
        found.append(_("%(role)s，至 %(day)s") % {"role": role, "day": last})
    if one.is_by_class:
        found.append(_("按级别授权"))
    return listed(found)


def _then(one: Outlook) -> str:
    match one.fate:
        case Fate.KEEPS:
            return _("保留")
        case Fate.GAINS:
            return _("可主刀，无须另行授权")
        case Fate.UNTIL:
            day = write_day(one.until)
            return _("保留至 %(day)s，须补高级别审批") % {"day": day}
        case Fate.LOSES:
            return _("施行日起「%(code)s」") % {"code": code_words(one.after)}


def code_words(code: Code) -> Text:
    return VerdictCode(code.value).label


def _booked(one: BookedEffect) -> BookedRow:
    booked = one.booked
    return BookedRow(
        planned_at=write_short(booked.planned_at),
        surgeon=booked.surgeon.name,
        emp_no=booked.surgeon.emp_no,
        application_no=booked.application_no,
        then=str(code_words(one.after)),
        is_lost=one.is_lost,
    )


def _notes(found: Foreseen) -> list[Element]:
    notes: list[Element] = []
    if lost := len(found.lost):
        text = _("已排手术 %(n)s 台到时主刀无权，请先办理授权或通知科室改派。")
        notes.append(Note("warn", text % {"n": lost}))
    if found.is_discussed and found.booked:
        text = _("施行日起已排手术 %(n)s 台按四级重新核对，须补术前多学科讨论。")
        notes.append(Note("info", text % {"n": len(found.booked)}))
    return notes


# --- proposals ------------------------------------------------------------------------


@dataclass(frozen=True)
class ProposalRow:
    """One proposal as lists show it."""

    id: int
    url: str
    code: str
    name: str
    act: Chip
    before: Grade
    after: Grade
    total: str
    effective_on: str
    doc_no: str
    proposed_by: str
    proposed_at: str
    state: Chip
    decided_by: str
    decided_at: str
    is_open: bool
    lacks_sheet: bool  # open, and to be scored before anybody can approve it
    lacks_proposer: bool  # open, and nobody stands for it

    @property
    def procedure(self) -> str:
        return noted(self.name, self.code)

    @property
    def may_be_decided(self) -> bool:
        return self.is_open and not (self.lacks_sheet or self.lacks_proposer)


TO_SCORE = Chip("warn", "scale", gettext_lazy("待补评分"))


def proposal_rows(proposals: Sequence[GradeProposal]) -> list[ProposalRow]:
    return [proposal_row(one) for one in proposals]


def proposal_row(proposal: GradeProposal) -> ProposalRow:
    decider, sheet = proposal.decided_by, proposal.sheet
    is_open = proposal.state == ProposalState.SUBMITTED
    lacks_sheet = is_open and proposal.lacks_sheet
    lacks_proposer = is_open and proposal.lacks_proposer
    state = words.STATE_CHIPS[proposal.state]
    if lacks_sheet or lacks_proposer:
        state = TO_SCORE if lacks_sheet else words.UNCLAIMED
    return ProposalRow(
        id=proposal.pk,
        url=reverse("permissions:grade-proposal-detail", args=[proposal.pk]),
        code=proposal.procedure.code,
        name=proposal.procedure.name,
        act=ACT_CHIPS[GradeAct(proposal.act)],
        before=grade_chip(proposal.grade_before),
        after=grade_chip(proposal.grade),
        total=str(sheet.total) if sheet else "—",
        effective_on=write_day(proposal.effective_on),
        doc_no=proposal.doc_no,
        proposed_by=proposal.proposed_by.name,
        proposed_at=write_short(proposal.proposed_at),
        state=state,
        decided_by=decider.name if decider else "",
        decided_at=write_short(proposal.decided_at) if decider else "",
        is_open=is_open,
        lacks_sheet=lacks_sheet,
        lacks_proposer=lacks_proposer,
    )


@dataclass(frozen=True)
class ProposalPage:
    """One proposal with its sheet, its consequences and what became of it."""

    row: ProposalRow
    score: Score | None
    notes: Sequence[Element]
    reason: str
    meeting: str
    proposed: str
    decided: str
    decision_reason: str
    version: str
    version_url: str
    panel: Panel | None


def proposal_page(proposal: GradeProposal, *, now: datetime) -> ProposalPage:
    proposer, decider, version = (
        proposal.proposed_by,
        proposal.decided_by,
        proposal.version,
    )
    row = proposal_row(proposal)
    return ProposalPage(
        row=row,
        score=score(proposal.sheet),
        notes=_sheet_notes(proposal),
        reason=proposal.reason,
        meeting=proposal.meeting,
        proposed=f"{proposer.name} {proposer.staff_no} {write_moment(proposal.proposed_at)}",
        decided=(
            f"{decider.name} {decider.staff_no} {write_moment(proposal.decided_at)}"
            if decider
            else ""
        ),
        decision_reason=proposal.decision_reason,
        version=version.number if version else "",
        version_url=(
            reverse("surgery:grade-version-detail", args=[version.pk])
            if version
            else ""
        ),
        panel=panel(Changing.of(proposal, now=now), now=now) if row.is_open else None,
    )


def _sheet_notes(proposal: GradeProposal) -> list[Element]:
    """What who decides must see first: the sheet is missing, or proposes something
    else."""
    sheet = proposal.sheet
    if proposal.state == ProposalState.SUBMITTED and proposal.lacks_proposer:
        return [words.unclaimed_note()]
    if proposal.lacks_sheet:
        text = _("按 HIS 现有级别提出，尚未评分。补评分的人即为提出人，由另一人审定。")
        return [Note("warn", text)]
    if sheet is None or sheet.grade == proposal.grade:
        return []
    text = _("评分建议%(proposed)s，申请为%(asked)s，请核对理由。") % {
        "proposed": GradeOf(sheet.grade).label,
        "asked": GradeOf(proposal.grade).label,
    }
    return [Note("warn", text)]
