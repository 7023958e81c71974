"""What an act would do, beside the form that asks for it; nothing here is written.

One line is shown field by field, several are summed up by doctor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions import services
from permissions.enums import EventKind, ReasonCode
from permissions.ledger import STATUS_AFTER
from permissions.models import GrantState
from permissions.outbound import Told, his_value_of, is_told
from permissions.presenters import words
from permissions.presenters.acts import (
    ACTS,
    DOWNGRADE,
    RENEW,
    UNDO,
    kind_of,
    status_now,
)
from permissions.queries.grants import standing_of
from permissions.services import Line
from permissions.services.consequences import Consequences, HisChange, LastDay
from permissions.services.lines import Fitting
from permissions.services.refusals import ActRefused
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import day_of, last_day_of
from portal.ui.elements import Change, Chip, Diff, Element, Grade, Note, Text
from portal.ui.moments import write_last_day, write_moment, write_short
from portal.ui.phrases import noted
from surgery.models import ApplicationProcedure

# States of a line in the HIS, in the words of its code table.
HIS_WORDS = {
    "1": gettext_lazy("有效"),
    "2": gettext_lazy("暂停"),
    "3": gettext_lazy("取消"),
    "4": gettext_lazy("作废"),
}
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


@dataclass(frozen=True)
class Foreseen:
    """What was found out about an act on these lines."""

    act: str
    states: Sequence[GrantState]
    now: datetime
    given: Mapping[str, Any]
    refused: dict[int, ActRefused]
    consequences: Consequences
    instead: Sequence[Fitting] = field(default=())


# --- finding out ----------------------------------------------------------------------


def foresee(
    act: str,
    states: Sequence[GrantState],
    *,
    by: User,
    now: datetime,
    given: Mapping[str, Any],
    offered: Mapping[str, Line] | None = None,
) -> Foreseen:
    """``given`` is what was typed so far and makes sense; ``offered`` lower lines."""
    if act == UNDO:
        return _foresee_undo(states[0], by, now)
    kind = kind_of(act, states[0]) if states else EventKind.SUSPEND
    last_day = _last_day(act, states, given)
    refused = services.refused_ahead(states, kind, by=by, at=now, last_day=last_day)
    possible = [state for state in states if state.pk not in refused]
    instead: list[Fitting] = []
    if act == DOWNGRADE and possible:
        chosen = [(offered or {})[key] for key in given.get("to", ())]
        instead = _lowered(states[0], chosen, now, refused)
    found = services.consequences(
        possible, kind, at=now, last_day=last_day, instead=instead
    )
    return Foreseen(act, states, now, given, refused, found, instead)


def _last_day(
    act: str, states: Sequence[GrantState], given: Mapping[str, Any]
) -> LastDay:
    """Without a day a renewal lasts as long as each line's entry allows."""
    day: date | None = given.get("last_day")
    if act != RENEW or day is not None:
        return day
    longest = {state.pk: services.longest_renewal(state) for state in states}
    return {pk: day for pk, day in longest.items() if day is not None}


def _lowered(
    state: GrantState,
    chosen: Sequence[Line],
    now: datetime,
    refused: dict[int, ActRefused],
) -> list[Fitting]:
    found = []
    for line in chosen:
        try:
            found.append(services.lowered(state, line, at=now))
        except ActRefused as refusal:
            refused[state.pk] = refusal
    return found


def _foresee_undo(state: GrantState, by: User, now: datetime) -> Foreseen:
    """An undone revocation is a grant; the others are one more act on the line."""
    kind = services.undone_by_kind(state)
    refused: dict[int, ActRefused] = {}
    found = Consequences((), ())
    instead: list[Fitting] = []
    try:
        services.must_be_undoable(state, now)
        if kind is EventKind.GRANT:
            line = services.line_anew(state, now)
            instead = [services.grantable(state.practitioner, line, at=now)]
            found = services.consequences_of_granting(instead[0])
        else:
            refused = services.refused_ahead([state], kind, by=by, at=now)
            found = services.consequences([state], kind, at=now)
    except ActRefused as refusal:
        refused[state.pk] = refusal
    return Foreseen(UNDO, [state], now, {}, refused, found, instead)


# --- saying it ------------------------------------------------------------------------


