"""Two PostgreSQL: ours and a HIS. Grades are changed there by hand, found in the run
that compares everything, and put right by two people at once; what was found before
this was so is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services import fresh_database

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[3]
STORY = """
import sys
from concurrent.futures import ThreadPoolExecutor
import django; django.setup()
from datetime import timedelta
from django.conf import settings
from django.core.management import call_command
from django.db import connection
# Tables as the models say: how they came to be is tested elsewhere, and takes minutes.
settings.MIGRATION_MODULES = dict.fromkeys(
    (one.label for one in django.apps.apps.get_app_configs()), None)
call_command("migrate", run_syncdb=True, verbosity=0)
from django.utils import timezone
from permissions.models import Drift, DriftDecision
from permissions.reconciliation import reconcile_if_due, repair, settle_repairs
from portal.accounts.capabilities import Role
from portal.demo_his.database import Database, prepare
from portal.his.opening import from_settings
from portal.outbox.delivery import deliver_due
from portal.outbox.models import Message
from tests.cast import make_user
from tests.permissions.grade_drifts.grade_looks import BY_HAND, LOGGED, VEIN
from tests.surgery import grades

lin = make_user("2031", "林若川", Role.OFFICER)
his = Database(sys.argv[1])
prepare(his)
gateway = from_settings()
grades.catalogue()
grades.read_his(gateway)
day = timezone.localtime().replace(hour=23, minute=0)

def look(days):
    for one in reconcile_if_due(gateway=gateway, at=day + timedelta(days=days)):
        print(one.part, repr(one.problem), one.ours, one.theirs, one.total)

def shown():
    rows = Drift.objects.filter(closed_at=None).order_by("item")
    print([(d.item, d.ours_value, d.theirs_value, d.hand) for d in rows])

look(-2)
his.run(BY_HAND, grade="四级", code=VEIN)
his.run(LOGGED, code=VEIN, before="3", after="4", at=f"{day:%Y-%m-%d} 09:30:00")
look(-1)
shown()
keys = list(Drift.objects.filter(closed_at=None).values_list("pk", flat=True))

def repaired(_person):
    try:
        return repair(chosen=keys, by=lin, at=timezone.now(), reason="与信息科核对").done
    finally:
        connection.close()

with ThreadPoolExecutor(2) as two:
    print(sorted(two.map(repaired, range(2))))
deliver_due(gateway=gateway, lanes=1)
print(sorted(Message.objects.values_list("state", flat=True)))
print(settle_repairs(at=timezone.now()), DriftDecision.objects.count())
look(1)
shown()
"""
SAID = """GRADES '' 94 93 3
RIGHTS '' 0 0 0
GRADES '' 94 93 3
RIGHTS '' 0 0 0
[('13.4100x001', '3', '2', ''), ('28.6x00x002', '2', '0', ''), ('38.5901', '2', '4', 'DBA')]
[0, 3]
['CONFIRMED', 'CONFIRMED', 'CONFIRMED']
3 3
GRADES '' 94 94 0
RIGHTS '' 0 0 0
[]
"""
BEFORE = """
import django; django.setup()
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

OLD = [("permissions", "0018_certs"), ("surgery", "0010_rest5")]
NEW = [("permissions", "0020_grade_differences_kept"), ("surgery", "0011_grade_drifts")]

def move(to):
    executor = MigrationExecutor(connection)
    executor.migrate(to)
    return MigrationExecutor(connection).loader.project_state(to).apps

apps, now = move(OLD), timezone.now()
Look = apps.get_model("surgery", "GradeComparison")
Found = apps.get_model("surgery", "GradeDifference")
Look.objects.create(asked_at=now, ended_at=now, ours=94, theirs=93, different=2, found=2)
Look.objects.create(asked_at=now)
given = {"kind": "DIFFERENT", "field": "grade", "ours": "2", "theirs": "3"}
Found.objects.create(code="38.5901", name="大隐静脉剥脱术", found_at=now, **given)
Found.objects.create(code="51.2300", found_at=now, gone_at=now, **given)

apps = move(NEW)
for one in apps.get_model("permissions", "Reconciliation").objects.order_by("pk"):
    print(one.part, one.ours, one.theirs, one.different, one.found, one.is_running)
for one in apps.get_model("permissions", "Drift").objects.order_by("item"):
    print(one.target, one.item, one.code, one.ours_value, one.theirs_value, one.state)
apps = move(OLD)
print(apps.get_model("permissions", "Drift").objects.count(),
      apps.get_model("surgery", "GradeDifference").objects.count())
"""
KEPT = """GRADES 94 93 2 2 False
GRADE 38.5901 grade 2 3 OPEN
GRADE 51.2300 grade 2 3 GONE
0 0
"""


def told(script: str, ours: str, theirs: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, theirs],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DATABASE_URL": ours,
            "HIS_DSN": theirs,
            "HIS_MAPPING": "demo_his",
            "REDIS_URL": "memory://",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "LOG_LEVEL": "ERROR",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_grades_are_found_and_put_right_once(postgres_server: str) -> None:
    with (
        fresh_database(postgres_server) as ours,
        fresh_database(postgres_server) as theirs,
    ):
        done = told(STORY, ours, theirs)

    assert done.stdout == SAID, done.stderr[-2000:]


def test_what_was_found_before_is_kept(postgres_server: str) -> None:
    with fresh_database(postgres_server) as ours:
        done = told(BEFORE, ours, "sqlite:////nowhere/his.sqlite3")

    assert done.stdout == KEPT, done.stderr[-2000:]
