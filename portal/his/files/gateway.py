"""``HisGateway`` over a folder of files; it can only read.

The DSN is ``files:///folder``; ``yw_encoding=gbk`` for texts that do not say their own.
Reasons are message ids, translated where they are shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from django.utils.translation import gettext_noop as _

from portal.his.connection import BadDsn, Connection, parse
from portal.his.contract.interfaces import (
    V_YW_DOCTOR,
    V_YW_PRIV_DICT,
)
from portal.his.contract.shape import Column, Function, Type, View
from portal.his.files.folder import (
    Away,
    OpenElsewhere,
    StillWritten,
    Taken,
    Unusable,
    names_in,
    take,
)
from portal.his.files.headings import places_of
from portal.his.files.report import Report, cell_at
from portal.his.files.tables import Serial, table_of
from portal.his.gateway import HisMisconfigured, HisUnavailable
from portal.his.messages import Answer
from portal.his.named import ReadsBack, Saves
from portal.his.records import (
    DoctorRecord,
    PrivilegeRecord,
)
from portal.his.values import typed

Record = TypeVar("Record")

SETTING = "HIS_DSN"
ROWS_PER_BATCH = 1000
MOMENTS = frozenset({Type.DATE, Type.MOMENT})


@dataclass(frozen=True)
class Endpoint:
    connection: Connection
    folder: Path


def endpoint(dsn: str, deadline: float) -> Endpoint:
    """Raises BadDsn."""
    connection = parse(dsn, deadline)
    url = connection.url
    if url.drivername != "files" or url.host or not url.database:
        raise BadDsn("files need files:///folder")
    if url.query:
        raise BadDsn(f"unknown option {min(url.query)}")
    return Endpoint(connection, Path("/") / url.database)


class FilesGateway(Saves, ReadsBack):
    """See ``portal.his.gateway.HisGateway``; keeps nothing open."""

    def __init__(self, dsn: str, deadline: float) -> None:
        self._dsn = dsn
        self._deadline = deadline

    def kept_open(self) -> AbstractContextManager[None]:
        return nullcontext()

    def doctors(self) -> Iterator[DoctorRecord]:
        return (DoctorRecord(*row) for row in self.rows(V_YW_DOCTOR))

    def privileges(self) -> Iterator[PrivilegeRecord]:
        return (PrivilegeRecord(*row) for row in self.rows(V_YW_PRIV_DICT))

    def rows(self, view: View) -> Iterator[tuple[Any, ...]]:
        for batch in self.batches(view):
            yield from self.typed(view, batch)

    def batches(
        self, view: View, since: datetime | None = None
    ) -> Iterator[list[tuple[Any, ...]]]:
        """All rows of the file; a report stands beside it when all of them were read."""
        there = self._endpoint()
        try:
            taken = take(there.folder, view.name, there.connection.deadline)
            yield from self._read(view, taken)
        except Away:
            raise HisUnavailable(_("HIS 未应答：文件夹不能读取")) from None
        except StillWritten:
            raise HisUnavailable(_("HIS 未应答：文件仍在写入")) from None
        except OpenElsewhere:
            raise HisUnavailable(_("HIS 未应答：文件正被打开编辑")) from None
        except Unusable as error:
            raise HisMisconfigured(SETTING, f"{view.name} 不可用 {error}") from None

    def typed(self, view: View, rows: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
        return typed(view, rows, self._endpoint().connection.zone)

    def _lines(
        self, view: View, record: Callable[..., Record], values: Mapping[str, Any]
    ) -> list[Record]:
        """Those that equal the values in the columns of the key that are given."""
        key = {name: values[name] for name in view.key if name in values}
        return [
            line
            for line in (record(*row) for row in self.rows(view))
            if all(getattr(line, name) == value for name, value in key.items())
        ]

    def call(self, function: Function, values: Mapping[str, Any]) -> Answer:
        self._refuse()

    def ping(self) -> float:
        started = time.perf_counter()
        try:
            names_in(self._endpoint().folder)
        except Away:
            raise HisUnavailable(_("HIS 未应答：文件夹不能读取")) from None
        return time.perf_counter() - started

    def close(self) -> None:
        """Nothing is open."""

    def _refuse(self) -> NoReturn:
        problem = "文件夹不能接收变更，请另设 HIS_PUSH_DSN"
        raise HisMisconfigured(SETTING, problem)

    def _endpoint(self) -> Endpoint:
        try:
            return endpoint(self._dsn, self._deadline)
        except BadDsn as error:
            raise HisMisconfigured(SETTING, str(error)) from None

    def _read(self, view: View, taken: Taken) -> Iterator[list[tuple[Any, ...]]]:
        connection = self._endpoint().connection
        table = table_of(taken, connection.encoding)
        heading = next(table.lines, None)
        if heading is None:
            raise Unusable(f"{taken.path.name} 是空的")
        places = places_of(view, heading.cells)
        changed_at = datetime.fromtimestamp(taken.mtime_ns // 10**9, connection.zone)
        given = {view.watermark: changed_at.replace(tzinfo=None)}
        report = Report(view, taken, table, places)
        batch: list[tuple[Any, ...]] = []
        for line in table.lines:
            cells = zip(view.columns, places, strict=True)
            row = tuple(
                [
                    given.get(item.name)
                    if place is None
                    else settled(item, cell_at(line, place))
                    for item, place in cells
                ]
            )
            report.row(line, next(typed(view, [row], connection.zone)))
            batch.append(row)
            if len(batch) == ROWS_PER_BATCH:
                yield batch
                batch = []
        yield batch
        report.write()


def settled(column: Column, cell: Any) -> Any:
    """A cell as a plain value: a number is a day where the contract wants one."""
    if not isinstance(cell, Serial):
        return cell
    return (cell.moment() if column.type in MOMENTS else None) or str(cell)
