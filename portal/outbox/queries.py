"""Reading the outbox: where a change stands, and how the whole stands."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    Count,
    Exists,
    Max,
    Min,
    OuterRef,
    Q,
    Subquery,
    When,
)
from django.db.models.query import QuerySet
from django.utils import timezone

from portal.his.targets import DEFAULT
from portal.outbox.archived import ArchivedMessage
from portal.outbox.archiving import attempts_of, message_of
from portal.outbox.backoff import STUCK_AFTER
from portal.outbox.claims import has_its_day, holds, of_stream
from portal.outbox.kinds import stream_of
from portal.outbox.models import Attempt, Message, State
from portal.prepared import Prepared

# The partial indexes are made of it: whatever is about open messages says so.
IS_OPEN = Q(is_open=True)
IS_STUCK = IS_OPEN & Q(
    state__in=(State.WAITING, State.UNKNOWN, State.DELIVERED),
    tries__gte=STUCK_AFTER,
    mismatch__isnull=True,
)
IS_WAITING = IS_OPEN & Q(state__in=(State.WAITING, State.SENDING)) & ~IS_STUCK
IS_REJECTED = IS_OPEN & Q(state=State.REJECTED)
IS_UNKNOWN = IS_OPEN & Q(state=State.UNKNOWN)
IS_DIFFERENT = IS_OPEN & Q(state=State.DELIVERED, mismatch__isnull=False)
# What only a person or the HIS itself can move, and what comes after it waits.
HOLDS_UP = IS_STUCK | IS_REJECTED | IS_UNKNOWN & Q(due_at__isnull=True)
HAS_ARCHIVE = "outbox.has_archive"
# What a person should look at.
NEEDS_A_PERSON = HOLDS_UP | IS_DIFFERENT


def shown() -> QuerySet[Message]:
    """Messages for pages: without their payload, and with what holds them up."""
    return with_holders(Message.objects.defer("payload"))


def with_holders(messages: QuerySet[Message]) -> QuerySet[Message]:
    """With ``held_by`` and ``is_held_by_later``: see ``presenters.holder_words``.

    A later one that is being sent has its answer in a moment, and is not told of.
    """
    earlier = of_stream(id__lt=OuterRef("id"))
    in_doubt = of_stream(id__gt=OuterRef("id")).filter(IS_UNKNOWN)
    in_front = earlier.filter(IS_OPEN, HOLDS_UP).order_by("id").values("last_code")
    # What takes a right away passes a rejected message, but no other.
    unpassed = in_front.exclude(IS_REJECTED)
    gives = When(state=State.WAITING, takes_away=False, then=Subquery(in_front[:1]))
    takes = When(state=State.WAITING, takes_away=True, then=Subquery(unpassed[:1]))
    is_passed = When(Exists(in_doubt), state=State.WAITING, then=True)
    return messages.annotate(
        held_by=Case(gives, takes, default=None, output_field=CharField(null=True)),
        is_held_by_later=Case(is_passed, default=False, output_field=BooleanField()),
    )


def with_places(messages: QuerySet[Message], at: datetime) -> QuerySet[Message]:
    """As ``with_holders``, and ``behind``: the number of the earlier message of the
    stream that has to go first; for pages that tell of the queue itself."""
    earlier = of_stream(id__lt=OuterRef("id")).filter(holds(at))
    first = earlier.order_by("id").values("id")
    is_due = Q(state=State.WAITING, not_before__lte=at)
    return with_holders(messages).annotate(
        behind=Case(
            When(is_due, takes_away=False, then=Subquery(first[:1])),
            When(
                is_due,
                takes_away=True,
                then=Subquery(first.exclude(IS_REJECTED)[:1]),
            ),
            default=None,
            output_field=BigIntegerField(null=True),
        )
    )


def open_without_target(known: Collection[str]) -> dict[str, int]:
    """Open messages to targets that are not set up (any more), by its name; one query."""
    found = Message.objects.filter(IS_OPEN).exclude(target__in=known).order_by("target")
    return dict(found.values_list("target").annotate(Count("pk")))


class Confirmed(NamedTuple):
    """A message nobody needs to look at any more, as ``presenters.Proofs`` takes it."""

    delivered_at: datetime | None
    confirmed_at: datetime | None


def arrivals_by_subject(subjects: Collection[str]) -> dict[str, Message | Confirmed]:
    """As ``arrival_of``, in the HIS too; most subjects are confirmed and stay light.

    One query, and one more if any is still open, and one if any is not found: it may
    be archived.
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
    found.update(archived_arrivals(set(subjects) - set(found)))
    return found


_BY_SUBJECT = Prepared(
    lambda *subjects: (
        Message.objects.filter(target=DEFAULT, subject__in=subjects)
        .order_by("id")
        .values_list("subject", "state", "delivered_at", "confirmed_at")
    )
)


def arrival_of(subjects: Collection[str]) -> dict[str, Message]:
    """The message to show about each subject, in one query; payloads stay unread.

    Of the HIS: whether another target was told is seen on the page HIS 对接 only.
    One act may be several messages: the last of them, but before it the first that is
    still open, and before that the first that waits for a person. One query more when
    some are not found: they may be archived.
    """
    if not subjects:
        return {}
    wanted = set(subjects)
    messages = map(_shown_message, _SHOWN_BY_SUBJECT.rows_of(list(wanted)))
    in_order = sorted(messages, key=_urgency)
    found = {message.subject: message for message in in_order}
    return {**archived_arrivals(wanted - set(found)), **found}


