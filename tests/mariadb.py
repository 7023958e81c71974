"""A real MariaDB for the tests, spoken to through its own client, as a DBA does."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.services import PartMissing, free_port, wait_until


def mariadb_binary(name: str) -> Path:
    """``mariadbd`` and its companions; Debian keeps the server outside some PATHs."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    if found := shutil.which(name, path=path):
        return Path(found)
    raise PartMissing(f"MariaDB: no {name}; install the package mariadb-server")


@dataclass(frozen=True)
class MariaDb:
    """A running server, and the database its client is to use."""

    socket: Path
    database: str = ""
    user: str = "root"
    port: int = 0

    @property
    def dsn(self) -> str:
        """As a client on another machine would write it."""
        return f"mysql+pymysql://{self.user}@127.0.0.1:{self.port}/{self.database}"

    def run(self, script: str) -> list[list[str]]:
        """Run a script in the client; the rows it printed, NULL as ``NULL``."""
        done = self.attempt(script)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return [line.split("\t") for line in done.stdout.splitlines()]

    def attempt(self, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *(str(mariadb_binary("mariadb")), "--no-defaults", "--batch"),
                *("--skip-column-names", "--default-character-set=utf8mb4"),
                *(f"--socket={self.socket}", f"--user={self.user}", self.database),
            ],
            input=script,
            capture_output=True,
            text=True,
            check=False,
        )

    def fresh(self, name: str, charset: str = "utf8mb4") -> MariaDb:
        """An empty database of that name."""
        self.run(
            f"DROP DATABASE IF EXISTS {name};"
            f"CREATE DATABASE {name} CHARACTER SET {charset};"
        )
        return replace(self, database=name)

    def answers(self) -> bool:
        return self.attempt("SELECT 1").returncode == 0


@contextmanager
def mariadb_server() -> Iterator[MariaDb]:
    """A server of its own that keeps nothing; root without password on its socket."""
    home = Path(tempfile.mkdtemp(prefix="yw-maria-"))
    log = home / "server.log"
    user = "root" if os.geteuid() == 0 else os.environ.get("USER", "")
    common = ["--no-defaults", f"--datadir={home / 'data'}", f"--user={user}"]
    port = free_port()
    install(common)
    with log.open("wb") as out:
        server = subprocess.Popen(
            [
                *(str(mariadb_binary("mariadbd")), *common),
                *(f"--socket={home / 'sock'}", f"--port={port}"),
                *("--bind-address=127.0.0.1", "--character-set-server=utf8mb4"),
                *("--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"),
            ],
            stdout=out,
            stderr=out,
        )
    try:
        running = MariaDb(home / "sock", port=port)
        wait_until(running.answers, what="MariaDB answers")
        yield running
    finally:
        server.terminate()
        server.wait(timeout=30)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """One server for the session; a part that does not start ends the run."""
    try:
        with mariadb_server() as server:
            yield server
    except (PartMissing, OSError, TimeoutError) as problem:
        pytest.exit(f"cannot start what the tests need: {problem}", returncode=1)


def install(common: list[str]) -> None:
    done = subprocess.run(
        [
            *(str(mariadb_binary("mariadb-install-db")), *common),
            *("--auth-root-authentication-method=normal", "--skip-test-db"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise PartMissing(f"MariaDB: {lines[-1]}")
