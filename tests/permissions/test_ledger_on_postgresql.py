"""The ledger on a real PostgreSQL: two acts at the same moment, and as-of reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import ExclusionViolation

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
DOCTORS = 12
PREPARE = f"""
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from permissions.importers import load_catalogue
from portal.accounts.capabilities import Role
from tests.cast import make_practitioner, make_user
load_catalogue()
make_user("2031", "林若川", Role.OFFICER)
for number in range({DOCTORS}):
    make_practitioner(f"7{{number:03}}", "陈景行", title_code="231")
"""
# Both are ready before either begins; each says what became of its acts.
GRANT = """
import sys, django; django.setup()
from django.utils import timezone
from permissions import services
from permissions.models import Privilege
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import day_of
people = list(Practitioner.objects.order_by("emp_no"))
by, right = User.objects.get(), Privilege.objects.get(code="RX01")
print("ready", flush=True)
sys.stdin.readline()
for person in people:
    at = timezone.now()
    line = services.Line(privilege=right, valid_from=day_of(at), setting=sys.argv[1])
    try:
        services.grant(practitioner=person, line=line, by=by, at=at, reason="年度授权同意")
        print("granted", flush=True)
    except services.ActRefused as refused:
        print(type(refused).__name__, flush=True)
"""
AS_OF = """
import django; django.setup()
from portal.accounts.models import User
from tests.permissions.paper import histories
from tests.permissions.test_ledger_oracle import ask_everything, write_down
ask_everything(write_down(histories(10_000, 7), User.objects.get()), 60)
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


@pytest.fixture
def url(fresh_postgres: str) -> str:
    """A database with the catalogue, an officer and some doctors."""
    prepared = run(fresh_postgres, PREPARE)
    prepared.communicate(timeout=120)
    assert prepared.returncode == 0
    return fresh_postgres


def test_two_grants_at_once_leave_one_line(url: str) -> None:
    """全部 by one office clerk and 住院 by another meet on every doctor."""
    processes = [run(url, GRANT, setting) for setting in ("ALL", "INP")]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    mine, others = (one.communicate(timeout=60)[0].split() for one in processes)

    told = sorted(zip(mine, others, strict=True))
    assert len(told) == DOCTORS
    assert set(told) <= {("granted", "GrantOverlaps"), ("GrantOverlaps", "granted")}
    with psycopg.connect(url) as link:
        for table in ("permissions_grant", "permissions_grantstate", "outbox_message"):
            row = link.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
            assert row == (DOCTORS,), table


def test_two_open_transactions_around_the_acts_are_stopped_by_the_database(
    url: str,
) -> None:
    for setting in ("OUTP", "INP"):
        done = run(url, GRANT, setting)
        done.communicate("go\n", timeout=60)
    move = "UPDATE permissions_grantstate SET setting = 'EMER' WHERE setting = %s"
    with psycopg.connect(url) as first, psycopg.connect(url) as second:
        first.execute(move, ("OUTP",))
        second.execute("SET lock_timeout = '10s'")
        with pytest.raises(ExclusionViolation) as refused:
            commit_while_waiting(first, second, move)
    assert refused.value.diag.constraint_name == "permissions_grantstate_no_overlap"


def commit_while_waiting(
    first: psycopg.Connection, second: psycopg.Connection, move: str
) -> None:
    """The second's statement waits for the first to end: it is answered after that."""
    with second.pipeline():
        second.execute(move.encode(), ("INP",))
        first.commit()


def test_as_of_reads_of_ten_thousand_histories_are_what_the_clerk_says(
    url: str,
) -> None:
    asked = run(url, AS_OF)
    asked.communicate(timeout=300)
    assert asked.returncode == 0
