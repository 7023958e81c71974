"""What held on a day: ours, from events on two axes, against simple-history's ``as_of``.

Both read the same ledger on PostgreSQL and must find the same lines. simple-history
knows one axis, when a row was saved, so ours is asked for the day as known on that day;
the figure for "as known now" stands beside it. The limit is our own SQL fetched by bare
psycopg. The peers take turns in one run.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Any

import psycopg

from tests.benchmarks.ledger_rows import SIZES, counts, large_ledger
from tests.benchmarks.result import Result

GOAL = 3.0
DAY = datetime(2025, 6, 30, 0, 0, tzinfo=UTC)
TURNS = 5
PAGES = 200


@dataclass
class Timed:
    """Seconds of each turn, and what the last one found."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    found: set[int] = field(default_factory=set)

    def run(self, work: Callable[[], set[int]]) -> None:
        cpu, begin = time.process_time(), time.perf_counter()
        self.found = work()
        self.seconds.append(time.perf_counter() - begin)
        self.cpu.append(time.process_time() - cpu)

    @property
    def median(self) -> float:
        return median(self.seconds[1:])


def ours(known_at: datetime | None) -> set[int]:
    from permissions.queries.ledger import roster

    return {line.grant_id for line in list(roster(DAY, known_at))}


def peer_rows(day: datetime) -> Any:
    from django.db.models import Q

    from permissions.models import GrantState

    return (
        GrantState.history.as_of(day)
        .filter(status="ACTIVE", valid_from__lte=day)
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day))
    )


def peer() -> set[int]:
    """simple-history as its users use it: model instances."""
    return {state.grant_id for state in list(peer_rows(DAY))}


def limit(url: str) -> Callable[[], set[int]]:
    """Our SQL, prepared and fetched by psycopg alone."""
    from django.db import connection

    from permissions.queries.ledger import holding

    columns = ("practitioner_id", "privilege_id", "item_code", "setting", "pk")
    query = holding(DAY, DAY).values_list(*columns).query
    text, values = query.get_compiler(connection=connection).as_sql()
    link = psycopg.connect(url, autocommit=True, prepare_threshold=1)

    def fetch() -> set[int]:
        return {row[-1] for row in link.execute(text.encode(), values).fetchall()}

    return fetch


def pages() -> tuple[list[float], list[float]]:
    """One doctor's rights on the day, ready for the page, in ms: ours and the peer."""
    from permissions.queries.ledger import privileges_of
    from portal.directory.models import Practitioner

    mine, theirs = [], []
    for person in Practitioner.objects.order_by("pk")[:PAGES]:
        begin = time.perf_counter()
        grants = privileges_of(person, DAY, DAY)
        middle = time.perf_counter()
        rows = peer_rows(DAY).filter(practitioner_id=person.pk)
        states = list(rows.select_related("privilege", "grant"))
        end = time.perf_counter()
        if {one.pk for one in grants} != {one.grant_id for one in states}:
            raise RuntimeError(f"peer and ours differ for practitioner {person.pk}")
        mine.append((middle - begin) * 1000)
        theirs.append((end - middle) * 1000)
    return mine, theirs


def main(size: str) -> Result:
    """``small``: 1,000 doctors, 60,000 lines; ``full``: 5,000 and 300,000."""
    chosen = SIZES[size]
    then, now, history, bare = Timed(), Timed(), Timed(), Timed()
    with large_ledger(chosen) as url:
        rows = counts(url)
        fetch = limit(url)
        for _turn in range(TURNS + 1):
            then.run(lambda: ours(DAY))
            history.run(peer)
            bare.run(fetch)
            now.run(lambda: ours(None))
        if not then.found == history.found == bare.found:
            raise RuntimeError("peers found other lines")
        mine, theirs = pages()
    ratio = history.median / then.median
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    def row(name: str, timed: Timed) -> tuple[str, ...]:
        return (
            name,
            f"{timed.median:.3f}",
            f"{history.median / timed.median:.1f}",
            f"{median(timed.cpu[1:]):.3f}",
            f"{len(timed.found):,}",
        )

    return Result(
        name="asof",
        columns=("roster of one day", "seconds", "ratio", "CPU s", "lines"),
        rows=(
            row("simple-history as_of, as known then", history),
            row("ours, as known then", then),
            row("ours, as known now", now),
            row("limit: the same SQL by bare psycopg", bare),
        ),
        figure=ratio,
        goal=GOAL,
        notes=(
            f"{chosen.doctors:,} doctors; {rows['grant']:,} lines, "
            f"{rows['grantevent']:,} events, {rows['historicalgrantstate']:,} history "
            f"rows; PostgreSQL, fsync on; median of {TURNS} turns after one warm-up",
            "peer, limit and ours found the same lines; a tenth of the changes was "
            "recorded a week late, which the peer cannot tell",
            f"one doctor's page: ours median {median(mine):.1f} ms, p99 "
            f"{quantiles(mine, n=100)[98]:.1f} ms; simple-history median "
            f"{median(theirs):.1f} ms ({median(theirs) / median(mine):.1f} ×)",
            f"peak memory of the process {peak:.0f} MB",
        ),
    )
