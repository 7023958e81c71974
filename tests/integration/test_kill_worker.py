"""A real worker killed again and again loses nothing, doubles nothing, keeps order.

Our PostgreSQL, a HIS on another database, Redis and Celery as they run in a hospital;
only the lease is short, so that a dead worker is noticed within seconds.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from tests.contract.wire import Wire, wire_to
from tests.integration.witness_his import WitnessHis, witness_his
from tests.services import (
    fresh_database,
    kill_group,
    make_tables,
    program,
    wait_until,
)

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
DOCTORS = 50
CHANGES = 500
KILLS = 20
LEASE_SECONDS = 2
SECONDS_PER_CHANGE = 0.01
# All of them take longer than a task works at a stretch (``LONGEST_SECONDS``).
SLOW_SECONDS = 0.12

ENQUEUE = """
import sys, django
django.setup()
from datetime import date
from django.db import transaction
from django.utils import timezone
from portal.his.messages import PrivSave
from portal.outbox.services import enqueue
first, last, doctors = (int(word) for word in sys.argv[1:])
for number in range(first, last):
    emp_no = str(1001 + number % doctors)
    op = ("ADD", "UPDATE", "SUSPEND", "RESTORE")[number // doctors % 4]
    with transaction.atomic():
        enqueue(
            message=PrivSave(
                request_id="", op=op, emp_no=emp_no, priv_code="RX01", setting="ALL",
                item_code="", his_value=str(number), valid_from=date(2026, 12, 1),
                valid_to=date(2027, 11, 30), reason="测试", doc_no="",
                operator=str(number),
            ),
            subject=f"test:{number}",
            at=timezone.now(),
        )
"""


@dataclass
class Installation:
    """Our portal as a hospital runs it, and the HIS beside it."""

    env: dict[str, str]
    his: WitnessHis
    database: str
    redis_url: str
    var: Path

    def run(self, *arguments: str) -> None:
        subprocess.run(
            [sys.executable, *arguments],
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "portal.settings"} | self.env,
            cwd=ROOT,
            check=True,
        )

    def enqueue(self, first: int, last: int) -> None:
        self.run("-c", ENQUEUE, str(first), str(last), str(DOCTORS))

    @contextmanager
    def celery(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        log = self.var / "celery.log"
        with program(
            "-m", "celery", "-A", "portal.celery", *arguments, env=self.env, log=log
        ) as process:
            yield process

    def worker(self) -> Any:
        return self.celery(
            *("worker", "--queues", "push,default", "--concurrency", "2"),
            *("--loglevel", "WARNING", "--without-gossip", "--without-mingle"),
        )

    def beat(self) -> Any:
        schedule = str(self.var / "beat")
        return self.celery("beat", "--schedule", schedule, "--loglevel", "WARNING")

    def states(self) -> dict[str, int]:
        with psycopg.connect(self.database) as server:
            rows = server.execute(
                "SELECT state, count(*) FROM outbox_message GROUP BY state"
            )
            return dict(rows.fetchall())

    def confirmed(self) -> int:
        return self.states().get("CONFIRMED", 0)

    def claims(self) -> set[uuid.UUID]:
        """Under which tokens messages are being sent."""
        with psycopg.connect(self.database) as server:
            rows = server.execute(
                "SELECT claim FROM outbox_message WHERE state = 'SENDING'"
            )
            return {token for (token,) in rows.fetchall()}

    def await_new_claim(self, known: set[uuid.UUID]) -> set[uuid.UUID]:
        """Until the worker of now has messages in its hands, not only a dead one."""

        def is_so() -> bool:
            return bool(self.claims() - known)

        wait_until(is_so, seconds=120, what="messages are being sent")
        return known | self.claims()

    def tries_of(self, condition: str) -> int:
        with psycopg.connect(self.database) as server:
            query = f"SELECT count(*) FROM outbox_attempt WHERE {condition}"
            row = server.execute(query.encode()).fetchone()
            assert row is not None
            return int(row[0])

    def interrupted_tries(self) -> int:
        return self.tries_of("outcome = 'ANSWER_LOST' AND text = '送达中断，先回读'")

    def lost_answers(self) -> int:
        return self.tries_of("outcome = 'ANSWER_LOST' AND text = 'HIS 应答丢失'")

    def reasons(self) -> set[str]:
        with psycopg.connect(self.database) as server:
            rows = server.execute(
                "SELECT last_text FROM outbox_message"
                " WHERE state = 'WAITING' AND tries > 0"
            )
            return {text for (text,) in rows.fetchall()}

    def await_confirmed(self, count: int, seconds: float) -> None:
        def is_so() -> bool:
            return self.confirmed() >= count

        try:
            wait_until(is_so, seconds=seconds, what=f"{count} confirmed")
        except TimeoutError as late:
            tail = (self.var / "celery.log").read_text(errors="replace")[-3000:]
            raise AssertionError(f"{late}: {self.states()}\n{tail}") from late

    def assert_every_effect_once_and_in_order(self, count: int) -> None:
        assert self.states() == {"CONFIRMED": count}
        effects = self.his.effects()
        assert len(effects) == count
        assert sorted(change for _emp_no, change in effects) == list(range(count))
        of_doctor: dict[str, list[int]] = {}
        for emp_no, change in effects:
            of_doctor.setdefault(emp_no, []).append(change)
        disordered = [
            changes for changes in of_doctor.values() if changes != sorted(changes)
        ]
        assert disordered == []
        assert self.his.answered_requests() == count


@pytest.fixture
def installation(
    durable_postgres: str,
    durable_postgres_server: str,
    redis_server: str,
    tmp_path: Path,
) -> Iterator[Installation]:
    with fresh_database(durable_postgres_server) as his_database:
        his = witness_his(his_database, DOCTORS, SECONDS_PER_CHANGE)
        env = {
            "DATABASE_URL": durable_postgres,
            "HIS_DSN": his_database,
            "HIS_TIMEOUT_SECONDS": "2",
            "REDIS_URL": redis_server,
            "OUTBOX_LEASE_SECONDS": str(LEASE_SECONDS),
            "VAR_DIR": str(tmp_path),
            "LOG_LEVEL": "WARNING",
            # As the units have it: told to end, a worker gives back what it cannot end.
            "REMAP_SIGTERM": "SIGQUIT",
        }
        made = Installation(env, his, durable_postgres, redis_server, tmp_path)
        make_tables(made.env)
        yield made


@pytest.fixture
def wire(durable_postgres_server: str) -> Iterator[Wire]:
    """Stands between us and the HIS."""
    host, port = durable_postgres_server.split("@")[1].split("/")[0].split(":")
    with wire_to(host, int(port)) as wire:
        yield wire


@pytest.fixture
def far_installation(installation: Installation, wire: Wire) -> Installation:
    """Reaches the HIS through the wire."""
    head, tail = installation.his.dsn.split("@")
    dsn = f"{head}@127.0.0.1:{wire.port}/{tail.split('/')[1]}"
    return replace(installation, env=installation.env | {"HIS_DSN": dsn})


def test_worker_killed_twenty_times_loses_doubles_and_disorders_nothing(
    installation: Installation,
) -> None:
    luck = random.Random(20)
    known: set[uuid.UUID] = set()
    installation.enqueue(0, CHANGES)
    with installation.beat():
        for _kill in range(KILLS):
            with installation.worker() as worker:
                # Messages are in its hands: sent, half sent, or not yet sent.
                known = installation.await_new_claim(known)
                time.sleep(luck.uniform(0, 0.1))
                kill_group(worker)
        with installation.worker():
            installation.await_confirmed(CHANGES, 60)

    installation.assert_every_effect_once_and_in_order(CHANGES)
    assert installation.interrupted_tries() >= KILLS


def test_wiped_broker_loses_nothing(installation: Installation) -> None:
    with installation.beat(), installation.worker():
        for part in range(4):
            installation.enqueue(part * 25, (part + 1) * 25)
            with redis.Redis.from_url(installation.redis_url) as broker:
                broker.flushall()
        installation.await_confirmed(100, 30)

    installation.assert_every_effect_once_and_in_order(100)


def test_worker_told_to_end_loses_no_task_and_leaves_nothing_in_its_hands(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    # Nothing may be freed by a lease that ran out: what is in its hands it gives back.
    # What a lane has in hand takes a second or two: the task ends well within its time.
    patient = {
        "OUTBOX_LEASE_SECONDS": "600",
        "OUTBOX_LANES": "1",
        "HIS_TARGETS": "[his]\nbatch = 10\n",
    }
    installation = replace(installation, env=installation.env | patient)
    installation.his.takes(SLOW_SECONDS)
    installation.enqueue(0, CHANGES)
    with installation.worker() as worker:
        installation.await_new_claim(set())
        told_at = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=60) == 0
    took, confirmed = time.monotonic() - told_at, installation.confirmed()
    assert installation.claims() == set()
    assert 0 < confirmed < CHANGES
    assert installation.states() == {
        "CONFIRMED": confirmed,
        "WAITING": CHANGES - confirmed,
    }
    with redis.Redis.from_url(installation.redis_url) as broker:
        assert broker.hlen("unacked") == 0
    installation.his.takes(SECONDS_PER_CHANGE)
    with installation.beat(), installation.worker():
        installation.await_confirmed(CHANGES, 60)

    installation.assert_every_effect_once_and_in_order(CHANGES)
    assert installation.interrupted_tries() == 0
    with capsys.disabled():
        print(
            f"\nsoft shutdown: {took:.1f} s, {confirmed} of {CHANGES} changes"
            " confirmed by then, the others by the next worker; 0 lost, 0 doubled"
        )


def test_his_that_is_down_is_waited_for_with_the_reason(
    far_installation: Installation, wire: Wire
) -> None:
    through = far_installation
    wire.is_down = True
    with through.beat(), through.worker():
        through.enqueue(0, 10)
        wait_until(lambda: through.reasons() != set(), what="a reason is shown")
        # After several tries in a row the breaker answers for the HIS.
        assert through.reasons() <= {
            "HIS 未应答：连接不上",
            "HIS 未应答：连续失败，稍候再试",
        }
        assert through.his.effects() == []
        wire.is_down = False
        through.await_confirmed(10, 40)

    through.assert_every_effect_once_and_in_order(10)


def test_answers_lost_under_way_are_read_back(
    far_installation: Installation, wire: Wire
) -> None:
    through = far_installation
    with through.beat(), through.worker():
        through.enqueue(0, 30)
        through.await_confirmed(1, 30)
        wire.loses_answers = True
        through.enqueue(30, 60)
        wait_until(lambda: through.lost_answers() > 0, what="an answer was lost")
        wire.loses_answers = False
        through.await_confirmed(60, 40)

    through.assert_every_effect_once_and_in_order(60)