def preview(foreseen: Foreseen, *, is_many: bool = False, why_not: str = "") -> Preview:
    act, found = ACTS[foreseen.act], foreseen.consequences
    count = len(foreseen.states)
    refused = [_refused_line(foreseen, state) for state in foreseen.states]
    told = [line for line in refused if line is not None]
    operations = {one.application_id for one in found.booked}
    return Preview(
        count=count,
        confirm=str(act.confirm) % {"n": count},
        is_danger=act.is_danger,
        to=_goes_to(foreseen),
        why_not=why_not or _why_not(count, len(told), is_many=is_many),
        diff=None if is_many or told else _diff(foreseen),
        notes=[] if is_many or told else _notes(foreseen),
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
    his = Counter(change.after.emp_no for change in found.his)
    operations = {
        (one.application.surgeon_id, one.application_id) for one in found.booked
    }
    booked = Counter(surgeon for surgeon, _application in operations)
    return [
        DoctorSum(one.name, one.emp_no, lines[pk], his[one.emp_no], booked[pk])
        for pk, one in people.items()
    ]


def _booked(found: Sequence[ApplicationProcedure]) -> list[Booked]:
    return [
        Booked(
            planned_at=write_short(one.application.planned_at),
            surgeon=one.application.surgeon.name,
            emp_no=one.application.surgeon.emp_no,
            procedure=one.name or _("不在目录"),
            code=one.code,
            grade=Grade(one.grade or None),
            application_no=one.application.application_no,
        )
        for one in found[:MOST_LISTED]
    ]


# --- one line, field by field ---------------------------------------------------------


def _diff(foreseen: Foreseen) -> Diff:
    state = foreseen.states[0]
    kind = kind_of(foreseen.act, state)
    changes = [*_dates(kind, foreseen), *_his_rows(foreseen)]
    if kind is not EventKind.GRANT:
        changes.insert(0, _status(kind, foreseen))
    return Diff(changes)


def _status(kind: EventKind, foreseen: Foreseen) -> Change:
    state = foreseen.states[0]
    before = status_now(state, foreseen.now)
    after = STATUS_AFTER.get(kind, before)
    code = foreseen.given.get("reason_code", "")
    text: Text = after.label
    if code:
        text = noted(after.label, f"{code} {ReasonCode(code).label}")
    return Change(_("授权状态"), before.label, text)


def _dates(kind: EventKind, foreseen: Foreseen) -> list[Change]:
    state, now = foreseen.states[0], foreseen.now
    ends = write_last_day(state.valid_to)
    stops: Text = ends
    if kind in {EventKind.SUSPEND, EventKind.REVOKE, EventKind.DOWNGRADE}:
        stops = write_moment(now)
    if kind is EventKind.VOID:
        stops = _("从未有效")
    if kind is EventKind.RENEW:
        return [Change(_("到期日期"), ends, _renewed_to(foreseen))]
    if kind is EventKind.RESTORE:
        return [Change(_("停止时间"), write_moment(state.changed_from), ends)]
    changes = [Change(_("停止时间"), ends, stops)]
    if last_day := foreseen.given.get("last_day"):
        back = (last_day + timedelta(days=1)).isoformat()
        changes.append(Change(_("自动恢复"), "—", back))
    new = [_new_line(fitting) for fitting in foreseen.instead]
    return new if kind is EventKind.GRANT else [*changes, *new]


def _renewed_to(foreseen: Foreseen) -> str:
    state = foreseen.states[0]
    day = foreseen.given.get("last_day") or services.longest_renewal(state)
    return day.isoformat() if day else _("长期")


def _new_line(fitting: Fitting) -> Change:
    line = fitting.line
    name = fitting.item.name or line.privilege.name
    role = words.role_word(fitting.role)
    title = f"{name} {role}".strip()
    return Change(title, _("无"), span_words(fitting))


def span_words(fitting: Fitting) -> str:
    """``2026-11-23 至 2027-11-22``; the last day is included."""
    last = last_day_of(fitting.span.valid_to)
    return _("%(first)s 至 %(last)s") % {
        "first": day_of(fitting.span.valid_from).isoformat(),
        "last": last.isoformat() if last else _("长期"),
    }


def _his_rows(foreseen: Foreseen) -> list[Change]:
    """The row of the line itself field by field, rows that come new in one each."""
    own = [one for one in foreseen.consequences.his if one.before is not None]
    new = [one for one in foreseen.consequences.his if one.before is None]
    value = his_value_of(foreseen.states[0].grant.privilege)
    changes = []
    for one in own:
        changes += [*_his_fields(one), Change(_("HIS 取值"), value, value)]
    return [*changes, *map(new_row, new)]


def _his_fields(change: HisChange) -> list[Change]:
    before = change.before or change.after
    return [
        Change(_("HIS 状态"), HIS_WORDS[before.status], HIS_WORDS[change.after.status]),
        Change(_("HIS 到期日期"), _day(before), _day(change.after)),
    ]


def new_row(change: HisChange) -> Change:
    """A row the HIS does not have yet, by its key."""
    row = change.after
    key = f"HIS {row.priv_code} {row.item_code}".strip()
    text = _("%(state)s，至 %(day)s") % {
        "state": HIS_WORDS[row.status],
        "day": _day(row),
    }
    return Change(key, _("无"), text)


def _day(row: Told) -> str:
    return row.last_day.isoformat() if row.last_day else _("长期")


def _notes(foreseen: Foreseen) -> list[Element]:
    """Why nothing is sent, where nothing is."""
    if foreseen.consequences.his:
        return []
    if not is_told(foreseen.states[0].grant):
        return [not_told_note()]
    return [Note("info", _("HIS 的这一行由同日起的另一项授权保持，不变。"))]


def not_told_note() -> Note:
    return Note(
        "info", _("HIS 不登记单例患者和主刀、开单以外的角色：由本系统核对，不送 HIS。")
    )
