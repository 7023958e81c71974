"""A committed suspension is refused by every worker from the next question on.

Four processes answer, one writes, on a real database: with the stamp in shared memory
as on one machine, and without it as on several.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 4
# Changes; each is asked about in every worker: 1,000 questions.
CHANGES = int(os.environ.get("FRESHNESS_CHANGES", "250"))

PREPARE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)

from django.utils import timezone
from permissions.importers import load_catalogue
from portal.accounts.capabilities import Role
from tests.cast import make_practitioner, make_user
from tests.permissions.ledger import granted, make_procedures
load_catalogue(); make_procedures()
lin, su = make_user("2031", "林", Role.OFFICER), make_user("2032", "苏", Role.OFFICER)
for number in range(20):
    doctor = make_practitioner(str(1100 + number), "医师")
    today = timezone.localdate()
    until = today.replace(year=today.year + 1)
    granted(lin, su, doctor, "SG03", item="51.2300", valid_from=today, valid_to=until)
"""
# Answers each line it is given: a staff number -> the code of the check.
WORKER = """
import sys, django; django.setup()
from django.utils import timezone
from permissions.checks.engine import check
from permissions.checks.question import surgeon
from permissions.snapshot import world_for
for line in sys.stdin:
    question = surgeon(line.strip(), ["51.2300"], timezone.now())
    print(check(question, world_for(question)).code.value, flush=True)
"""
# Suspends or restores on each line it is given, and says when it is committed.
WRITER = """
import sys, django; django.setup()
from django.utils import timezone
from permissions.models import GrantState
from permissions.services import restore, suspend
from portal.accounts.models import User
su = User.objects.get(staff_no="2032")
for line in sys.stdin:
    act, emp_no = line.split()
    state = GrantState.objects.get(practitioner__emp_no=emp_no)
    given = {"state": state, "by": su, "at": timezone.now(), "reason": "新鲜度测试"}
    if act == "suspend":
        suspend(**given, reason_code="08")
    else:
        restore(**given)
    print("committed", flush=True)
"""


class Program:
    """A process that answers a line for a line."""

    def __init__(self, code: str, env: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def ask(self, line: str) -> str:
        self.tell(line)
        return self.answer()

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def running(url: str, stamp: str) -> Iterator[tuple[Program, list[Program]]]:
    """The writer and the workers, on a database that is prepared."""
    env = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": url,
        "REDIS_URL": "memory://",
        "RIGHTS_STAMP": stamp,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "ERROR",
    }
    subprocess.run([sys.executable, "-c", PREPARE], cwd=ROOT, env=env, check=True)
    with ExitStack() as stack:
        programs = [Program(WRITER, env)]
        programs += [Program(WORKER, env) for _ in range(WORKERS)]
        for program in programs:
            stack.callback(program.end)
        yield programs[0], programs[1:]


def stale_answers(writer: Program, workers: list[Program]) -> tuple[int, int]:
    """Of all tries: answers that missed the last committed change; questions asked."""
    stale = asked = 0
    for number in range(CHANGES):
        act, code = (("suspend", "4"), ("restore", "0"))[number // 20 % 2]
        emp_no = str(1100 + number % 20)
        assert writer.ask(f"{act} {emp_no}") == "committed"
        for worker in workers:
            worker.tell(emp_no)
        answers = [worker.answer() for worker in workers]
        stale += sum(answer != code for answer in answers)
        asked += len(answers)
    return stale, asked


@pytest.mark.parametrize("stamped", [True, False], ids=["one machine", "several"])
def test_suspension_is_refused_by_every_worker_on_postgresql(
    stamped: bool, fresh_postgres: str, tmp_path: Path
) -> None:
    stamp = str(tmp_path / "stamp") if stamped else ""
    with running(fresh_postgres, stamp) as (writer, workers):
        assert stale_answers(writer, workers) == (0, CHANGES * WORKERS)


@pytest.mark.parametrize("stamped", [True, False], ids=["one machine", "several"])
def test_suspension_is_refused_by_every_worker_on_sqlite(
    stamped: bool, tmp_path: Path
) -> None:
    stamp = str(tmp_path / "stamp") if stamped else ""
    url = f"sqlite:///{tmp_path / 'portal.sqlite3'}"
    with running(url, stamp) as (writer, workers):
        assert stale_answers(writer, workers) == (0, CHANGES * WORKERS)
