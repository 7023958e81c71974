"""A GNU Health with our views in it, and a gateway that may read only them."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import psycopg
import pytest
from django.core.management import call_command

from portal.his.sql.gateway import SqlGateway
from tests.gnu_health.environment import hospital
from tests.services import PartMissing, fresh_database

ACCOUNT = "yiwu"


@pytest.fixture(scope="session")
def gnu_health(
    postgres_server: str,
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """URL of its database; a GNU Health that does not start ends the run."""
    cache = pytestconfig.cache
    assert cache is not None
    with fresh_database(postgres_server) as url:
        try:
            hospital(cache.mkdir("gnu-health"), url, tmp_path_factory.mktemp("health"))
        except (PartMissing, OSError) as problem:
            pytest.exit(f"cannot start what the tests need: {problem}", returncode=1)
        add_views(url)
        yield url


def add_views(url: str) -> None:
    """As the DBA of the hospital would: make the account, run the script, twice."""
    script = StringIO()
    words = ("ddl", "--engine", "postgresql", "--mapping", "gnu_health")
    call_command("his", *words, stdout=script)
    with psycopg.connect(url, autocommit=True) as link:
        found = link.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ACCOUNT])
        if found.fetchone() is None:
            link.execute(f"CREATE ROLE {ACCOUNT} LOGIN".encode())
        for _time in range(2):
            link.execute(script.getvalue().encode())


@pytest.fixture(scope="session")
def gateway(gnu_health: str) -> Iterator[SqlGateway]:
    address = gnu_health.split("@", 1)[1]
    gateway = SqlGateway(f"postgresql+psycopg://{ACCOUNT}@{address}", 10)
    yield gateway
    gateway.close()
