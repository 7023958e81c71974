"""The tiles of HIS 对接 are the HIS's: what another target does is in the list only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from portal.desk import presenters_interfaces as interface
from portal.desk.views_his import confirmed_today, deliveries, facts_now
from portal.outbox.models import Attempt, Message
from portal.outbox.services import enqueue
from tests.portal.outbox.conftest import promise
from tests.portal.outbox.memory_his import grade_save

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _platform_beside_the_his(settings: Any) -> None:
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    settings.HIS_TARGETS = '[platform]\ndsn = "mllp://127.0.0.1:2575"\n'
    cache.clear()


def tried(target: str, outcome: str, **fields: Any) -> Attempt:
    message = promise("1001", target=target)
    Message.objects.filter(pk=message.pk).update(tries=1, **fields)
    return Attempt.objects.create(
        message=message, started_at=timezone.now(), duration_ms=1, outcome=outcome
    )


def confirmed(taken: timedelta) -> dict[str, Any]:
    at = timezone.now() + taken
    return {"state": "CONFIRMED", "confirmed_at": at, "due_at": None}


def test_tiles_follow_the_last_try_of_the_his() -> None:
    of_his = tried("his", Attempt.Outcome.CONFIRMED)
    tried("platform", Attempt.Outcome.UNAVAILABLE)

    assert list(facts_now().attempts) == [of_his]


def test_change_told_to_two_targets_counts_once_today() -> None:
    tried("his", Attempt.Outcome.CONFIRMED, **confirmed(timedelta(seconds=2)))
    tried("platform", Attempt.Outcome.ACCEPTED, **confirmed(timedelta(seconds=90)))

    assert confirmed_today() == {"PRIV_SAVE": 1}
    found = deliveries(facts_now(), timezone.now())
    assert (found.confirmed, found.at_first) == (1, 1)
    assert (found.pace.confirmed, found.pace.p99) == (1, 2)


def test_tile_of_a_seldom_kind_stays_well_behind_many_tries_of_another() -> None:
    """The last tries of all kinds are read together, and may be of one kind alone."""
    at = timezone.now()
    enqueue(message=grade_save(), subject="surgery.gradechange:1", at=at)
    Message.objects.update(**confirmed(timedelta()))

    tiles = {tile.name: tile for tile in interface.tiles(facts_now())}

    tile = tiles["YW_OPGRADE_SAVE"]
    assert (tile.health, tile.state, tile.rows) == ("ok", "正常", "今日 1 条")
