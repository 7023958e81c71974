"""The acts of the outbox: promise, deliver again, stop.

``enqueue`` stands inside the act that changes a right. What a person does about a
message (``retry``, ``stop``) leaves an event in the log; a refused one leaves nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.query import QuerySet
from django.utils.translation import gettext_noop as _

from portal.accounts.models import User
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.his.messages import SCHEMA_VERSION
from portal.his.targets import DEFAULT, targets
from portal.outbox.bell import nudge, nudge_on_commit
from portal.outbox.claims import SENT, has_its_day, is_free, may_have_taken
from portal.outbox.freeing import release
from portal.outbox.freezing import freeze, thaw
from portal.outbox.kinds import Call, kind_of
from portal.outbox.models import Message, State
from portal.outbox.outcomes import stopped
from portal.outbox.reasons import REASON_LENGTH, NotPossible, checked
from portal.prepared import Prepared

__all__ = [
    "REASON_LENGTH",
    "NotPossible",
    "Promise",
    "enqueue",
    "enqueue_all",
    "freeze",
    "nudge",
    "retry",
    "stop",
    "thaw",
    "withdraw",
]

REPLACED = _("已由后来的变更取代")
SENDING_NOW = _("这条正在送达，请稍候再试。")
# Why a message in this state is not told again by 重新送达, and what to do instead.
NOT_AGAIN = {
    State.WAITING: _("这条还在排队，会自动送达，不需要重新送达。"),
    State.SENDING: _("这条送达中断，会自动回读，不需要重新送达。"),
    State.DELIVERED: _("这条已送达，会自动回读，不需要重新送达。"),
    State.CONFIRMED: _(
        "这条已回读一致，不需要重新送达；HIS 退回旧数据时请用「重放」。"
    ),
    State.STOPPED: _("这条已停止，不再送达；请在「HIS 差异」比对后修复。"),
}
# By whether the later one was given up in doubt, and whether this one is confirmed, so
# that it is a replay that is refused.
OVERTAKEN = {
    (False, False): _("同一项后来的变更已经送达，这条只能停止。"),
    (False, True): _("同一项后来的变更已经送达，这条不能重放；请重放后来的那一条。"),
    (True, False): _(
        "同一项后来的变更停止前可能已经生效，这条只能停止；请比对后修复。"
    ),
    (True, True): _("同一项后来的变更停止前可能已经生效，这条不能重放；请比对后修复。"),
}
# Parameters of one statement: SQLite takes about a thousand.
STREAMS_AT_ONCE = 400
WAITS_OF_STREAM = Prepared(
    lambda target, stream: (
        Message.objects.filter(
            is_open=True,
            target=target,
            stream=stream,
            state__in=(State.WAITING, State.REJECTED),
        )
        .order_by()
        .values_list("id")[:1]
    )
)


def enqueue(
    *,
    message: Call,
    subject: str,
    at: datetime,
    not_before: datetime | None = None,
    takes_away: bool | None = None,
    target: str = DEFAULT,
) -> Message:
    """Promise, inside the caller's transaction, that a target will be told.

    ``message.request_id`` is replaced by the row's own. What waits for a later day than
    ``not_before`` on the same line is superseded; so is, by a message that tells the
    whole, what it replaces. ``takes_away`` where the message does not show it. On
    commit a worker is woken; a lost wake-up costs one sweep, never the message.
    """
    row = row_of(Promise(message, subject, not_before, takes_away, target), at)
    if WAITS_OF_STREAM.rows(target, row.stream):  # seldom
        supersede(row)
    row.save()
    nudge_on_commit(target)
    return row


@dataclass(frozen=True)
class Promise:
    """One message of many; see ``enqueue``."""

    message: Call
    subject: str
    not_before: datetime | None = None
    takes_away: bool | None = None
    target: str = DEFAULT


def enqueue_all(promises: Iterable[Promise], *, at: datetime) -> int:
    """As ``enqueue`` for thousands, none of which undoes another; how many they are."""
    rows = [row_of(promise, at) for promise in promises]
    for start in range(0, len(rows), STREAMS_AT_ONCE):
        chunk = rows[start : start + STREAMS_AT_ONCE]
        waiting = Message.objects.filter(
            is_open=True,
            stream__in=[row.stream for row in chunk],
            state__in=(State.WAITING, State.REJECTED),
        )
        busy = set(waiting.order_by().values_list("target", "stream"))
        begun: set[tuple[str, str]] = set()
        for row in chunk:
            place = row.target, row.stream
            if place in busy:
                supersede(row, is_next=place not in begun)
            begun.add(place)
        Message.objects.bulk_create(chunk)
    for target in {row.target for row in rows}:
        nudge_on_commit(target)
    return len(rows)


def row_of(promise: Promise, at: datetime) -> Message:
    message, takes = promise.message, promise.takes_away
    due = max(at, promise.not_before or at)
    kind = kind_of(message)
    row = Message(
        kind=kind.name,
        target=promise.target,
        schema_version=SCHEMA_VERSION,
        stream=kind.stream(message),
        subject=promise.subject,
        takes_away=kind.takes_away(message) if takes is None else takes,
        state=State.WAITING,
        not_before=due,
        enqueued_at=at,
        due_at=due,
    )
    row.payload = message.payload() | {"request_id": str(row.request_id)}
    return row


def supersede(row: Message, *, is_next: bool = True) -> None:
    """Stop what waits for its day on the same line and would undo this message.

    ``is_next`` False: something not yet saved stands between it and what waits.
    """
    at, from_ = row.enqueued_at, row.not_before
    waiting = row.of_stream(
        is_open=True, state=State.WAITING, not_before__gt=at, not_before__gte=from_
    ).filter(has_its_day())
    replace(outdated(row, waiting))
    if from_ <= at and is_next:
        replace(merged(row))
    if row.of.is_whole and from_ <= at:
        earlier = row.of_stream(
            is_open=True,
            kind=row.kind,
            state__in=(State.WAITING, State.REJECTED),
            reads_first=False,  # else it may have been acted on
        )
        take_place(row, replace(outdated(row, earlier)))


def take_place(row: Message, replaced: Sequence[Message]) -> None:
    """Of messages that were never acted on, from the last to the first."""
    call = row.call
    for earlier in reversed(replaced):
        call = row.of.in_place_of(call, earlier.call)
    if call != row.call:
        row.payload = call.payload()
        row.takes_away = row.of.takes_away(call)


def merged(row: Message) -> Iterator[Message]:
    """What this message says anew before anything was sent of it.

    Only the message right in front of it in its stream, and only where the line is the
    same after the later one alone (``Kind.tells_line``): nobody needs the value between.
    """
    if not row.of.tells_line(row.call):
        return
    last = row.of_stream().order_by("-id").first()
    if last is None or last.kind != row.kind or last.takes_away != row.takes_away:
        return
    is_new = last.state == State.WAITING and not last.tries and not last.claim
    is_new &= not last.reads_first
    is_due = last.not_before <= row.enqueued_at
    if is_new and is_due and last.line == row.line and last.of.tells_line(last.call):
        yield last


def outdated(row: Message, earlier: QuerySet[Message]) -> Iterator[Message]:
    return (one for one in earlier.order_by("id") if row.outdates(one))


def withdraw(
    *,
    streams: Collection[str],
    at: datetime,
    concerns: Callable[[Call], bool],
    target: str = DEFAULT,
) -> None:
    """Stop what waits for a later day: it is planned anew, inside the caller's act."""
    waiting = Message.objects.filter(
        has_its_day(),
        target=target,
        is_open=True,
        stream__in=streams,
        state=State.WAITING,
        not_before__gt=at,
    )
    replace(one for one in waiting.order_by("id") if concerns(one.call))


