"""A target that is not to be told now is not missed; nor one that is told no more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from portal.accounts.models import User
from portal.outbox.models import EVERY_TARGET, Message, State
from portal.outbox.services import freeze
from portal.watch.queries import open_alerts
from portal.watch.services import alive, note, watch
from tests.portal.outbox.conftest import promise
from tests.portal.watch.conftest import standing

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller
NIGHTLY = """
[platform]
dsn = "mllp://127.0.0.1:2575"
window = "22:00-06:00"
"""


def is_open() -> list[tuple[str, str]]:
    watch(timezone.now())
    return [(alert.rule, alert.target) for alert in open_alerts()]


def silent_for(clock: Clock, target: str, minutes: int) -> None:
    alive(f"his:{target}", timezone.now())
    clock.shift(timedelta(minutes=minutes))
    note(f"his:{target}", timezone.now(), is_alive=False)


@pytest.mark.parametrize("frozen", ["platform", EVERY_TARGET])
def test_frozen_target_is_not_missed(
    frozen: str, gao: User, settings: Any, clock: Clock
) -> None:
    settings.HIS_TARGETS = NIGHTLY
    silent_for(clock, "platform", 60)
    assert is_open() == [("HIS_AWAY", "platform")]

    freeze(target=frozen, by=gao, at=timezone.now(), reason="平台升级")

    assert is_open() == []


def test_target_that_was_taken_out_of_the_settings_is_not_missed(
    settings: Any, clock: Clock
) -> None:
    settings.HIS_TARGETS = NIGHTLY
    silent_for(clock, "platform", 60)
    settings.HIS_TARGETS = ""

    assert is_open() == []


def test_change_is_not_late_before_its_target_had_its_time(
    settings: Any, clock: Clock
) -> None:
    """It is 10:00; the target is told from 22:00 on."""
    settings.HIS_TARGETS = NIGHTLY
    promise(target="platform")
    clock.shift(timedelta(hours=11))
    assert is_open() == []
    clock.shift(timedelta(hours=1, minutes=9))
    assert is_open() == []

    clock.shift(timedelta(minutes=1))

    assert is_open() == [("UNCONFIRMED", "platform")]


@pytest.mark.parametrize(
    ("target", "text", "rules"),
    [
        ("platform", NIGHTLY, []),
        ("his", '[his]\nwindow = "22:00-06:00"', []),
        ("his", NIGHTLY, [("LAG", "")]),
    ],
)
def test_pace_is_that_of_a_his_told_at_any_hour(
    target: str, text: str, rules: list[Any], settings: Any, clock: Clock
) -> None:
    settings.HIS_TARGETS = text
    slow = standing(State.CONFIRMED)
    clock.shift(timedelta(minutes=50))
    Message.objects.filter(pk=slow.pk).update(
        target=target, confirmed_at=timezone.now()
    )

    assert is_open() == rules