_SHOWN = tuple(
    field.attname for field in Message._meta.concrete_fields if field.name != "payload"
)
_HOLDERS = ("held_by", "is_held_by_later")
_SHOWN_BY_SUBJECT = Prepared(
    lambda *subjects: (
        shown()
        .filter(target=DEFAULT, subject__in=subjects)
        .order_by("id")
        .values_list(*_SHOWN, *_HOLDERS)
    )
)


def _shown_message(row: tuple[Any, ...]) -> Message:
    """As ``shown`` gives it."""
    message = Message.from_db(DEFAULT_DB_ALIAS, _SHOWN, row[: len(_SHOWN)])
    vars(message).update(zip(_HOLDERS, row[len(_SHOWN) :], strict=True))
    return message


def archived_arrivals(subjects: Collection[str]) -> dict[str, Message]:
    """The last archived message about each of them; one query, none for none."""
    if not subjects or not has_archive():
        return {}
    rows = ArchivedMessage.objects.filter(target=DEFAULT, subject__in=subjects)
    rows = rows.order_by("id")
    return {row.subject: message_of(row) for row in rows}


def has_archive() -> bool:
    """Years pass before anything is archived; looked at once a minute."""
    known: bool | None = cache.get(HAS_ARCHIVE)
    if known is None:
        known = ArchivedMessage.objects.exists()
        cache.set(HAS_ARCHIVE, known, 60)
    return known


def messages_by_id(ids: Collection[int]) -> dict[int, Message]:
    """Messages by their number, those of the archive among them."""
    found = {row.pk: row for row in Message.objects.filter(pk__in=ids).order_by("pk")}
    if missing := set(ids) - set(found):
        rows = ArchivedMessage.objects.filter(pk__in=missing).order_by("pk")
        found |= {row.pk: message_of(row) for row in rows}
    return found


def _urgency(message: Message) -> tuple[int, int]:
    if message.is_final:
        return 0, message.pk
    needs_person = message.state in {State.REJECTED, State.UNKNOWN}
    return 2 if needs_person or message.has_mismatch else 1, -message.pk


def found_message(pk: int) -> tuple[Message, list[Attempt]] | None:
    """A message with its tries, the newest first; the archived are not to be saved."""
    found = with_places(Message.objects.filter(pk=pk), timezone.now())
    if message := found.first():
        return message, list(message.attempts.order_by("-id"))
    if row := ArchivedMessage.objects.filter(pk=pk).first():
        return message_of(row), attempts_of(row)
    return None


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
    """The outbox in numbers.

    ``oldest_at`` is since when the first of what is still open should be in the HIS,
    ``last_confirmed_at`` the last proven delivery.
    """

    waiting: int
    stuck: int
    rejected: int
    unknown: int
    different: int
    oldest_at: datetime | None
    last_confirmed_at: datetime | None

    @property
    def needs_a_person(self) -> int:
        return self.stuck + self.rejected + self.unknown + self.different


def figures(at: datetime | None = None) -> Figures:
    """Two queries, however many messages there are: the open ones, and an index."""
    is_due = Q(not_before__lte=at or timezone.now())
    last = Message.objects.order_by().aggregate(last=Max("confirmed_at"))
    return Figures(
        **Message.objects.filter(IS_OPEN)
        .order_by()
        .aggregate(
            waiting=Count("pk", filter=IS_WAITING),
            stuck=Count("pk", filter=IS_STUCK),
            rejected=Count("pk", filter=IS_REJECTED),
            unknown=Count("pk", filter=IS_UNKNOWN & ~IS_STUCK),
            different=Count("pk", filter=IS_DIFFERENT),
            oldest_at=Min("not_before", filter=is_due),
        ),
        last_confirmed_at=last["last"],
    )


@dataclass(frozen=True)
class Pace:
    """How quickly changes arrived at one target of late: from the moment they were to be
    told.

    ``confirmed`` is how many in that time; the seconds are of the last ``measured`` that
    fell due in it, for what waited through an outage says nothing of how it goes now.
    """

    confirmed: int
    measured: int
    median: float | None
    p99: float | None


PACE_MEASURED = 2000


def pace(since: datetime, target: str = DEFAULT) -> Pace:
    """Two queries by an index; the oldest of a great many are only counted."""
    late = Message.objects.filter(target=target, confirmed_at__gte=since)
    late = late.order_by("-confirmed_at")
    confirmed = late.order_by().count()
    recent = late.filter(not_before__gte=since)
    moments = recent.values_list("confirmed_at", "not_before")[:PACE_MEASURED]
    taken = sorted((done - due).total_seconds() for done, due in moments if done)
    if not taken:
        return Pace(confirmed, 0, None, None)
    return Pace(confirmed, len(taken), _share(taken, 0.5), _share(taken, 0.99))


def _share(ordered: Sequence[float], share: float) -> float:
    """The least of them that so great a share does not exceed."""
    return ordered[max(math.ceil(len(ordered) * share) - 1, 0)]


def needing_a_person() -> int:
    """For the badge of the shell; reads the open messages only."""
    return Message.objects.filter(IS_OPEN, NEEDS_A_PERSON).count()


def proved_before(message: Message) -> Message | None:
    """The message before it that was confirmed on the same line, archived or not."""
    line = message.line
    earlier = message.of_stream(id__lt=message.pk, state=State.CONFIRMED)
    earlier = earlier.order_by("-id")
    kept = next((one for one in earlier.iterator(50) if one.line == line), None)
    archived = ArchivedMessage.objects.filter(
        target=message.target,
        stream=message.stream,
        id__lt=message.pk,
        id__gt=kept.pk if kept else 0,
        state=State.CONFIRMED,
    ).order_by("-id")
    others = map(message_of, archived.iterator(50))
    return next((one for one in others if one.line == line), kept)
