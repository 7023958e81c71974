"""Two workers at one moment on a real PostgreSQL: everything happens once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
PREPARE = """
import django; django.setup()
from datetime import timedelta
from django.core.management import call_command
from django.utils import timezone
call_command("migrate", verbosity=0)
from permissions.importers import load_catalogue
from portal.accounts.capabilities import Role
from portal.directory.models import PractitionerEvent
from portal.parameters.days import day_of
from tests.cast import make_practitioner, make_user
from tests.permissions.event_acts import give, set_to
load_catalogue()
lin = make_user("2031", "林若川", Role.OFFICER)
set_to(lin, MASS_DOCTORS=500, MASS_PERCENT=100)
now = timezone.now()
for number in range(12):
    leaver = make_practitioner(f"7{number:03}", "陈景行")
    give(lin, leaver)
    ending = make_practitioner(f"8{number:03}", "周以宁")
    give(lin, ending, at=now - timedelta(days=20), valid_from=day_of(now) - timedelta(days=20),
         valid_to=day_of(now) + timedelta(days=5))
    leaver.status = "99"
    leaver.save()
    PractitionerEvent.objects.create(
        practitioner=leaver, kind="STATUS", before="01", after="99", at=now)
"""
# Both are ready before either begins; each says what it did.
WORK = """
import sys, django; django.setup()
from django.utils import timezone
from permissions.services.events import read_events
from permissions.services.reminders import remind
print("ready", flush=True)
sys.stdin.readline()
print(read_events(at=timezone.now()), remind(at=timezone.now()), flush=True)
"""
LOOK = """
import django; django.setup()
from permissions.models import EventReading, GrantEvent, Reminder, Review
from portal.notices.models import Notice
print(EventReading.objects.filter(outcome="SUSPENDED").count(),
      GrantEvent.objects.filter(kind="SUSPEND").count(), Review.objects.count(),
      Reminder.objects.count(),
      Notice.objects.filter(kind="SUSPENDED").count(),
      Notice.objects.filter(kind="EXPIRY").count())
"""


def run(url: str, program: str) -> subprocess.Popen[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": url,
        "REDIS_URL": "memory://",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "ERROR",
    }
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_workers_read_each_event_and_tell_each_reminder_once(
    fresh_postgres: str,
) -> None:
    prepared = run(fresh_postgres, PREPARE)
    prepared.communicate(timeout=300)
    assert prepared.returncode == 0
    workers = [run(fresh_postgres, WORK) for _number in range(2)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    said = [worker.communicate(timeout=300)[0].split() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]

    # Between them each was done once; the office is told once a day.
    assert [sum(map(int, column)) for column in zip(*said, strict=True)] == [12, 12]
    looked = run(fresh_postgres, LOOK)
    answer, _nothing = looked.communicate(timeout=120)
    assert answer.split() == ["12", "12", "12", "12", "12", "1"]
