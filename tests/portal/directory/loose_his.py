"""A HIS whose views hold what they should not: no length, no key, no type is kept."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from portal.his.opening import open_gateway
from tests.portal.his.rows import CHEN, WANG, ZHAO, values_of

DATES = {"prac_valid_to": "date", "last_modified": "timestamp"}
NAMES = (
    "emp_no, his_emp_id, name, py, sex, dept_code, dept_name, title_code, post,"
    " prac_cert_no, prac_valid_to, status, last_modified"
)
ROWS = [values_of(row) for row in (WANG, CHEN, ZHAO)]


class LooseHis:
    """``run`` takes one statement, the same for both engines where possible."""

    def __init__(self, dsn: str, kind: str) -> None:
        self.dsn = dsn
        self.kind = kind

    def run(self, statement: str | bytes) -> None:
        text = statement if isinstance(statement, bytes) else statement.encode()
        if self.kind == "sqlite":
            with closing(sqlite3.connect(self.dsn.removeprefix("sqlite:///"))) as link:
                link.execute(text.decode())
                link.commit()
        else:
            with psycopg.connect(self.dsn, autocommit=True) as link:
                link.execute(text)

    def create(self) -> None:
        columns = ", ".join(
            f"{name} {DATES.get(name, 'text')}" for name in NAMES.split(", ")
        )
        self.run(f"CREATE TABLE v_yw_doctor ({columns})")
        for values in ROWS:
            self.run(
                f"INSERT INTO v_yw_doctor VALUES ({', '.join(map(literal, values))})"
            )

    def gateway(self) -> Any:
        return open_gateway(self.dsn, 5)


def literal(value: object) -> str:
    return "NULL" if value is None else f"'{value}'"


@contextmanager
def on_sqlite(directory: Path) -> Iterator[LooseHis]:
    his = LooseHis(f"sqlite:///{directory / 'loose.sqlite3'}", "sqlite")
    his.create()
    yield his


@contextmanager
def on_postgresql(server: str, encoding: str) -> Iterator[LooseHis]:
    """A database in the given encoding; ``SQL_ASCII`` keeps whatever bytes come."""
    name = f"loose_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as link:
        link.execute(
            sql.SQL(
                "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE 'C'"
                " LC_CTYPE 'C'"
            ).format(sql.Identifier(name), sql.Literal(encoding))
        )
        his = LooseHis(server.rsplit("/", 1)[0] + f"/{name}", "postgresql")
        try:
            his.create()
            yield his
        finally:
            link.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )
