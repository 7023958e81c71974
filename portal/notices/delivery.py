"""Delivering what is due: claim by conditional UPDATE, send with no transaction open.

A worker that died leaves its claim behind; when the lease is over, another one tries.
So a mail or call may come twice, under the same id, and is never lost.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone

from portal.notices.models import Delivery, DeliveryState
from portal.notices.sending import NotTaken, Refused, send

# Longer than the longest try: ten waits for a mail server, or one call of a webhook.
LEASE_SECONDS = 180
FIRST_SECONDS = 10
LONGEST_SECONDS = 1800
PER_ROUND = 50


def seconds_until_next(tries: int) -> int:
    """Back-off after the ``tries``-th try: 10 s, 20 s … half an hour, for ever."""
    return min(FIRST_SECONDS << min(max(tries, 1) - 1, 10), LONGEST_SECONDS)


def deliver_due(*, limit: int = PER_ROUND) -> dict[str, int]:
    """Try what is due, oldest first; how many were sent, put off and refused."""
    done = {"sent": 0, "put_off": 0, "refused": 0}
    for pk in _due(timezone.now(), limit):
        delivery = _claimed(pk, timezone.now())
        if delivery is not None:
            done[_try(delivery)] += 1
    return done


def _is_due(at: datetime) -> Q:
    is_free = Q(claim=None) | Q(lease_until__lt=at)
    return Q(state=DeliveryState.WAITING, due_at__lte=at) & is_free


def _due(at: datetime, limit: int) -> list[int]:
    found = Delivery.objects.filter(_is_due(at)).order_by("due_at", "pk")
    return list(found.values_list("pk", flat=True)[:limit])


def _claimed(pk: int, at: datetime) -> Delivery | None:
    """Ours alone for a while; None when another worker was quicker."""
    mine = uuid.uuid4()
    taken = Delivery.objects.filter(_is_due(at), pk=pk).update(
        claim=mine,
        lease_until=at + timedelta(seconds=LEASE_SECONDS),
        tries=F("tries") + 1,
    )
    return Delivery.objects.filter(pk=pk, claim=mine).first() if taken else None


def _try(delivery: Delivery) -> str:
    try:
        send(delivery)
    except NotTaken as problem:
        wait = timedelta(seconds=seconds_until_next(delivery.tries))
        due_at = timezone.now() + wait
        return _ended(delivery, "put_off", due_at=due_at, error=str(problem))
    except Refused as problem:
        state = DeliveryState.REFUSED
        return _ended(delivery, "refused", state=state, error=str(problem))
    return _ended(delivery, "sent", state=DeliveryState.SENT, error="")


def _ended(
    delivery: Delivery,
    outcome: str,
    *,
    error: str,
    state: DeliveryState = DeliveryState.WAITING,
    due_at: datetime | None = None,
) -> str:
    """Write down how it went; one that a person stopped meanwhile stays stopped."""
    mine = Delivery.objects.filter(pk=delivery.pk, claim=delivery.claim)
    mine.filter(state=DeliveryState.WAITING).update(
        state=state,
        due_at=due_at,
        error=error[:200],
        ended_at=None if due_at else timezone.now(),
    )
    mine.update(claim=None, lease_until=None)
    return outcome
