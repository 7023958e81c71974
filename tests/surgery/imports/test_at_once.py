"""Two people importing the same codes at one moment, on a real PostgreSQL."""

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
from django.utils import timezone
call_command("migrate", verbosity=0)
from portal.accounts.capabilities import Role
from portal.jobs.models import Job
from portal.jobs.services import run
from surgery.importers import acts
from surgery.models import Procedure, ProcedureImport, ProcedureImportRow
from surgery.models.imports import APPLY
from tests.cast import make_user
from tests.surgery.imports.sheets import WHY, checked

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

lin, su = make_user("1", "林", Role.OFFICER), make_user("2", "苏", Role.OFFICER)
rows = [[f"51.{n}", "", f"手术{n}", "手术", ""] for n in range(2000, 2200)]
one, other = checked(lin, rows), checked(su, rows[::-1])

def write(which, by):
    return acts.write(one=which, is_all_or_nothing=True, by=by, at=timezone.now(),
        reason=WHY).state

# The same import by two: one of them is told.
print(at_once(lambda: write(one, lin), lambda: write(one, su)))
write(other, su)
# Two imports of the same codes in opposite order, each written by two workers.
jobs = list(Job.objects.filter(kind=APPLY))
print(at_once(*[lambda job=job: run(job) for job in jobs * 2]))
print(Procedure.objects.count(), Procedure.history.count())
print(sorted(ProcedureImport.objects.values_list("state", flat=True)))
print(sorted(set(ProcedureImportRow.objects.values_list("verdict", "outcome"))))
print(sorted(set(Job.objects.values_list("state", flat=True))))
"""


def test_two_imports_at_once_write_each_code_once(fresh_postgres: str) -> None:
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
        "200 200",
        "['APPLIED', 'CHECKED']",
        "[('CONFLICT', ''), ('NEW', 'DONE')]",
        "['DONE']",
    ]
