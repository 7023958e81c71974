"""Two re-codings at one moment, two workers, and a grant in between: on PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
ACT = """
import django; django.setup()
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
call_command("migrate", verbosity=0)
from permissions import recoding
from permissions.importers import load_catalogue
from permissions.models import GrantEvent, GrantState, RecodedGrant
from portal.accounts.capabilities import Role
from portal.parameters.days import day_of
from surgery.enums import Grade
from surgery.models import GradeVersion, Procedure, Recoding
from tests.cast import make_practitioner, make_user
from tests.permissions.event_acts import give, set_to
from tests.permissions.ledger import make_procedure, make_procedures
from tests.permissions.recodings import decide, pair, undo

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

load_catalogue(); make_procedures()
lin = make_user("1", "林", Role.OFFICER)
head = make_user("2", "何", Role.OFFICE_HEAD)
set_to(head, PREREQUISITES_DECIDE=0)
doctor = make_practitioner()
hour_ago = timezone.now() - timedelta(hours=1)
make_procedure("51.2200", "胆囊切除术", Grade.THREE)
for code in ("51.2300", "51.2200"):
    give(lin, doctor, "SG03", item=code, at=hour_ago)
# Two decide on one code; one is told.
at_once(lambda: decide(lin, head, pair("51.2300", "51.2301")),
    lambda: decide(lin, head, pair("51.2300", "51.2302")))
print(Recoding.objects.count(), GradeVersion.objects.count(),
    GrantEvent.objects.filter(kind="RECODE").count())
# Taken back by two; one is told.
one = Recoding.objects.get()
at_once(lambda: undo(one, head), lambda: undo(one, head))
print(sorted(GrantState.objects.filter(status="ACTIVE")
    .values_list("item_code", flat=True)))
# Its day comes while two workers look, and somebody grants the code that goes.
tomorrow = timezone.now() + timedelta(days=1)
decide(lin, head, pair("51.2200", "51.2209", "胆囊"), pair("51.2300", "51.2209"),
    effective_on=day_of(tomorrow))
other = make_practitioner("1102", "江月明")
at_once(lambda: recoding.apply_due(at=tomorrow), lambda: recoding.apply_due(at=tomorrow),
    lambda: give(lin, other, "SG03", item="51.2200"))
print(Recoding.objects.filter(state="APPLIED").count(),
    GrantState.objects.filter(practitioner=doctor, status="ACTIVE").count())
left = GrantState.objects.filter(practitioner=other, status="ACTIVE")
carried = set(left.values_list("item_code", flat=True))
print(carried in ({"51.2209"}, {"51.2200"}, set()),
    Procedure.objects.get(code="51.2209").grade)
"""


def test_of_two_at_once_one_is_done_and_the_other_told(fresh_postgres: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": fresh_postgres,
        "REDIS_URL": "memory://",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "ERROR",
    }

    said = subprocess.check_output(
        [sys.executable, "-c", ACT], cwd=ROOT, env=environment, text=True, timeout=240
    )

    assert said.splitlines() == [
        "['CodesCannot', 'done']",
        "1 1 1",
        "['NotInThatState', 'done']",
        "['51.2200', '51.2300']",
        "['done', 'done', 'done']",
        "1 1",
        "True 3",
    ]
