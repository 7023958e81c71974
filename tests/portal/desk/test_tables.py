"""The demo's tables are made at once; they are those the migrations make."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.demo_stack import ROOT

pytestmark = pytest.mark.integration
PREPARE = "from portal.desk.demo.tables import prepare_tables; prepare_tables()"


def run(file: Path, *arguments: str) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{file}",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, check=True, timeout=300
    )


def columns(database: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    """Name, type, nullability, default, key; a migration adds columns at the end."""
    found = database.execute(f"SELECT * FROM pragma_table_info('{table}')")
    return sorted(row[1:] for row in found)


def keys(database: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    found = database.execute(f"SELECT * FROM pragma_foreign_key_list('{table}')")
    return sorted(row[2:] for row in found)


def checks(sql: str) -> list[str]:
    """Named constraints of a table, each to its last bracket."""
    found = []
    for begin in re.finditer(r'CONSTRAINT "', sql):
        depth, place = 0, sql.index("(", begin.start())
        for end in range(place, len(sql)):
            depth += {"(": 1, ")": -1}.get(sql[end], 0)
            if depth == 0:
                found.append(sql[begin.start() : end + 1])
                break
    return sorted(found)


def schema(file: Path) -> dict[str, object]:
    with sqlite3.connect(file) as database:
        indexes = database.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL"
        ).fetchall()
        tables = database.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
        ).fetchall()
        return {
            **{f"index {name}": sql for name, sql in indexes},
            **{
                f"table {name}": (
                    columns(database, name),
                    keys(database, name),
                    checks(sql),
                )
                for name, sql in tables
            },
        }


def rows(file: Path) -> dict[str, set[tuple[object, ...]]]:
    """What the migrations leave in the tables, without numbers and times."""
    wanted = {
        "django_migrations": "app, name",
        "django_content_type": "app_label, model",
        "auth_permission": "codename",
    }
    with sqlite3.connect(file) as database:
        return {
            table: set(database.execute(f"SELECT {names} FROM {table}"))
            for table, names in wanted.items()
        }


def counts(file: Path) -> dict[str, int]:
    with sqlite3.connect(file) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for (name,) in tables.fetchall()
            if name != "sqlite_sequence"
        }


def test_tables_made_at_once_are_those_of_the_migrations(tmp_path: Path) -> None:
    migrated, at_once = tmp_path / "migrated.sqlite3", tmp_path / "at_once.sqlite3"
    run(migrated, "manage.py", "migrate", "--verbosity", "0")
    setup = "import django; django.setup(); "
    run(at_once, "-c", setup + PREPARE)
    assert schema(at_once) == schema(migrated)
    assert rows(at_once) == rows(migrated)
    assert counts(at_once) == counts(migrated)


def test_database_that_has_tables_is_migrated(tmp_path: Path) -> None:
    file = tmp_path / "old.sqlite3"
    run(file, "manage.py", "migrate", "contenttypes", "0001", "--verbosity", "0")
    run(file, "-c", "import django; django.setup(); " + PREPARE)
    with sqlite3.connect(file) as database:
        names = [
            name
            for _, name, *_ in database.execute(
                "PRAGMA table_info('django_content_type')"
            )
        ]
    assert names == ["id", "app_label", "model"]
    assert counts(file)["django_migrations"] > 10
