"""Keeping promises: enqueue inside the act, deliver outside any transaction."""

from __future__ import annotations

from datetime import datetime

from celery import current_app
from django.db import transaction

from portal.his.messages import SCHEMA_VERSION, PrivSave
from portal.outbox.models import Message, State

TAKES_AWAY = frozenset({"SUSPEND", "REVOKE", "VOID"})


def enqueue(
    *,
    message: PrivSave,
    stream: str,
    subject: str,
    at: datetime,
    not_before: datetime | None = None,
) -> Message:
    """Promise, inside the caller's transaction, that the HIS will be told.

    ``message.request_id`` is replaced by the row's own. On commit a worker is woken; a
    lost wake-up costs one sweep, never the message.
    """
    due = max(at, not_before or at)
    row = Message(
        kind="PRIV_SAVE",
        schema_version=SCHEMA_VERSION,
        stream=stream,
        subject=subject,
        takes_away=message.op in TAKES_AWAY,
        state=State.WAITING,
        not_before=due,
        enqueued_at=at,
        due_at=due,
    )
    row.payload = message.payload() | {"request_id": str(row.request_id)}
    row.save()
    transaction.on_commit(nudge)
    return row


def nudge() -> None:
    """Ring the worker; an unreachable broker only means waiting for the sweep."""
    current_app.send_task("outbox.deliver_due", ignore_result=True, retry=False)
