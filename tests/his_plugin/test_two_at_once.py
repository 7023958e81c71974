"""Two launches at the same moment, on a real PostgreSQL, in two processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.his_plugin.station import KEY

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
PREPARE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.cast import make_department, make_practitioner
make_practitioner("1188", "罗景文", department=make_department("0401", "肝胆胰外科"))
"""
# Both are ready before either begins; each says what became of its links.
OPEN = """
import sys, django; django.setup()
from django.test import Client
from tests.his_plugin.station import link, signed
client = Client()
client.get("/healthz")
print("ready", flush=True)
sys.stdin.readline()
nonce = sys.argv[1]
for number in range(10):
    print(client.get(link(signed(nonce=f"{nonce}{number:08x}"))).status_code, flush=True)
"""


def run(url: str, *words: str) -> subprocess.Popen[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": url,
        "REDIS_URL": "memory://",
        "LAUNCH_KEYS": f"YW={KEY}",
        "ALLOWED_HOSTS": "testserver",
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


def answers(url: str, nonces: list[str]) -> list[list[str]]:
    """What each of the processes was told, all beginning together."""
    processes = [run(url, OPEN, nonce) for nonce in nonces]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate(timeout=60)[0].split() for process in processes]


def counted(url: str, table: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


def test_first_launches_at_once_make_one_user_and_use_each_link_once(
    fresh_postgres: str,
) -> None:
    prepared = run(fresh_postgres, PREPARE)
    prepared.communicate(timeout=120)
    assert prepared.returncode == 0

    mine, others = answers(fresh_postgres, ["aaaaaaaa", "bbbbbbbb"])
    assert (mine, others) == (["302"] * 10, ["302"] * 10)
    assert counted(fresh_postgres, "accounts_user") == 1
    assert counted(fresh_postgres, "accounts_roleassignment") == 1

    first, second = answers(fresh_postgres, ["cccccccc", "cccccccc"])
    assert [sorted(pair) for pair in zip(first, second, strict=True)] == [
        ["302", "403"]
    ] * 10
    assert counted(fresh_postgres, "his_plugin_launchnonce") == 30
