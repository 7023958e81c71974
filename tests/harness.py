"""What every test runs under, without asking for it.

The clock stands at 2026-11-23 10:00 in Shanghai; a query without an order comes back
shuffled; on-commit hooks run when the outermost transaction of the program ends; the
``client`` refuses pages that break the rules of ``tests.pages``.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.db.transaction import Atomic, get_connection
from django.test.utils import CaptureQueriesContext

from tests.pages import CheckedClient

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
CLOCK_RUNS = ("real_time", "browser", "integration", "benchmark")


# --- the clock ----------------------------------------------------------------------


@pytest.fixture(autouse=True)
def clock(request: pytest.FixtureRequest) -> Iterator[time_machine.Traveller | None]:
    """The standing clock; ``clock.shift(60)`` or ``clock.move_to(…)`` moves it."""
    if any(request.node.get_closest_marker(name) for name in CLOCK_RUNS):
        yield None
        return
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


# --- what a process keeps ---------------------------------------------------------


@pytest.fixture(autouse=True)
def _ledger_is_read_again() -> None:
    """Each test has a database of its own; the ledger kept of the last one is not its."""
    from django.core.cache import cache

    from permissions.snapshot import KEPT

    KEPT.forget()
    # Counts of lists are kept by the greatest ids, and those come again.
    cache.clear()


# --- queries without an order -------------------------------------------------------


def _shuffled(rows: list[Any]) -> list[Any]:
    """The rows in another order than before, never by luck in the same."""
    mixed = rows[:]
    random.shuffle(mixed)
    if len(mixed) > 1 and all(a is b for a, b in zip(mixed, rows, strict=True)):
        mixed.append(mixed.pop(0))
    return mixed


@pytest.fixture(autouse=True, scope="session")
def _unordered_queries_come_shuffled() -> Iterator[None]:
    fetch_all: Callable[[Any], None] = QuerySet._fetch_all
    iterate: Callable[..., Iterator[Any]] = QuerySet._iterator  # type: ignore[attr-defined]

    def shuffling_fetch_all(queryset: Any) -> None:
        is_fresh = queryset._result_cache is None
        fetch_all(queryset)
        if is_fresh and not queryset.ordered:
            queryset._result_cache = _shuffled(queryset._result_cache)

    def shuffling_iterate(queryset: Any, *args: Any) -> Iterator[Any]:
        rows = iterate(queryset, *args)
        return rows if queryset.ordered else iter(_shuffled(list(rows)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QuerySet, "_fetch_all", shuffling_fetch_all)
        patch.setattr(QuerySet, "_iterator", shuffling_iterate)
        yield


# --- on-commit hooks ----------------------------------------------------------------


def _is_only_the_tests(connection: Any) -> bool:
    """No transaction is open but those the test framework rolls back."""
    blocks = connection.atomic_blocks
    return bool(blocks) and all(block._from_testcase for block in blocks)


@pytest.fixture(autouse=True, scope="session")
def _on_commit_hooks_run() -> Iterator[None]:
    """A test's own transaction never commits; the program's, inside it, seem to."""
    leave = Atomic.__exit__
    register = BaseDatabaseWrapper.on_commit

    def leave_and_run(atomic: Any, *raised: Any) -> None:
        leave(atomic, *raised)
        connection: Any = get_connection(atomic.using)
        if atomic._from_testcase or not _is_only_the_tests(connection):
            return
        hooks, connection.run_on_commit = connection.run_on_commit, []
        for _savepoints, hook, _robust in hooks:
            hook()

    def register_or_run(
        connection: Any, func: Callable[[], object], robust: bool = False
    ) -> None:
        if _is_only_the_tests(connection):
            func()
        else:
            register(connection, func, robust)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Atomic, "__exit__", leave_and_run)
        patch.setattr(BaseDatabaseWrapper, "on_commit", register_or_run)
        yield


# --- for the tests ------------------------------------------------------------------


@pytest.fixture
def client() -> CheckedClient:
    """Django's test client; every page it gets is held to ``tests.pages``."""
    return CheckedClient()


@contextmanager
def assert_queries(at_most: int, *, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """At most so many queries inside the block (savepoints do not count)."""
    with CaptureQueriesContext(connections[using]) as captured:
        yield
    queries = [
        query["sql"]
        for query in captured.captured_queries
        if not query["sql"].startswith(("SAVEPOINT", "RELEASE", "ROLLBACK TO"))
    ]
    assert len(queries) <= at_most, "\n".join([f"{len(queries)} queries:", *queries])
