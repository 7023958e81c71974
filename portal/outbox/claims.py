"""Taking messages to deliver: no message in two hands, no two of a stream under way.

A claim is a conditional UPDATE with a row count, which means the same on SQLite,
PostgreSQL and SQL Server (``docs/decisions/0001``). It gives the worker a lease; a
message whose lease ran out while it was being sent is UNKNOWN, because nobody can say
how far its worker came.

Which message of a stream may go (its head):

- the earliest one that holds the stream. A message holds it from its ``not_before`` on
  (one that waits for no later day: at once, whatever the clocks of several servers say)
  until it is read back, stopped, or a mismatch was read often enough to be shown
  (``due_at`` None): the HIS has then taken it, and only a person can do more.
- REJECTED and UNKNOWN hold it too, but a message that takes a right away passes
  rejected ones, and what waits behind them. What it has overtaken on the same line is
  never sent afterwards: see ``delivery``.

A stream in which something waits to be taken away goes before the others.

Every target has streams of its own, and is asked for and claimed by itself.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    TextField,
    When,
)
from django.db.models.base import ModelState
from django.db.models.functions import Cast
from django.db.models.query import QuerySet

from portal.his.targets import DEFAULT
from portal.outbox.among import array_of
from portal.outbox.models import Attempt, Message, State
from portal.prepared import Prepared

# States in which only a read-back is due, never (yet) a new call.
TO_READ = (State.UNKNOWN, State.DELIVERED)
# The HIS may have seen these.
SENT = (State.SENDING, State.UNKNOWN, State.DELIVERED, State.CONFIRMED)
# Nobody can say yet whether the HIS takes these.
UNDECIDED = (State.SENDING, State.UNKNOWN)
IS_UNDECIDED = Q(is_open=True, state__in=UNDECIDED)
# The HIS has taken these.
TAKEN = (State.DELIVERED, State.CONFIRMED)


def lease() -> timedelta:
    return timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)


def holds(at: datetime) -> Q:
    """Messages no later message of their stream may pass."""
    return Q(is_open=True) & (
        Q(state__in=(State.SENDING, State.UNKNOWN, State.REJECTED))
        | Q(state=State.DELIVERED, due_at__isnull=False)
        | Q(state=State.WAITING) & (Q(not_before__lte=at) | ~has_its_day())
    )


def has_its_day() -> Q:
    """Messages that were promised for later than the moment of the promise."""
    return Q(not_before__gt=F("enqueued_at"))


def may_have_taken() -> Q:
    """Messages the HIS has taken, and those a person gave up when nobody knew."""
    lost = Attempt.objects.filter(
        message=OuterRef("pk"), outcome=Attempt.Outcome.ANSWER_LOST
    )
    in_doubt = Q(delivered_at__isnull=False) | Q(Exists(lost))
    return Q(state__in=TAKEN) | Q(state=State.STOPPED) & in_doubt


def open_at(target: str) -> QuerySet[Message]:
    """Messages of a target that are not final, by their own index."""
    return Message.objects.filter(target=target, is_open=True)


def of_stream(**place: OuterRef) -> QuerySet[Message]:
    """Messages of the same target's same stream, for a subquery."""
    same = {"target": OuterRef("target"), "stream": OuterRef("stream")}
    return Message.objects.filter(**same, **place)


def heads(at: datetime, limit: int, target: str) -> list[int]:
    """Messages that are due and first in their stream, takers-away first.

    Not while a later one that passed is undecided: if the HIS takes it, it has overtaken
    this one; if the HIS refuses it, this one must still go.
    """
    return [head for (head,) in HEADS.rows(at, target, limit)]


def _heads(at: datetime, target: str, limit: int) -> QuerySet[Message, Any]:
    is_due = Q(state=State.WAITING, due_at__lte=at)
    takes_away = Case(
        When(state=State.WAITING, takes_away=True, then=1),
        default=0,
        output_field=IntegerField(),
    )
    streams = (
        Message.objects.filter(holds(at), target=target)
        .order_by()
        .values("stream")
        .annotate(
            head=Min("id"),
            ready=Min("id", filter=is_due),
            rush=Max(takes_away),
            undecided=Count("id", filter=Q(state__in=UNDECIDED)),
        )
        .filter(head=F("ready"), undecided=0)
        .order_by("-rush", "head")
    )
    return streams.values_list("head")[:limit]


HEADS = Prepared(_heads)


