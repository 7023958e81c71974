"""``pytest -p tests.sqlserver.plugin``: the tests' queries, compiled for SQL Server too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def _queries_suit_sql_server() -> Iterator[None]:
    # The backend reads settings as it is imported: not before there are any.
    from tests.sqlserver.compiling import shadowed

    with shadowed():
        yield
