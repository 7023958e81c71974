"""``make chaos``: everything goes wrong, at random, and nothing may be lost by it.

Two hospitals, each with two workers and a beat on real Celery: one tells its HIS by
functions on PostgreSQL, the other by HL7 v2 over MLLP. Ends with
``CHAOS faults=<n> changes=<n> lost=0 doubled=0 disordered=0``; the exit code is 1 when
one of the three is not 0.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.faults import Fault, Injector
from tests.chaos.hospital import Hospital, Task, hospital, template_database
from tests.chaos.judge import Verdict
from tests.chaos.parts import Broker, Service, tended
from tests.chaos.plan import Site
from tests.chaos.story import tell
from tests.services import postgres_cluster

TICK_SECONDS = 0.05
LOOK_SECONDS = 0.5
TELL_SECONDS = 10.0
MLLP_PACE = 5


@dataclass(frozen=True)
class Size:
    """``minutes`` bounds the run; what is open by then counts as lost."""

    by_sql: tuple[Site, int]
    by_mllp: tuple[Site, int]
    room: int
    pace: int  # slow enough that the faults come while there is something to do
    every: int  # changes from one fault to the next
    minutes: float


SIZES = {
    "small": Size(
        by_sql=(Site(refusable=50, changed=60, procedures=10, with_items=True), 1_200),
        by_mllp=(Site(refusable=10, changed=20), 200),
        room=300,
        pace=15,
        every=20,
        minutes=8,
    ),
    "medium": Size(
        by_sql=(
            Site(refusable=180, changed=220, procedures=50, with_items=True),
            9_700,
        ),
        by_mllp=(Site(refusable=5, changed=10), 300),
        room=1_500,
        pace=100,
        every=100,
        minutes=15,
    ),
    "full": Size(
        by_sql=(
            Site(refusable=1_800, changed=2_600, procedures=500, with_items=True),
            98_000,
        ),
        by_mllp=(Site(refusable=40, changed=60), 2_000),
        room=5_000,
        pace=1_000,
        every=500,
        minutes=40,
    ),
}


@dataclass
class Outcome:
    seed: int
    seconds: float
    faults: Counter[str]
    changes: int
    figures: dict[str, dict[str, int]]
    lost: int
    doubled: int
    disordered: int

    @property
    def is_well(self) -> bool:
        return not (self.lost or self.doubled or self.disordered)

    @property
    def last_line(self) -> str:
        return (
            f"CHAOS faults={self.faults.total()} changes={self.changes}"
            f" lost={self.lost} doubled={self.doubled} disordered={self.disordered}"
        )


def run(size: Size, seed: int, var: Path) -> Outcome:
    begin = time.monotonic()
    with ExitStack() as stack:
        ours = stack.enter_context(postgres_cluster(durable=True))
        theirs = stack.enter_context(postgres_cluster())
        broker = Broker()
        stack.callback(broker.stop)
        template = stack.enter_context(template_database(ours))
        tasks = [
            Task("sql", *size.by_sql, seed, size.room, size.pace),
            Task(
                "mllp",
                *size.by_mllp,
                seed + 1,
                size.room,
                MLLP_PACE,
                is_told_by_mllp=True,
            ),
        ]
        hospitals = [
            stack.enter_context(
                hospital(task, (ours, theirs), template, broker.numbered(number), var)
            )
            for number, task in enumerate(tasks)
        ]
        injector = Injector(
            [fault for one in hospitals for fault in one.faults()]
            + list(broker_faults(broker)),
            random.Random(seed),
            size.every,
        )
        end = begin + size.minutes * 60
        until_done(hospitals, injector, end)
        verdicts = [one.verdict() for one in hospitals]
        lost, doubled, disordered = (
            sum(found) for found in zip(*(one.figures for one in verdicts), strict=True)
        )
        for one, verdict in zip(hospitals, verdicts, strict=True):
            if not verdict.is_well:
                print(f"{one.task.name}: {told_short(verdict)}", flush=True)
                tell(one, verdict, var / f"{one.task.name}-story.txt")
        return Outcome(
            seed,
            time.monotonic() - begin,
            injector.counts,
            sum(one.task.changes for one in hospitals),
            {one.task.name: one.figures() for one in hospitals},
            lost,
            doubled,
            disordered,
        )


def told_short(verdict: Verdict) -> str:
    """The first few of each, to look them up."""
    doubled = sorted(verdict.doubled.elements())
    return ", ".join(
        f"{word} {sorted(found)[:20]}"
        for word, found in (
            ("lost", verdict.lost),
            ("doubled", doubled),
            ("disordered", verdict.disordered),
        )
    )


def broker_faults(broker: Broker) -> Sequence[Fault]:
    return (
        Fault("broker wiped", "broker", lambda _luck: broker.wipe()),
        Fault(
            "broker restarted", "broker", lambda _luck: broker.stop(), broker.start, 3
        ),
    )


def until_done(hospitals: Sequence[Hospital], injector: Injector, end: float) -> None:
    """Faults for as long as changes are promised, then calm until nothing is open."""
    offices = [one.office() for one in hospitals]
    services = [service for one in hospitals for service in one.services]
    total = sum(one.task.changes for one in hospitals)
    with tended(*services), tended(*offices):
        look_at = tell_at = 0.0
        promised = final = 0
        while any(office.is_running for office in offices):
            now = time.monotonic()
            for service in services:
                service.tend()
            if now >= look_at:
                look_at = now + LOOK_SECONDS
                promised, final = progress(hospitals)
            if final and not (promised == total and injector.has_done_all):
                injector.tick(now, final)
            else:
                injector.calm()
            if now >= tell_at:
                tell_at = now + TELL_SECONDS
                told = f"promised {promised}, final {final}"
                print(f"{told}, faults {injector.counts.total()}", flush=True)
            if now > end:
                print("the time is up", flush=True)
                return
            time.sleep(TICK_SECONDS)
        injector.calm()
        refuse_failed(offices)


def progress(hospitals: Sequence[Hospital]) -> tuple[int, int]:
    """Promised and final, of all hospitals together."""
    found = [one.progress() for one in hospitals]
    return sum(one[0] for one in found), sum(one[1] for one in found)


def refuse_failed(offices: Sequence[Service]) -> None:
    for office in offices:
        if office.exit_code:
            raise RuntimeError("the office ended with an error; see its log")


def report(outcome: Outcome) -> str:
    lines = [f"seed {outcome.seed}, {outcome.seconds:.0f} s", ""]
    lines += table(("fault", "times"), sorted(outcome.faults.items()))
    for name, figures in outcome.figures.items():
        lines += ["", *table((f"hospital: {name}", "number"), list(figures.items()))]
    lines += [
        "",
        *table(
            ("changes", "number"),
            [
                ("promised", outcome.changes),
                ("lost", outcome.lost),
                ("doubled", outcome.doubled),
                ("out of order", outcome.disordered),
            ],
        ),
    ]
    return "\n".join(lines)


def table(head: tuple[str, str], rows: Sequence[tuple[str, int]]) -> list[str]:
    width = max(len(head[0]), *(len(name) for name, _count in rows))
    return [
        f"| {head[0]:<{width}} | {head[1]:>7} |",
        f"|{'-' * (width + 2)}|{'-' * 8}:|",
        *(f"| {name:<{width}} | {count:>7,} |" for name, count in rows),
    ]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--size", choices=sorted(SIZES), default="small")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--keep", type=Path, help="directory for the logs")
    given = parser.parse_args(arguments)
    # Whoever ends the run ends all it has started.
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit("ended"))
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="yw-chaos-") as scratch:
        var = given.keep or Path(scratch)
        var.mkdir(parents=True, exist_ok=True)
        outcome = run(SIZES[given.size], given.seed, var)
    print(report(outcome))
    print(outcome.last_line)
    return 0 if outcome.is_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
