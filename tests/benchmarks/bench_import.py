"""The whole clinical list by sheet, then grades by list, on SQLite and PostgreSQL.

Each is what a person waits for: upload, dry run with every row kept, writing with the
history of every row. ``PROCEDURES_TSV`` names a list of codes and names to import; the
peer writes the same rows of both tables with ``executemany`` and nothing else.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.result import Result
from tests.services import fresh_database, postgres_cluster

ENTRIES = {"small": 3_000, "full": 13_686}
GRADES = {"small": 1_000, "full": 4_000}
ALLOWED = {"SQLite": 60.0, "PostgreSQL": 30.0}
MOST_MEMORY = 400.0  # MB
IMPORTS = (
    ("clinical list", ("dry run", "write")),
    ("grades by list", ("grades dry run", "grades write")),
)


def turn(url: str, size: str) -> dict[str, Any]:
    path = os.environ.get("PROCEDURES_TSV")
    command = [sys.executable, "-m", "tests.benchmarks.import_run", url]
    sizes = [str(ENTRIES[size]), str(GRADES[size])]
    done = subprocess.run(
        [*command, *sizes, *([path] if path else [])],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(size: str) -> Result:
    found = {}
    with tempfile.TemporaryDirectory(prefix="yw-import-") as folder:
        found["SQLite"] = turn(f"sqlite:///{Path(folder) / 'portal.sqlite3'}", size)
    with postgres_cluster(durable=True) as server, fresh_database(server) as url:
        found["PostgreSQL"] = turn(url, size)
    share = ENTRIES[size] / ENTRIES["full"]
    rows, used = [], []
    for engine, told in found.items():
        allowed = ALLOWED[engine] * share
        for name, steps in IMPORTS:
            parts = [told["seconds"][step] for step in steps]
            used.append(sum(parts) / allowed)
            peer = f"{sum(parts) / told['peer']:.1f}" if name == IMPORTS[0][0] else "—"
            rows.append(
                (
                    f"{engine}: {name}",
                    *(f"{one:.1f}" for one in parts),
                    f"{sum(parts):.1f}",
                    f"{allowed:.1f}",
                    peer,
                    f"{told['peak']:.0f}",
                )
            )
        used.append(told["peak"] / MOST_MEMORY)
    entries = found["SQLite"]["entries"]
    undo = ", ".join(
        f"{engine} {told['seconds']['grades undo']:.1f} s"
        for engine, told in found.items()
    )
    bare = ", ".join(f"{engine} {told['peer']:.2f} s" for engine, told in found.items())
    return Result(
        name="import",
        columns=(
            "import by sheet",
            "dry run s",
            "write s",
            "together s",
            "allowed s",
            "× peer",
            "peak MB",
        ),
        rows=rows,
        figure=max(used),
        goal=1.0,
        less_is_better=True,
        unit=" of what is allowed",
        notes=(
            f"{entries:,} entries, then {GRADES[size]:,} grades, each with its history; "
            f"allowed for {ENTRIES['full']:,}: 60 s and 30 s, {MOST_MEMORY:.0f} MB of "
            "the whole process; PostgreSQL with fsync",
            f"peer, bare executemany of the same rows and history rows: {bare}",
            f"undo of the grades: {undo}",
        ),
    )