def replace(rows: Iterable[Message]) -> list[Message]:
    """Those that were still as they are here; a worker may have taken others."""
    found = []
    for row in rows:
        still = Message.objects.filter(pk=row.pk, state=row.state, claim__isnull=True)
        if still.update(**stopped(REPLACED)):
            found.append(row)
    return found


@transaction.atomic
def retry(*, message: Message, by: User, at: datetime, reason: str) -> Message:
    """Have a message delivered again that waits for a person, or sooner.

    The HIS answers a repeated request id with its first answer. So what it rejected or
    shows differently is sent under a new id; a message whose answer was lost keeps its
    id. Both what was lost and what the HIS had taken is read back first, and sent only
    where something else stands: it may have arrived, or been set right there meanwhile.
    """
    reason = checked(reason)
    row = locked(message)
    refuse_lost(row)
    changes = again(row, at)
    before = row.state
    Message.objects.filter(pk=row.pk).update(**changes)
    record(
        EventKind.MESSAGE_RETRIED,
        by=by,
        subject=("outbox.message", row.pk),
        reason=reason,
        before=before,
    )
    nudge_on_commit(row.target)
    row.refresh_from_db()
    return row


@transaction.atomic
def stop(*, message: Message, by: User, at: datetime, reason: str) -> Message:
    """Give a message up: the HIS will not be told, and its stream goes on."""
    reason = checked(reason)
    row = locked(message)
    if row.is_final:
        raise NotPossible(_("这条已经结束，不能停止。"))
    if not is_idle(row, at):
        raise NotPossible(SENDING_NOW)
    if row.state == State.SENDING:  # of a target nobody tells any more
        release(row, at)
    before = row.state
    Message.objects.filter(pk=row.pk).update(**stopped(reason))
    record(
        EventKind.MESSAGE_STOPPED,
        by=by,
        subject=("outbox.message", row.pk),
        reason=reason,
        before=before,
    )
    nudge_on_commit(row.target)  # what waited behind it may go now
    row.refresh_from_db()
    return row


