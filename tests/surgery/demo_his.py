"""A demo HIS of its own for each test that asks, beside the seed of our catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.demo_his.database import Database
from portal.his.sql.gateway import SqlGateway
from tests.surgery import grades


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grades.filled_his(tmp_path_factory.mktemp("demo-his"))


@pytest.fixture
def database(filled: Path, tmp_path: Path) -> Database:
    path = tmp_path / "his.sqlite3"
    path.write_bytes(filled.read_bytes())
    return Database(f"sqlite:///{path}")


@pytest.fixture
def his(database: Database, settings: Any, db: None) -> Iterator[SqlGateway]:
    """The demo HIS, read once; our catalogue is the seed."""
    settings.HIS_MAPPING = "demo_his"
    settings.HIS_DSN = f"sqlite:///{database.path}"
    gateway = SqlGateway(settings.HIS_DSN, 5)
    grades.catalogue()
    grades.read_his(gateway)
    yield gateway
    gateway.close()
