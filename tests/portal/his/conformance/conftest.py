"""Freshly made HISs for every test; the files are copied from one made once."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.peers import (
    demo_postgresql,
    demo_sqlite,
    typical_postgresql,
    typical_sqlite,
)
from tests.portal.his.conformance.planting import His, postgresql_his, sqlite_his

MAKERS = {"demo": demo_sqlite, "typical": typical_sqlite}
SERVERS = {"demo": demo_postgresql, "typical": typical_postgresql}


@pytest.fixture(scope="session")
def masters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("masters")
    made = {kind: Path(make(home / kind).path) for kind, make in MAKERS.items()}
    for path in made.values():
        with closing(sqlite3.connect(path)) as link:
            link.execute("PRAGMA journal_mode = WAL")  # a third of the waiting
    return made


@pytest.fixture
def on_sqlite(masters: dict[str, Path], tmp_path: Path) -> Callable[[str], His]:
    """A HIS of a kind, ``demo`` or ``typical``, in a file of its own."""

    def make(kind: str) -> His:
        return sqlite_his(kind, Path(shutil.copy(masters[kind], tmp_path / kind)))

    return make


@pytest.fixture
def on_postgresql(fresh_postgres: str) -> Callable[[str], His]:
    """The same on a server, reached as the account the HIS gives us."""

    def make(kind: str) -> His:
        SERVERS[kind](fresh_postgres)
        return postgresql_his(kind, fresh_postgres)

    return make
