"""The worker's door; listed in ``portal/celery.py``."""

from __future__ import annotations

import logging

from celery import shared_task

from portal.bell import EXPIRES_SECONDS
from portal.his.targets import DEFAULT, target_of, targets
from portal.outbox.bell import nudge
from portal.outbox.delivery import deliver_due

logger = logging.getLogger(__name__)

# A limit counts by the second.
NEXT_SECOND = 1.0


@shared_task(name="outbox.deliver_due", ignore_result=True)  # type: ignore[untyped-decorator]
def deliver(target: str = "") -> None:
    """Deliver to one target what is due; the sweep, without one, to all of them.

    Each target has a task of its own, so that one that is slow holds up no other. Safe
    twice at once: a message has one claim.
    """
    if not target:
        for name in targets():
            if name != DEFAULT:
                nudge(name)
    name = target or DEFAULT
    summary = deliver_due(gateway=target_of(name).gateway(), target=name)
    if summary.total:
        counts = {str(key).lower(): count for key, count in summary.tried.items()}
        logger.info("outbox delivered", extra={**counts, "target": name})
    if summary.is_cut:
        nudge(name)
    elif summary.is_limited and summary.total:
        ring_in_the_next_second(name)


def ring_in_the_next_second(target: str) -> None:
    """By name, the HIS too: without one it would be another sweep.

    Only a run that told something rings: one that found the second used up by another
    leaves it to that one, or every sweep would begin a chain that never ends.
    """
    deliver.apply_async(
        (target,),
        countdown=NEXT_SECOND,
        expires=NEXT_SECOND + EXPIRES_SECONDS,
        ignore_result=True,
    )
