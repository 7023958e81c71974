"""What an act would do, beside the form that asks for it; nothing here is written.

One line is shown field by field, several are summed up by doctor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from permissions.models import GrantState
from permissions.presenters import words
from permissions.presenters.acts import ACTS
from permissions.presenters.foreseen import Foreseen
from permissions.presenters.one_line import (
    dependant_notes,
    diff_of,
    late_notes,
    notes_of,
)
from permissions.queries.grants import standing_of
from permissions.services.refusals import ActRefused
from portal.directory.models import Practitioner
from portal.ui.elements import Chip, Diff, Element, Grade, Text
from portal.ui.moments import write_short
from surgery.queries.bookings import BookedProcedure

# How many lines, doctors and operations a drawer lists one by one.
MOST_LISTED = 20


@dataclass(frozen=True)
class Subject:
    """Whose and which right, at the top of a drawer."""

    name: str
    emp_no: str
    what: str
    codes: str
    grade: Grade | None
    role: Text
    setting: Text
    standing: Chip


def subjects(states: Sequence[GrantState], now: datetime) -> list[Subject]:
    return [_subject(state, now) for state in states]


def _subject(state: GrantState, now: datetime) -> Subject:
    what, codes = words.what(state.grant)
    return Subject(
        name=state.practitioner.name,
        emp_no=state.practitioner.emp_no,
        what=what,
        codes=codes,
        grade=words.grade_of(state.grant.privilege, state.grant.item_grade),
        role=words.role_word(state.role),
        setting=words.setting_word(state.setting),
        standing=words.STANDING_CHIPS[standing_of(state, now)],
    )


@dataclass(frozen=True)
class Booked:
    """One operation ahead that would lose its surgeon's right."""

    planned_at: str
    surgeon: str
    emp_no: str
    procedure: str
    code: str
    grade: Grade
    application_no: str


@dataclass(frozen=True)
class DoctorSum:
    """What would happen to one doctor's lines, in numbers."""

    name: str
    emp_no: str
    lines: int
    his: int
    booked: int


@dataclass(frozen=True)
class RefusedLine:
    """A line the act cannot be done on, and why."""

    id: int
    name: str
    emp_no: str
    what: str
    why: str


@dataclass(frozen=True)
class Preview:
    """``count`` lines would be done; ``why_not`` keeps the button shut and says why."""

    count: int
    confirm: str
    is_danger: bool
    to: Text = ""
    why_not: str = ""
    diff: Diff | None = None
    notes: Sequence[Element] = ()
    doctors: Sequence[DoctorSum] = ()
    refused: Sequence[RefusedLine] = ()
    booked: Sequence[Booked] = ()
    operations: int = 0
    his_rows: int = 0

    @property
    def booked_left_out(self) -> int:
        return self.operations - len({one.application_no for one in self.booked})


# --- saying it ------------------------------------------------------------------------


def preview(foreseen: Foreseen, *, is_many: bool = False, why_not: str = "") -> Preview:
    act, found = ACTS[foreseen.act], foreseen.consequences
    count = len(foreseen.states)
    refused = [_refused_line(foreseen, state) for state in foreseen.states]
    told = [line for line in refused if line is not None]
    operations = {one.application_no for one in found.booked}
    return Preview(
        count=count,
        confirm=str(act.confirm) % {"n": count},
        is_danger=act.is_danger,
        to=_goes_to(foreseen),
        why_not=why_not or _why_not(count, len(told), is_many=is_many),
        diff=None if is_many or told else diff_of(foreseen),
        notes=[
            *late_notes(foreseen),
            *dependant_notes(foreseen),
            *([] if is_many or told else notes_of(foreseen)),
        ],
        doctors=_doctors(foreseen) if is_many else (),
        refused=told,
        booked=_booked(found.booked),
        operations=len(operations),
        his_rows=len(found.his),
    )


def _why_not(count: int, refused: int, *, is_many: bool) -> str:
    if not count:
        return _("没有选中授权。关闭后在列表中勾选。")
    if refused and is_many:
        return _("有 %(n)s 项不能办理，去掉后再确认") % {"n": refused}
    return _("不能办理，原因见上") if refused else ""


def _goes_to(foreseen: Foreseen) -> Text:
    if not foreseen.consequences.his:
        return _("保存后由本系统核对；HIS 的行不变")
    return _("保存后即送 HIS，通常几秒到达")


def _refused_line(foreseen: Foreseen, state: GrantState) -> RefusedLine | None:
    refusal = foreseen.refused.get(state.pk)
    return refused_line(state, refusal) if refusal else None


def refused_line(state: GrantState, refusal: ActRefused) -> RefusedLine:
    return RefusedLine(
        id=state.pk,
        name=state.practitioner.name,
        emp_no=state.practitioner.emp_no,
        what=words.what_in_one(state.grant),
        why=str(refusal.message),
    )


def _doctors(foreseen: Foreseen) -> list[DoctorSum]:
    """In the order of the lines; refused lines do not count."""
    found = foreseen.consequences
    possible = [one for one in foreseen.states if one.pk not in foreseen.refused]
    people: dict[int, Practitioner] = {
        one.practitioner_id: one.practitioner for one in possible
    }
    lines = Counter(one.practitioner_id for one in possible)
    his = Counter(change.emp_no for change in found.his)
    operations = {(one.surgeon_id, one.application_no) for one in found.booked}
    booked = Counter(surgeon for surgeon, _application in operations)
    return [
        DoctorSum(one.name, one.emp_no, lines[pk], his[one.emp_no], booked[pk])
        for pk, one in people.items()
    ]


def _booked(found: Sequence[BookedProcedure]) -> list[Booked]:
    return [
        Booked(
            planned_at=write_short(one.planned_at),
            surgeon=one.surgeon.name,
            emp_no=one.surgeon.emp_no,
            procedure=one.name or _("不在目录"),
            code=one.code,
            grade=Grade(one.grade or None),
            application_no=one.application_no,
        )
        for one in found[:MOST_LISTED]
    ]
