"""Two writers change the same many rows on a real PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[3]
ROWS = 2_000
PREPARE = f"""
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from portal.audit.acting import acting
from surgery.models import Procedure
with acting(by=None, reason="导入"):
    Procedure.objects.bulk_create([
        Procedure(code=f"99.{{n:04}}", name="试验手术", initials="syss", category="1", grade=1)
        for n in range({ROWS})
    ])
"""
RAISE = """
import sys, django; django.setup()
from django.db.models import F
from portal.audit.acting import acting
from surgery.models import Procedure
print("ready", flush=True)
sys.stdin.readline()
for turn in range(5):
    with acting(by=None, reason=sys.argv[1]):
        Procedure.objects.filter(code__startswith="99.").update(grade=F("grade") + 1)
"""


def run(url: str, *words: str) -> subprocess.Popen[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": url,
        "REDIS_URL": "memory://",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "ERROR",
    }
    return subprocess.Popen(
        [sys.executable, "-c", *words],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_each_of_many_changes_at_once_is_told_with_its_own_result(
    fresh_postgres: str,
) -> None:
    prepared = run(fresh_postgres, PREPARE)
    prepared.communicate(timeout=120)
    assert prepared.returncode == 0

    processes = [run(fresh_postgres, RAISE, who) for who in ("甲", "乙")]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.communicate("go\n", timeout=120)
        assert process.returncode == 0

    with psycopg.connect(fresh_postgres) as link:
        grades = link.execute("SELECT DISTINCT grade FROM surgery_procedure").fetchall()
        told = link.execute(
            "SELECT grade, history_type, count(*) FROM surgery_historicalprocedure"
            " GROUP BY 1, 2 ORDER BY 1"
        ).fetchall()
    assert grades == [(11,)]
    assert told == [(1, "+", ROWS), *[(grade, "~", ROWS) for grade in range(2, 12)]]
