"""Reading the outbox: where a change stands, and how the whole stands."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q

from portal.outbox.backoff import STUCK_AFTER
from portal.outbox.models import FINAL, Message, State

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
# What a person should look at.
NEEDS_A_PERSON = (
    IS_STUCK | IS_REJECTED | IS_DIFFERENT | Q(state=State.UNKNOWN, due_at__isnull=True)
)


def arrival_of(subjects: Collection[str]) -> dict[str, Message]:
    """The newest message about each subject, in one query; payloads stay unread."""
    if not subjects:
        return {}
    found = Message.objects.filter(subject__in=set(subjects)).defer("payload")
    return {message.subject: message for message in found.order_by("id")}


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
