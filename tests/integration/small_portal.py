"""A small portal with real Celery: our database and the HIS are SQLite files.

For tests of brokers and beats, which need a worker that really delivers, and quickly.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from sqlite3 import connect

from tests.contract.peers import small_sqlite
from tests.services import make_tables, program, wait_until

# Promises one change for each number it reads, and says how long that took.
OFFICE = """
import sys, time, django
django.setup()
from datetime import date
from django.utils import timezone
from portal.his.messages import PrivSave
from portal.outbox.services import enqueue
for line in sys.stdin:
    begin = time.monotonic()
    enqueue(
        message=PrivSave(
            request_id="", op="ADD", emp_no="001027", priv_code="RX01", setting="ALL",
            item_code="", his_value=line.strip(), valid_from=date(2026, 12, 1),
            valid_to=None, reason="测试", doc_no="", operator="2031",
        ),
        subject=f"test:{line.strip()}",
        at=timezone.now(),
    )
    print(time.monotonic() - begin, flush=True)
"""


Process = subprocess.Popen[bytes]


@dataclass(frozen=True)
class Office:
    process: subprocess.Popen[str]

    def promise(self, number: int) -> float:
        """One change; the seconds somebody waited for it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{number}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


@dataclass(frozen=True)
class SmallPortal:
    env: dict[str, str]
    database: Path
    var: Path

    def on(self, broker_url: str, **env: str) -> SmallPortal:
        """The same with this broker."""
        return replace(self, env=self.env | {"BROKER_URL": broker_url} | env)

    def celery(self, *words: str, name: str) -> AbstractContextManager[Process]:
        how = ("-m", "celery", "-A", "portal.celery", *words)
        return program(*how, env=self.env, log=self.var / f"{name}.log")

    def worker(self) -> AbstractContextManager[Process]:
        how = ("--queues", "push", "--concurrency", "1", "--loglevel", "WARNING")
        return self.celery(
            *("worker", *how, "--without-gossip", "--without-mingle"), name="worker"
        )

    def beat(self, name: str = "beat") -> AbstractContextManager[Process]:
        where = ("--schedule", str(self.var / f"{name}.schedule"), "--pidfile=")
        return self.celery("beat", *where, "--loglevel", "INFO", name=name)

    @contextmanager
    def office(self) -> Iterator[Office]:
        """Somebody at a page, as a process of its own."""
        with subprocess.Popen(
            [sys.executable, "-c", OFFICE],
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "portal.settings"} | self.env,
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            yield Office(process)
            process.communicate()

    def await_confirmed(self, number: int, seconds: float) -> None:
        wait_until(
            lambda: self.state_of(number) == "CONFIRMED",
            seconds=seconds,
            what=f"change {number} confirmed",
        )

    def state_of(self, number: int) -> str:
        query = "SELECT state FROM outbox_message WHERE subject = ?"
        with closing(connect(self.database, timeout=20)) as link:
            row = link.execute(query, (f"test:{number}",)).fetchone()
        return str(row[0]) if row else ""


def small_portal(var: Path) -> SmallPortal:
    """With its tables made; no broker yet."""
    database = var / "portal.sqlite3"
    env = {
        "DATABASE_URL": f"sqlite:///{database}",
        "HIS_DSN": small_sqlite(var / "his.sqlite3").dsn,
        "VAR_DIR": str(var),
        "LOG_LEVEL": "INFO",
    }
    make_tables(env | {"BROKER_URL": "memory://"})
    return SmallPortal(env, database, var)
