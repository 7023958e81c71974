"""The same act by two people at the same moment, on a real PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[3]
ACT = """
import django; django.setup()
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from django.core.management import call_command
from django.db import connection
call_command("migrate", verbosity=0)
from portal.accounts.capabilities import Role
from portal.accounts.models import RoleAssignment, User
from portal.accounts.services import create_user, end_role
from portal.audit.models import AuditEvent
from portal.parameters.registry import IDLE_MINUTES
from portal.parameters.services import change
from tests.cast import make_user

def at_once(*acts):
    together = Barrier(len(acts))
    def run(act):
        together.wait()
        try:
            act()
        except Exception as refused:
            return type(refused).__name__
        finally:
            connection.close()
        return "done"
    with ThreadPoolExecutor(len(acts)) as pool:
        print(sorted(pool.map(run, acts)))

one = make_user("9001", "秦牧", Role.SYSTEM_ADMIN)
other = make_user("9004", "石磊", Role.SYSTEM_ADMIN)
new = {"staff_no": "2055", "name": "新人", "password": "Ward-round@0730"}
at_once(*[lambda: create_user(**new, by=one, reason="新人报到")] * 2)
print(User.objects.filter(staff_no="2055").count())
change_to = lambda value: lambda: change(
    parameter=IDLE_MINUTES, value=value, by=one, reason="调整", seen=15)
at_once(change_to(10), change_to(5))
print(AuditEvent.objects.filter(kind="PARAMETER_CHANGED").count())
admins = RoleAssignment.objects.filter(role=Role.SYSTEM_ADMIN, state="ACTIVE")
mine, theirs = admins.get(user=one), admins.get(user=other)
at_once(
    lambda: end_role(assignment=theirs, by=one, reason="收回角色"),
    lambda: end_role(assignment=mine, by=other, reason="收回角色"),
)
print(admins.count())
"""


def test_second_of_two_at_once_is_refused_in_words(fresh_postgres: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": fresh_postgres,
        "REDIS_URL": "memory://",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "ERROR",
    }

    said = subprocess.check_output(
        [sys.executable, "-c", ACT], cwd=ROOT, env=environment, text=True, timeout=120
    )

    assert said.splitlines() == [
        "['StaffNumberTaken', 'done']",
        "1",
        "['ParameterChangedMeanwhile', 'done']",
        "1",
        "['LastAdministrator', 'done']",
        "1",
    ]
