"""A vendor's moments in UTC come out as local ones, to the second, on every engine."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlglot
from sqlglot import exp

from portal.his.ddl.engines import ENGINES
from portal.his.ddl.views import create_view
from portal.his.mapping.loader import TYPICAL, load
from portal.his.mapping.shape import Utc
from tests.portal.his.ddl.peers import Engine

KEPT = "TIMESTAMP '2026-11-23 16:30:15'"


def view_with(sql: str, engine: str) -> str:
    view = load(TYPICAL).views["V_YW_DOCTOR"]
    columns = view.columns | {"last_modified": Utc(sql)}
    return create_view(replace(view, columns=columns), ENGINES[engine])


@pytest.mark.integration
def test_half_past_midnight_is_the_next_day(his: Engine) -> None:
    kept = KEPT.removeprefix("TIMESTAMP ") if his.name == "sqlite" else KEPT
    found = his.rows(f"SELECT {ENGINES[his.name].local.format(kept)}")
    assert found == [("2026-11-24 00:30:15",)]


@pytest.mark.parametrize("name", ["sqlserver", "oracle"])
def test_view_of_an_engine_no_test_can_start_is_read_to_the_end(name: str) -> None:
    dialect = {"sqlserver": "tsql"}.get(name, name)
    tree = sqlglot.parse_one(view_with("p.最后修改时间", name), dialect=dialect)
    assert tree.find(exp.Command) is None
    assert tree.find(exp.Cast) is not None
