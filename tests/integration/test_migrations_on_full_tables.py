"""Migrations go down and up on full tables, and what both versions know survives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]


def problems_on(url: str) -> list[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": url,
        "REDIS_URL": "memory://",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "ERROR",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.full_tables"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_on_sqlite_down_and_up_loses_nothing_both_know(tmp_path: Path) -> None:
    assert problems_on(f"sqlite:///{tmp_path / 'full.sqlite3'}") == []


def test_on_postgresql_down_and_up_loses_nothing_both_know(
    fresh_postgres: str,
) -> None:
    assert problems_on(fresh_postgres) == []