def may_pass(at: datetime) -> tuple[Exists, Q]:
    """Conditions of a message that takes away, behind a rejected one, with nothing in
    front but rejected ones and givers that wait behind them."""
    earlier = of_stream(id__lt=OuterRef("id"))
    is_behind_rejected = Exists(earlier.filter(is_open=True, state=State.REJECTED))
    blockers = earlier.filter(holds(at)).exclude(state=State.REJECTED)
    blockers = blockers.exclude(
        is_behind_rejected, state=State.WAITING, takes_away=False
    )
    return is_behind_rejected, Q(~Exists(blockers), takes_away=True)


def passers(at: datetime, limit: int, target: str) -> list[int]:
    """Messages that take a right away and pass a rejected one; as ``heads``, not while a
    later one is undecided."""
    waiting = open_at(target).filter(state=State.WAITING, due_at__lte=at)
    later = of_stream(id__gt=OuterRef("id")).filter(IS_UNDECIDED)
    found = waiting.filter(~Exists(later), *may_pass(at)).order_by("id")
    return list(found.values_list("id", flat=True)[:limit])


def to_read(at: datetime, limit: int, target: str) -> list[int]:
    """Messages whose read-back is due and in nobody's hand."""
    found = open_at(target).filter(is_free(at), state__in=TO_READ, due_at__lte=at)
    return list(found.order_by("due_at", "id").values_list("id", flat=True)[:limit])


def is_free(at: datetime) -> Q:
    return Q(claim__isnull=True) | Q(lease_until__lt=at)


@dataclass(frozen=True)
class Overview:
    """What there is at all, told by one query, so that the rest is asked seldom."""

    is_due: bool  # something waits to be sent
    is_to_read: bool
    is_rejected: bool
    is_dead: bool  # a lease has run out
    is_backed_off: bool  # something waits for its next try


def overview(at: datetime, target: str = DEFAULT) -> Overview:
    counts = OVERVIEW.rows(at, target)
    return Overview(*(count > 0 for count in counts[0])) if counts else NOTHING


def _overview(at: datetime, target: str) -> QuerySet[Message, Any]:
    """In the order of the fields of ``Overview``."""
    is_waiting = Q(state=State.WAITING)
    is_read = Q(state__in=TO_READ)
    is_late = Q(state=State.SENDING, lease_until__lt=at)
    is_backed_off = Q(tries__gt=0, due_at__gt=at, claim__isnull=True)
    counts = {
        "is_due": Count("id", filter=is_waiting & Q(due_at__lte=at)),
        "is_to_read": Count("id", filter=is_read & Q(due_at__lte=at) & is_free(at)),
        "is_rejected": Count("id", filter=Q(state=State.REJECTED)),
        "is_dead": Count("id", filter=is_late),
        "is_backed_off": Count("id", filter=is_backed_off),
    }
    by_target = open_at(target).order_by().values("target").annotate(**counts)
    return by_target.values_list(*counts)


NOTHING = Overview(*[False] * 5)
OVERVIEW = Prepared(_overview)


@dataclass
class Turns:
    """Who may go next, in this order, as one look found them.

    To look costs as much as all that is open, to claim only what is claimed: one look
    serves several claims. What has changed since, a claim sees for itself.
    """

    reads: list[int] = field(default_factory=list)
    sends: list[int] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.reads or self.sends)

    def take(self, limit: int) -> tuple[list[int], list[int]]:
        """The first so many, whose turn is used up."""
        reads, self.reads = self.reads[:limit], self.reads[limit:]
        left = limit - len(reads)
        sends, self.sends = self.sends[:left], self.sends[left:]
        return reads, sends


def turns(at: datetime, limit: int, seen: Overview, target: str = DEFAULT) -> Turns:
    """Up to ``limit`` messages that are due now."""
    reads = to_read(at, limit, target) if seen.is_to_read else []
    passing = passers(at, limit, target) if seen.is_rejected else []
    sends = passing + (heads(at, limit, target) if seen.is_due else [])
    return Turns(reads, sends[: limit - len(reads)])


