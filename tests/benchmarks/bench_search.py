"""The first page of a search in the whole catalogue, on SQLite and PostgreSQL.

Ours counts what is found and reads the twenty best of all 13,686 procedures, as a list
page does. The peer is a bare ``name LIKE '%…%' OR code LIKE '…%'`` by the same driver,
the first twenty by code: it knows no pinyin, no second word and no rank. Each engine is
a process of its own; ours and the peer take turns.

The codes and names are read from the file ``PROCEDURES_FILE`` names, else from beside
the project: ``../shared/data/procedures-icd9cm3.tsv``. They are not part of it.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from tests.benchmarks.result import Result
from tests.services import fresh_database, postgres_cluster

ROOT = Path(__file__).resolve().parents[2]
BESIDE = ROOT.parent / "shared" / "data" / "procedures-icd9cm3.tsv"
GOAL = 100.0
TURNS = {"small": 20, "full": 100}
PAGE = 20
# What is typed, and how it is looked for.
CASES = (
    ("whole code", "51.2300"),
    ("code begins", "51.2"),
    ("code inside", "2300"),
    ("name", "腹腔镜下胆囊切除术"),
    ("fragment", "胆囊"),
    ("in most names", "术"),
    ("initials", "fqjxdnqcs"),
    ("initials begin", "fqj"),
    ("one letter", "q"),
    ("full pinyin", "dannangqiechu"),
    ("two words", "fqj 胆囊"),
    ("three words", "51 切除 fq"),
    ("nothing found", "没有这项手术"),
)
Engine = dict[str, dict[str, Any]]


def procedures_file() -> Path:
    path = Path(os.environ.get("PROCEDURES_FILE", BESIDE))
    if not path.is_file():
        raise RuntimeError(f"no list of procedures at {path}: name it PROCEDURES_FILE")
    return path


def main(size: str) -> Result:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        server = stack.enter_context(postgres_cluster(durable=True))
        urls = {
            "SQLite": f"sqlite:///{folder}/portal.sqlite3",
            "PostgreSQL": stack.enter_context(fresh_database(server)),
        }
        measured = {name: engine(url, size) for name, url in urls.items()}
    rows, ratios = [], []
    for title, text in CASES:
        cells = [title, text]
        for found in measured.values():
            one = found[text]
            ratios.append(one["ours"][0] / one["peer"][0])
            middle, late = one["ours"]
            cells.append(f"{middle:.1f} / {late:.1f} ({ratios[-1]:.1f} ×)")
        rows.append((*cells, f"{one['count']:,}"))
    worst = max(one["ours"][1] for found in measured.values() for one in found.values())
    return Result(
        name="search",
        columns=(
            "median / p95 ms (× bare LIKE)",
            "typed",
            *measured,
            "found",
        ),
        rows=tuple(rows),
        figure=worst,
        goal=GOAL,
        unit=" ms",
        less_is_better=True,
        notes=(
            f"13,686 procedures; a page is the count and the best {PAGE}; "
            f"{TURNS[size]} turns after one warm-up",
            "the figure is the slowest p95 of all",
            f"median of the ratios {median(ratios):.1f}: the bare LIKE has no pinyin, "
            "no rank, and is not counted",
        ),
    )


def engine(url: str, size: str) -> Engine:
    """Milliseconds of each case on one database, measured in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", __spec__.name, url, size],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(run.stderr)
    found: Engine = json.loads(run.stdout.splitlines()[-1])
    return found


# --- in the process of one engine -----------------------------------------------------


def fill() -> None:
    from django.db import connection

    from portal.audit.acting import acting
    from surgery.models import Procedure

    with procedures_file().open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file, delimiter="\t"))
    with acting(by=None, reason="bench"):
        Procedure.objects.bulk_create(
            Procedure(code=line["code"], name=line["name"], category="1")
            for line in lines
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def ours(text: str) -> int:
    from surgery.models import Procedure
    from surgery.queries.search import found_by, search

    search(text, limit=PAGE, in_use=False)
    return int(Procedure.objects.filter(found_by(text)).count())


def peer(text: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, code, name, grade FROM surgery_procedure "
            "WHERE name LIKE %s OR code LIKE %s ORDER BY code LIMIT 20",
            [f"%{text}%", f"{text}%"],
        )
        cursor.fetchall()


def timed(work: Callable[[str], Any], text: str) -> float:
    begin = time.perf_counter()
    work(text)
    return (time.perf_counter() - begin) * 1000


def measure(turns: int) -> Engine:
    found: Engine = {}
    for _title, text in CASES:
        count = ours(text)
        peer(text)
        pairs = [(timed(ours, text), timed(peer, text)) for _turn in range(turns)]
        mine, theirs = zip(*pairs, strict=True)
        found[text] = {
            "ours": (median(mine), quantiles(mine, n=20)[-1]),
            "peer": (median(theirs), quantiles(theirs, n=20)[-1]),
            "count": count,
        }
    return found


if __name__ == "__main__":
    from tests.benchmarks.ledger_rows import set_up

    set_up(sys.argv[1])
    fill()
    sys.stdout.write(json.dumps(measure(TURNS[sys.argv[2]])) + "\n")
