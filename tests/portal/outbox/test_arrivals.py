"""Which of several messages about one act a page shows: the one that matters most."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from portal.outbox.models import Message, State
from portal.outbox.queries import Confirmed, arrival_of, arrivals_by_subject
from tests.portal.outbox.conftest import promise

pytestmark = pytest.mark.django_db
ACT = "permissions.grantevent:81"


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        (["CONFIRMED", "CONFIRMED"], 1),
        (["CONFIRMED", "WAITING"], 1),
        (["WAITING", "CONFIRMED"], 0),
        (["DELIVERED", "SENDING"], 1),
        (["REJECTED", "WAITING"], 0),
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
        Message.objects.filter(pk=message.pk).update(state=state)

    assert arrival_of([ACT])[ACT].pk == messages[shown].pk
    light = arrivals_by_subject([ACT])[ACT]
    if set(states) == {"CONFIRMED"}:
        assert isinstance(light, Confirmed)
    else:
        assert isinstance(light, Message)
        assert light.pk == messages[shown].pk
