"""权限维护 on a real PostgreSQL: every order and filter finds its page by an index."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
# The index each case must walk; all others may choose among several.
BY_INDEX = {
    "newest": "permissions_state_newest",
    "by end": "permissions_state_by_end",
    "by end, turned": "permissions_state_by_end",
    "by privilege": "permissions_state_by_what",
    "role": "permissions_state_role",
    "kind": "permissions_state_kind",
    "setting": "permissions_state_setting",
    "to begin": "permissions_state_begins",
    "HIS not the same": "outbox_message_unproven",
}
LEAVERS = """
import django; django.setup()
from django.utils import timezone
from portal.directory.queries import search_practitioners
from tests.cast import make_practitioner
for number, gone in (("1", timezone.now()), ("2", None), ("3", timezone.now())):
    make_practitioner(number, "王若谷", missing_since=gone)
print([one.emp_no for one in search_practitioners("王若谷")])
"""


def run(url: str, *words: str) -> str:
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "REDIS_URL": "memory://",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, *words],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_every_order_and_filter_finds_its_page_by_an_index(fresh_postgres: str) -> None:
    told = run(fresh_postgres, "-m", "tests.permissions.list_plans", fresh_postgres)
    plans = dict(json.loads(line) for line in told.splitlines() if line[:1] == "[")
    assert len(plans) == 15
    read_whole = [n for n, p in plans.items() if "Seq Scan permissions_grantstate" in p]
    assert read_whole == []
    walked = {n: f"Index {index}" in plans[n] for n, index in BY_INDEX.items()}
    assert walked == dict.fromkeys(BY_INDEX, True), plans


def test_leavers_are_found_last(fresh_postgres: str) -> None:
    prepare = "import django; django.setup(); from django.core.management import "
    run(fresh_postgres, "-c", f"{prepare}call_command as c; c('migrate', verbosity=0)")
    assert run(fresh_postgres, "-c", LEAVERS).strip() == "['2', '1', '3']"
