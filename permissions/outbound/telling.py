"""The messages of an act: what was promised, held against the ledger as it is now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from permissions.enums import EventKind
from permissions.models import Grant, GrantEvent
from permissions.outbound import flags
from permissions.outbound.lines import Line, read
from permissions.outbound.rows import flag_steps, op_lines, spells_of, whole_set
from permissions.outbound.table import (
    NO_DAY,
    Right,
    Row,
    RowKey,
    Step,
    Table,
    after,
    settle,
)
from permissions.outbound.ways import OP, PRIV, Terms, Ways
from permissions.outbound.wording import message_of, right_of, told_by
from portal.accounts.models import User
from portal.his.messages import DoctorOpSave, DoctorOpSet, PrivSave
from portal.his.targets import DEFAULT
from portal.outbox.kinds import Call as Said
from portal.outbox.queries import promised
from portal.parameters.days import day_of


@dataclass(frozen=True)
class Call:
    """One promise to the HIS; ``not_before`` None is at once."""

    message: Said
    subject: str
    not_before: datetime | None = None
    takes_away: bool | None = None


@dataclass(frozen=True)
class Change:
    """One row of the HIS: as it was last told (None: not yet), and as it will be."""

    emp_no: str
    key: RowKey
    before: Row | None
    after: Row


@dataclass(frozen=True)
class Known:
    """Of some practitioners: their lines by key, and what the HIS was told by number."""

    ways: Ways
    lines: Mapping[int, Sequence[Line]]
    told: Mapping[str, Table]

    @classmethod
    def of(
        cls,
        events: Sequence[Sequence[GrantEvent]],
        at: datetime,
        target: str = DEFAULT,
    ) -> Known:
        """For events of one practitioner each; three queries and the dictionaries."""
        ways = Ways(target)
        people = {mine[0].grant.practitioner.pk: mine[0].grant for mine in events}
        codes = {event.grant.item_code for mine in events for event in mine}
        ways.know_items(codes)
        grants = Grant.objects.filter(practitioner__in=people)
        if not (ways.push.whole_sets or ways.push.flags):
            # Lines that bear on the same rows: same item, or without one same entry.
            grants = grants.filter(item_code__in=codes)
        lines: dict[int, list[Line]] = defaultdict(list)
        found = list(grants.select_related("privilege").order_by("pk"))
        for line in read(found, [event for mine in events for event in mine]):
            lines[line.grant.practitioner_id].append(line)
        numbers = [terms.practitioner.emp_no for terms in people.values()]
        promises = promised(numbers, at, target)
        told = {
            number: told_by(one.call for one in promises[number]) for number in numbers
        }
        return cls(ways, lines, told)


class Telling:
    """What an act about a practitioner's lines means to a target.

    ``events`` are what has happened, saved or only thought of; all of one practitioner.
    """

    def __init__(
        self,
        events: Sequence[GrantEvent],
        *,
        at: datetime,
        known: Known | None = None,
        target: str = DEFAULT,
    ) -> None:
        self.events = events
        self.at = at
        self.person = events[0].grant.practitioner
        known = known or Known.of([events], at, target)
        self.ways = known.ways
        self._codes = {event.grant.item_code for event in events}
        self._entries = {e.grant.privilege_id for e in events if not e.grant.item_code}
        push = self.ways.push
        self._lines = [
            line
            for line in known.lines[self.person.pk]
            if push.whole_sets or push.flags or self._is_touched(line.grant)
        ]
        self._told = known.told[self.person.emp_no]

    # --- messages ---------------------------------------------------------------------

    def calls(self, *, by: User) -> list[Call]:
        """Everything to be promised now, what is due first in front."""
        event = self.events[-1]
        found: list[Call] = []
        is_pause = event.kind == EventKind.SUSPEND
        what = "suspensionend" if is_pause else "laterturn"
        for moment, messages in self._plan(event, by):
            # What comes after the act's own effect has a name of its own: pages show
            # of an act how far its effect came.
            is_after = bool(found) or (is_pause and moment > self.at)
            subject = f"permissions.{what}:{event.pk}" if is_after else event.subject
            later = moment if moment > self.at else None
            found += [
                Call(message, subject, later, takes) for message, takes in messages
            ]
        return found

    def concerns(self, message: Said) -> bool:
        """What waits for its day is planned anew with these lines?"""
        if isinstance(message, DoctorOpSet):
            return True
        if isinstance(message, DoctorOpSave):
            return self._is_mine(right_of(message))
        return isinstance(message, PrivSave) and (
            self._is_mine(right_of(message)) or bool(self.ways.push.flags)
        )

    def changes(self) -> list[Change]:
        """Rows of the HIS that change at once."""
        steps = self._steps(self._mine(), self.at)
        new = after(self._told, steps)
        return [
            Change(
                self.person.emp_no, step.key, self._told.get(step.key), new[step.key]
            )
            for step in steps
        ]

    def _plan(
        self, event: GrantEvent, by: User
    ) -> Iterator[tuple[datetime, list[tuple[Said, bool | None]]]]:
        told = self._mine()
        whole = self._in_force(told)
        fields = {key: row for key, row in self._told.items() if is_flag(key)}
        for moment in self._moments():
            steps = self._steps(told, moment)
            told = after(told, steps)
            messages: list[tuple[Said, bool | None]] = []
            if self.ways.push.whole_sets:
                set_now = whole_set(self._lines, self.ways, moment)
                if set_now != whole:
                    messages.append(
                        (self._set(event, by, moment, set_now, whole), None)
                    )
                whole = set_now
                steps = [step for step in steps if step.key.right.function != OP]
            changed = flag_steps(self._lines, self.ways, fields, moment)
            for step in changed:
                before = fields.get(step.key)
                lowers = before is not None and flags.is_lower(step.value, before.value)
                messages.append((message_of(step, event, by), lowers))
            fields = after(fields, changed)
            messages += [(message_of(step, event, by), None) for step in steps]
            if messages:
                yield moment, messages

    def _moments(self) -> list[datetime]:
        """Now, and when something turns by itself that the HIS cannot know."""
        with_ends = not self.ways.push.keeps_dates
        later = {
            turn
            for line in self._lines
            for turn in line.turns_after(
                self.at,
                with_ends=with_ends
                or bool(self.ways.push.flags and self.ways.is_in_a_flag(line.grant)),
            )
        }
        return [self.at, *sorted(later)]

    # --- rows -------------------------------------------------------------------------

    def _mine(self) -> Table:
        return {key: row for key, row in self._told.items() if self._is_mine(key.right)}

    def _is_mine(self, right: Right) -> bool:
        """A right these lines may give, or have given by another way before."""
        if right.function == OP:
            return any(
                code and right.item in {code, *self.ways.items_of(code)}
                for code in self._codes
            )
        touched = (line.grant for line in self._lines if self._is_touched(line.grant))
        codes = {grant.privilege.code for grant in touched}
        return right.item in self._codes and right.code in codes

    def _steps(self, told: Table, moment: datetime) -> list[Step]:
        touched = [line for line in self._lines if self._is_touched(line.grant)]
        spells = spells_of(touched, self.ways, moment)
        keeps = self.ways.push.keeps_dates
        return settle(told, spells, day_of(moment), keeps_dates=keeps)

    def _is_touched(self, grant: Terms) -> bool:
        if grant.item_code:
            return grant.item_code in self._codes
        return grant.privilege_id in self._entries

    # --- whole sets -------------------------------------------------------------------

    def _in_force(self, told: Table) -> frozenset[tuple[RowKey, date | None]]:
        """The last set that was told."""
        return frozenset(
            (key, row.last_day)
            for key, row in self._told.items()
            if key.right.function == OP and row.holds_on(day_of(self.at))
        )

    def _set(
        self,
        event: GrantEvent,
        by: User,
        moment: datetime,
        now: frozenset[tuple[RowKey, date | None]],
        before: frozenset[tuple[RowKey, date | None]],
    ) -> DoctorOpSet:
        return DoctorOpSet(
            request_id="",
            emp_no=self.person.emp_no,
            day=day_of(moment),
            lines=op_lines(now, {key for key, _last in before}),
            reason=event.reason,
            doc_no=event.grant.doc_no,
            operator=by.staff_no,
        )


def is_flag(key: RowKey) -> bool:
    return key.first_day == NO_DAY and key.right.function == PRIV


def changes_of(events: Sequence[GrantEvent], at: datetime) -> list[Change]:
    """What acts that are only thought of would change in the HIS itself, whatever other
    targets are told; grants may be unsaved."""
    people: dict[int, list[GrantEvent]] = defaultdict(list)
    for event in events:
        people[event.grant.practitioner.pk].append(event)
    if not people:
        return []
    known = Known.of(list(people.values()), at)
    return [
        change
        for mine in people.values()
        for change in Telling(mine, at=at, known=known).changes()
    ]
