"""What a list of grades would do, as the drawer that writes it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from permissions.presenters.regrading import code_words
from permissions.regrading import (
    BookedEffect,
    Changing,
    Fate,
    LineEffect,
    ListForeseen,
    foresee_list,
)
from portal.ui.elements import Element, Note
from portal.ui.moments import write_day, write_short
from portal.ui.phrases import listed, noted
from surgery.enums import Grade

MOST_LISTED = 20
TONES = {Fate.LOSES: "o", Fate.UNTIL: "n", Fate.GAINS: "n", Fate.KEEPS: ""}


@dataclass(frozen=True)
class GrantRow:
    """One grant: whose, for what, how its grade changes, what becomes of it."""

    name: str
    emp_no: str
    department: str
    procedure: str
    change: str
    then: str
    tone: str


@dataclass(frozen=True)
class BookedRow:
    planned_at: str
    surgeon: str
    emp_no: str
    procedure: str
    application_no: str
    then: str
    is_lost: bool


@dataclass(frozen=True)
class ListPanel:
    """Totals, and the first of each one by one; what is lost comes first."""

    summary: str
    rows: Sequence[GrantRow]
    left_out: int
    booked: Sequence[BookedRow]
    booked_count: int
    booked_left_out: int
    notes: Sequence[Element]


def list_panel(changings: Sequence[Changing], *, now: datetime) -> ListPanel:
    found = foresee_list(changings, now=now)
    return ListPanel(
        summary=_summary(found),
        rows=[_grant(one) for one in found.lines[:MOST_LISTED]],
        left_out=max(0, len(found.lines) - MOST_LISTED),
        booked=[_booked(one) for one in found.booked[:MOST_LISTED]],
        booked_count=len(found.booked),
        booked_left_out=max(0, len(found.booked) - MOST_LISTED),
        notes=_notes(found),
    )


def _summary(found: ListForeseen) -> str:
    if not found.lines:
        return _("没有人持有这些手术的单项授权")
    counts = (
        (Fate.LOSES, _("施行日起失去 %(n)s 项")),
        (Fate.UNTIL, _("过渡期后失去 %(n)s 项")),
        (Fate.GAINS, _("新增 %(n)s 项")),
        (Fate.KEEPS, _("不变 %(n)s 项")),
    )
    told = [text % {"n": n} for fate, text in counts if (n := found.count(fate))]
    whole = _("%(doctors)s 人、%(procedures)s 项手术的 %(lines)s 项授权") % {
        "doctors": found.doctors,
        "procedures": found.procedures,
        "lines": len(found.lines),
    }
    return _("%(whole)s：%(told)s") % {"whole": whole, "told": listed(told)}


def _grant(one: LineEffect) -> GrantRow:
    person, changing = one.line.practitioner, one.changing
    return GrantRow(
        name=person.name,
        emp_no=person.emp_no,
        department=person.department.name,
        procedure=noted(one.line.grant.item_name, changing.code),
        change=f"{Grade(changing.before).label} → {Grade(changing.after).label}",
        then=_then(one),
        tone=TONES[one.fate],
    )


def _then(one: LineEffect) -> str:
    match one.fate:
        case Fate.KEEPS:
            return _("保留")
        case Fate.GAINS:
            return _("可主刀")
        case Fate.UNTIL:
            day = write_day(one.changing.until)
            return _("保留至 %(day)s，须补高级别审批") % {"day": day}
        case Fate.LOSES:
            return _("施行日起「%(code)s」") % {"code": code_words(one.after)}


def _booked(one: BookedEffect) -> BookedRow:
    booked = one.booked
    return BookedRow(
        planned_at=write_short(booked.planned_at),
        surgeon=booked.surgeon.name,
        emp_no=booked.surgeon.emp_no,
        procedure=noted(booked.name, booked.code),
        application_no=booked.application_no,
        then=str(code_words(one.after)),
        is_lost=one.is_lost,
    )


def _notes(found: ListForeseen) -> list[Element]:
    notes: list[Element] = []
    if lost := len(found.lost):
        text = _("已排手术 %(n)s 台到时主刀无权，请先办理授权或通知科室改派。")
        notes.append(Note("warn", text % {"n": lost}))
    if found.count(Fate.UNTIL) or found.count(Fate.LOSES):
        text = _(
            "写入后这些授权由系统逐项登记：过渡期满或施行日起暂停，并通知本人和科主任。"
        )
        notes.append(Note("info", text))
    return notes
