"""A re-coding and another act wait for one another on PostgreSQL: one is put off."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services import make_tables

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
ACT = """
import django; django.setup()
import logging
from datetime import timedelta
from threading import Event, Thread
from django.db import connection, transaction
from django.utils import timezone
from permissions import recoding
from permissions.importers import load_catalogue
from permissions.models import GrantEvent
from portal.accounts.capabilities import Role
from portal.outbox.models import Message
from portal.parameters.days import day_of
from surgery.models import Procedure, Recoding
from tests.cast import make_user
from tests.permissions.event_acts import set_to
from tests.permissions.ledger import make_procedure, make_procedures
from tests.permissions.recodings import CHOLE, LIVER, NEW, OTHER, decide, pair
from surgery.enums import Grade

load_catalogue(); make_procedures()
lin = make_user("1", "林", Role.OFFICER)
head = make_user("2", "何", Role.OFFICE_HEAD)
tomorrow = timezone.now() + timedelta(days=1)
one, other = (decide(lin, head, wish, effective_on=day_of(tomorrow))
    for wish in (pair(CHOLE, NEW), pair(LIVER, OTHER)))

def states():
    return list(Recoding.objects.order_by("pk").values_list("state", flat=True))

def told():
    return Message.objects.count(), GrantEvent.objects.count()

before = told()
has_entry, waits, words = Event(), Event(), []

class Watched(logging.Handler):
    def emit(self, line):
        words.append((line.getMessage(), getattr(line, "recoding", None)))

logger = logging.getLogger("permissions.recoding.acts")
logger.addHandler(Watched())
logger.setLevel(logging.WARNING)

def patience(seconds):
    # Who has waited so long asks whether it waits in vain, and is ended if it does.
    with connection.connection.cursor() as bare:
        bare.execute(f"SET LOCAL deadlock_timeout = '{seconds}s'")

def act():
    # Another act holds the entry that goes, and asks for the re-coding by then held.
    with transaction.atomic():
        connection.ensure_connection()
        patience(60)
        list(Procedure.objects.select_for_update().filter(code=CHOLE))
        has_entry.set()
        waits.wait(30)
        list(Recoding.objects.select_for_update().filter(pk=one.pk))
        print("the other act went on")
    connection.close()

class Meeting:
    # The re-coding is held by us, its entry by the other act.
    def __call__(self, execute, sql, params, many, context):
        found = execute(sql, params, many, context)
        is_held = '"surgery_recoding"' in sql and sql.endswith("FOR UPDATE")
        if is_held and not waits.is_set():
            patience(2)
            waits.set()
        return found

thread = Thread(target=act)
thread.start()
has_entry.wait(60)
with connection.execute_wrapper(Meeting()):
    print(recoding.apply_due(at=tomorrow))
thread.join(60)
print(states(), told() == before, words == [("recoding put off", one.pk)])
print(recoding.apply_due(at=tomorrow), states())
"""


def test_recoding_that_the_database_ends_is_put_off_and_done_at_the_next_beat(
    fresh_postgres: str,
) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": fresh_postgres,
        "REDIS_URL": "memory://",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "ERROR",
    }
    make_tables(environment)

    said = subprocess.run(
        [sys.executable, "-c", ACT],
        cwd=ROOT,
        env=environment,
        text=True,
        capture_output=True,
        timeout=240,
        check=False,
    )

    assert said.stdout.splitlines() == [
        "the other act went on",
        "1",
        "['PLANNED', 'APPLIED'] True True",
        "1 ['APPLIED', 'APPLIED']",
    ], said.stderr[-3000:]
