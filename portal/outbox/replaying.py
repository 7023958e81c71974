"""Telling the HIS again what it had confirmed: its database was set back.

After a HIS is restored from a backup it has forgotten what came in between. Replaying
is safe: what it still shows is not sent; the call goes under a new request id (the HIS
would answer a known one from its memory), it is read back as always, and what a later
message of its line has overtaken is refused, so nothing old comes to stand on something
newer.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

from portal.accounts.models import User
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.outbox.bell import nudge_on_commit
from portal.outbox.models import Message, State
from portal.outbox.reasons import NotPossible, checked
from portal.outbox.services import locked, refuse_lost, resend


@transaction.atomic
def replay(*, message: Message, by: User, at: datetime, reason: str) -> Message:
    """Deliver a confirmed message once more; raises NotPossible.

    ``not_before`` becomes the moment of the act: from it on the message is late.
    """
    reason = checked(reason)
    row = locked(message)
    refuse_lost(row)
    if row.state != State.CONFIRMED:
        raise NotPossible(_("只有已回读一致的消息可以重放；这条请用「重新送达」。"))
    changes = resend(row, request_id=uuid.uuid4()) | {
        "not_before": at,
        "due_at": at,
        "tries": 0,
        "rereads": 0,
        "confirmed_at": None,
    }
    confirmed_at = row.confirmed_at.isoformat() if row.confirmed_at else ""
    Message.objects.filter(pk=row.pk).update(**changes)
    record(
        EventKind.MESSAGE_REPLAYED,
        by=by,
        subject=("outbox.message", row.pk),
        reason=reason,
        before=State.CONFIRMED,
        confirmed_at=confirmed_at,
    )
    nudge_on_commit(row.target)
    row.refresh_from_db()
    return row
