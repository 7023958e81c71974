"""What an act would do, before it is done: booked operations hit and HIS rows changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from permissions.checks.facts import OPERATING_PRIVILEGES
from permissions.enums import EventKind, ItemKind, SurgicalRole
from permissions.models import GrantEvent, GrantState
from permissions.models.terms import KeyedLine
from permissions.outbound import Change, changes_of
from permissions.queries.ledger import privileges_of
from portal.directory.models import Practitioner
from portal.parameters.days import end_of
from surgery.models import ApplicationProcedure
from surgery.queries import booked_procedures

OPERATES = frozenset({SurgicalRole.OPERATE, SurgicalRole.OPERATE_SUPERVISED, ""})
TAKING = frozenset({EventKind.SUSPEND, EventKind.REVOKE, EventKind.VOID})


@dataclass(frozen=True)
class Consequences:
    """``booked`` are procedures of operations ahead whose surgeon would lose the right.

    ``his`` has one entry for each row that will change, in the order of the lines.
    """

    booked: tuple[ApplicationProcedure, ...]
    his: tuple[Change, ...]


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
    events: dict[int, list[GrantEvent]] = defaultdict(list)
    for state in states:
        thought = GrantEvent(
            grant=state.grant, kind=kind, effective_at=at, recorded_at=at, until=until
        )
        events[state.practitioner_id].append(thought)
    changes = changes_of(events, at)
    booked: list[ApplicationProcedure] = []
    if kind in TAKING:
        ends = until if kind is EventKind.SUSPEND else None
        booked = _hit(states, at, ends)
    return Consequences(tuple(booked), tuple(changes))


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
