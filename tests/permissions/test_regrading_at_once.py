"""Two deciders at one moment, and two workers, on a real PostgreSQL."""

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
from permissions import regrading
from permissions.importers import load_catalogue
from permissions.models import GrantEvent, GrantState, RegradedGrant
from portal.accounts.capabilities import Role
from surgery.models import GradeChange, GradeProposal, GradeVersion, Procedure
from tests.cast import make_practitioner, make_user
from tests.permissions.event_acts import give, set_to
from tests.permissions.ledger import make_procedures
from tests.surgery.grading import DECIDED, propose

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

def approve(by, *proposals):
    regrading.approve(
        proposals=proposals, by=by, at=timezone.now(), reason=DECIDED)

load_catalogue(); make_procedures()
lin = make_user("1", "林", Role.OFFICER)
head, other = (make_user(n, n, Role.OFFICE_HEAD) for n in ("2", "3"))
set_to(head, REGRADE_TRANSITION_DAYS=0, PREREQUISITES_DECIDE=0)
doctor = make_practitioner()
give(lin, doctor, "SG03", item="51.2300", at=timezone.now() - timedelta(hours=1))
first = propose(lin, "51.2300", 4)
at_once(lambda: approve(head, first), lambda: approve(other, first))
print(GradeVersion.objects.count(), GradeChange.objects.count(),
    GrantEvent.objects.filter(kind="SUSPEND").count(), RegradedGrant.objects.count())
one, two = propose(lin, "51.2300", 2), propose(lin, "50.2205", 3)
at_once(lambda: approve(head, one), lambda: approve(other, two))
print(sorted(str(one) for one in GradeVersion.objects.order_by("pk")).__len__(),
    list(Procedure.objects.order_by("code").values_list("code", "grade"))[1:4])
at_once(lambda: propose(lin, "51.2300", 3), lambda: propose(head, "51.2300", 3))
print(GradeProposal.objects.filter(state="SUBMITTED").count())
tomorrow = timezone.now() + timedelta(days=1)
later = GradeProposal.objects.get(state="SUBMITTED")
print(later.grade)
at_once(*[lambda: regrading.follow_due(at=tomorrow)] * 2)
print(GrantEvent.objects.filter(kind="SUSPEND").count())
"""


def test_of_two_deciders_one_decides_and_two_batches_get_two_numbers(
    fresh_postgres: str,
) -> None:
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
        "['AlreadyDecided', 'done']",
        "1 1 1 1",
        "['done', 'done']",
        "3 [('50.2205', 3), ('50.3x00', 4), ('51.2300', 2)]",
        "['ProposalOpen', 'done']",
        "1",
        "3",
        "['done', 'done']",
        "1",
    ]
