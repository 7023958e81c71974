"""Two updates of a line of which nothing was sent are one; everything else is sent."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.his.contract.codes import STATUS_AFTER
from portal.outbox.delivery import deliver_due
from portal.outbox.models import Attempt, Message, State
from portal.outbox.services import Promise, enqueue_all
from tests.portal.outbox.conftest import promise, state_of
from tests.portal.outbox.memory_his import MemoryHis, priv_save

pytestmark = pytest.mark.django_db


def update(value: str, **fields: Any) -> Message:
    return promise(op="UPDATE", his_value=value, **fields)


def test_later_update_of_the_same_line_replaces_the_one_that_waits(
    his: MemoryHis,
) -> None:
    first, second, third = update("1"), update("2"), update("3")

    deliver_due(gateway=his, lanes=1)

    assert [state_of(row) for row in (first, second, third)] == [
        State.STOPPED,
        State.STOPPED,
        State.CONFIRMED,
    ]
    assert first.last_text == "已由后来的变更取代"
    assert [(call.op, call.payload()["his_value"]) for call in his.effects] == [
        ("UPDATE", "3")
    ]


@pytest.mark.parametrize("op", ["ADD", "SUSPEND", "RESTORE", "REVOKE", "VOID"])
def test_nothing_but_an_update_is_replaced_or_replaces(op: str) -> None:
    first, other, last = update("1"), promise(op=op), update("2")

    assert [state_of(row) for row in (first, other, last)] == [State.WAITING] * 3


def test_update_of_another_line_in_between_keeps_both() -> None:
    """It may be what makes room for the line in between."""
    first, other, last = update("1"), update("1", priv_code="AB02"), update("2")

    assert [state_of(row) for row in (first, other, last)] == [State.WAITING] * 3


def test_update_behind_others_promised_with_it_keeps_what_waits(
    his: MemoryHis,
) -> None:
    """They stand between the two, although nothing is written of them yet."""
    first = update("2")
    at_once(("SUSPEND", "RX01", 2), ("RESTORE", "RX01", 2), ("UPDATE", "RX01", 3))

    deliver_due(gateway=his, lanes=1)

    assert state_of(first) == State.CONFIRMED
    assert [call.op for call in his.effects] == [
        "UPDATE",
        "SUSPEND",
        "RESTORE",
        "UPDATE",
    ]


def test_update_that_comes_first_of_many_replaces_the_one_that_waits() -> None:
    first = update("1")
    at_once(("UPDATE", "RX01", 2), ("SUSPEND", "RX01", 2))

    assert state_of(first) == State.STOPPED


def at_once(*changes: tuple[str, str, int]) -> list[Message]:
    """Promised together; of each op, privilege and value."""
    calls = [
        priv_save(
            op=op, priv_code=code, his_value=str(value), valid_to=date(2027, 1, value)
        )
        for op, code, value in changes
    ]
    enqueue_all([Promise(call, "test:1") for call in calls], at=timezone.now())
    return list(Message.objects.order_by("-id")[: len(calls)][::-1])


@pytest.mark.parametrize(
    "fields",
    [
        {"tries": 1},
        {"state": State.REJECTED, "due_at": None},
        {"state": State.UNKNOWN},
        {"claim": uuid.uuid4()},
        {"takes_away": True},
    ],
)
def test_what_may_have_been_sent_or_matters_otherwise_is_kept(
    fields: dict[str, Any],
) -> None:
    first = update("1")
    Message.objects.update(**fields)

    update("2")

    assert state_of(first) == fields.get("state", State.WAITING)


def test_update_for_a_later_day_replaces_nothing_of_today() -> None:
    first = update("1")
    update("2", not_before=timezone.now() + timedelta(days=1))

    assert state_of(first) == State.WAITING


def test_update_for_another_target_replaces_nothing(settings: Any) -> None:
    settings.HIS_TARGETS = '[other]\ndsn = "mllp://127.0.0.1:1"\n'
    first = update("1")
    update("2", target="other")

    assert state_of(first) == State.WAITING


OPS = st.sampled_from(sorted(STATUS_AFTER))
CHANGE = st.tuples(OPS, st.sampled_from(["RX01", "AB02"]), st.integers(1, 3))
STEPS = st.lists(
    st.one_of(CHANGE, st.lists(CHANGE, min_size=1, max_size=4), st.just("deliver")),
    max_size=14,
)


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_his_ends_as_if_every_message_had_been_sent(steps: list[Any]) -> None:
    """And each line's changes of status are all there, in their order."""
    Attempt.objects.all().delete()
    Message.objects.all().delete()
    his, plain = MemoryHis(), MemoryHis()
    for step in steps:
        if step == "deliver":
            deliver_due(gateway=his, lanes=1)
            continue
        if isinstance(step, list):
            rows = at_once(*step)
        else:
            op, code, value = step
            last = date(2027, 1, value)
            rows = [promise(op=op, priv_code=code, his_value=str(value), valid_to=last)]
        for row in rows:
            plain.save_privilege(row.call)  # type: ignore[arg-type]
    deliver_due(gateway=his, lanes=1)

    assert his.lines == plain.lines
    assert turns_of(his) == turns_of(plain)


def turns_of(his: MemoryHis) -> list[tuple[str, str]]:
    """Everything but updates: what a line went through."""
    return [
        (call.payload()["priv_code"], call.op)
        for call in his.effects
        if call.op != "UPDATE"
    ]
