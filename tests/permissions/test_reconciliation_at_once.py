"""An officer and a look at one moment, and two officers: on PostgreSQL."""

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
from datetime import date, timedelta
from threading import Barrier
from time import monotonic, sleep
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
# Tables as the models say: how they came to be is tested elsewhere, and takes minutes.
settings.MIGRATION_MODULES = dict.fromkeys(
    (one.label for one in django.apps.apps.get_app_configs()), None)
call_command("migrate", run_syncdb=True, verbosity=0)
from django.utils import timezone
from permissions.enums import Part
from permissions.importers import load_catalogue
from permissions.models import Application, Drift, DriftDecision, Privilege
from permissions.reconciliation import adopt, ignore
from permissions.reconciliation.keeping import keep
from permissions.reconciliation.seen import Seen, key_of
from permissions.services import approve, reject, stand_for
from portal.accounts.capabilities import Role
from portal.accounts.services import system_account
from portal.parameters.days import day_of
from tests.cast import make_practitioner, make_user

load_catalogue()
lin = make_user("1", "林", Role.OFFICER)
su = make_user("2", "苏", Role.OFFICER)
doctor = make_practitioner("1027", "陈景行", title_code="231")
WHY = "与信息科核对，按本院台账"

def now():
    return timezone.now()

def found(number, state="OPEN", code="RX01", **given):
    at = now() - timedelta(hours=1)
    return Drift.objects.create(target="RIGHT", kind="EXTRA", emp_no=f"{number}", code=code,
        setting="ALL", valid_from=date(2026, 1, 1), theirs_status="1", theirs_value="1",
        first_seen=at, last_seen=at, state=state, **given)

def quiet(act):
    try:
        return act()
    except Exception as problem:
        return type(problem).__name__
    finally:
        connection.close()

def waits():
    # Until another connection waits for a lock of ours.
    until = monotonic() + 20
    while monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        sleep(0.02)
    raise TimeoutError

def look(*still):
    seen = Seen(found={key_of(one): one for one in still})
    with transaction.atomic():
        return keep(seen, Part.RIGHTS, now()).gone

def while_held(pk, act, then):
    # ``act`` begins while we hold a drift; ``then`` is ours before we let go.
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            Drift.objects.select_for_update().get(pk=pk)
            told = other.submit(quiet, act)
            waits()
            mine = quiet_here(then)
        return mine, told.result()

def quiet_here(then):
    try:
        with transaction.atomic():
            return then()
    except Exception as problem:
        return type(problem).__name__

def states():
    return [(d.state, d.closed_at is not None) for d in Drift.objects.order_by("pk")]

# Somebody leaves two as they are; the look found the first still there, the second gone.
one, two = found(1), found(2)
print(while_held(one.pk, lambda: look(one),
    lambda: ignore(chosen=[one.pk, two.pk], by=lin, at=now(), reason=WHY).done))
print(states())

# Its repair is being promised while a look finds it gone.

three = found(3)
def promised():
    Drift.objects.filter(pk=three.pk).update(state="REPAIRING")
    return "promised"
print(while_held(three.pk, look, promised))
print(states()[2:])

# Two runs propose the same by policy.
last = day_of(now()) + timedelta(days=200)
four = found("1027", practitioner=doctor, code="TC01", theirs_last=last)
def at_once(*acts):
    together = Barrier(len(acts))
    def run(act):
        together.wait()
        return quiet(act)
    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(map(str, pool.map(run, acts)))
def proposed():
    return adopt(chosen=[four.pk], by=system_account(), at=now(), reason=WHY).done
print(at_once(proposed, proposed), Application.objects.count(),
    DriftDecision.objects.filter(drift=four).count())

# Two stand for it; one does, and does not approve it.
said = at_once(*(lambda by=by: stand_for(
    application=Application.objects.get(), by=by, at=now(), reason=WHY).state
    for by in (lin, su)))
print(said, Application.objects.get().history.count())
mine = Application.objects.get()
first, other = (lin, su) if mine.proposed_by == lin else (su, lin)
print(quiet_here(lambda: approve(application=mine, by=first, at=now(), reason=WHY)))
# The other person says two things of it at one moment.
print(at_once(*(lambda act=act: act(application=Application.objects.get(), by=other,
    at=now(), reason=WHY).pk for act in (reject, reject))))
"""
SAID = """(2, 1)
[('IGNORED', False), ('IGNORED', True)]
('promised', 2)
[('REPAIRED', True)]
['0', '1'] 1 1
['SUBMITTED', 'StoodForAlready'] 2
OwnProposal
['1', 'AlreadyDecided']
"""


def test_officers_and_a_look_follow_one_another(fresh_postgres: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": fresh_postgres,
        "REDIS_URL": "memory://",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "ERROR",
    }
    told = subprocess.run(
        [sys.executable, "-c", ACT],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert told.stdout == SAID, told.stderr[-2000:]
