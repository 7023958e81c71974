"""Approved changes to the HIS: ours, with outbox and proof, against a bare loop.

Both write the same batch into the same HIS on PostgreSQL, one call and one read-back
per change. The peer is a loop over psycopg that calls ``yw_priv_save`` and selects the
row again; it keeps nothing. Ours claims, sends, reads back, compares and keeps every
attempt and answer. Both take turns in short slices of one run.

The same once more in batches, by the intermediate table of a HIS that acts by a trigger:
the peer puts 500 rows in, looks at them and reads 500 lines back, by a statement each. A
slice is eight batches in a row for both, so that neither is measured while it starts.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from statistics import median, quantiles
from typing import Any

import psycopg

from portal.his.ddl.engines import ENGINES
from portal.his.ddl.requests import requests_script
from tests.benchmarks.result import Result
from tests.contract.peers import small_postgresql
from tests.services import fresh_database, postgres_cluster

GOAL = 0.8
DOCTORS = 500
DOCTORS_AT_ONCE = 4_000  # one change of each makes a slice
CALL = (
    "SELECT code, message, his_row_id FROM yw_priv_save(%s, %s, %s, %s, %s, %s, %s,"
    " %s, %s, %s, %s, %s)"
)
READ = (
    "SELECT his_value, valid_to, status FROM v_yw_doctor_priv WHERE emp_no = %s"
    " AND priv_code = %s AND setting = %s AND item_code = %s AND valid_from = %s"
)
BATCH = 500
REQUESTS = """
CREATE FUNCTION act_at_once() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  SELECT a.code, a.message, a.his_row_id INTO NEW.code, NEW.message, NEW.his_row_id
    FROM yw_priv_save(NEW.request_id, NEW.op, NEW.emp_no, NEW.priv_code, NEW.setting,
      NEW.item_code, NEW.his_value, NEW.valid_from, NEW.valid_to, NEW.reason,
      NEW.doc_no, NEW.operator) a;
  NEW.state := CASE NEW.code WHEN '0' THEN '1' ELSE '2' END;
  RETURN NEW;
END $$;
CREATE TRIGGER at_once BEFORE INSERT ON yw_priv_save_req
  FOR EACH ROW EXECUTE FUNCTION act_at_once();
"""
PUT = (
    "INSERT INTO yw_priv_save_req (request_id, op, emp_no, priv_code, setting,"
    " item_code, his_value, valid_from, valid_to, reason, doc_no, operator, sent_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now())"
)
LOOK = (
    "SELECT count(*) FROM yw_priv_save_req WHERE request_id = ANY(%s) AND state = '1'"
)
READ_ALL = (
    "SELECT v.his_value, v.valid_to, v.status FROM v_yw_doctor_priv v JOIN unnest("
    "%s::text[], %s::text[], %s::text[], %s::text[], %s::date[]) k(e, p, s, i, f)"
    " ON v.emp_no = k.e AND v.priv_code = k.p AND v.setting = k.s"
    " AND v.item_code = k.i AND v.valid_from = k.f"
)
PERSONS = """
INSERT INTO person
  SELECT number::text, 'H' || number, 'D', 'd', '1', '0401', '普外科', '233',
    NULL, NULL, NULL, '01', now(), NULL
  FROM generate_series(1001, 1000 + %s) AS number
"""


@dataclass(frozen=True)
class Slice:
    """What one slice of the run took."""

    seconds: float
    cpu_seconds: float

    def per_second(self, count: int) -> float:
        return count / self.seconds

    def cpu_us(self, count: int) -> float:
        return self.cpu_seconds / count * 1e6


def measured(work: Callable[[], None]) -> Slice:
    cpu, begin = time.process_time(), time.perf_counter()
    work()
    return Slice(time.perf_counter() - begin, time.process_time() - cpu)


@contextmanager
def databases() -> Iterator[tuple[str, str]]:
    """Ours and the HIS', on one server with fsync on, as a hospital's would be."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres_cluster(durable=True))
        ours = stack.enter_context(fresh_database(server))
        his = stack.enter_context(fresh_database(server))
        small_postgresql(his)
        with psycopg.connect(his) as link:
            link.execute((PERSONS % max(DOCTORS, DOCTORS_AT_ONCE)).encode())
            link.execute(
                requests_script(ENGINES["postgresql"], "CURRENT_USER").encode()
            )
            link.execute(REQUESTS.encode())
        yield ours, his


