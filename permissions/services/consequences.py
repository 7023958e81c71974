"""What an act would do, before it is done: booked operations hit and HIS rows changed.

However many lines the act is about, the same few queries answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from permissions.checks.facts import OPERATING_PRIVILEGES
from permissions.enums import EventKind, GrantStatus, ItemKind, SurgicalRole
from permissions.ledger import Standing, fold
from permissions.models import Grant, GrantEvent, GrantState
from permissions.models.terms import KeyedLine
from permissions.outbound import Told, told
from permissions.queries.ledger import events_by_grant, lines_of
from permissions.services.lines import Fitting
from portal.parameters.days import day_of, end_of
from surgery.models import ApplicationProcedure
from surgery.queries import booked_procedures

OPERATES = frozenset({SurgicalRole.OPERATE, SurgicalRole.OPERATE_SUPERVISED, ""})
TAKING = frozenset(
    {EventKind.SUSPEND, EventKind.REVOKE, EventKind.VOID, EventKind.DOWNGRADE}
)
LastDay = date | Mapping[int, date] | None


@dataclass(frozen=True)
class HisChange:
    """One row of the HIS as it was last told (None: it has none) and will be told."""

    before: Told | None
    after: Told


@dataclass(frozen=True)
class Consequences:
    """``booked`` are procedures of operations ahead whose surgeon would lose the right.

    ``his`` has one entry for each row that will change, in the order of the lines.
    """

    booked: tuple[ApplicationProcedure, ...]
    his: tuple[HisChange, ...]


def consequences(
    states: Sequence[GrantState],
    kind: EventKind,
    *,
    at: datetime,
    last_day: LastDay = None,
    instead: Sequence[Fitting] = (),
) -> Consequences:
    """Of one act on these lines; nothing is written.

    ``last_day`` is the end of a suspension or of a renewed right, for all or by key of
    the state. ``instead`` are the lines a downgrade opens.
    """
    ends = {state.pk: end_of(day_for(state, last_day)) for state in states}
    opened = [Grant(**fitting.values()) for fitting in instead]
    changes = [*_his_changes(states, kind, at, ends), *map(_new_row, opened)]
    booked: list[ApplicationProcedure] = []
    if kind in TAKING:
        booked = _hit(states, at, ends if kind is EventKind.SUSPEND else {}, opened)
    return Consequences(tuple(booked), tuple(change for change in changes if change))


def consequences_of_granting(fitting: Fitting) -> Consequences:
    """Of a line that is granted: nobody loses anything, the HIS gets at most a row."""
    row = _new_row(Grant(**fitting.values()))
    return Consequences((), (row,) if row else ())


def day_for(state: GrantState, last_day: LastDay) -> date | None:
    """The last day given for all lines, or for this one."""
    return last_day.get(state.pk) if isinstance(last_day, Mapping) else last_day


# --- rows of the HIS ------------------------------------------------------------------


def _his_changes(
    states: Sequence[GrantState],
    kind: EventKind,
    at: datetime,
    ends: Mapping[int, datetime | None],
) -> Iterable[HisChange]:
    events = events_by_grant([state.grant_id for state in states])
    silent = _keeping_their_row(states, kind)
    for state in states:
        if state.pk in silent:
            continue
        terms = state.grant
        terms.practitioner = state.practitioner
        event = GrantEvent(
            grant=terms,
            kind=kind,
            effective_at=at,
            recorded_at=at,
            until=ends[state.pk],
        )
        earlier = events[state.grant_id]
        before, after = fold(terms.span, earlier), fold(terms.span, [*earlier, event])
        if before is None or after is None:
            continue
        was, will = told(terms, before, at), told(terms, after, at)
        if was is not None and will is not None and was != will:
            yield HisChange(was, will)


def _new_row(terms: Grant) -> HisChange | None:
    standing = Standing(terms.span, (), GrantStatus.ACTIVE, terms.valid_from)
    row = told(terms, standing)
    return HisChange(None, row) if row else None


def _keeping_their_row(states: Sequence[GrantState], kind: EventKind) -> set[int]:
    """Lines of which the HIS is not told, for another one holds the same row.

    The same as ``permissions.outbound.shares_its_row`` when the acts are done in order.
    """
    sharing = [state for state in states if state.side or state.campus]
    if kind is EventKind.RENEW or not sharing:
        return set()
    others = GrantState.objects.order_by().filter(
        practitioner__in={state.practitioner_id for state in sharing},
        privilege__in={state.privilege_id for state in sharing},
        status=GrantStatus.ACTIVE,
    )
    active: dict[object, set[int]] = defaultdict(set)
    for other in others:
        active[_row_of(other)].add(other.pk)
    silent = set()
    for state in states:
        same = active[_row_of(state)]
        if (state.side or state.campus) and same - {state.pk}:
            silent.add(state.pk)
        if kind in TAKING:
            same.discard(state.pk)
        else:
            same.add(state.pk)
    return silent


def _row_of(state: GrantState) -> tuple[object, ...]:
    first_day = day_of(state.valid_from)
    what = (state.privilege_id, state.item_code, state.setting, state.role)
    return (state.practitioner_id, *what, first_day)


# --- booked operations ----------------------------------------------------------------


def _hit(
    states: Sequence[GrantState],
    at: datetime,
    ends: Mapping[int, datetime | None],
    opened: Sequence[Grant],
) -> list[ApplicationProcedure]:
    """Booked procedures that these lines cover and no other line of the surgeon does.

    ``ends`` says when a line comes back by itself; ``opened`` come in its place.
    """
    taken = {state.grant_id for state in states}
    mine: dict[int, list[GrantState]] = defaultdict(list)
    for state in states:
        mine[state.practitioner_id].append(state)
    rest: dict[int, list[Grant]] = defaultdict(list)
    for line in opened:
        rest[line.practitioner_id].append(line)
    for person, lines in lines_of(mine, at).items():
        rest[person] += [line for line in lines if line.pk not in taken]

    def is_lost(procedure: ApplicationProcedure) -> bool:
        surgeon, when = (
            procedure.application.surgeon_id,
            procedure.application.planned_at,
        )
        losing = any(
            _covers(state.grant, procedure)
            for state in mine[surgeon]
            if (ends.get(state.pk) or when) >= when
        )
        return losing and not any(_covers(line, procedure) for line in rest[surgeon])

    return [one for one in booked_procedures(*mine, after=at) if is_lost(one)]


def _covers(line: KeyedLine, procedure: ApplicationProcedure) -> bool:
    """A line for exactly this procedure, or a class that reaches its grade."""
    if line.role not in OPERATES:
        return False
    if line.item_kind == ItemKind.PROCEDURE:
        return line.item_code == procedure.code
    reach = OPERATING_PRIVILEGES.get(line.privilege.code, 0)
    return reach >= procedure.grade > 0
