"""A right is taken away while a doctor declares: on a real PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.his_plugin.station import KEY

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
# The right goes between the verdict and the row: as soon as the verdict was given,
# somebody else begins to suspend, and has a second for it.
ACT = """
import django; django.setup()
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
call_command("migrate", verbosity=0)
from his_plugin.api import views
from permissions import services
from permissions.importers import load_catalogue
from permissions.models import BookingHit
from portal.accounts.capabilities import Role
from surgery.models import SurgeryApplication
from tests.cast import make_department, make_practitioner, make_user
from tests.his_plugin.station import ask, declaration, token_of
from tests.permissions.event_acts import give
from tests.permissions.ledger import make_procedures

load_catalogue(); make_procedures()
lin = make_user("1", "林", Role.OFFICER)
luo = make_practitioner("1188", "罗景文", title_code="231",
    department=make_department("0401", "肝胆胰外科"))
held = give(lin, luo, "SG03", item="51.2300", at=timezone.now() - timedelta(hours=1))
client = Client()
token = token_of(client)
answer, pool, acts = views.answer, ThreadPoolExecutor(1), []

def suspend():
    try:
        services.suspend(state=held, by=lin, at=timezone.now(), reason_code="10",
            reason="发生严重并发症，暂停待查")
    finally:
        connection.close()

def answered(asked):
    found = answer(asked)
    acts.append(pool.submit(suspend))
    wait(acts, timeout=1)
    return found

views.answer = answered
tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
given = declaration() | {"planned_at": tomorrow}
print(ask(client, token, "declarations", given).status_code)
acts[0].result(timeout=30)
print(SurgeryApplication.objects.get().verdict_code)
print(list(BookingHit.objects.values_list("application_no", "state")))
"""


def test_operation_declared_while_the_right_goes_is_among_those_hit(
    fresh_postgres: str,
) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": fresh_postgres,
        "REDIS_URL": "memory://",
        "LAUNCH_KEYS": f"YW={KEY}",
        "ALLOWED_HOSTS": "testserver",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "ERROR",
    }

    said = subprocess.check_output(
        [sys.executable, "-c", ACT], cwd=ROOT, env=environment, text=True, timeout=240
    )

    assert said.splitlines() == ["200", "0", "[('SS26112301', 'OPEN')]"]
