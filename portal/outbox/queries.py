"""Reading the outbox: where a change stands, and how the whole stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import (
    Case,
    CharField,
    Count,
    Max,
    OuterRef,
    Q,
    Subquery,
    When,
)
from django.db.models.query import QuerySet

from portal.his.targets import DEFAULT
from portal.outbox.backoff import STUCK_AFTER
from portal.outbox.claims import has_its_day, of_stream
from portal.outbox.kinds import stream_of
from portal.outbox.models import FINAL, Message, State
from portal.parameters.queries import value_of
from portal.parameters.registry import READ_BACK_ALERT_MINUTES
from portal.prepared import Prepared

IS_STUCK = Q(
    state__in=(State.WAITING, State.UNKNOWN, State.DELIVERED),
    tries__gte=STUCK_AFTER,
    mismatch__isnull=True,
)
IS_WAITING = Q(state__in=(State.WAITING, State.SENDING)) & ~IS_STUCK
IS_REJECTED = Q(state=State.REJECTED)
IS_UNKNOWN = Q(state=State.UNKNOWN)
IS_DIFFERENT = Q(state=State.DELIVERED, mismatch__isnull=False)
IS_OPEN = ~Q(state__in=[str(state) for state in FINAL])
# What only a person or the HIS itself can move, and what comes after it waits.
HOLDS_UP = IS_STUCK | IS_REJECTED | Q(state=State.UNKNOWN, due_at__isnull=True)
# What a person should look at.
NEEDS_A_PERSON = HOLDS_UP | IS_DIFFERENT


def shown() -> QuerySet[Message]:
    """Messages for pages: without their payload, and with what holds them up."""
    earlier = of_stream(id__lt=OuterRef("id"))
    in_front = earlier.filter(IS_OPEN, HOLDS_UP).order_by("id").values("last_code")
    # What takes a right away passes a rejected message.
    is_held = Q(state=State.WAITING, takes_away=False)
    is_waiting = When(is_held, then=Subquery(in_front[:1]))
    return Message.objects.defer("payload").annotate(
        held_by=Case(is_waiting, default=None, output_field=CharField(null=True))
    )


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A message nobody needs to look at any more, as ``presenters.Proofs`` takes it."""

    delivered_at: datetime | None
    confirmed_at: datetime | None


def arrivals_by_subject(subjects: Collection[str]) -> dict[str, Message | Confirmed]:
    """As ``arrival_of``; most subjects are confirmed and stay light.

    One query, and one more if any is still open.
    """
    if not subjects:
        return {}
    found: dict[str, Message | Confirmed] = {}
    others: set[str] = set()
    for subject, state, *moments in _BY_SUBJECT.rows_of(list(subjects)):
        if state == State.CONFIRMED and subject not in others:
            found[subject] = Confirmed(*moments)
        else:
            # One act may be several messages: what is not proven yet is shown.
            found.pop(subject, None)
            others.add(subject)
    found.update(arrival_of(others))
    return found


_BY_SUBJECT = Prepared(
    lambda *subjects: (
        Message.objects.filter(subject__in=subjects)
        .order_by("id")
        .values_list("subject", "state", "delivered_at", "confirmed_at")
    )
)


def arrival_of(subjects: Collection[str]) -> dict[str, Message]:
    """The message to show about each subject, in one query; payloads stay unread.

    One act may be several messages: the last of them, but before it the first that is
    still open, and before that the first that waits for a person.
    """
    if not subjects:
        return {}
    found = shown().filter(subject__in=set(subjects)).order_by("id")
    in_order = sorted(found, key=_urgency)
    return {message.subject: message for message in in_order}


def _urgency(message: Message) -> tuple[int, int]:
    if message.is_final:
        return 0, message.pk
    needs_person = message.state in {State.REJECTED, State.UNKNOWN}
    return 2 if needs_person or message.has_mismatch else 1, -message.pk


def promised(
    emp_nos: Sequence[str], at: datetime, target: str = DEFAULT
) -> Mapping[str, Sequence[Message]]:
    """What a target was or will be told of each practitioner, in order; one query.

    Not what waits for a day later than ``at``: until then it may be planned anew.
    """
    is_due = Q(not_before__lte=at) | ~has_its_day()
    streams = {stream_of(emp_no): emp_no for emp_no in emp_nos}
    found = Message.objects.filter(is_due, target=target, stream__in=streams)
    kept = found.exclude(state=State.STOPPED).only("kind", "payload", "stream")
    promises: dict[str, list[Message]] = {emp_no: [] for emp_no in emp_nos}
    for message in kept.order_by("id"):
        promises[streams[message.stream]].append(message)
    return promises


@dataclass(frozen=True)
class Figures:
    """The outbox in numbers; ``last_confirmed_at`` is the last proven delivery."""

    waiting: int
    stuck: int
    rejected: int
    unknown: int
    different: int
    last_confirmed_at: datetime | None

    @property
    def needs_a_person(self) -> int:
        return self.stuck + self.rejected + self.unknown + self.different


def figures() -> Figures:
    """One query."""
    return Figures(
        **Message.objects.order_by().aggregate(
            waiting=Count("pk", filter=IS_WAITING),
            stuck=Count("pk", filter=IS_STUCK),
            rejected=Count("pk", filter=IS_REJECTED),
            unknown=Count("pk", filter=IS_UNKNOWN & ~IS_STUCK),
            different=Count("pk", filter=IS_DIFFERENT),
            last_confirmed_at=Max("confirmed_at"),
        )
    )


def needing_a_person() -> int:
    """For the badge of the shell; reads the open messages only."""
    return Message.objects.filter(IS_OPEN, NEEDS_A_PERSON).count()


def overdue(at: datetime) -> QuerySet[Message]:
    """Due, and not proven within the hospital's parameter; no payloads, oldest first.

    Those of a target that is frozen are among them: the banner says why.
    """
    minutes = value_of(READ_BACK_ALERT_MINUTES)
    since = at - timedelta(minutes=minutes)
    found = Message.objects.filter(IS_OPEN, not_before__lte=since)
    return found.defer("payload").order_by("not_before", "id")
