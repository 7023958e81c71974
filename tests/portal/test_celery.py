"""Every process rings the same broker, and each task goes to its own queue."""

from __future__ import annotations

import gc
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from celery import Celery, current_app
from celery.signals import worker_ready
from kombu.exceptions import OperationalError

from portal import bell
from portal.broker import celery_options
from portal.celery import app, look_at_once, settle_memory
from portal.outbox.delivery import LONGEST_SECONDS
from tests.services import free_port

CLOCKS_APART = 60


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("outbox.deliver_due", "push"),
        ("directory.pull", "pull"),
        ("surgery.pull_cases", "pull"),
        ("jobs.run_due", "report"),
        ("reports.anything", "report"),
        ("permissions.anything", "default"),
    ],
)
def test_task_goes_to_the_queue_of_its_room(task: str, queue: str) -> None:
    assert app.amqp.router.route({}, task)["queue"].name == queue


QUEUES = {"push", "pull", "report", "default"}
ROOT = Path(__file__).resolve().parents[2]


def our_tasks() -> set[str]:
    app.loader.import_default_modules()
    return {name for name in app.tasks if not name.startswith("celery.")}


def test_every_task_of_ours_has_one_of_the_queues() -> None:
    found = {
        name: app.amqp.router.route({}, name)["queue"].name for name in our_tasks()
    }
    assert len(found) > 10
    assert {name: queue for name, queue in found.items() if queue not in QUEUES} == {}


@pytest.mark.parametrize("where", ["portal/deploy/*.service", "portal/desk/demo/*.py"])
def test_every_queue_is_worked_on(where: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in ROOT.glob(where)]
    worked_on = [
        queue
        for text in texts
        for queues in re.findall(r"--queues[ =\",]+([a-z,]+)", text)
        for queue in queues.split(",")
    ]
    assert sorted(worked_on) == sorted(QUEUES)


def test_deliveries_have_workers_of_their_own() -> None:
    unit = (ROOT / "portal/deploy/yiwu-push.service").read_text(encoding="utf-8")
    assert "--queues push " in unit


def test_worker_told_to_end_is_waited_for_longer_than_it_may_take() -> None:
    for unit in (ROOT / "portal/deploy").glob("yiwu-*.service"):
        text = unit.read_text(encoding="utf-8")
        if " worker " not in text:
            continue
        [patience] = re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
        assert LONGEST_SECONDS < app.conf.worker_soft_shutdown_timeout < int(patience)
        # Without it a worker waits for its tasks however long they take.
        assert "Environment=REMAP_SIGTERM=SIGQUIT" in text


def test_our_application_is_current_in_every_thread() -> None:
    with ThreadPoolExecutor(max_workers=1) as threads:
        assert threads.submit(lambda: current_app.main).result() == "portal"


@pytest.mark.real_time
def test_ringing_a_broker_that_is_away_fails_at_once() -> None:
    away = f"redis://127.0.0.1:{free_port()}/0"
    other = Celery("away", set_as_current=False)
    other.conf.update(celery_options(away, "", is_elected=False))
    begin = time.monotonic()
    with pytest.raises(OperationalError):
        other.send_task("outbox.deliver_due", retry=False)
    assert time.monotonic() - begin < 5


def test_every_entry_of_the_beat_is_a_task_of_ours() -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert scheduled - set(app.tasks) == set()


def test_every_entry_of_the_beat_is_dropped_when_its_turn_has_passed() -> None:
    late = [
        name
        for name, entry in app.conf.beat_schedule.items()
        if entry["options"]["expires"] > max(entry["schedule"], CLOCKS_APART)
    ]
    assert late == []


def test_worker_whose_clock_is_a_minute_ahead_drops_nothing_new() -> None:
    early = [
        name
        for name, entry in app.conf.beat_schedule.items()
        if entry["options"]["expires"] < CLOCKS_APART
    ]
    assert early == []
    assert bell.EXPIRES_SECONDS >= CLOCKS_APART


def test_worker_that_starts_looks_at_once_for_what_waited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[tuple[str, dict[str, object]]] = []
    monkeypatch.setattr(app, "send_task", lambda task, **how: sent.append((task, how)))

    worker_ready.send(sender=None)

    assert sent == [
        ("outbox.deliver_due", {"ignore_result": True, "expires": 60.0}),
        ("surgery.pull_cases", {"ignore_result": True, "expires": 300.0}),
    ]
    assert look_at_once in [receiver() for _key, receiver in worker_ready.receivers]


def test_killed_worker_gives_its_task_back() -> None:
    assert app.conf.task_acks_late is True
    assert app.conf.task_reject_on_worker_lost is True
    assert app.conf.worker_prefetch_multiplier == 1


def test_what_a_worker_has_loaded_is_left_to_itself() -> None:
    before, seldom = gc.get_freeze_count(), gc.get_threshold()
    settle_memory()
    frozen, settled = gc.get_freeze_count(), gc.get_threshold()
    gc.unfreeze()
    gc.set_threshold(*seldom)
    assert frozen > before
    assert settled == (20_000, 10, 10)
