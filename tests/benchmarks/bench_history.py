"""What history costs: many rows created, many changed, and single saves.

Ours copies the rows into their history by one ``INSERT … SELECT``; simple-history makes
a Python object of each. Without history is the measure, a trigger written by hand for
this table the limit. All four write the same rows on PostgreSQL and take turns in one
run; what each should have told is counted after every step.
"""

from __future__ import annotations

import resource
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.benchmarks.ledger_rows import set_up
from tests.benchmarks.result import Result
from tests.services import fresh_database, postgres_cluster

ROWS = {"small": 5_000, "full": 50_000}
SAVES = {"small": 300, "full": 1_000}
GOAL = 2.0
TURNS = 5
STEPS = ("create many", "change many", "save one")
TRIGGER = """
CREATE FUNCTION told_{kind}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO surgery_historicalprocedure ({columns}, history_date, history_type,
    history_change_reason) SELECT {columns}, now(), '{sign}', 'bench' FROM fresh;
  RETURN NULL;
END $$;
CREATE TRIGGER told_{kind} AFTER {kind} ON surgery_procedure
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION told_{kind}();
"""


@dataclass(frozen=True)
class Way:
    """One way of writing; ``tells`` whether a history row is expected of each row."""

    name: str
    create: Callable[[Sequence[Any]], Sequence[Any]]
    change: Callable[[Sequence[Any]], None]
    save: Callable[[Any], None]
    tells: bool = True
    has_trigger: bool = False


def made(count: int) -> list[Any]:
    from surgery.models import Procedure

    return [
        Procedure(
            code=f"99.{number:06}",
            name=f"腹腔镜下胆囊切除术 {number}",
            initials="fqjxdnqcs",
            category="1",
            grade=1 + number % 4,
            specialty="肝胆外科",
        )
        for number in range(count)
    ]


def ways() -> list[Way]:
    from django.db.models import QuerySet

    from surgery.models import Procedure

    def plain() -> QuerySet[Any]:
        return QuerySet(Procedure)

    def silent(row: Any) -> None:
        row.skip_history_when_saving = True
        row.save()

    def create_told(rows: Sequence[Any]) -> Sequence[Any]:
        written = plain().bulk_create(rows)
        Procedure.history.bulk_history_create(written, default_change_reason="bench")
        return written

    def change_told(rows: Sequence[Any]) -> None:
        plain().update(specialty="普外科")
        fresh = list(plain())  # it knows no query: the rows have to be read again
        Procedure.history.bulk_history_create(
            fresh, update=True, default_change_reason="bench"
        )

    def changed(rows: QuerySet[Any]) -> None:
        rows.update(specialty="普外科")

    def none(rows: Sequence[Any]) -> None:
        changed(plain())

    return [
        Way("without history", plain().bulk_create, none, silent, tells=False),
        Way(
            "ours",
            Procedure.objects.bulk_create,
            lambda _rows: changed(Procedure.objects.all()),
            lambda row: row.save(),
        ),
        Way("simple-history's own", create_told, change_told, lambda row: row.save()),
        Way(
            "limit: trigger by hand",
            plain().bulk_create,
            none,
            silent,
            has_trigger=True,
        ),
    ]


@contextmanager
def triggers(is_wanted: bool) -> Iterator[None]:
    from django.db import connection

    from surgery.models import Procedure

    if not is_wanted:
        yield
        return
    tracked = Procedure.history.model.tracked_fields
    columns = ", ".join(str(field.column) for field in tracked)
    with connection.cursor() as cursor:
        for kind, sign in (("INSERT", "+"), ("UPDATE", "~")):
            text = TRIGGER.format(kind=kind, sign=sign, columns=columns)
            cursor.execute(text)
        yield
        for kind in ("INSERT", "UPDATE"):
            cursor.execute(f"DROP FUNCTION told_{kind} CASCADE")


def empty() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE surgery_procedure, surgery_historicalprocedure "
            "RESTART IDENTITY CASCADE"
        )


def must_be_told(way: Way, expected: int) -> None:
    from surgery.models import Procedure

    found = Procedure.history.count()
    if found != (expected if way.tells else 0):
        raise RuntimeError(f"{way.name}: {found} history rows instead of {expected}")


def turn(way: Way, rows: int, saves: int) -> tuple[float, ...]:
    """Seconds of each step."""
    empty()
    with triggers(way.has_trigger):
        fresh = made(rows)
        begin = time.perf_counter()
        written = way.create(fresh)
        created = time.perf_counter()
        must_be_told(way, rows)
        changing = time.perf_counter()
        way.change(written)
        changed = time.perf_counter()
        must_be_told(way, 2 * rows)
        saving = time.perf_counter()
        for row in written[:saves]:
            row.grade = 4
            way.save(row)
        saved = time.perf_counter()
        must_be_told(way, 2 * rows + saves)
    return created - begin, changed - changing, saved - saving


def main(size: str) -> Result:
    rows, saves = ROWS[size], SAVES[size]
    seconds: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    with postgres_cluster(durable=True) as server, fresh_database(server) as url:
        set_up(url)
        from django.db import connections

        from portal.audit.acting import acting

        every = ways()
        with acting(by=None, reason="bench"):
            for number in range(TURNS + 1):
                for way in every:
                    taken = turn(way, rows, saves)
                    if number:
                        seconds[way.name].append(taken)
        connections.close_all()
    middle = {
        name: [median(step) for step in zip(*turns, strict=True)]
        for name, turns in seconds.items()
    }
    base = middle["without history"]
    ratios = {
        name: [mine / none for mine, none in zip(steps, base, strict=True)]
        for name, steps in middle.items()
    }
    counts = (rows, rows, saves)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Result(
        name="history",
        columns=(
            "µs a row (× without history)",
            *STEPS,
        ),
        rows=tuple(
            (
                way.name,
                *(
                    f"{1e6 * spent / count:.1f} ({ratio:.2f} ×)"
                    for spent, count, ratio in zip(
                        middle[way.name], counts, ratios[way.name], strict=True
                    )
                ),
            )
            for way in every
        ),
        figure=sum(middle["ours"][:2]) / sum(base[:2]),
        goal=GOAL,
        less_is_better=True,
        notes=(
            f"{rows:,} rows created and changed at once, {saves:,} saved singly; "
            f"PostgreSQL, fsync on; median of {TURNS} turns after one warm-up",
            "the figure is creating and changing many together; after every step its "
            "history rows were counted: none was missing",
            "simple-history sees no queryset.update(): its rows are read again first",
            f"peak memory of the process {peak:.0f} MB",
        ),
    )
