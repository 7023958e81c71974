"""Two PostgreSQL: ours and a HIS. Rights arrive, are changed there by hand, are found
and put right; a HIS that is cut off in the midst leaves nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services import fresh_database

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
STORY = """
import sys
import django; django.setup()
import psycopg
from datetime import timedelta
from django.conf import settings
from django.core.management import call_command
# Tables as the models say: how they came to be is tested elsewhere, and takes minutes.
settings.MIGRATION_MODULES = dict.fromkeys(
    (one.label for one in django.apps.apps.get_app_configs()), None)
call_command("migrate", run_syncdb=True, verbosity=0)
from django.utils import timezone
from permissions.importers import load_catalogue
from permissions.models import Drift
from permissions.reconciliation import reconcile, repair, settle_repairs
from portal.accounts.capabilities import Role
from portal.demo_his import by_hand
from portal.demo_his.database import Database, prepare
from portal.his.opening import from_settings
from portal.outbox.delivery import deliver_due
from portal.outbox.models import Message, State
from portal.ui.moments import today
from tests.cast import make_practitioner, make_user
from tests.permissions.ledger import granted, make_procedures

load_catalogue()
make_procedures()
lin, su = make_user("2031", "林若川", Role.OFFICER), make_user("2032", "苏晓岚", Role.OFFICER)
person = make_practitioner("1027", "陈景行", title_code="231")
his = Database(sys.argv[1])
prepare(his)
days = {"valid_from": today(), "valid_to": today() + timedelta(days=300)}
for code in ("RX01", "AB01", "ND01"):
    granted(lin, su, person, code, **days)
gateway = from_settings()

def deliver():
    deliver_due(gateway=gateway, lanes=1)
    print(sorted(Message.objects.values_list("state", flat=True)))

def age():
    past = timezone.now() - timedelta(hours=1)
    Message.objects.update(enqueued_at=past, not_before=past)
    Message.objects.filter(state=State.CONFIRMED).update(confirmed_at=past)

def look():
    one = reconcile(gateway=gateway, at=timezone.now())
    found = Drift.objects.filter(closed_at=None).order_by("kind", "code")
    print(repr(one.problem), one.ours, [(d.kind, d.code, d.hand) for d in found])

deliver()
age()
look()
by_hand.disorder(his, "1027")
look()
keys = list(Drift.objects.values_list("pk", flat=True))
for _twice in range(2):
    print(repair(chosen=keys, by=lin, at=timezone.now(), reason="与信息科核对后修复").done)
deliver()
print(settle_repairs(at=timezone.now()))
age()
look()

class Cut:
    def __init__(self):
        self.typed = gateway.typed
    def batches(self, view, since=None):
        for rows in gateway.batches(view, since):
            yield rows
            with psycopg.connect(sys.argv[2], autocommit=True) as link:
                link.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()")
cut = reconcile(gateway=Cut(), at=timezone.now())
print(bool(cut.problem), cut.is_running, Drift.objects.filter(closed_at=None).count())
"""
SAID = """['CONFIRMED', 'CONFIRMED', 'CONFIRMED']
'' 3 []
'' 3 [('DIFFERENT', 'ND01', 'DBA'), ('EXTRA', 'TC01', 'DBA'), ('MISSING', 'AB01', 'DBA')]
3
0
['CONFIRMED', 'CONFIRMED', 'CONFIRMED', 'CONFIRMED', 'CONFIRMED', 'CONFIRMED']
3
'' 3 []
True False 0
"""


def test_changes_by_hand_are_found_and_put_right(postgres_server: str) -> None:
    with (
        fresh_database(postgres_server) as ours,
        fresh_database(postgres_server) as theirs,
    ):
        environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": ours,
            "HIS_DSN": theirs,
            "HIS_MAPPING": "demo_his",
            "REDIS_URL": "memory://",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "LOG_LEVEL": "ERROR",
        }
        told = subprocess.run(
            [sys.executable, "-c", STORY, theirs, theirs],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    assert told.stdout == SAID, told.stderr[-2000:]
