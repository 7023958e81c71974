"""Every process rings the same broker, and each task goes to its own queue."""

from __future__ import annotations

import gc
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from celery import current_app
from celery.signals import worker_ready
from kombu.exceptions import OperationalError

from portal.celery import app, look_at_once, settle_memory
from tests.services import free_port


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("outbox.deliver_due", "push"),
        ("directory.pull", "pull"),
        ("surgery.pull_cases", "pull"),
        ("permissions.anything", "default"),
    ],
)
def test_task_goes_to_the_queue_of_its_room(task: str, queue: str) -> None:
    assert app.amqp.router.route({}, task)["queue"].name == queue


def test_our_application_is_current_in_every_thread() -> None:
    with ThreadPoolExecutor(max_workers=1) as threads:
        assert threads.submit(lambda: current_app.main).result() == "portal"


@pytest.mark.real_time
def test_ringing_a_broker_that_is_away_fails_at_once() -> None:
    away = f"redis://127.0.0.1:{free_port()}/0"
    begin = time.monotonic()
    with app.connection_for_write(away) as link, pytest.raises(OperationalError):
        app.send_task("outbox.deliver_due", connection=link, retry=False)
    assert time.monotonic() - begin < 1


def test_every_entry_of_the_beat_is_a_task_of_ours() -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert scheduled - set(app.tasks) == set()


def test_every_entry_of_the_beat_is_dropped_when_its_turn_has_passed() -> None:
    late = [
        name
        for name, entry in app.conf.beat_schedule.items()
        if entry["options"]["expires"] > entry["schedule"]
    ]
    assert late == []


def test_worker_that_starts_looks_at_once_for_what_waited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[tuple[str, dict[str, object]]] = []
    monkeypatch.setattr(app, "send_task", lambda task, **how: sent.append((task, how)))

    worker_ready.send(sender=None)

    assert sent == [
        ("outbox.deliver_due", {"ignore_result": True, "expires": 2.0}),
        ("surgery.pull_cases", {"ignore_result": True, "expires": 300.0}),
    ]
    assert look_at_once in [receiver() for _key, receiver in worker_ready.receivers]


def test_killed_worker_gives_its_task_back() -> None:
    assert app.conf.task_acks_late is True
    assert app.conf.task_reject_on_worker_lost is True
    assert app.conf.worker_prefetch_multiplier == 1


def test_what_a_worker_has_loaded_is_left_to_itself() -> None:
    before = gc.get_freeze_count()
    settle_memory()
    frozen = gc.get_freeze_count()
    gc.unfreeze()
    assert frozen > before
