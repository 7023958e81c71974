"""Each worker gives the sign of what it does, by the queues it takes from."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import connection

from portal.celery import app
from portal.watch import tasks
from portal.watch.queries import signs

pytestmark = pytest.mark.django_db


def ready_with(*queues: str) -> None:
    taken = [SimpleNamespace(name=name) for name in queues]
    tasks.note_roles(SimpleNamespace(task_consumer=SimpleNamespace(queues=taken)))


@pytest.fixture(autouse=True)
def _just_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_roles", frozenset())
    monkeypatch.setattr(tasks, "_last_sign", -tasks.SIGN_SECONDS)
    monkeypatch.setattr(connection, "close", lambda: None)


@pytest.mark.parametrize(
    ("queues", "roles"),
    [
        (["push"], ["push"]),
        (["default", "pull", "report"], ["worker"]),
        (["default", "push"], ["push", "worker"]),
    ],
)
def test_worker_gives_the_sign_of_its_queues(
    queues: list[str], roles: list[str]
) -> None:
    ready_with(*queues)

    tasks.tell_worker_is_alive()

    assert list(signs()) == roles


def test_worker_that_is_not_ready_gives_no_sign() -> None:
    tasks.tell_worker_is_alive()
    assert signs() == {}

    ready_with("push")
    tasks.tell_worker_is_alive()

    assert list(signs()) == ["push"]


def test_deliveries_have_the_queue_whose_worker_is_missed() -> None:
    assert app.conf.task_routes["outbox.*"] == {"queue": tasks.PUSH_QUEUE}
