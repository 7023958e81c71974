"""Every transport gives the rows of every view exactly as the database does."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from portal.his.contract.interfaces import VIEWS
from portal.his.contract.shape import Type, View
from portal.his.gateway import HisGateway
from portal.his.mapping.loader import DEMO, load
from portal.his.opening import open_gateway
from tests.contract.peers import Peer

pytestmark = [pytest.mark.integration, pytest.mark.slow]

OFFERED = [view for view in VIEWS if view.name in load(DEMO).views]


@pytest.fixture
def opened() -> Iterator[Callable[[str], HisGateway]]:
    gateways: list[HisGateway] = []

    def open_one(dsn: str) -> HisGateway:
        gateways.append(open_gateway(dsn, 10))
        return gateways[-1]

    yield open_one
    for gateway in gateways:
        gateway.close()


def in_order(gateway: HisGateway, view: View) -> list[tuple[Any, ...]]:
    return sorted(gateway.rows(view), key=str)


@pytest.mark.parametrize("name", ["rest_sqlite", "rest_postgresql"])
def test_rest_gives_the_rows_of_the_database(
    request: pytest.FixtureRequest, name: str, opened: Callable[[str], HisGateway]
) -> None:
    peer: Peer = request.getfixturevalue(f"{name}_his")
    by_rest, by_sql = opened(peer.dsn), opened(peer.database)
    counts = {}
    for view in OFFERED:
        rows = in_order(by_rest, view)
        assert rows == in_order(by_sql, view)
        counts[view.name] = len(rows)
    assert counts["V_YW_DOCTOR"] > 300


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_files_give_the_rows_of_the_database_they_were_made_of(
    kind: str,
    demo_sqlite_his: Peer,
    tmp_path: Path,
    opened: Callable[[str], HisGateway],
) -> None:
    by_sql = opened(demo_sqlite_his.dsn)
    drop = tmp_path / "drop"
    drop.mkdir()
    by_files = opened(f"files://{drop}?yw_encoding=gbk")
    write = as_csv if kind == "csv" else as_xlsx
    for view in OFFERED:
        with closing(sqlite3.connect(demo_sqlite_his.path)) as link:
            names = ", ".join(view.column_names)
            rows = link.execute(f"SELECT {names} FROM {view.name}").fetchall()
        write(drop / f"{view.name}.{kind}", view, rows)

        assert in_order(by_files, view) == in_order(by_sql, view)

        report = (drop / f"{view.name}.report.csv").read_text(encoding="utf-8-sig")
        assert f"共 {len(rows)} 行，{len(rows)} 行可用，0 行隔离" in report


def as_csv(path: Path, view: View, rows: list[Any]) -> None:
    with path.open("w", encoding="gbk", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow([column.title for column in view.columns])
        writer.writerows(rows)


def as_xlsx(path: Path, view: View, rows: list[Any]) -> None:
    """With days and moments as a spreadsheet has them."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(view.column_names)
    for row in rows:
        sheet.append(
            [
                cell(column.type, value)
                for column, value in zip(view.columns, row, strict=True)
            ]
        )
    book.save(path)


def cell(kind: Type, value: Any) -> Any:
    if kind is Type.DATE and value:
        return date.fromisoformat(value)
    if kind is Type.MOMENT and value:
        return datetime.fromisoformat(value)
    return value
