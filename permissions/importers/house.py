"""Everything the rules ask about, read once for all rows of a sheet.

A few queries, however long the sheet is: it answers what ``permissions.services.ground``
asks. Rows of the same sheet count too, in their order: what an earlier row will grant,
a later one meets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from permissions.enums import GrantStatus
from permissions.ledger import LineKey, Span
from permissions.models import GrantEvent, GrantState, Privilege
from permissions.services.ground import sanctions_since
from permissions.services.ready_many import ReadyMany
from portal.directory.models import Drug, Practitioner
from portal.parameters.queries import value_of
from portal.parameters.registry import ANTIBIOTIC_BAR_MONTHS
from portal.sheets.values import plain
from portal.sheets.work import parts
from surgery.models import Procedure

# SQL Server takes 2,100 values in one statement.
KEYS_AT_ONCE = 1_000


class Held(NamedTuple):
    """A line of the ledger as far as others must not meet it."""

    pk: int
    practitioner_id: int
    privilege_id: int
    item_kind: str
    item_code: str
    role: str
    setting: str
    campus: str
    side: str
    visit_no: str
    status: str
    valid_from: datetime
    valid_to: datetime | None
    ended_at: datetime | None

    @property
    def key(self) -> LineKey:
        return LineKey(*self[1:10])

    @property
    def occupied(self) -> Span | None:
        ends = [end for end in (self.valid_to, self.ended_at) if end is not None]
        span = Span(self.valid_from, min(ends, default=None))
        return span if span.meets(span) else None


@dataclass
class Place:
    """Time taken by a line: one of the ledger, or what a row of the sheet will write."""

    key: LineKey
    span: Span
    held: Held | None = None
    row: int | None = None


class House:
    """Practitioners, catalogue, procedures and drugs; and, once asked for, lines."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        people = Practitioner.objects.select_related("department").order_by("pk")
        self.people = {one.emp_no: one for one in people}
        self._without_zeros: dict[str, list[Practitioner]] = defaultdict(list)
        for one in self.people.values():
            self._without_zeros[one.emp_no.lstrip("0")].append(one)
        privileges = list(Privilege.objects.order_by("pk"))
        self.privileges = {one.pk: one for one in privileges}
        self._by_code = {one.code.upper(): one for one in privileges}
        self._by_name = {plain(one.name): one for one in privileges}
        self._procedures = {one.code: one for one in Procedure.objects.order_by("pk")}
        drugs = Drug.objects.order_by("pk").values_list("drug_code", "generic_name")
        self.drugs: Mapping[str, str] = dict(drugs)
        self._sanctions = self._all_sanctions()
        self._ready = ReadyMany()
        self._places: dict[Any, list[Place]] = defaultdict(list)
        self._states: dict[int, GrantState] = {}
        self._events: dict[int, list[GrantEvent]] = defaultdict(list)

    def _all_sanctions(self) -> Mapping[int, list[GrantEvent]]:
        since = self.at - timedelta(days=31 * value_of(ANTIBIOTIC_BAR_MONTHS) + 2)
        found: dict[int, list[GrantEvent]] = defaultdict(list)
        for event in sanctions_since(since).select_related("grant__privilege"):
            found[event.grant.practitioner_id].append(event)
        return found

    # --- what cells name ------------------------------------------------------------

    def privilege(self, text: str) -> Privilege | None:
        """By code, by name, or by both with a blank between."""
        head = text.split(" ", 1)[0].upper()
        for found in (self._by_code.get(text.upper()), self._by_name.get(text)):
            if found is not None:
                return found
        both = self._by_code.get(head)
        is_both = both is not None and text[len(head) :].strip() == plain(both.name)
        return both if is_both else None

    def with_zeros(self, emp_no: str) -> list[Practitioner]:
        """Who has this number when zeros before it are not counted."""
        return self._without_zeros.get(emp_no.lstrip("0"), [])

    # --- what the rules ask (services.ground) ---------------------------------------

    def procedure(self, code: str) -> Procedure | None:
        return self._procedures.get(code)

    def sanctions(self, practitioner_id: int, since: datetime) -> Sequence[GrantEvent]:
        found = self._sanctions.get(practitioner_id, [])
        return [event for event in found if event.effective_at > since]

    def must_be_ready(
        self,
        practitioner: Practitioner,
        privilege: Privilege,
        *,
        begins: datetime,
        ends: datetime | None,
        besides: Collection[str] = (),
    ) -> None:
        self._ready.must_be_ready(
            practitioner, privilege, begins=begins, ends=ends, besides=besides
        )

    def met(
        self, key: LineKey, span: Span, but: GrantState | None
    ) -> GrantState | None:
        for place in self.places_met(key, span):
            if but is None or place.held is None or place.held.pk != but.pk:
                starts, ends = place.span.valid_from, place.span.valid_to
                if place.held is not None:
                    starts, ends = place.held.valid_from, place.held.valid_to
                return GrantState(valid_from=starts, valid_to=ends)
        return None

    # --- lines ----------------------------------------------------------------------

    def read_lines(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Lines of these practitioners for these privileges, and what those ask for."""
        people: dict[int, None] = {}
        privileges: dict[int, None] = {}
        for practitioner, privilege in pairs:
            people[practitioner], privileges[privilege] = None, None
        codes = [self.privileges[pk].code for pk in privileges]
        for part in parts(people, KEYS_AT_ONCE):
            self._ready.read(part, codes)
            rows = (
                GrantState.objects.filter(
                    practitioner__in=part, privilege__in=list(privileges)
                )
                .exclude(status=GrantStatus.VOID)
                .order_by("valid_from", "pk")
                .values_list(*Held._fields)
            )
            for held in map(Held._make, rows):
                if (span := held.occupied) is not None:
                    self._places[held.key.exact].append(Place(held.key, span, held))

    def places_met(self, key: LineKey, span: Span) -> list[Place]:
        """Lines that are the same right at some moment of the span, first begun first."""
        return [
            place
            for place in self._places.get(key.exact, [])
            if key.meets(place.key) and place.span.meets(span)
        ]

    def take(self, key: LineKey, span: Span, row: int) -> None:
        """A row of the sheet will be this line."""
        self._places[key.exact].append(Place(key, span, row=row))
        self._will_hold(key, span)

    def prolong(self, place: Place, until: datetime | None, row: int) -> None:
        """A row of the sheet will make this line last until then."""
        place.span, place.row = Span(place.span.valid_from, until), row
        self._will_hold(place.key, place.span)

    def _will_hold(self, key: LineKey, span: Span) -> None:
        """Later rows may ask for it as their prerequisite."""
        self._ready.take(key.practitioner, self.privileges[key.privilege].code, span)

    def read_states(self, ids: Iterable[int]) -> None:
        """States in full, with their events, for what will be renewed."""
        for part in parts(ids, KEYS_AT_ONCE):
            found = GrantState.objects.filter(pk__in=part)
            full = found.select_related("grant__privilege", "privilege", "last_event")
            for state in full.order_by("pk"):
                self._states[state.pk] = state
            grants = [self._states[pk].grant_id for pk in part if pk in self._states]
            events = GrantEvent.objects.filter(grant__in=grants).order_by("pk")
            for event in events:
                self._events[event.grant_id].append(event)

    def state(self, pk: int, practitioner: Practitioner) -> GrantState:
        state = self._states[pk]
        state.practitioner = state.grant.practitioner = practitioner
        return state

    def events(self, state: GrantState) -> list[GrantEvent]:
        return self._events[state.grant_id]
