"""``make bench [BENCH=push] [SIZE=full]``: measure, print, keep in docs/benchmarks.md.

A benchmark is ``tests/benchmarks/bench_<name>.py`` (``-`` written as ``_``) with ``main(size) -> Result``, where
size is ``small`` (minutes) or ``full``. It sets up what it measures by itself and
raises when it cannot. The exit code is 1 only then, never because a goal is missed.
"""

from __future__ import annotations

import argparse
import platform
import re
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from unicodedata import east_asian_width

from tests.benchmarks.result import Result

HERE = Path(__file__).resolve().parent
DOCUMENT = HERE.parents[1] / "docs" / "benchmarks.md"
PREFACE = """# Benchmarks

Measured by `make bench` (small) or `make bench BENCH=name SIZE=full`; the newest run of each stands here.
On a small shared machine an absolute time means little, the ratio within one run is what counts.
"""


def all_names() -> list[str]:
    stems = (path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    return sorted(stem.replace("_", "-") for stem in stems)


def module_of(name: str) -> str:
    return f"tests.benchmarks.bench_{name.replace('-', '_')}"


def table(result: Result) -> list[str]:
    """The table as Markdown, padded so that it reads in a terminal too."""
    lines = [list(result.columns), *[list(row) for row in result.rows]]
    widths = [
        max(width(cell) for cell in column) for column in zip(*lines, strict=True)
    ]
    head, *body = ["| " + " | ".join(_padded(line, widths)) + " |" for line in lines]
    rule = "|" + "|".join("-" * (size + 2) for size in widths) + "|"
    return [head, rule, *body]


def _padded(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell + " " * (size - width(cell))
        for cell, size in zip(cells, widths, strict=True)
    ]


def width(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def report(result: Result, size: str) -> list[str]:
    return [
        *table(result),
        "",
        *[f"- {note}" for note in result.notes],
        *([""] if result.notes else []),
        f"`{result.last_line}` · {size} · Python {platform.python_version()} · "
        f"{datetime.now(UTC):%Y-%m-%d}",
    ]


def keep(result: Result, size: str, document: Path = DOCUMENT) -> None:
    """Replace this benchmark's section of the document, or append it."""
    text = document.read_text(encoding="utf-8") if document.exists() else PREFACE
    section = f"## {result.name}, {size}"
    body = "\n".join([section, "", *report(result, size), ""])
    found = re.compile(
        rf"^{re.escape(section)}$.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE
    )
    if found.search(text):
        text = found.sub(lambda _match: body + "\n", text)
    else:
        text = f"{text.rstrip()}\n\n{body}"
    document.write_text(text.rstrip() + "\n", encoding="utf-8")


def measure(name: str, size: str) -> bool:
    """Run one; False when it could not run."""
    print(f"# {name} ({size})", flush=True)
    try:
        result: Result = import_module(module_of(name)).main(size)
    except Exception:  # noqa: BLE001  # whatever it was: said, and the others go on
        traceback.print_exc()
        return False
    keep(result, size)
    print("\n".join([*table(result), "", *[f"- {note}" for note in result.notes]]))
    print(result.last_line, flush=True)
    return True


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("name", nargs="?")
    parser.add_argument("--size", choices=["small", "full"], default="small")
    options = parser.parse_args(arguments)
    known = all_names()
    if options.name and options.name not in known:
        print(f"no benchmark {options.name!r}: {' '.join(known)}", file=sys.stderr)
        return 1
    names = [options.name] if options.name else known
    failed = [name for name in names if not measure(name, options.size)]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
