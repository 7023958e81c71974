"""Migrations and queries as SQL Server would get them; what is told apart, and how."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.sqlserver.refusals import refusals

ROOT = Path(__file__).resolve().parents[2]
REFUSED = [
    ("SELECT COUNT(CASE WHEN a IN (SELECT b FROM u) THEN 1 END) FROM t", "130"),
    ("SELECT COUNT(*) FROM t GROUP BY (SELECT b FROM u)", "144"),
    ("SELECT DISTINCT a FROM t ORDER BY b", "145"),
    ("SELECT a FROM t ORDER BY a, a DESC", "169"),
    ("SELECT a FROM t WHERE a IN (SELECT b FROM u ORDER BY b)", "1033"),
    ("SELECT a = 1 AND b = 2 FROM t", "156"),
    ("SELECT EXISTS(SELECT 1 FROM u) AS x FROM t", "156"),
    ("SELECT a FROM t WHERE is_active", "4145"),
    ("SELECT a FROM t WHERE a = 1 AND is_active", "4145"),
    ("SELECT CASE WHEN is_active THEN 1 ELSE 0 END FROM t", "4145"),
    ("SELECT a || b FROM t", "102"),
    ("SELECT a FROM t WHERE b = TRUE", "102"),
    ("SELECT a FROM t WHERE SOUNDS(a) = 1", "195"),
    ("CREATE TABLE t (a bit, CHECK (a))", "4145"),
]
TAKEN = [
    "SELECT COUNT(x) FROM (SELECT CASE WHEN a IN (SELECT b FROM u) THEN 1 END x FROM t) s",
    "SELECT DISTINCT a, b FROM t ORDER BY b DESC",
    "SELECT a FROM t WHERE a IN (SELECT TOP 5 b FROM u ORDER BY b)",
    "SELECT CASE WHEN EXISTS(SELECT 1 FROM u) THEN 1 ELSE 0 END AS x FROM t",
    "SELECT a FROM t WHERE NOT (a = 1 OR b LIKE 'x' ESCAPE '\\')",
    "UPDATE t SET a = 1, b = NULL WHERE c = 2",
    "DECLARE @var0 INT = ? \nSELECT a, COUNT(*) FROM t GROUP BY a HAVING MIN(b) = @var0",
    "CREATE TABLE t (a int, CHECK ((a IS NULL OR a > 1)))",
    "CREATE UNIQUE INDEX i ON t (a) WHERE b IN ('x', 'y')",
]


@pytest.mark.parametrize(("text", "number"), REFUSED)
def test_what_sql_server_refuses_is_named_by_its_number(text: str, number: str) -> None:
    assert {found.split()[0] for found in refusals(text)} == {number}


@pytest.mark.parametrize("text", TAKEN)
def test_what_sql_server_takes_is_passed(text: str) -> None:
    assert refusals(text) == []


def test_more_parameters_than_the_protocol_holds_are_refused() -> None:
    assert refusals("SELECT 1", 2100) == []
    assert refusals("SELECT 1", 2101) == ["8003 more than 2100 parameters: 2101"]


@pytest.mark.integration
def test_migrations_and_queries_suit_sql_server() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.sqlserver"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
