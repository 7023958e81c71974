"""Giving messages another chance: of the dead, and of those that wait in vain.

A message whose lease ran out while it was being sent is UNKNOWN, because nobody can say
how far its worker came. What waits for its next try goes at once when the target is back.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.query import QuerySet
from django.utils.translation import gettext_noop as _

from portal.his.targets import DEFAULT
from portal.outbox.claims import lease, open_at
from portal.outbox.models import Attempt, Message, State

# While everything waits for its next try, the HIS is asked so often whether it is back.
PING_SECONDS = 10


def backed_off(at: datetime, target: str) -> QuerySet[Message]:
    """What waits for its next try because the HIS was away at the last one."""
    is_unread = Q(state=State.DELIVERED, mismatch__isnull=True)
    return open_at(target).filter(
        Q(state__in=(State.WAITING, State.UNKNOWN)) | is_unread,
        claim__isnull=True,
        tries__gt=0,
        due_at__gt=at,
        not_before__lte=at,
    )


def call_back(at: datetime, target: str = DEFAULT) -> int:
    """The target answers: nobody needs to wait any longer."""
    return backed_off(at, target).update(due_at=at)


def is_worth_a_ping(at: datetime, target: str = DEFAULT) -> bool:
    """Something waits, and the target was left in peace for a while."""
    waiting = backed_off(at, target)
    if not waiting.exists():
        return False
    recently = at - timedelta(seconds=PING_SECONDS)
    tried = Attempt.objects.filter(message__in=waiting, started_at__gt=recently)
    return not tried.exists()


def release_dead(at: datetime, target: str = DEFAULT) -> int:
    """Messages whose worker died while sending: UNKNOWN, to be read back first."""
    over = open_at(target).filter(state=State.SENDING, lease_until__lt=at)
    released = 0
    for message in over.order_by("id").only("id", "claim", "lease_until"):
        with transaction.atomic():
            released += release(message, at)
    return released


def release(message: Message, at: datetime) -> int:
    """One of them, if its lease is over; how many that were."""
    still = Message.objects.filter(
        pk=message.pk, state=State.SENDING, claim=message.claim, lease_until__lt=at
    )
    text = _("送达中断，先回读")
    is_done = still.update(
        state=State.UNKNOWN, claim=None, lease_until=None, due_at=at, last_text=text
    )
    if is_done:
        Attempt.objects.create(
            message=message,
            started_at=(message.lease_until or at) - lease(),
            duration_ms=0,
            outcome=Attempt.Outcome.ANSWER_LOST,
            text=text,
        )
    return is_done
