"""A demo HIS of one's own: a copied file, or a filled database on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.demo_his import server, site
from portal.demo_his.database import Database, prepare
from portal.demo_his.site import Site
from tests.pages import CheckedClient
from tests.services import fresh_database

KEY = "station-key-0001"
PORTAL = "http://127.0.0.1:8000"


@pytest.fixture(scope="session")
def filled_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Filled once; every test gets a copy."""
    path = tmp_path_factory.mktemp("demo-his") / "filled.sqlite3"
    prepare(Database(f"sqlite:///{path}"))
    return path


@pytest.fixture
def database(filled_file: Path, tmp_path: Path) -> Database:
    shutil.copy(filled_file, tmp_path / "his.sqlite3")
    return Database(f"sqlite:///{tmp_path / 'his.sqlite3'}")


@pytest.fixture
def his_settings(settings: Any) -> None:
    """The demo HIS' own Django instead of the portal's."""
    words: Any = settings.TEMPLATES[0]["OPTIONS"].get("string_if_invalid", "")
    templates = [{**server.TEMPLATES[0], "OPTIONS": {"string_if_invalid": words}}]
    settings.ROOT_URLCONF = "portal.demo_his.urls"
    settings.MIDDLEWARE = server.MIDDLEWARE
    settings.TEMPLATES = templates
    settings.CSRF_COOKIE_NAME = server.CSRF_COOKIE
    settings.CSRF_FAILURE_VIEW = "portal.demo_his.pages.refuse_foreign_form"


@pytest.fixture
def his(database: Database, his_settings: None) -> Iterator[Site]:
    """The running site on SQLite."""
    opened = site.open_site(
        database, portal_url=PORTAL, app="YW", key=KEY, proxy_port=None
    )
    site.use(opened)
    yield opened
    opened.way.speed_up()


@pytest.fixture
def his_client(his: Site) -> CheckedClient:
    return CheckedClient()


@pytest.fixture(scope="module")
def filled_postgresql(postgres_server: str) -> Iterator[Database]:
    """One filled database for all tests of a module."""
    with fresh_database(postgres_server) as url:
        database = Database(url)
        prepare(database)
        yield database
