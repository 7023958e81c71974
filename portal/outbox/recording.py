"""Writing down what came of the tries, a few at a time.

A group, as a lane hands it over, is one transaction. If the
worker dies with an unwritten group, the messages in it are still SENDING: when the
lease is over they are UNKNOWN and read back, so nothing is lost and nothing doubled.
"""

from __future__ import annotations

import uuid
from collections.abc import Hashable
from contextlib import suppress
from operator import attrgetter

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from portal.outbox.attempts import Row, keep
from portal.outbox.models import Message
from portal.outbox.outcomes import Before, Tried, changes_after, stopped

Pair = tuple[Message, Tried]
# The message as it was claimed; nothing of the object is changed meanwhile.
BEFORE = attrgetter(*Before._fields)
# All but when it was, how long it took and the number of the row.
WHAT_CAME = attrgetter(
    *(
        name
        for name in Tried._fields
        if name not in {"started_at", "duration_ms", "his_row_id"}
    )
)


class LeaseLost(Exception):
    """Another worker holds the message by now; what it finds counts."""


class Recorder:
    """Writes the tries of one claim."""

    def __init__(self, token: uuid.UUID) -> None:
        self._token = token

    def stop(self, message: Message) -> None:
        """Overtaken by a later message that took the same right away."""
        mine = Message.objects.filter(pk=message.pk, claim=self._token)
        mine.update(**stopped(_("后来的变更已先送达，这条不再送达")))

    def write(self, group: list[Pair]) -> None:
        """The group in one transaction; only what is still ours."""
        try:
            with transaction.atomic():
                self._write(group)
        except LeaseLost:
            for pair in group:
                self._write_if_ours(pair)

    def _write(self, group: list[Pair]) -> None:
        """Those that change alike (nearly always: all of them) by one UPDATE."""
        alike: dict[Hashable, list[Pair]] = {}
        for pair in group:
            alike.setdefault(likeness(*pair), []).append(pair)
        at = timezone.now()
        for pairs in alike.values():
            message, tried = pairs[0]
            mine = Message.objects.filter(
                claim=self._token, pk__among={message.id for message, _tried in pairs}
            )
            before = Before(*BEFORE(message))
            changed = mine.update(**changes_after(before, tried, at))
            if changed < len(pairs):
                raise LeaseLost
        keep([row_of(*pair) for pair in group])

    def _write_if_ours(self, pair: Pair) -> None:
        with suppress(LeaseLost), transaction.atomic():
            self._write([pair])


def likeness(message: Message, tried: Tried) -> Hashable:
    """Equal for messages to which this try does the same."""
    return BEFORE(message), WHAT_CAME(tried)


def row_of(message: Message, tried: Tried) -> Row:
    """The try, as the values of ``attempts.COLUMNS``."""
    return (
        message.id,
        None if tried.is_unsent else message.payload["request_id"],
        tried.started_at,
        tried.duration_ms,
        tried.outcome,
        tried.code,
        tried.text,
        tried.his_row_id,
    )