def claim_due(
    at: datetime, limit: int, turns: Turns, token: uuid.UUID
) -> Sequence[Message]:
    """The first ``limit`` of the turns that are still due, in the order to deliver them.

    They are the worker's alone that brought the ``token``, until its lease ends.
    """
    mine = {"claim": token, "lease_until": at + lease()}
    taken = 0
    reads, sends = turns.take(limit)
    if reads:
        free = Message.objects.filter(is_free(at), id__among=set(reads), due_at__lte=at)
        taken += free.filter(state__in=TO_READ).update(**mine)
    if sends:
        waiting = Message.objects.filter(id__among=set(sends), state=State.WAITING)
        taken += waiting.filter(due_at__lte=at).update(state=State.SENDING, **mine)
    if not taken:
        return ()
    place = {pk: number for number, pk in enumerate(reads + sends)}
    found = claimed(token, place, at)
    return sorted(found, key=lambda message: place[message.id])


def claimed(token: uuid.UUID, ids: Collection[int], at: datetime) -> list[Message]:
    """What the token holds of these; what should not be sent after all is given back.

    Between choosing and claiming a person may have put an earlier message of the
    stream back in line (``services.retry`` locks the stream and looks for SENDING, so
    one of the two always sees the other), or another worker a later one that passes, or
    an earlier one, whose day came meanwhile, may have been refused.
    What is to be read back is kept, but told whether it may be sent again: an earlier
    message may hold the stream by now, because its day has come or a person put it
    back in line.
    """
    rows = _rows_claimed(token, ids, at)
    # Read at once: a third of the work of reading each.
    payloads = json.loads(f"[{','.join([payload for *_others, payload in rows])}]")
    found = [made(row, payload) for row, payload in zip(rows, payloads, strict=True)]
    early = {row.id for row in found if row.is_second}
    if early:
        rightly = Message.objects.filter(*may_pass(at), id__among=early).order_by("id")
        early -= set(rightly.values_list("id", flat=True))
    for row in found:
        row.has_its_turn = row.id not in early
    sending = [row for row in found if row.state == State.SENDING]
    wrong = {row.id for row in sending if row.is_passed or not row.has_its_turn}
    if wrong:
        give_back(token, wrong)
    return [row for row in found if row.id not in wrong]


FIELDS = (
    *("id", "state", "kind", "target", "stream", "tries", "rereads", "reads_first"),
)
FLAGS = ("is_second", "is_passed", "may_be_overtaken")
NAMES = (*FIELDS, *FLAGS, "payload")


def _claimed(
    token: uuid.UUID, ids: Set[int] | str, at: datetime
) -> QuerySet[Message, Any]:
    """``NAMES``, the payload as text, in the order of the messages."""
    earlier = of_stream(id__lt=OuterRef("id"))
    later = of_stream(id__gt=OuterRef("id"))
    return (
        Message.objects.filter(claim=token, id__among=ids)
        .annotate(
            in_front=Exists(earlier.filter(holds(at))),
            undecided=Exists(later.filter(IS_UNDECIDED)),
            taker=Exists(later.filter(may_have_taken(), takes_away=True)),
            said=Cast("payload", TextField()),
        )
        .order_by("id")
        .values_list(*FIELDS, "in_front", "undecided", "taker", "said")
    )


CLAIMED = Prepared(_claimed)


def _rows_claimed(
    token: uuid.UUID, ids: Collection[int], at: datetime
) -> list[tuple[Any, ...]]:
    if connection.vendor == "postgresql":
        return CLAIMED.rows(token, array_of(ids), at)
    return list(_claimed(token, set(ids), at))


def made(row: Sequence[Any], payload: dict[str, Any]) -> Message:
    """The message of a row; what else it has is read when asked for.

    Past ``__init__``, which looks at every field that is not there and tells the signals:
    of a batch that is a third of the work of its claim.
    """
    message = Message.__new__(Message)
    state = message.__dict__["_state"] = ModelState()
    state.adding, state.db = False, DEFAULT_DB_ALIAS
    message.__dict__.update(zip(NAMES, row, strict=True), payload=payload)
    return message


def give_back(token: uuid.UUID, ids: set[int]) -> None:
    """Claimed but not tried: as if it had never been taken."""
    mine = Message.objects.filter(claim=token, id__among=ids)
    free = {"claim": None, "lease_until": None}
    mine.filter(state=State.SENDING).update(state=State.WAITING, **free)
    mine.update(**free)


def renew(token: uuid.UUID, ids: set[int], at: datetime) -> bool:
    """Prolong the lease; False when some of them are no longer ours."""
    mine = Message.objects.filter(claim=token, id__among=ids)
    return mine.update(lease_until=at + lease()) == len(ids)
