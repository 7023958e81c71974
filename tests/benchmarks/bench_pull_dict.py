"""Two dictionaries pulled and compared, against a bare SELECT and fetch of their rows.

The HIS is PostgreSQL with 13,686 procedures and 5,000 doctors. The peer is psycopg: the
same columns of the same views, all rows fetched, nothing kept. Ours reads, compares,
checks, keeps a copy and writes the run down. Both take turns in one run.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import Any

import psycopg

from tests.benchmarks.result import Result
from tests.services import fresh_database, postgres_cluster

GOAL = 2.0
PROCEDURES, DOCTORS = 13_686, 5_000
VIEWS = ("V_YW_OP_DICT", "V_YW_DOCTOR")

# Codes padded as CHAR columns leave them, names of the length the catalogues have.
HIS = """
CREATE TABLE item AS SELECT
  9000 + n AS id,
  (to_char(n / 100 %% 90 + 1, 'FM00') || '.' || to_char(n, 'FM00000') || 'x00')::char(20)
    AS code,
  '腹腔镜下' || substr('肝叶胆囊胃肠部分切除伴淋巴结清扫术重建修补', n %% 8 + 1, 12)
    || n AS name,
  'FQJX' || n AS letters, (n %% 4 + 1)::text AS category, '肝胆' AS specialty,
  1 AS used, timestamp(0) '2026-11-01 08:30:00' AS modified
  FROM generate_series(1, {procedures}) AS n;
CREATE TABLE person AS SELECT
  to_char(n, 'FM000000')::char(10) AS no, 5000 + n AS id,
  substr('王李张刘陈杨黄赵吴周', n %% 10 + 1, 1) || '建' || n AS name, 'WJG' AS letters,
  (n %% 2 + 1)::text AS sex, to_char(n %% 30, 'FM0000')::char(10) AS dept,
  (231 + n %% 5)::text AS title, NULL::text AS post, '1104419' || n AS licence,
  date '2027-01-01' + n %% 1400 AS licensed_to, '01'::char(2) AS status,
  timestamp(0) '2026-11-01 08:30:00' AS modified
  FROM generate_series(1, {doctors}) AS n;
CREATE VIEW v_yw_op_dict AS SELECT id::varchar(32) AS his_item_id,
  code AS code_clinical, NULL::varchar(32) AS code_insurance, name, letters AS py,
  category, specialty, used::varchar(1) AS enabled, modified AS last_modified FROM item;
CREATE VIEW v_yw_doctor AS SELECT no AS emp_no, id::varchar(32) AS his_emp_id, name,
  letters AS py, sex, dept AS dept_code, '第' || trim(dept) || '科' AS dept_name,
  title AS title_code, post, licence AS prac_cert_no, licensed_to AS prac_valid_to,
  status, modified AS last_modified FROM person;
"""
# Five rows in a thousand change, in a place of their own each time.
TOUCH = """
UPDATE item SET specialty = 'S' || %(turn)s WHERE id %% 200 = %(turn)s;
UPDATE person SET post = 'P' || %(turn)s WHERE id %% 200 = %(turn)s;
"""


@contextmanager
def databases() -> Iterator[tuple[str, str]]:
    """Ours and the HIS', on one server with fsync on, as a hospital's would be."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres_cluster(durable=True))
        ours = stack.enter_context(fresh_database(server))
        his = stack.enter_context(fresh_database(server))
        script = HIS.format(procedures=PROCEDURES, doctors=DOCTORS).replace("%%", "%")
        with psycopg.connect(his, autocommit=True) as link:
            link.execute(script.encode())
            link.execute("VACUUM ANALYZE")
        yield ours, his


def set_up(ours: str, his: str) -> None:
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


def timed(work: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


class Bench:
    """One open link for the peer, the gateway's own for ours."""

    def __init__(self, his: str) -> None:
        from portal.directory.dictionaries import BY_VIEW
        from portal.his.opening import from_settings

        self.link = psycopg.connect(his, autocommit=True, prepare_threshold=1)
        self.gateway = from_settings()
        self.dictionaries = [BY_VIEW[name] for name in VIEWS]
        self.texts = [
            f"SELECT {', '.join(item.view.column_names)} FROM {item.name.lower()}"
            for item in self.dictionaries
        ]

    def bare(self) -> None:
        rows = sum(len(self.link.execute(text).fetchall()) for text in self.texts)
        if rows != PROCEDURES + DOCTORS:
            raise RuntimeError(f"{rows} rows fetched")

    def pull(self) -> list[Any]:
        from django.utils import timezone

        from portal.directory.sync import pull_all

        runs = pull_all(
            gateway=self.gateway, at=timezone.now(), dictionaries=self.dictionaries
        )
        read = sum(run.read for run in runs)
        if read != PROCEDURES + DOCTORS or not all(run.is_ok for run in runs):
            raise RuntimeError(str([(run.view, run.error, run.read) for run in runs]))
        return runs

    def unchanged(self) -> None:
        if any(run.added or run.changed or run.vanished for run in self.pull()):
            raise RuntimeError("something changed")

    def touched(self, turn: int) -> float:
        self.link.execute((TOUCH % {"turn": turn}).encode())
        self.link.execute("VACUUM")
        found = 0

        def pull() -> None:
            nonlocal found
            found = sum(run.changed for run in self.pull())

        seconds = timed(pull)
        if not 90 <= found <= 96:
            raise RuntimeError(f"{found} rows changed")
        return seconds

    def close(self) -> None:
        from django.db import connections

        self.link.close()
        self.gateway.close()
        connections.close_all()


def main(size: str) -> Result:
    """``small``: 15 turns; ``full``: 50. The sizes of the dictionaries are the same."""
    turns = {"small": 15, "full": 50}[size]
    with databases() as (ours, his):
        set_up(ours, his)
        bench = Bench(his)
        first = timed(bench.pull)
        for _warm_up in range(3):
            bench.bare()
            bench.unchanged()
        bare, unchanged = [], []
        for _turn in range(turns):
            bare.append(timed(bench.bare))
            unchanged.append(timed(bench.unchanged))
        touched = [bench.touched(turn) for turn in range(5)]
        bench.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    limit = min(bare)
    ratios = [a / b for a, b in zip(unchanged, bare, strict=True)]

    def row(name: str, slices: list[float]) -> tuple[str, ...]:
        best, middle = min(slices), median(slices)
        return (
            name,
            f"{best * 1000:.1f}",
            f"{middle * 1000:.1f}",
            f"{best / limit:.2f}",
            f"{middle / median(bare):.2f}",
        )

    return Result(
        name="pull-dict",
        columns=("two dictionaries", "best ms", "median ms", "ratio", "of medians"),
        rows=(
            row("bare SELECT and fetch, keeps nothing", bare),
            row("ours, nothing changed", unchanged),
            row("ours, 0.5 % of the rows changed", touched),
            row("ours, first pull", [first]),
        ),
        figure=min(unchanged) / limit,
        goal=GOAL,
        unit=" × bare",
        less_is_better=True,
        notes=(
            f"{PROCEDURES:,} procedures and {DOCTORS:,} doctors, {turns} turns after "
            "three to warm up; both databases on one PostgreSQL, fsync on",
            "the ratio is that of the best turns: a busy machine slows either by chance; "
            f"turn by turn the median is {median(ratios):.2f}",
            f"peak memory of the process {peak:.0f} MB",
        ),
    )
