"""Two people importing at one moment, on a real PostgreSQL."""

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
from datetime import timedelta
from threading import Barrier
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
call_command("migrate", verbosity=0)
from permissions.importers import acts, load_catalogue
from permissions.models import Grant, GrantImport, GrantImportRow, GrantState
from portal.accounts.capabilities import Role
from permissions.models.imports import APPLY
from portal.jobs.models import Job
from portal.jobs.services import run
from portal.ui.moments import today
from tests.cast import make_practitioner, make_user
from tests.permissions.imports.sheets import WHY, book, checked

def at_once(*things):
    together = Barrier(len(things))
    def do(thing):
        together.wait()
        try:
            return str(thing())
        except Exception as refused:
            return type(refused).__name__
        finally:
            connection.close()
    with ThreadPoolExecutor(len(things)) as pool:
        return sorted(pool.map(do, things))

load_catalogue()
lin, su = make_user("1", "林", Role.OFFICER), make_user("2", "苏", Role.OFFICER)
people = [make_practitioner(str(1000 + n), f"医师{n}") for n in range(20)]
rows = [[p.emp_no, p.name, "RX01", "", today(), None] for p in people]
one, other = checked(lin, book(rows)), checked(su, book(rows[::-1]))

def write(which, by, everything):
    return acts.write(one=which, is_all_or_nothing=everything, by=by,
        at=timezone.now(), reason=WHY).state

# The same import by two: one of them is told.
print(at_once(lambda: write(one, lin, False), lambda: write(one, su, False)))
write(other, su, True)
# Two imports of the same lines in opposite order, each written by two workers.
jobs = list(Job.objects.filter(kind=APPLY))
print(at_once(*[lambda job=job: run(job) for job in jobs * 2]))
print(GrantState.objects.count(), Grant.objects.count())
done = GrantImportRow.objects.filter(outcome="DONE").count()
print(done, sorted(GrantImport.objects.values_list("state", flat=True)) in (
    ["APPLIED", "CHECKED"], ["APPLIED", "APPLIED"]))
"""


def test_two_imports_at_once_grant_each_line_once(fresh_postgres: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": fresh_postgres,
        "REDIS_URL": "memory://",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "CRITICAL",
    }
    said = subprocess.check_output(
        [sys.executable, "-c", ACT], cwd=ROOT, env=environment, text=True, timeout=300
    )
    assert said.splitlines() == [
        "['APPLYING', 'NotInThatStep']",
        "['False', 'False', 'True', 'True']",
        "20 20",
        "20 True",
    ]
