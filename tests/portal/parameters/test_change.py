"""A parameter is a number with a range, a history and a reason; a change counts at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.acting import ActorMissing
from portal.audit.models import AuditEvent, EventKind
from portal.outbox.models import Message
from portal.parameters.models import ParameterValue
from portal.parameters.queries import changes_of, last_changes, value_of
from portal.parameters.refusals import (
    ParameterChangedMeanwhile,
    ParameterOutOfRange,
    ParameterRefusal,
    ParameterUnchanged,
)
from portal.parameters.registry import (
    IDLE_MINUTES,
    LOCK_MINUTES,
    LOGIN_TRIES,
    PARAMETERS,
    Parameter,
)
from portal.parameters.services import change
from tests.harness import assert_queries

pytestmark = pytest.mark.django_db


def written() -> tuple[int, ...]:
    tables: tuple[Any, ...] = (
        ParameterValue,
        ParameterValue.history.model,
        AuditEvent,
        Message,
    )
    return tuple(table._default_manager.count() for table in tables)


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=str)
def test_default_lies_in_the_range(parameter: Parameter) -> None:
    assert parameter.minimum <= parameter.default <= parameter.maximum
    assert value_of(parameter) == parameter.default


def test_login_parameters_have_the_numbers_of_the_regulation() -> None:
    assert LOGIN_TRIES.default == 5
    assert LOCK_MINUTES.default == 30
    assert (IDLE_MINUTES.default, IDLE_MINUTES.maximum) == (15, 15)


def test_change_counts_at_once_and_leaves_history_and_event(an: User) -> None:
    assert value_of(LOGIN_TRIES) == 5

    change(parameter=LOGIN_TRIES, value=3, by=an, reason="检查要求")

    assert value_of(LOGIN_TRIES) == 3
    [entry] = changes_of(LOGIN_TRIES)
    assert (entry.value, entry.by, entry.reason, entry.at) == (
        3,
        an,
        "检查要求",
        timezone.now(),
    )
    event = AuditEvent.objects.get(kind=EventKind.PARAMETER_CHANGED)
    assert (event.by, event.subject_type, event.subject_id, event.reason) == (
        an,
        "parameter",
        "LOGIN_TRIES",
        "检查要求",
    )
    assert event.detail == {"before": 5, "after": 3}


def test_each_change_is_one_line_of_history_newest_first(an: User, clock: Any) -> None:
    for value in (3, 4, 5):
        clock.shift(60)
        change(parameter=LOGIN_TRIES, value=value, by=an, reason="调整")
    change(parameter=LOCK_MINUTES, value=60, by=an, reason="加强")

    assert [entry.value for entry in changes_of(LOGIN_TRIES)] == [5, 4, 3]
    assert ParameterValue.objects.get(key="LOGIN_TRIES").value == 5
    with assert_queries(1):
        latest = last_changes()
    assert {key: entry.value for key, entry in latest.items()} == {
        "LOGIN_TRIES": 5,
        "LOCK_MINUTES": 60,
    }


@pytest.mark.parametrize("value", [LOGIN_TRIES.minimum, LOGIN_TRIES.maximum])
def test_ends_of_the_range_are_allowed(an: User, value: int) -> None:
    change(parameter=LOGIN_TRIES, value=value, by=an, reason="调整")

    assert value_of(LOGIN_TRIES) == value


@pytest.mark.parametrize("value", [2, 11, 0, -5, 10**9])
def test_value_out_of_range_is_refused_and_leaves_nothing(an: User, value: int) -> None:
    before = written()

    with pytest.raises(ParameterOutOfRange) as refusal:
        change(parameter=LOGIN_TRIES, value=value, by=an, reason="调整")

    assert refusal.value.text == f"须在 3 至 10 次之间，现填 {value}。"
    assert written() == before
    assert value_of(LOGIN_TRIES) == 5


def test_same_value_is_refused_and_leaves_nothing(an: User) -> None:
    change(parameter=LOGIN_TRIES, value=3, by=an, reason="调整")
    before = written()

    with pytest.raises(ParameterUnchanged):
        change(parameter=LOGIN_TRIES, value=3, by=an, reason="调整")

    assert written() == before


def test_value_changed_meanwhile_is_refused_and_leaves_nothing(an: User) -> None:
    change(parameter=LOGIN_TRIES, value=3, by=an, reason="调整")
    before = written()

    with pytest.raises(ParameterChangedMeanwhile) as refusal:
        change(parameter=LOGIN_TRIES, value=8, seen=5, by=an, reason="调整")

    assert refusal.value.text == "刚才已有人改过，现为 3 次。核对后再提交。"
    assert written() == before


@pytest.mark.parametrize("reason", ["", "  "])
def test_change_without_a_reason_is_refused_and_leaves_nothing(
    an: User, reason: str
) -> None:
    before = written()

    with pytest.raises(ActorMissing):
        change(parameter=LOGIN_TRIES, value=3, by=an, reason=reason)

    assert written() == before


def test_change_that_is_rolled_back_never_counted(an: User) -> None:
    class Undone(Exception):
        pass

    @transaction.atomic
    def changed_and_undone() -> None:
        change(parameter=LOGIN_TRIES, value=3, by=an, reason="调整")
        raise Undone

    with pytest.raises(Undone):
        changed_and_undone()

    assert value_of(LOGIN_TRIES) == 5
    assert changes_of(LOGIN_TRIES) == []


def test_values_are_read_once_and_remembered_for_five_seconds(
    an: User, clock: Any
) -> None:
    with assert_queries(1):
        for parameter in PARAMETERS.values():
            value_of(parameter)
    clock.shift(5)
    with assert_queries(1):
        value_of(LOGIN_TRIES)


def test_every_refusal_has_words() -> None:
    texts = [
        kind(LOGIN_TRIES, 7).text
        for kind in (
            ParameterOutOfRange,
            ParameterUnchanged,
            ParameterChangedMeanwhile,
        )
    ]
    assert all(text.endswith("。") for text in texts)
    with pytest.raises(NotImplementedError):
        _ = ParameterRefusal(LOGIN_TRIES, 7).text
