"""What an act would do, before it is done: booked operations hit and HIS rows changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from permissions.checks.facts import OPERATING_PRIVILEGES
from permissions.enums import EventKind, ItemKind, SurgicalRole
from permissions.ledger import fold
from permissions.models import GrantEvent, GrantState
from permissions.models.terms import KeyedLine
from permissions.outbound import Told, told
from permissions.queries.ledger import as_recorded, privileges_of
from portal.directory.models import Practitioner
from portal.parameters.days import end_of
from surgery.models import ApplicationProcedure
from surgery.queries import booked_procedures

OPERATES = frozenset({SurgicalRole.OPERATE, SurgicalRole.OPERATE_SUPERVISED, ""})
TAKING = frozenset({EventKind.SUSPEND, EventKind.REVOKE, EventKind.VOID})


@dataclass(frozen=True)
class HisChange:
    """One row of the HIS: as it was last told, and as it will be told."""

    before: Told
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
    last_day: date | None = None,
) -> Consequences:
    """Of one act on these lines; nothing is written.

    ``last_day`` is the end of a suspension or of a renewed right.
    """
    until = end_of(last_day)
    changes = [
        change
        for state in states
        for change in _his_changes(state, kind, at=at, until=until)
    ]
    booked: list[ApplicationProcedure] = []
    if kind in TAKING:
        ends = until if kind is EventKind.SUSPEND else None
        booked = _hit(states, at, ends)
    return Consequences(tuple(booked), tuple(changes))


def _his_changes(
    state: GrantState, kind: EventKind, *, at: datetime, until: datetime | None
) -> Iterable[HisChange]:
    events = as_recorded(state.grant)
    event = GrantEvent(
        grant=state.grant,
        kind=kind,
        effective_at=at,
        recorded_at=at,
        until=until,
    )
    before = fold(state.grant.span, events)
    after = fold(state.grant.span, [*events, event])
    if before is None or after is None:
        return
    was, will = told(state.grant, before), told(state.grant, after)
    if was is not None and will is not None and was != will:
        yield HisChange(was, will)


def _hit(
    states: Sequence[GrantState], at: datetime, until: datetime | None
) -> list[ApplicationProcedure]:
    """Booked procedures that these lines cover and no other line of the surgeon does."""
    taken = {state.grant_id for state in states}
    people = {state.practitioner_id: state.practitioner for state in states}
    found: list[ApplicationProcedure] = []
    for person in people.values():
        mine = [state for state in states if state.practitioner_id == person.pk]
        rest = [one for one in privileges_of(person, at) if one.pk not in taken]
        found += [
            procedure
            for procedure in _booked(person, at, until)
            if any(_covers(line, procedure) for line in mine)
            and not any(_covers(line, procedure) for line in rest)
        ]
    return found


def _booked(
    person: Practitioner, at: datetime, until: datetime | None
) -> list[ApplicationProcedure]:
    return list(booked_procedures(person.pk, after=at, before=until))


def _covers(line: KeyedLine, procedure: ApplicationProcedure) -> bool:
    """A line for exactly this procedure, or a class that reaches its grade."""
    if line.role not in OPERATES:
        return False
    if line.item_kind == ItemKind.PROCEDURE:
        return line.item_code == procedure.code
    reach = OPERATING_PRIVILEGES.get(line.privilege.code, 0)
    return reach >= procedure.grade > 0