def refuse_lost(row: Message) -> None:
    """Nobody tells a target that was taken out of the settings."""
    if row.target not in targets():
        raise NotPossible(
            _("对接目标已不在设置中，不能再送；要送达，请先把它放回 HIS_TARGETS。")
        )


def locked(message: Message) -> Message:
    """The message, with its stream locked against claims (``claims.claimed``)."""
    rows = message.of_stream(pk__gte=message.pk).select_for_update()
    return next(row for row in rows.order_by("id") if row.pk == message.pk)


def is_idle(row: Message, at: datetime) -> bool:
    return Message.objects.filter(is_free(at), pk=row.pk).exists()


def again(row: Message, at: datetime) -> dict[str, Any]:
    """The fields of the message put back in line; raises NotPossible."""
    changes = {"due_at": at, "tries": 0, "rereads": 0}
    if row.state == State.WAITING and row.tries:
        return changes
    if row.claim and not (row.is_final or is_idle(row, at)):
        raise NotPossible(SENDING_NOW)
    if row.state == State.UNKNOWN:
        return changes if row.due_at else changes | resend(row)
    is_differing = row.has_mismatch and row.is_settled
    if row.state == State.REJECTED or is_differing:
        return changes | resend(row, request_id=uuid.uuid4())
    raise NotPossible(NOT_AGAIN[State(row.state)])


def resend(row: Message, request_id: uuid.UUID | None = None) -> dict[str, Any]:
    """Back to WAITING; refused when something later of the same line went before."""
    refuse_overtaken(row)
    request_id = request_id or row.request_id
    may_stand = row.state in SENT
    return {
        "state": State.WAITING,
        "request_id": request_id,
        "payload": row.payload | {"request_id": str(request_id)},
        "mismatch": None,
        "reads_first": may_stand,
        # Of what turns out to stand there the first delivery stays true.
        "delivered_at": row.delivered_at if may_stand else None,
        "last_code": "",
        "last_text": "",
    }


def refuse_overtaken(row: Message) -> None:
    """Sent now, it would undo what came later."""
    later = row.of_stream(pk__gt=row.pk)
    sent = later.filter(Q(state__in=SENT) | may_have_taken())
    for other in sent.order_by("id"):
        # An unknown one that is claimed may be sent again this very moment.
        if other.state == State.SENDING or (
            other.state == State.UNKNOWN and other.claim
        ):
            raise NotPossible(_("前后相关的另一条正在送达，请稍候再试。"))
        if not other.outdates(row):
            continue
        if other.state == State.UNKNOWN:
            raise NotPossible(_("同一项后来的变更结果未知，请等它有结果再试。"))
        raise NotPossible(OVERTAKEN[other.state == State.STOPPED, row.is_final])
