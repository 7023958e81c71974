"""The same act by two people, or two workers, at one moment, on a real PostgreSQL."""

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
from permissions.importers import load_catalogue
from permissions.models import CatalogueVersion, DraftEntry, Privilege
from permissions.services import catalogue
from portal.parameters.days import day_of
from tests.cast import make_user
from tests.permissions.catalogue_acts import approve, draft, submit, under_way

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

load_catalogue()
lin, su, head, member = (
    make_user(number, name)
    for number, name in (("1", "林"), ("2", "苏"), ("3", "何"), ("4", "周")))
at_once(
    lambda: draft(lin, "SD06", validity_months=6),
    lambda: draft(su, "SD07", validity_months=6))
print(CatalogueVersion.objects.filter(is_open=True).count(), DraftEntry.objects.count())
submit(lin)
version = under_way()
at_once(
    lambda: approve(head, version=version),
    lambda: approve(member, version=version))
print([(one.number, one.revisions.count())
    for one in CatalogueVersion.objects.order_by("number")])
draft(lin, "SD06", validity_months=9)
tomorrow = timezone.now() + timedelta(days=1)
submit(lin, effective_on=day_of(tomorrow))
approve(head)
at_once(*[lambda: catalogue.publish_due(at=tomorrow)] * 2)
print([(one.number, one.revisions.count())
    for one in CatalogueVersion.objects.order_by("number")])
print(Privilege.objects.get(code="SD06").validity_months)
"""


def test_two_at_once_make_one_draft_and_one_version(fresh_postgres: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": fresh_postgres,
        "REDIS_URL": "memory://",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "ERROR",
    }

    said = subprocess.check_output(
        [sys.executable, "-c", ACT], cwd=ROOT, env=environment, text=True, timeout=180
    )

    assert said.splitlines() == [
        "['done', 'done']",
        "1 2",
        "['VersionNotInThatState', 'done']",
        "[(1, 78), (2, 2)]",
        "['done', 'done']",
        "[(1, 78), (2, 2), (3, 1)]",
        "9",
    ]
