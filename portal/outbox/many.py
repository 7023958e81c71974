"""The acts of a person upon many messages: each done or refused for itself.

The messages of one stream are taken together in one transaction, the last of them
first. So a whole stream can be replayed: no message is refused because of a later one
that is itself about to go again, and no worker comes in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from django.db import transaction

from portal.accounts.models import User
from portal.outbox.models import Message
from portal.outbox.reasons import NotPossible, checked
from portal.outbox.replaying import replay
from portal.outbox.services import retry, stop

Act = Callable[..., Message]
ACTS: dict[str, Act] = {"retry": retry, "stop": stop, "replay": replay}


@dataclass
class Outcome:
    """Numbers of the messages it was done to; of the others, why not."""

    done: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)


def act_on(
    messages: Iterable[Message], act: str, *, by: User, at: datetime, reason: str
) -> Outcome:
    """Do one of ``ACTS`` to each; raises NotPossible for a missing reason alone."""
    checked(reason)
    outcome = Outcome()
    in_order = sorted(messages, key=lambda one: (*stream_of(one), -one.pk))
    for _stream, mine in groupby(in_order, key=stream_of):
        _act_on_stream(list(mine), ACTS[act], outcome, by=by, at=at, reason=reason)
    outcome.done.sort()
    outcome.refused.sort()
    return outcome


def stream_of(message: Message) -> tuple[str, str]:
    return message.target, message.stream


@transaction.atomic
def _act_on_stream(
    messages: Sequence[Message],
    act: Act,
    outcome: Outcome,
    *,
    by: User,
    at: datetime,
    reason: str,
) -> None:
    for message in messages:
        try:
            act(message=message, by=by, at=at, reason=reason)
        except NotPossible as problem:
            outcome.refused.append((message.pk, str(problem)))
        else:
            outcome.done.append(message.pk)
