"""One hospital of a chaos run: our portal as it is run there, its HIS, and the wires."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from portal.demo_his.proxy import Proxy
from tests.chaos import parts
from tests.chaos.faults import Fault
from tests.chaos.his_site import HisSite, cut_sessions, his_site
from tests.chaos.judge import Promised, Verdict, judge
from tests.chaos.plan import Change, Site, plan
from tests.contract.wire import Wire, wire_to
from tests.services import fresh_database, make_tables, program, wait_until

TIMEOUT_SECONDS = 2
LEASE_SECONDS = 8
# Further than a lease is long. A clock further ahead than a sweep may be old (60 s)
# would get no sweeps at all.
LARGEST_STEP_SECONDS = 25
FINAL = "state IN ('CONFIRMED', 'STOPPED')"


@dataclass(frozen=True)
class Task:
    """What one hospital has to get through."""

    name: str
    site: Site
    changes: int
    seed: int
    room: int  # nothing more is promised while so many are open
    pace: int  # changes promised at once, twice a second
    is_told_by_mllp: bool = False


@dataclass
class Hospital:
    task: Task
    database: str
    his: HisSite
    wire: Proxy
    env: dict[str, str]
    var: Path
    clock: parts.Clock
    mllp: Wire | None = None
    workers: list[parts.Service] = field(default_factory=list)
    beat: parts.Service | None = None

    @property
    def services(self) -> list[parts.Service]:
        return [*self.workers, *([self.beat] if self.beat else [])]

    def make_services(self) -> None:
        log = self.var / f"{self.task.name}-worker.log"
        clocks = (None, self.clock)
        self.workers = [parts.worker(self.env, log, clock) for clock in clocks]
        self.beat = parts.beat(self.env, self.var / f"{self.task.name}-beat.log")

    def office(self) -> parts.Service:
        """Promises everything and ends when nothing is open."""
        task = self.task
        words = (json.dumps(asdict(task.site)), task.changes, task.seed)
        arguments = (
            "-m",
            "tests.chaos.office",
            *map(str, (*words, task.room, task.pace)),
        )
        log = self.var / f"{task.name}-office.log"
        return parts.Service(arguments, self.env, log)

    def progress(self) -> tuple[int, int]:
        """Promised, and of them final."""
        query = f"SELECT count(*), count(*) FILTER (WHERE {FINAL}) FROM outbox_message"
        with psycopg.connect(self.database) as link:
            row = link.execute(query.encode()).fetchone()
        return (int(row[0]), int(row[1])) if row else (0, 0)

    # --- faults -------------------------------------------------------------------

    def faults(self) -> Iterator[Fault]:
        """Those of this hospital alone."""
        wire, sql = self.wire, f"{self.task.name} sql"
        yield self._worker_killed()
        yield Fault(
            "clock of a worker set",
            f"{self.task.name} clock",
            self._step,
            lambda: self.clock.set(0),
            6,
        )
        cut = Fault(
            "our database: connections cut",
            "ours",
            lambda _luck: cut_sessions(self.database),
        )
        yield cut
        yield Fault("HIS: connections cut", "his", lambda _luck: self.his.cut())
        yield Fault("HIS down", sql, lambda _luck: wire.go_down(), wire.come_back, 3)
        yield self._wire_fault("HIS slow", 4, delay_seconds=0.05)
        yield self._wire_fault(
            "HIS slower than its deadline", 5, delay_seconds=TIMEOUT_SECONDS + 0.5
        )
        yield self._wire_fault("answer lost after the commit", 2, loses_answers=True)
        yield self._wire_fault("HIS called twice", 3, doubles_calls=True)
        yield Fault(
            "HIS refuses",
            f"{self.task.name} dictionary",
            lambda _luck: self.his.refuse(True),
            lambda: self.his.refuse(False),
            2,
        )
        if self.mllp is not None:
            yield from mllp_faults(self.mllp)

    def _worker_killed(self) -> Fault:
        def kill(luck: random.Random) -> None:
            luck.choice(self.workers).kill()

        return Fault("worker killed", "worker", kill)

    def _step(self, luck: random.Random) -> None:
        self.clock.set(luck.randint(-LARGEST_STEP_SECONDS, LARGEST_STEP_SECONDS))

    def _wire_fault(self, name: str, longest: float, **values: float) -> Fault:
        wire = self.wire.faults
        well = {key: type(value)() for key, value in values.items()}
        return Fault(
            name,
            f"{self.task.name} sql",
            lambda _luck: wire.change(**values),
            lambda: wire.change(**well),
            longest,
        )

    # --- judgement ----------------------------------------------------------------

    def changes(self) -> dict[int, Change]:
        """All of the plan, by number."""
        task = self.task
        return {one.number: one for one in plan(task.site, task.changes, task.seed)}

    def verdict(self) -> Verdict:
        changes = self.changes()
        states = self._states()
        promised = [
            Promised(
                one.number,
                one.stream,
                one.line,
                one.takes_away,
                states.get(one.number, ""),
            )
            for one in changes.values()
        ]
        return judge(
            promised,
            self.his.effects(),
            self.his.refusals(),
            self.his.standing(changes),
        )

    def _states(self) -> dict[int, str]:
        with psycopg.connect(self.database) as link:
            rows = link.execute("SELECT subject, state FROM outbox_message")
            return {int(subject.split(":")[1]): state for subject, state in rows}

    def figures(self) -> dict[str, int]:
        """What the run saw, beside the verdict."""
        with psycopg.connect(self.database) as link:
            states = counted(link, "outbox_message", "state")
            tries = counted(link, "outbox_attempt", "outcome")
            acts = counted(link, "audit_auditevent", "kind")
        return {
            **{f"messages {name}": count for name, count in states.items()},
            **{f"tries {name}": count for name, count in tries.items()},
            "delivered again by people": acts.get("MESSAGE_RETRIED", 0),
            "calls the HIS knew already": self.his.repeats(),
        }


def counted(
    link: psycopg.Connection[Any], table: LiteralString, column: LiteralString
) -> dict[str, int]:
    """Rows by the value of a column."""
    query = f"SELECT {column}, count(*) FROM {table} GROUP BY 1 ORDER BY 1"
    return dict(link.execute(query).fetchall())


def mllp_faults(wire: Wire) -> Iterator[Fault]:
    def down(_luck: random.Random) -> None:
        wire.is_down = True
        wire.cut()

    def switch(name: str, attribute: str, value: float, longest: float) -> Fault:
        well = type(value)()
        return Fault(
            name,
            "mllp",
            lambda _luck: setattr(wire, attribute, value),
            lambda: setattr(wire, attribute, well),
            longest,
        )

    yield Fault("MLLP down", "mllp", down, lambda: setattr(wire, "is_down", False), 3)
    yield switch("MLLP slow", "delay_seconds", 0.05, 4)
    yield switch("MLLP mute", "is_mute", True, 4)
    yield switch("MLLP answer lost after the commit", "loses_answers", True, 2)
    yield switch("MLLP answers twice", "says_twice", True, 3)


@contextmanager
def hospital(
    task: Task,
    servers: tuple[str, str],
    template: str,
    broker_url: str,
    var: Path,
) -> Iterator[Hospital]:
    """Its databases on the two servers, ours from the template, and its HIS filled."""
    ours, theirs = servers
    with ExitStack() as stack:
        database = stack.enter_context(fresh_database(ours, template))
        his = his_site(stack.enter_context(fresh_database(theirs)), task.site)
        host, port, name = split(his.url)
        wire = Proxy((host, port))
        stack.callback(wire.close)
        env = {
            "DATABASE_URL": database,
            "HIS_DSN": f"postgresql+psycopg://yiwu@127.0.0.1:{wire.port}/{name}",
            "HIS_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
            "OUTBOX_LEASE_SECONDS": str(LEASE_SECONDS),
            "OUTBOX_LANES": "4",
            "REDIS_URL": broker_url,
            "VAR_DIR": str(var),
            "LOG_LEVEL": "WARNING",
        }
        mllp = None
        if task.is_told_by_mllp:
            mllp = stack.enter_context(mllp_wire(his.url, var))
            env["HIS_PUSH_DSN"] = f"mllp://127.0.0.1:{mllp.port}"
        clock = parts.Clock(var / f"{task.name}.clock")
        made = Hospital(task, database, his, wire, env, var, clock, mllp)
        made.make_services()
        yield made


@contextmanager
def mllp_wire(his_url: str, var: Path) -> Iterator[Wire]:
    """An integration engine as a program of its own, and the wire to it."""
    port_file, log = var / "engine.port", var / "engine.log"
    dsn = his_url.replace("postgresql:", "postgresql+psycopg:")
    with program(
        "-m",
        "tests.chaos.engine",
        dsn,
        str(port_file),
        env={"LOG_LEVEL": "ERROR"},
        log=log,
    ):
        wait_until(
            lambda: port_file.is_file() and bool(port_file.read_text()),
            seconds=60,
            what="the engine listens",
        )
        with wire_to("127.0.0.1", int(port_file.read_text())) as wire:
            yield wire


def split(url: str) -> tuple[str, int, str]:
    address, name = url.rsplit("/", 1)
    host, port = address.split("@")[1].split(":")
    return host, int(port), name


@contextmanager
def template_database(server: str) -> Iterator[str]:
    """The name of a database with the portal's tables and nothing in them."""
    with fresh_database(server) as url:
        make_tables({"DATABASE_URL": url})
        yield url.rsplit("/", 1)[1]
