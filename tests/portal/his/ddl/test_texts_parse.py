"""SQL Server and Oracle cannot be started here: their scripts are at least read.

Views and grants become trees in sqlglot, without a ``Command`` (what it only passes
on); procedures, triggers and blocks have no unparsable part in sqlfluff.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlfluff.core import FluffConfig, Linter
from sqlglot import exp

from portal.his.ddl import requests
from portal.his.ddl.engines import ENGINES
from portal.his.ddl.script import Kind, Statement, statements, terminated
from portal.his.mapping.loader import DEMO, TYPICAL, load

DIALECTS = {"sqlserver": "tsql", "oracle": "oracle"}

both_engines = pytest.mark.parametrize("name", sorted(DIALECTS))
both_mappings = pytest.mark.parametrize("path", [DEMO, TYPICAL], ids=lambda p: p.stem)


def of_kind(path: Path, name: str, *kinds: Kind) -> list[Statement]:
    found = statements(load(path), ENGINES[name])
    return [statement for statement in found if statement.kind in kinds]


@both_engines
@both_mappings
def test_views_and_grants_are_read_to_the_end(path: Path, name: str) -> None:
    for statement in of_kind(path, name, Kind.VIEW, Kind.GRANT):
        trees = sqlglot.parse(statement.text, dialect=DIALECTS[name])
        assert len(trees) == 1
        assert trees[0] is not None
        commands = list(trees[0].find_all(exp.Command))
        assert commands == [], statement.text


@both_engines
def test_view_offers_the_columns_in_the_order_of_the_contract(name: str) -> None:
    mapping = load(TYPICAL)
    for view in mapping.views.values():
        text = next(
            statement.text
            for statement in of_kind(TYPICAL, name, Kind.VIEW)
            if f" {view.view.name} AS" in statement.text
        )
        tree = sqlglot.parse_one(text, dialect=DIALECTS[name])
        query: Any = tree.find(exp.Select)
        names = [item.alias for item in query.expressions]
        required = [name for name in names if name in view.view.column_names]
        assert required == list(view.view.column_names)


@pytest.mark.slow
@both_engines
def test_procedures_and_triggers_are_read_to_the_end(name: str) -> None:
    linter = Linter(config=FluffConfig(overrides={"dialect": DIALECTS[name]}))
    kinds = (Kind.PROCEDURE, Kind.TABLE)
    found = of_kind(TYPICAL, name, *kinds)
    assert len(found) >= 8
    found += [
        one for one in requests.statements(ENGINES[name], "yiwu") if one.kind in kinds
    ]
    assert found[-1].text.count("YW_DOCTOR_OP_SAVE_REQ") >= 1
    for statement in found:
        text = terminated(statement, ENGINES[name]) + "\n"
        parsed = linter.parse_string(text)
        tree = parsed.tree
        assert tree is not None, statement.text
        broken = [part.raw for part in tree.recursive_crawl("unparsable")]
        assert broken == [], broken[:1]
