"""Prepared queries on a real PostgreSQL: one cursor, and a connection that may be gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
ASKING = """
import django; django.setup()
import psycopg
from django.core.management import call_command
from django.db import OperationalError, close_old_connections, connection
from django.db.migrations.recorder import MigrationRecorder
from portal.prepared import Prepared
call_command("migrate", "contenttypes", verbosity=0)
rows = MigrationRecorder.Migration.objects.order_by("id").values_list("name", "applied")
asked = Prepared(lambda app: rows.filter(app=app))

def cut():
    pid = connection.connection.info.backend_pid
    with psycopg.connect(DSN, autocommit=True) as link:
        link.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

expected = list(rows.filter(app="contenttypes"))
print(asked.rows("contenttypes") == expected, expected[0][1].tzinfo)
close_old_connections()  # as the next request does
cut()
print(asked.rows("contenttypes") == expected)
cut()  # within a request nothing is asked twice
try:
    asked.rows("contenttypes")
except OperationalError:
    print("refused")
close_old_connections()
print(asked.rows("contenttypes") == expected)
"""


def test_a_connection_that_died_between_requests_is_made_anew(
    fresh_postgres: str,
) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": fresh_postgres,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "REDIS_URL": "memory://",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", f"DSN = {fresh_postgres!r}\n{ASKING}"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines() == ["True UTC", "True", "refused", "True"]
