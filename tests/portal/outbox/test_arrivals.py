"""Which of several messages about one act a page shows: the one that matters most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from portal.outbox.models import Message, State
from portal.outbox.queries import Confirmed, arrival_of, arrivals_by_subject
from tests.portal.outbox.conftest import promise

pytestmark = pytest.mark.django_db
ACT = "permissions.grantevent:81"
NOW = datetime(2026, 11, 23, 2, 18, tzinfo=UTC)
AS_IT_MUST: Mapping[str, dict[str, Any]] = {
    "WAITING": {},
    "DELIVERED": {"delivered_at": NOW},
    "CONFIRMED": {"delivered_at": NOW, "confirmed_at": NOW, "due_at": None},
    "REJECTED": {"due_at": None},
    "UNKNOWN": {"due_at": None},
    "STOPPED": {"due_at": None},
}


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        (["CONFIRMED", "CONFIRMED"], 1),
        (["CONFIRMED", "WAITING"], 1),
        (["WAITING", "CONFIRMED"], 0),
        (["DELIVERED", "WAITING"], 0),
        (["REJECTED", "WAITING"], 0),
        (["REJECTED", "REJECTED"], 0),
        (["UNKNOWN", "CONFIRMED"], 0),
        (["WAITING", "REJECTED", "WAITING"], 1),
        (["STOPPED", "CONFIRMED"], 1),
        (["CONFIRMED", "STOPPED"], 1),
    ],
)
def test_what_is_open_is_shown_first_and_before_it_what_waits_for_a_person(
    states: Sequence[State], shown: int
) -> None:
    messages = [promise() for _state in states]
    for message, state in zip(messages, states, strict=True):
        Message.objects.filter(pk=message.pk).update(state=state, **AS_IT_MUST[state])

    assert arrival_of([ACT])[ACT].pk == messages[shown].pk
    light = arrivals_by_subject([ACT])[ACT]
    if set(states) == {"CONFIRMED"}:
        assert isinstance(light, Confirmed)
    else:
        assert isinstance(light, Message)
        assert light.pk == messages[shown].pk
