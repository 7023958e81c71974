"""Moving settled messages out of the way, month by month (``docs/decisions/0024``).

The outbox goes on being read for what the HIS was last told: a read-back after a lost
answer is held against it, later acts are planned upon it, and a message put back in
line is refused when something later went. So of every line the last word of each kind
stays, and of a stream with an open message everything behind it. What was given up and
not followed by a confirmed word of its line stays too: the HIS still differs there, and
the lists of what is not confirmed ask the outbox alone.

One stream is one transaction: broken off anywhere, a further run goes on.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from portal.outbox.archived import ArchivedMessage
from portal.outbox.models import FINAL, OPEN, Attempt, Message, State
from portal.parameters.days import ZONE

STREAMS_AT_ONCE = 200
ROWS_AT_ONCE = 200
SAME = tuple(
    field.name
    for field in ArchivedMessage._meta.fields
    if field.name not in {"month", "attempts", "archived_at"}
)


@dataclass(frozen=True)
class Archived:
    """What one run did; ``is_cut`` says that more was left for the next."""

    moved: int
    streams: int
    is_cut: bool = False


def settled_before(before: datetime) -> Q:
    """Final, and nothing has happened to it since."""
    return Q(state=State.CONFIRMED, confirmed_at__lt=before) | Q(
        state=State.STOPPED, enqueued_at__lt=before, not_before__lt=before
    )


def archive(
    *, before: datetime, at: datetime, counted: int, most: int | None = None
) -> Archived:
    """Move what was settled before the moment; after ``most`` moved no stream more.

    A message with a try of a greater number than ``counted`` stays: the metrics have
    not counted it yet, and would go back.
    """
    moved = streams = 0
    for stream in streams_with(before):
        if most is not None and moved >= most:
            return Archived(moved, streams, is_cut=True)
        gone = archive_stream(stream, before, at, counted)
        moved += gone
        streams += bool(gone)
    return Archived(moved, streams)


def streams_with(before: datetime) -> Iterator[str]:
    """Streams in which something was settled so long ago, in order."""
    last = ""
    while True:
        found = Message.objects.filter(settled_before(before), stream__gt=last)
        streams = found.order_by("stream").values_list("stream", flat=True).distinct()
        chunk = list(streams[:STREAMS_AT_ONCE])
        if not chunk:
            return
        yield from chunk
        last = chunk[-1]


@transaction.atomic
def archive_stream(stream: str, before: datetime, at: datetime, counted: int) -> int:
    """Move what may go of one stream; how many messages that was."""
    ids = movable(stream, before, counted)
    for start in range(0, len(ids), ROWS_AT_ONCE):
        move(ids[start : start + ROWS_AT_ONCE], at)
    return len(ids)


def movable(stream: str, before: datetime, counted: int) -> list[int]:
    """Messages of a stream nothing will ask for any more, the stream locked."""
    # Locked as ``services.retry`` does: none of them is put back in line meanwhile.
    rows = list(
        Message.objects.select_for_update().filter(stream=stream).order_by("id")
    )
    first_open = next((row.pk for row in rows if row.state in OPEN), None)
    last_words = {word_of(row): row.pk for row in rows if row.state == State.CONFIRMED}
    fresh = Attempt.objects.filter(message__stream=stream, pk__gt=counted).order_by()
    kept = {
        *last_words.values(),
        *given_up(rows),
        *fresh.values_list("message_id", flat=True),
    }
    return [
        row.pk
        for row in rows
        if row.pk not in kept
        and (first_open is None or row.pk < first_open)
        and row.state in FINAL
        and ended_at(row) < before
    ]


def given_up(rows: Sequence[Message]) -> list[int]:
    """Stopped, and nothing later of the same line was confirmed; ``rows`` in order."""
    proven = {
        (row.target, row.line): row.pk for row in rows if row.state == State.CONFIRMED
    }
    return [
        row.pk
        for row in rows
        if row.state == State.STOPPED and proven.get((row.target, row.line), 0) < row.pk
    ]


def word_of(message: Message) -> Hashable:
    """Messages with the same say the same kind of thing of the same line.

    Of a line, dates may stand in one word and the state in a later one; and a grade
    from another day on is another word.
    """
    said = message.payload
    return message.target, message.line, said.get("op"), said.get("effective_from")


def ended_at(message: Message) -> datetime:
    """When it was settled; of one that was stopped, as far as it is known."""
    return message.confirmed_at or max(message.enqueued_at, message.not_before)


def move(ids: Sequence[int], at: datetime) -> None:
    tries: dict[int, list[dict[str, Any]]] = {pk: [] for pk in ids}
    for attempt in Attempt.objects.filter(message__in=ids).order_by("id"):
        tries[attempt.message_id].append(attempt_as_json(attempt))
    messages = Message.objects.filter(pk__in=ids).order_by("id")
    ArchivedMessage.objects.bulk_create(
        [
            ArchivedMessage(
                **{name: getattr(row, name) for name in SAME},
                month=f"{ended_at(row).astimezone(ZONE):%Y-%m}",
                attempts=tries[row.pk],
                archived_at=at,
            )
            for row in messages
        ]
    )
    Attempt.objects.filter(message__in=ids).delete()
    Message.objects.filter(pk__in=ids).delete()


def attempt_as_json(attempt: Attempt) -> dict[str, Any]:
    return {
        "id": attempt.pk,
        "request_id": str(attempt.request_id) if attempt.request_id else None,
        "started_at": attempt.started_at.isoformat(),
        "duration_ms": attempt.duration_ms,
        "outcome": attempt.outcome,
        "code": attempt.code,
        "text": attempt.text,
        "his_row_id": attempt.his_row_id,
    }


def message_of(row: ArchivedMessage) -> Message:
    """As the pages know it; not to be saved."""
    return Message(**{name: getattr(row, name) for name in SAME})


def attempts_of(row: ArchivedMessage) -> list[Attempt]:
    """Its tries, the newest first; not to be saved."""
    found = [
        Attempt(
            **{**kept, "started_at": datetime.fromisoformat(kept["started_at"])},
            message_id=row.pk,
        )
        for kept in row.attempts
    ]
    return found[::-1]
