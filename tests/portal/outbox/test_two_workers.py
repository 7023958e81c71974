"""Two workers on a real PostgreSQL: a lease that is renewed, a table that is held."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.services import fresh_database, make_tables

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[3]


def told(database: str, *words: str) -> Any:
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "REDIS_URL": "memory://",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "ERROR",
        "OUTBOX_LEASE_SECONDS": "6",
        "OUTBOX_LANES": "1",
    }
    make_tables(environment)
    done = subprocess.run(
        [sys.executable, "-m", "tests.portal.outbox.two_workers", *words],
        cwd=ROOT,
        env=environment,
        text=True,
        capture_output=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_lease_is_renewed_during_a_long_call_and_nobody_takes_it_over(
    fresh_postgres: str,
) -> None:
    assert told(fresh_postgres, "lease") == {
        "effects": 12,
        "taken": 0,
        "looked": True,
        "states": {"CONFIRMED": 12},
        "tries": {"CONFIRMED": 12},
    }


def test_table_of_the_his_that_is_held_leaves_in_doubt_and_doubles_nothing(
    fresh_postgres: str, postgres_server: str
) -> None:
    with fresh_database(postgres_server) as his:
        found = told(fresh_postgres, "busy", his)

    meanwhile = found["meanwhile"]
    # Of many rows some may stand: in doubt. The one tried again by itself does not.
    assert meanwhile["states"] == {"UNKNOWN": 2}
    assert meanwhile["tries"]["ANSWER_LOST"] == 2
    assert set(meanwhile["tries"]) == {"ANSWER_LOST", "UNAVAILABLE"}
    assert (found["rows_then"], found["rows"], found["are_ours"]) == ("0", 2, True)
    assert (found["states"], found["lines"]) == ({"CONFIRMED": 2}, 2)
