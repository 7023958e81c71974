"""A second look at a HIS database, for those who judge it: what the readers never ask.

The readers select the contract's columns and trust them. Here the catalogue is asked
which columns and relations there are, rows come raw beside typed, and the rights of
our login are tried with statements that touch no row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy
from sqlalchemy import Connection, column, false, literal, select, types
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.types import TypeEngine

from portal.his.contract.shape import Type, View
from portal.his.sql.deadline import Late, begin
from portal.his.sql.engines import Engines
from portal.his.sql.gateway import ROWS_PER_FETCH, SqlGateway, fail
from portal.his.sql.statements import (
    Statement,
    argument,
    converted,
    named,
    source,
    statement,
)

# What engines bring along and let everybody read.
OWN_SCHEMAS = frozenset(
    [
        "information_schema",
        "pg_catalog",
        "pg_toast",
        "sys",
        "system",
        "mysql",
        "performance_schema",
        "xdb",
        "mdsys",
        "ctxsys",
        "outln",
        "dbsnmp",
        "wmsys",
        "lbacsys",
        "ordsys",
        "orddata",
        "olapsys",
        "dvsys",
        "audsys",
        "ojvmsys",
        "appqossys",
        "gsmadmin_internal",
        "guest",
    ]
)


@dataclass(frozen=True)
class FoundColumn:
    """A column as the catalogue of the HIS describes it.

    ``holds`` are the contract's types it can hold, and only those; None: not to be
    seen. ``length`` is in characters, None without a limit.
    """

    name: str
    spelled: str
    holds: frozenset[Type] | None
    length: int | None = None


class SqlInspection:
    """One HIS, through the links of its gateway."""

    def __init__(self, gateway: SqlGateway) -> None:
        self._gateway = gateway

    @property
    def _engines(self) -> Engines:
        return self._gateway._engines()

    @property
    def has_logins(self) -> bool:
        return self._engines.dialect.sql.name != "sqlite"

    def columns(self, view: View) -> list[FoundColumn]:
        """Names in lower case; raises HisMisconfigured where we cannot read the view."""
        return self.columns_of(view.name)

    def columns_of(self, name: str) -> list[FoundColumn]:
        """The same of a table or view by its name in the contract."""
        nothing = select(literal(1)).select_from(named(name)).where(false())
        with self._catalogue(name) as link:
            link.execute(nothing)
            found = sqlalchemy.inspect(link).get_columns(self._kept_as(name))
        return [described(str(one["name"]).lower(), one["type"]) for one in found]

    def _kept_as(self, name: str) -> str:
        """How SQLAlchemy calls a name that the engine folded, or kept as it was."""
        folds = self._engines.dialect.sql.name in {"postgresql", "oracle"}
        return name.lower() if folds else name

    def rows(
        self, view: View, names: Sequence[str]
    ) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
        """Each row as the driver gave it, and typed; only the named columns."""
        part = narrowed(view, names)
        text = self._text(select(*map(column, names)).select_from(source(view)))
        dialect = self._engines.dialect
        call = self._gateway._call(self._engines, self._engines.reader, view.name)
        with call as link:
            for batch in dialect.stream(link, text, ROWS_PER_FETCH, {}):
                raw = [tuple(row) for row in batch]
                # Who judges forgives nothing that the readers would.
                found = converted(part, raw, self._zone, to_the_letter=True)
                yield from zip(raw, found, strict=True)
                begin(self._gateway._timeout)

    def matching(
        self, view: View, names: Sequence[str], equal: Mapping[str, Any]
    ) -> list[tuple[Any, ...]]:
        """The typed rows whose columns equal the given values."""
        query: Any = select(*map(column, names)).select_from(source(view))
        for item in view.all_columns:
            if item.name in equal:
                query = query.where(column(item.name) == argument(item))
        text = self._text(query)
        call = self._gateway._call(self._engines, self._engines.reader, view.name)
        with call as link:
            rows = self._engines.dialect.read(link, text, equal)
        return list(converted(narrowed(view, names), rows, self._zone))

    def relations(self) -> list[str]:
        """Every table and view the catalogue shows us, ``schema.name``."""
        with self._catalogue("catalogue") as link:
            inspector = sqlalchemy.inspect(link)
            schemas = [
                schema
                for schema in inspector.get_schema_names()
                if schema.lower() not in OWN_SCHEMAS
            ]
            return [
                f"{schema}.{name}"
                for schema in schemas
                for name in (
                    *inspector.get_table_names(schema),
                    *inspector.get_view_names(schema),
                )
            ]

    def is_readable(self, relation: str) -> bool:
        """Whether our login may select from it; asks for no row."""
        return self._may(f"SELECT 1 FROM {self._quoted(relation)} WHERE 1 = 0")  # noqa: S608

    def is_writable(self, relation: str) -> bool:
        """Whether our login may delete from it; it touches no row."""
        return self._may(f"DELETE FROM {self._quoted(relation)} WHERE 1 = 0")  # noqa: S608

    def takes_rows(self, table: str) -> bool:
        """Whether our login may put rows into a table of the contract; it puts none."""
        none = f"SELECT request_id FROM {table} WHERE 1 = 0"  # noqa: S608
        return self._may(f"INSERT INTO {table} (request_id) {none}")  # noqa: S608

    def may_delete(self, table: str) -> bool:
        """Whether it may delete from one; it touches no row."""
        return self._may(f"DELETE FROM {table} WHERE 1 = 0")  # noqa: S608

    def _quoted(self, relation: str) -> str:
        schema, name = relation.split(".", 1)
        quote = self._engines.dialect.sql.identifier_preparer.quote_identifier
        return f"{quote(schema)}.{quote(name)}"

    def _may(self, statement: str) -> bool:
        # The writer: the reader's session is read-only by our own doing.
        begin(self._gateway._timeout)
        try:
            with self._engines.catalogue(read_only=False).connect() as link:
                link.exec_driver_sql(statement)
        except (SQLAlchemyError, Late):
            return False
        except self._engines.dialect.errors:
            return False
        return True

    def _text(self, query: Any) -> Statement:
        return statement(query, self._engines.dialect.sql)

    @property
    def _zone(self) -> ZoneInfo:
        return self._engines.connection.zone

    @contextmanager
    def _catalogue(self, what: str) -> Iterator[Connection]:
        dialect = self._engines.dialect
        failures: tuple[type[Exception], ...] = (DBAPIError, Late, *dialect.errors)
        begin(self._gateway._timeout)
        try:
            with self._engines.catalogue(read_only=True).connect() as link:
                yield link
        except failures as error:
            fail(dialect, getattr(error, "orig", None) or error, what, write=False)


def narrowed(view: View, names: Sequence[str]) -> View:
    """The view with these columns only, in this order."""
    known = {item.name: item for item in view.all_columns}
    return replace(view, columns=tuple(known[name] for name in names), further=())


def described(name: str, found: TypeEngine[Any]) -> FoundColumn:
    spelled = type(found).__name__.upper()
    if isinstance(found, types.NullType):  # SQLite: an expression has no type
        return FoundColumn(name, spelled, None)
    length = getattr(found, "length", None)
    return FoundColumn(name, spelled, frozenset(held(spelled, found)), length)


def held(spelled: str, found: TypeEngine[Any]) -> Iterator[Type]:
    """A whole NUMERIC holds integers; Oracle's DATE has a time of day, and may be both.

    A FLOAT holds nothing the contract knows, and no moment of the contract has a zone.
    """
    has_zone = getattr(found, "timezone", False) or spelled == "DATETIMEOFFSET"
    is_exact = isinstance(found, types.Numeric) and not isinstance(found, types.Float)
    if isinstance(found, types.String):
        yield Type.TEXT
    if isinstance(found, types.Integer):
        yield from (Type.INTEGER, Type.NUMBER)
    if is_exact:
        yield Type.NUMBER
    if is_exact and not getattr(found, "scale", 0):
        yield Type.INTEGER
    if isinstance(found, types.Date) or spelled == "DATE":
        yield Type.DATE
    if isinstance(found, types.DateTime) and not has_zone:
        yield Type.MOMENT
