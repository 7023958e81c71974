"""Many wrong passwords at the same moment, on a real PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[3]
TRY = """
import django; django.setup()
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from django.core.management import call_command
from django.db import connection
from django.test import Client
call_command("migrate", verbosity=0)
from portal.audit.models import AuditEvent
from tests.cast import make_user
make_user("2031", "林若川")
together = Barrier(12)
def wrong(number):
    try:
        client = Client()
        client.get("/healthz")
        together.wait()
        typed = {"staff_no": "2031", "password": f"Wrong-pass@{number}"}
        return client.post("/accounts/login", typed).status_code
    finally:
        connection.close()
with ThreadPoolExecutor(12) as pool:
    print(sorted(pool.map(wrong, range(12))))
counted = AuditEvent.objects.filter(kind="LOGIN_FAILED", detail__code="PASSWORD")
print(counted.count(), AuditEvent.objects.filter(kind="LOCKED").count())
"""


def test_passwords_tried_side_by_side_are_counted_like_others(
    fresh_postgres: str,
) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": fresh_postgres,
        "REDIS_URL": "memory://",
        "ALLOWED_HOSTS": "testserver",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "ERROR",
    }

    said = subprocess.check_output(
        [sys.executable, "-c", TRY], cwd=ROOT, env=environment, text=True, timeout=300
    )

    assert said.splitlines() == [str([200] * 4 + [429] * 8), "5 1"]
