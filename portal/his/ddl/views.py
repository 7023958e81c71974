"""The contract's views over the vendor's tables."""

from __future__ import annotations

from collections.abc import Iterator

from portal.his.contract.shape import Column
from portal.his.ddl.engines import Engine
from portal.his.mapping.shape import (
    AsText,
    Coded,
    Expression,
    Literal,
    Source,
    Utc,
    ViewMap,
)


def create_view(view: ViewMap, engine: Engine) -> str:
    """The statement, without the engine's terminator."""
    head = engine.replace_view.format(name=view.view.name)
    body = fixed_rows(view, engine) if view.rows else select(view, engine)
    return f"{head} AS\n{body}"


def select(view: ViewMap, engine: Engine) -> str:
    columns = ",\n".join(
        f"  {sql} AS {column.name}" for column, sql in offered(view, engine)
    )
    lines = [f"SELECT\n{columns}", f"FROM {view.table}"]
    lines += [
        f"{'LEFT JOIN' if join.is_left else 'JOIN'} {join.table} ON {join.on}"
        for join in view.joins
    ]
    if view.where:
        lines.append(f"WHERE {view.where}")
    return "\n".join(lines)


def offered(view: ViewMap, engine: Engine) -> Iterator[tuple[Column, str]]:
    """Every column of the view; a required one that is missing is NULL."""
    for column in view.view.all_columns:
        if column.name in view.columns:
            sql = source_sql(view.columns[column.name], column, engine)
            yield column, engine.never_null(sql) if column.blank else sql
        elif column in view.view.columns:
            yield column, engine.cast("NULL", column)


def fixed_rows(view: ViewMap, engine: Engine) -> str:
    """A dictionary written out, one SELECT a row."""
    return "\nUNION ALL\n".join(
        "SELECT "
        + ", ".join(
            f"{row_value(row.get(column.name), column, engine)} AS {column.name}"
            for column in view.view.columns
        )
        + engine.from_nothing
        for row in view.rows
    )


def row_value(value: str | None, column: Column, engine: Engine) -> str:
    if value is None:
        return engine.cast("NULL", column)
    return engine.literal(value, column)


def source_sql(source: Source, column: Column, engine: Engine) -> str:
    match source:
        case Expression(sql):
            return sql
        case AsText(sql):
            return engine.cast(sql, column)
        case Utc(sql):
            return engine.local.format(sql)
        case Literal(value):
            return engine.literal(value, column)
        case Coded():
            return coded_sql(source, engine)


def coded_sql(source: Coded, engine: Engine) -> str:
    """``CASE … WHEN … THEN …``; without ``otherwise`` an unknown value is NULL."""
    whens = " ".join(
        f"WHEN {value if source.is_number else engine.text(value)}"
        f" THEN {engine.text(code)}"
        for value, code in source.codes.items()
    )
    rest = "NULL" if source.otherwise is None else engine.text(source.otherwise)
    return f"CASE {source.sql} {whens} ELSE {rest} END"
