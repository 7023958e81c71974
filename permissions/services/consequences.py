"""What an act would do, before it is done: booked operations hit and HIS rows changed.

However many lines the act is about, the same few queries answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from django.db.models import Q

from permissions.checks.facts import OPERATING_PRIVILEGES
from permissions.enums import EventKind, ItemKind, SurgicalRole
from permissions.models import Grant, GrantEvent, GrantState, Prerequisite
from permissions.models.terms import KeyedLine
from permissions.outbound import Change, changes_of
from permissions.queries.catalogue import EFFECTIVE
from permissions.queries.ledger import end_before_last, lines_of
from permissions.queries.practitioners import in_force
from permissions.services.lines import Fitting
from portal.parameters.days import end_of
from surgery.queries.bookings import BookedProcedure, booked_procedures

OPERATES = frozenset({SurgicalRole.OPERATE, SurgicalRole.OPERATE_SUPERVISED, ""})
TAKING = frozenset(
    {
        *(EventKind.SUSPEND, EventKind.REVOKE, EventKind.VOID, EventKind.DOWNGRADE),
        EventKind.UNRENEW,
    }
)
LastDay = date | Mapping[int, date] | None


@dataclass(frozen=True)
class Consequences:
    """``booked`` are procedures of operations ahead whose surgeon would lose the right.

    ``his`` has one entry for each row that will change, in the order of the lines.
    ``dependants`` are rights that go on although a prerequisite of theirs would go.
    """

    booked: tuple[BookedProcedure, ...]
    his: tuple[Change, ...]
    dependants: tuple[GrantState, ...] = ()


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
    thought = [_thought(state, kind, at, ends[state.pk]) for state in states]
    changes = changes_of([*thought, *(_granting(terms, at) for terms in opened)], at)
    if kind not in TAKING:
        return Consequences((), tuple(changes))
    if kind is EventKind.UNRENEW:
        booked = booked_hit(states, at, {}, begins=lost_from(states))
        return Consequences(tuple(booked), tuple(changes))
    lasting = ends if kind is EventKind.SUSPEND else {}
    booked = booked_hit(states, at, lasting, opened)
    return Consequences(tuple(booked), tuple(changes), tuple(dependants(states, at)))


def lost_from(states: Sequence[GrantState]) -> dict[int, datetime]:
    """From when each line does not hold if its renewal is taken back, by its key."""
    ends = {state.pk: end_before_last(state.grant) for state in states}
    return {pk: end for pk, end in ends.items() if end is not None}


def consequences_of_granting(fitting: Fitting, *, at: datetime) -> Consequences:
    """Of a line that is granted: nobody loses anything, the HIS gets its rows."""
    terms = Grant(**fitting.values())
    return Consequences((), tuple(changes_of([_granting(terms, at)], at)))


def day_for(state: GrantState, last_day: LastDay) -> date | None:
    """The last day given for all lines, or for this one."""
    return last_day.get(state.pk) if isinstance(last_day, Mapping) else last_day


def _thought(
    state: GrantState, kind: EventKind, at: datetime, until: datetime | None
) -> GrantEvent:
    terms = state.grant
    terms.practitioner = state.practitioner
    return GrantEvent(
        grant=terms, kind=kind, effective_at=at, recorded_at=at, until=until
    )


def _granting(terms: Grant, at: datetime) -> GrantEvent:
    return GrantEvent(
        grant=terms, kind=EventKind.GRANT, effective_at=at, recorded_at=at
    )


def dependants(states: Sequence[GrantState], at: datetime) -> list[GrantState]:
    """Living rights whose prerequisite nobody would hold any more without these lines.

    Right by right as the catalogue has it now; those taken themselves are left out.
    """
    taken = {state.pk for state in states}
    gone = {(state.practitioner_id, state.privilege_id) for state in states}
    links = Prerequisite.objects.current().filter(
        needed__in={privilege for _who, privilege in gone}
    )
    needs: dict[int, set[int]] = {}
    for owner, needed in links.values_list("privilege_id", "needed_id"):
        needs.setdefault(owner, set()).add(needed)
    if not needs:
        return []
    people = {who for who, _privilege in gone}
    left = set(
        GrantState.objects.filter(
            in_force(at),
            practitioner__in=people,
            privilege__in={privilege for _who, privilege in gone},
        )
        .exclude(pk__in=taken)
        .order_by()
        .values_list("practitioner_id", "privilege_id")
    )
    living = GrantState.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=at),
        practitioner__in=people,
        privilege__in=needs,
        status__in=EFFECTIVE,
    ).exclude(pk__in=taken)
    return [
        state
        for state in living.select_related(
            "privilege", "grant", "practitioner"
        ).order_by("practitioner__pinyin", "privilege__sort", "pk")
        if any(
            (state.practitioner_id, needed) in gone - left
            for needed in needs[state.privilege_id]
        )
    ]


# --- booked operations ----------------------------------------------------------------


def booked_hit(
    states: Sequence[GrantState],
    at: datetime,
    ends: Mapping[int, datetime | None],
    opened: Sequence[Grant] = (),
    begins: Mapping[int, datetime] = MappingProxyType({}),
) -> list[BookedProcedure]:
    """Booked procedures that these lines cover and no other line of the surgeon does.

    ``ends`` says when a line comes back by itself, ``begins`` from when it is lost, if
    not at once; ``opened`` come in its place.
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

    def is_lost(procedure: BookedProcedure) -> bool:
        surgeon, when = procedure.surgeon_id, procedure.planned_at
        losing = any(
            _covers(state.grant, procedure)
            for state in mine[surgeon]
            if begins.get(state.pk, when) <= when <= (ends.get(state.pk) or when)
        )
        return losing and not any(_covers(line, procedure) for line in rest[surgeon])

    return [one for one in booked_procedures(*mine, after=at) if is_lost(one)]


def _covers(line: KeyedLine, procedure: BookedProcedure) -> bool:
    """A line for exactly this procedure, or a class that reaches its grade."""
    if line.role not in OPERATES:
        return False
    if line.item_kind == ItemKind.PROCEDURE:
        return line.item_code == procedure.code
    reach = OPERATING_PRIVILEGES.get(line.privilege.code, 0)
    return reach >= procedure.grade > 0
