"""``is_open`` follows the state however a message is written; the database holds to it."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.db.models.query import QuerySet
from django.utils import timezone

from portal.outbox.models import FINAL, OPEN, Message, State
from portal.outbox.services import Promise, enqueue_all
from tests.portal.outbox.conftest import promise
from tests.portal.outbox.memory_his import priv_save

pytestmark = pytest.mark.django_db


def fields_of(state: State) -> dict[str, object]:
    now = timezone.now()
    if state == State.SENDING:
        return {"claim": "7e3ad1ee-4a3d-4a7f-8f5c-3c8f7f7f0001", "lease_until": now}
    confirmed_at = now if state == State.CONFIRMED else None
    return {"due_at": None, "confirmed_at": confirmed_at}


@pytest.mark.parametrize("state", State)
def test_update_of_the_state_says_whether_it_is_open(state: State) -> None:
    message = promise()
    Message.objects.update(state=state, **fields_of(state))
    message.refresh_from_db()
    assert message.is_open == (state in OPEN) == (state not in FINAL)


@pytest.mark.parametrize("state", State)
def test_saved_message_says_whether_it_is_open(state: State) -> None:
    message = promise()
    for name, value in (fields_of(state) | {"state": state}).items():
        setattr(message, name, value)
    message.save()
    message.refresh_from_db()
    assert message.is_open == (state not in FINAL)


def test_messages_promised_by_the_thousand_are_open() -> None:
    enqueue_all(
        [Promise(priv_save(str(number)), "test:1") for number in range(3)],
        at=timezone.now(),
    )
    assert list(Message.objects.order_by("id").values_list("is_open")) == [(True,)] * 3


def test_message_that_is_not_confirmed_any_more_has_no_moment_of_it() -> None:
    message = promise()
    Message.objects.update(state=State.CONFIRMED, **fields_of(State.CONFIRMED))
    Message.objects.update(state=State.WAITING)
    message.refresh_from_db()
    assert (message.is_open, message.confirmed_at) == (True, None)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"is_open": False}, "outbox_message_open_by_its_state"),
        ({"confirmed_at": timezone.now}, "outbox_message_confirmed_has_time"),
    ],
)
def test_database_refuses_what_contradicts_the_state(
    changes: dict[str, object], name: str
) -> None:
    promise()
    values = {key: v() if callable(v) else v for key, v in changes.items()}
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        QuerySet(Message).update(**values)
