"""The pull of cases on a real PostgreSQL, from the demo HIS in files and on the wire."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from portal.demo_his.database import Database, prepare
from tests.services import fresh_database

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
VIEWS = ("V_YW_OPERATION", "V_YW_OPERATION_ITEM", "V_YW_OPERATION_TEAM")


def told_by(url: str, dsn: str) -> dict[str, Any]:
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "REDIS_URL": "memory://",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.surgery.cases_on_postgresql", dsn],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_pull_from_the_demo_his_is_whole_repeatable_and_follows_it(
    kind: str, fresh_postgres: str, postgres_server: str, tmp_path: Path
) -> None:
    if kind == "sqlite":
        dsn = f"sqlite:///{tmp_path / 'his.sqlite3'}"
        prepare(Database(dsn))
        told = told_by(fresh_postgres, dsn)
    else:
        with fresh_database(postgres_server) as dsn:
            prepare(Database(dsn))
            told = told_by(fresh_postgres, dsn)

    first = told["first"]
    assert 4000 < first["V_YW_OPERATION"][1] < 5000
    assert first["V_YW_SURGERY_APPLY"][1] == 60
    assert all(one[0] == "TAKEN" and one[1] == one[2] > 0 for one in first.values())
    # From the watermark on; nothing is new.
    for view in VIEWS:
        state, read, *changed = told["second"][view]
        assert (state, changed) == ("TAKEN", [0, 0, 0])
        assert read < first[view][1] / 10
    assert told["changed"]["V_YW_OPERATION"][2:] == [0, 1, 0]
    assert told["changed case"] == "2"
    # What was withdrawn is seen when all rows are read.
    assert told["whole"]["V_YW_OPERATION"][4] == 1
    assert told["withdrawn"] is True
    assert told["volumes agree"] is True
    assert told["groups"] > 300