def set_up(ours: str, his: str) -> None:
    """Our portal on these databases, its tables made; no broker is rung."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="portal.settings",
        DATABASE_URL=ours,
        HIS_DSN=his,
        REDIS_URL="memory://",
        LOG_LEVEL="ERROR",
    )
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from portal.celery import settle_memory

    settle_memory()  # as each process of a worker does


def call_number(number: int, doctors: int = DOCTORS) -> Any:
    from portal.his.messages import PrivSave

    return PrivSave(
        request_id="",
        op="ADD",
        emp_no=str(1001 + number % doctors),
        priv_code="RX01",
        setting="ALL",
        item_code=f"{doctors}.{number // doctors}",
        his_value="1",
        valid_from=date(2026, 12, 1),
        valid_to=date(2027, 11, 30),
        reason="年度授权",
        doc_no="医务〔2026〕12号",
        operator="2031",
    )


class Peer:
    """The bare loop: one connection, prepared statements, autocommit, no memory."""

    def __init__(self, his: str) -> None:
        self._link = psycopg.connect(his, autocommit=True, prepare_threshold=1)
        self._next = 0

    def push(self, calls: list[Any]) -> None:
        for call in calls:
            answer: Any = self._link.execute(CALL, self._values(call)).fetchone()
            key = (call.emp_no, call.priv_code, call.setting, call.item_code)
            row: Any = self._link.execute(READ, (*key, call.valid_from)).fetchone()
            if answer[0] != "0" or row != (call.his_value, call.valid_to, "1"):
                raise RuntimeError(f"peer: {answer} {row}")

    def push_at_once(self, calls: list[Any]) -> None:
        for start in range(0, len(calls), BATCH):
            self._push_batch(calls[start : start + BATCH])

    def _push_batch(self, calls: list[Any]) -> None:
        rows = [self._values(call) for call in calls]
        with self._link.cursor() as cursor:
            cursor.executemany(PUT, rows)
        done: Any = self._link.execute(LOOK, ([row[0] for row in rows],)).fetchone()
        keys = [
            (c.emp_no, c.priv_code, c.setting, c.item_code, c.valid_from) for c in calls
        ]
        shown = self._link.execute(
            READ_ALL, [list(each) for each in zip(*keys, strict=True)]
        ).fetchall()
        wanted = [(call.his_value, call.valid_to, "1") for call in calls]
        if done[0] != len(calls) or sorted(shown) != sorted(wanted):
            raise RuntimeError(f"peer: {done} {len(shown)}")

    def _values(self, call: Any) -> tuple[Any, ...]:
        self._next += 1
        values: tuple[Any, ...]
        values = (f"peer-{self._next}", call.op, call.emp_no, call.priv_code)
        values += (call.setting, call.item_code, call.his_value, call.valid_from)
        return (*values, call.valid_to, call.reason, call.doc_no, call.operator)

    def close(self) -> None:
        self._link.close()


def enqueue_all(calls: list[Any]) -> None:
    from django.db import transaction
    from django.utils import timezone

    from portal.outbox.services import enqueue

    with transaction.atomic():
        for number, call in enumerate(calls):
            enqueue(
                message=call,
                subject=f"bench:{number}",
                at=timezone.now(),
            )


def promise_all(calls: list[Any]) -> None:
    """As an act upon thousands does."""
    from django.utils import timezone

    from portal.outbox import services

    promises = [services.Promise(call, "bench:at-once") for call in calls]
    services.enqueue_all(promises, at=timezone.now())


def drain() -> None:
    """The worker's own code, until nothing is due."""
    from portal.his.opening import from_settings
    from portal.outbox.delivery import deliver_due

    gateway = from_settings()
    while deliver_due(gateway=gateway).is_cut:
        pass


def drain_at_once(his: str) -> None:
    """The same for a HIS told by its intermediate table."""
    from portal.his.opening import open_target
    from portal.outbox.delivery import deliver_due

    gateway = open_target(f"table+{his}", his, 10.0)
    while deliver_due(gateway=gateway, batch=BATCH).is_cut:
        pass


def confirmed() -> int:
    from portal.outbox.models import Message

    return Message.objects.filter(state="CONFIRMED", attempts__code="0").count()


def latencies(count: int) -> list[float]:
    """From the act's commit to the proof, one change at a time, nothing else to do."""
    found = []
    for number in range(count):
        call = call_number(10_000_000 + number)
        begin = time.perf_counter()
        enqueue_all([call])
        drain()
        found.append((time.perf_counter() - begin) * 1000)
    return found


@dataclass
class Run:
    """All slices of one benchmark run."""

    size: int
    peer: list[Slice]
    enqueued: list[Slice]
    drained: list[Slice]
    peer_at_once: list[Slice]
    drained_at_once: list[Slice]
    latency_ms: list[float]
    confirmed: int

    @property
    def slices(self) -> tuple[list[Slice], ...]:
        both = (self.peer_at_once, self.drained_at_once)
        return (self.peer, self.enqueued, self.drained, *both)


