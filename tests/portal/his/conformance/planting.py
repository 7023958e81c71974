"""HISs that keep the contract, and ways to make one break it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from portal.his.conformance.door import door_of
from portal.his.conformance.limits import Limits
from portal.his.conformance.result import Outcome, Report
from portal.his.conformance.runner import Plan, Run
from portal.his.conformance.trials import Writing
from portal.his.mapping.loader import DEMO, TYPICAL, load
from portal.his.sql.gateway import SqlGateway

# A busy machine must not be mistaken for a slow HIS.
PATIENT = Limits(call=5.0, read_back=5.0, start=20.0)
MAPPINGS = {"demo": DEMO, "typical": TYPICAL}
WRITERS = {"demo": Writing("1027", "9033"), "typical": Writing("001188", "9001")}
MOMENTS = {
    "demo": (
        ("人员权限", "操作时间"),
        ("人员手术权限", "操作时间"),
        ("手术项目目录", "最后修改时间"),
    ),
    "typical": (
        ("人员权限", "操作时间"),
        ("人员手术权限", "操作时间"),
        ("诊疗项目目录", "最后修改时间"),
    ),
}


@dataclass(frozen=True)
class His:
    """A running HIS: its kind, whose DSN a portal has, and whose DSN its DBA has."""

    kind: str
    dsn: str
    dba: str

    @property
    def is_sqlite(self) -> bool:
        return self.dba.startswith("sqlite")

    def run(self, script: str) -> None:
        if self.is_sqlite:
            with closing(sqlite3.connect(self.dba.removeprefix("sqlite:///"))) as link:
                link.executescript(script)
            return
        with psycopg.connect(self.dba) as server:
            server.execute(script.encode())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        if self.is_sqlite:
            with closing(sqlite3.connect(self.dba.removeprefix("sqlite:///"))) as link:
                return link.execute(query).fetchall()
        with psycopg.connect(self.dba) as server:
            return server.execute(query.encode()).fetchall()

    def reshape(self, view: str, columns: dict[str, str], rest: str = "") -> None:
        """The view over itself: columns put in, or out with ``-``; ``rest`` after FROM."""
        body, names = self._definition(view)
        chosen = {name: f"o.{name}" for name in names} | columns
        selected = ", ".join(
            f"{source} AS {name}" for name, source in chosen.items() if source != "-"
        )
        script = f"DROP VIEW {view}; CREATE VIEW {view} AS SELECT {selected} FROM ({body}) o {rest};"
        if not self.is_sqlite:
            script += f" GRANT SELECT ON {view} TO yiwu;"
        self.run(script)

    def _definition(self, view: str) -> tuple[str, list[str]]:
        if self.is_sqlite:
            text = self.rows(f"SELECT sql FROM sqlite_master WHERE name = '{view}'")
            columns = self.rows(f"SELECT name FROM pragma_table_info('{view}')")
            body = re.sub(r"^CREATE VIEW \w+ AS\s", "", text[0][0])
        else:
            text = self.rows(f"SELECT pg_get_viewdef('{view}'::regclass)")
            columns = self.rows(
                "SELECT column_name FROM information_schema.columns"
                f" WHERE table_name = '{view.lower()}' ORDER BY ordinal_position"
            )
            body = text[0][0].rstrip(";")
        return body, [name for (name,) in columns]

    def rewrite(self, name: str, old: str, new: str) -> None:
        """Another text in a trigger of SQLite, or a function of PostgreSQL."""
        if self.is_sqlite:
            found = self.rows(f"SELECT sql FROM sqlite_master WHERE name = '{name}'")
            script = f"DROP TRIGGER {name}; {changed(found[0][0], old, new)};"
        else:
            found = self.rows(f"SELECT pg_get_functiondef('{name}'::regproc)")
            script = changed(found[0][0], old, new)
        self.run(script)

    def a_moment_passes(self, _seconds: float) -> None:
        """What was changed was changed two seconds earlier."""
        back = (
            "datetime({0}, '-2 seconds')" if self.is_sqlite else "{0} - interval '2 s'"
        )
        for table, column in MOMENTS[self.kind]:
            self.run(f"UPDATE {table} SET {column} = {back.format(column)};")

    def check(self, *, write: bool, **plan: Any) -> Report:
        """All cases, as the command runs them."""
        gateway = SqlGateway(self.dsn, 10)
        chosen = {
            "lacking": load(MAPPINGS[self.kind]).missing,
            "writing": WRITERS[self.kind] if write else None,
            "limits": PATIENT,
        }
        try:
            wanted = Plan(**(chosen | plan))
            return Run(door_of(gateway), wanted, wait=self.a_moment_passes).report()
        finally:
            gateway.close()


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
    return text.replace(old, new)


def found_in(report: Report) -> set[str]:
    """The cases that say something is wrong."""
    wrong = {Outcome.FAILED, Outcome.UNCHECKED}
    return {one.case.number for one in report.results if one.outcome in wrong}


@dataclass(frozen=True)
class Fault:
    """A way to break the contract, and exactly the cases that must say so."""

    words: str
    expected: tuple[str, ...]
    view: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    rest: str = ""
    sql: str = ""
    rewrites: tuple[tuple[str, str, str], ...] = ()
    write: bool = False
    plan: dict[str, Any] = field(default_factory=dict)

    def plant(self, his: His) -> None:
        if self.view:
            his.reshape(self.view, self.columns, self.rest)
        if self.sql:
            his.run(self.sql)
        for name, old, new in self.rewrites:
            his.rewrite(name, old, new)


def sqlite_his(kind: str, path: Path) -> His:
    dsn = f"sqlite:///{path}"
    return His(kind, dsn, dsn)


def postgresql_his(kind: str, dba: str) -> His:
    """The portal's account is the one the script granted its rights to."""
    return His(kind, dba.replace("//postgres@", "//yiwu@"), dba)
