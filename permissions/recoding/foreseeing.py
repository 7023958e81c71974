"""What a re-coding concerns, counted before it is done. Nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from permissions.enums import ItemKind, LineDecision, ReviewState
from permissions.models import Application, GrantState, ReviewLine
from permissions.outbound import Ways
from permissions.recoding.carrying import Carried, carried, living
from permissions.regrading.reaching import item_codes, reaches
from portal.approvals.workflow import ProposalState
from portal.outbox.kinds import stream_of, stream_of_procedure
from portal.outbox.models import Message, State
from surgery.queries.bookings import booked_ahead_by_code

# Not yet with the HIS.
WAITING = (State.WAITING, State.SENDING, State.UNKNOWN)
AT_ONCE = 400


@dataclass(frozen=True)
class Touched:
    """Of one old code: living grants, open applications, operations booked, messages
    that wait, and grants under review."""

    grants: int = 0
    applications: int = 0
    booked: int = 0
    messages: int = 0
    reviews: int = 0

    def __add__(self, other: Touched) -> Touched:
        return Touched(
            self.grants + other.grants,
            self.applications + other.applications,
            self.booked + other.booked,
            self.messages + other.messages,
            self.reviews + other.reviews,
        )


@dataclass(frozen=True)
class Foreseen:
    """``touched`` by old code; ``short`` are lines that do not reach their new grade
    and are suspended on the day."""

    touched: Mapping[str, Touched]
    carried: Carried
    short: Sequence[GrantState]

    @property
    def total(self) -> Touched:
        return sum(self.touched.values(), Touched())


def foresee(
    becomes: Mapping[str, Collection[str]],
    grades: Mapping[str, int],
    *,
    now: datetime,
) -> Foreseen:
    """``becomes`` has the new codes of each old one, ``grades`` those of the new."""
    plan = carried(becomes, now)
    short = [
        one.main
        for one in plan.goings
        if not reaches(one.main.privilege.code, grades.get(one.target, 0))
        and grades.get(one.target, 0)
    ]
    return Foreseen(touched(becomes, now=now), plan, short)


def touched(codes: Iterable[str], *, now: datetime) -> dict[str, Touched]:
    """By old code; some ten queries, however many codes."""
    wanted = list(dict.fromkeys(codes))
    lines = living(wanted, now)
    grants = Counter(one.item_code for one in lines)
    open_ = Application.objects.filter(
        state=ProposalState.SUBMITTED.value,
        item_kind=ItemKind.PROCEDURE,
        item_code__in=wanted[:2000],
    )
    asked = Counter(open_.order_by().values_list("item_code", flat=True))
    booked = booked_ahead_by_code(after=now)
    reviewed = _reviewed(wanted[:2000], now)
    people = {one.practitioner.emp_no for one in lines}
    waiting = _waiting(wanted, people)
    return {
        code: Touched(
            *(grants[code], asked[code], booked[code], waiting[code], reviewed[code])
        )
        for code in wanted
    }


def _reviewed(codes: Collection[str], now: datetime) -> Counter[str]:
    """Living grants that an open review holds; it goes over to the new code."""
    held = ReviewLine.objects.filter(
        decision=LineDecision.NONE,
        review__state=ReviewState.OPEN,
        state__in=item_codes(now).filter(item_code__in=codes).values("pk"),
    )
    rows = held.order_by().values_list("state__item_code", "state").distinct()
    return Counter(code for code, _state in rows)


def _waiting(codes: Sequence[str], people: Collection[str]) -> Counter[str]:
    """Messages that speak of a code: of a procedure's grade, or of somebody's right."""
    ways = Ways()
    ways.know_items(codes)
    by_item = {item: code for code in codes for item in (code, *ways.items_of(code))}
    streams = [stream_of_procedure(code) for code in codes]
    streams += [stream_of(emp_no) for emp_no in sorted(people)]
    found: Counter[str] = Counter()
    for start in range(0, len(streams), AT_ONCE):
        rows = Message.objects.filter(
            state__in=WAITING, stream__in=streams[start : start + AT_ONCE]
        )
        for payload in rows.order_by("pk").values_list("payload", flat=True):
            for code in _spoken_of(payload, by_item):
                found[code] += 1
    return found


def _spoken_of(payload: Mapping[str, object], by_item: Mapping[str, str]) -> set[str]:
    lines = payload.get("lines")
    parts = [payload, *(lines if isinstance(lines, list) else ())]
    names = ("proc_code", "his_item_id", "item_code")
    said = {str(part.get(name)) for part in parts for name in names}
    return {by_item[one] for one in said if one in by_item}
