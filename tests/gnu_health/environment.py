"""GNU Health in an environment of its own: installed, initialised, filled.

On the other side: a hospital system nobody here wrote (GPL, so no part of it is ours).
It is installed from the package registry into pytest's cache, once for each list of
versions; of its initialised database a dump is kept beside it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.services import PartMissing, postgres_bin

HERE = Path(__file__).parent
VERSIONS = HERE / "requirements.txt"
MODULES = ("health", "health_surgery", "health_icd9procs")
LANGUAGE = "zh_CN"
PASSWORD = "gnu-health-of-a-test"  # of a database that lives as long as a test
KEY = hashlib.sha256(VERSIONS.read_bytes() + repr(MODULES).encode()).hexdigest()[:12]


def hospital(cache: Path, url: str, home: Path) -> None:
    """Make the empty database at ``url`` a GNU Health with people and work in it."""
    with alone(cache):
        python = installed(cache)
        initialise(python, cache, url, home)
    run(python, HERE / "fill.py", configuration(url, home), name_of(url))


@contextmanager
def alone(cache: Path) -> Iterator[IO[str]]:
    """One process at a time installs."""
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


def installed(cache: Path) -> Path:
    """Its Python. ``--no-deps``: the list is whole, and names psycopg2 as a wheel."""
    home = cache / f"environment-{KEY}"
    python, done = home / "bin" / "python", home / "complete"
    if not done.is_file():
        run(Path(sys.executable), "-m", "venv", "--clear", home)
        quiet = ("-q", "--disable-pip-version-check")
        run(python, "-m", "pip", "install", *quiet, "--no-deps", "-r", VERSIONS)
        done.touch()
    return python


def initialise(python: Path, cache: Path, url: str, home: Path) -> None:
    dump = cache / f"database-{KEY}.sql"
    if dump.is_file():
        run(postgres_bin() / "psql", "-qX", "-v", "ON_ERROR_STOP=1", "-f", dump, url)
        return
    password = home / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    run(
        *(python.parent / "trytond-admin", "-c", configuration(url, home)),
        *("-d", name_of(url), "-u", "ir", *MODULES, "--activate-dependencies"),
        *("--email", "admin@hospital.example", "--language", LANGUAGE),
        TRYTONPASSFILE=str(password),
    )
    part = dump.with_suffix(".part")
    run(postgres_bin() / "pg_dump", "-O", "-x", "-f", part, url)
    part.rename(dump)


def configuration(url: str, home: Path) -> Path:
    path = home / "trytond.conf"
    server = url.rsplit("/", 1)[0]
    path.write_text(f"[database]\nuri = {server}/\n", encoding="utf-8")
    return path


def name_of(url: str) -> str:
    return url.rsplit("/", 1)[1]


def run(program: Path, *arguments: str | Path, **environment: str) -> None:
    """Raises PartMissing with the last line it said."""
    done = subprocess.run(
        [str(program), *map(str, arguments)],
        env=os.environ | environment,
        cwd=HERE.parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise PartMissing(f"GNU Health: {program.name} {arguments[0]}: {said[-1]}")