def measure(size: int, slices: int, parts: int) -> Run:
    """Each slice is measured in ``parts`` that take turns with the peer's."""
    run = Run(size, [], [], [], [], [], [], 0)
    with databases() as (ours, his):
        set_up(ours, his)
        peer = Peer(his)
        first = more = 0
        each = DOCTORS_AT_ONCE
        for turn in range(slices + 1):
            begin = len(run.peer)
            for _part in range(parts):
                calls = [call_number(first + n) for n in range(size // parts)]
                first += len(calls)
                run.enqueued.append(measured(lambda todo=calls: enqueue_all(todo)))  # type: ignore[misc]
                run.peer.append(measured(lambda todo=calls: peer.push(todo)))  # type: ignore[misc]
                run.drained.append(measured(drain))
            calls = [call_number(more + n, DOCTORS_AT_ONCE) for n in range(each)]
            more += len(calls)
            promise_all(calls)
            at_once = partial(peer.push_at_once, calls)
            run.peer_at_once.append(measured(at_once))
            run.drained_at_once.append(measured(lambda: drain_at_once(his)))
            if turn == 0:  # links, plans and caches are made: not counted
                for kept in run.slices:
                    kept.clear()
            elif len(run.peer) - begin != parts:
                raise RuntimeError("a slice is missing")
        run.confirmed = confirmed()
        if run.confirmed != first + more:
            raise RuntimeError(f"{run.confirmed} of {first + more} confirmed")
        run.latency_ms = latencies(200)
        peer.close()
        from django.db import connections

        from portal.his.opening import from_settings

        from_settings().close()
        from portal.his.opening import open_target

        open_target(f"table+{his}", his, 10.0).close()
        connections.close_all()
    return run


def main(size: str) -> Result:
    """``small``: 2,000 changes five times; ``full``: 20,000 five times."""
    changes = {"small": 2_000, "full": 20_000}[size]
    parts = changes // 500
    run = measure(changes, 5, parts)
    each = changes // parts

    def rate(slices: list[Slice], count: int = each) -> float:
        return median(item.per_second(count) for item in slices)

    def against(peers: list[Slice], ours: list[Slice]) -> list[float]:
        pairs = zip(peers, ours, strict=True)
        return [peer.seconds / mine.seconds for peer, mine in pairs]

    ratios = against(run.peer, run.drained)
    at_once = median(against(run.peer_at_once, run.drained_at_once))
    whole = [
        peer.seconds / (ours.seconds + promised.seconds)
        for peer, ours, promised in zip(
            run.peer, run.drained, run.enqueued, strict=True
        )
    ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    p99 = quantiles(run.latency_ms, n=100)[98]

    def row(
        name: str, slices: list[Slice], ratio: float, count: int = each
    ) -> tuple[str, ...]:
        cpu = median(item.cpu_us(count) for item in slices)
        return (name, f"{rate(slices, count):,.0f}", f"{ratio:.2f}", f"{cpu:,.0f}")

    return Result(
        name="push",
        columns=(
            "one call and one read-back per change",
            "changes/s",
            "ratio",
            "CPU µs",
        ),
        rows=(
            row("bare psycopg loop, keeps nothing", run.peer, 1.0),
            row("ours: outbox, order, attempts, proof", run.drained, median(ratios)),
            (
                "ours, promising included",
                f"{rate(run.peer) * median(whole):,.0f}",
                f"{median(whole):.2f}",
                "",
            ),
            row("promising alone (inside the act)", run.enqueued, 0),
            row(
                f"bare loop, {BATCH} rows of a table at once",
                run.peer_at_once,
                1.0,
                DOCTORS_AT_ONCE,
            ),
            row("ours, the same table", run.drained_at_once, at_once, DOCTORS_AT_ONCE),
        ),
        figure=median(ratios),
        goal=GOAL,
        notes=(
            f"{changes:,} changes on {DOCTORS} doctors, 5 times after one warm-up, in "
            f"slices of {each} taking turns; both databases on one PostgreSQL, fsync on; "
            "one worker",
            f"approve → confirmed when idle: median {median(run.latency_ms):.1f} ms, "
            f"p99 {p99:.1f} ms (goals 20 and 100), without the wake-up by the broker",
            f"in batches by the intermediate table {at_once:.2f} of the bare loop (goal "
            f"0.8): {DOCTORS_AT_ONCE:,} changes of as many doctors in batches of {BATCH}, "
            "5 times, taking turns",
            f"peak memory of the process {peak:.0f} MB",
        ),
    )
