"""What is wrong in a file, row by row, beside it: for those who made it.

The reasons are those of the quarantine. It is a text for spreadsheets, so no cell of it
may begin as a formula does: what stood in the file is repeated here.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal.his.contract.shape import Column, Type, View
from portal.his.files.folder import REPORT_SUFFIX, Taken
from portal.his.files.tables import Line, Serial, Table
from portal.his.pull.quarantine import RowCheck

HEADINGS = ("文件", "工作表", "行", "列", "名称", "内容", "原因")
REASONS = {
    "NO_KEY": "键为空",
    "MISSING": "缺必填值",
    "UNKNOWN_CODE": "代码不在代码表内",
    "TOO_LONG": "超过约定长度",
    "BROKEN_TEXT": "乱码：文件编码与约定不同",
    "NOT_A_DATE": "不是日期",
    "INSANE_DATE": "年份不合理",
    "NOT_A_NUMBER": "不是数字",
    "DOUBLED": "键与前面的行重复",
}
ZEROS_LOST = "提示：单元格是数字，前导零可能已丢失；请把该列设为文本"
SHOWN_LENGTH = 40
MOST_LINES = 10_000
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass
class Report:
    """Collects while the rows pass; ``write`` puts it beside the file."""

    view: View
    taken: Taken
    table: Table
    places: Sequence[int | None]
    rows: int = 0
    bad: int = 0
    lines: list[tuple[str, ...]] = field(default_factory=list)
    _keys: set[tuple[Any, ...]] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._check = RowCheck(self.view)
        names = self.view.column_names
        self._key = [names.index(name) for name in self.view.key]

    def row(self, line: Line, values: Sequence[Any]) -> None:
        """``values`` are the row as the contract has it, in the order of the columns."""
        self.rows += 1
        faults = list(self._faults(values))
        self.bad += bool(faults)
        for place, reason in faults:
            self._tell(line, place, values[place], REASONS.get(reason, reason))
        self._remark_numbers(line)

    def write(self) -> None:
        """Only when it says something else than the one that is there.

        A folder we may not write into is still read: the pull has its own list.
        """
        path = self.taken.path.with_name(f"{self.taken.path.stem}{REPORT_SUFFIX}")
        data = self._text().encode("utf-8-sig")
        with suppress(OSError):
            if not (path.is_file() and path.read_bytes() == data):
                replace_file(path, data)

    def _faults(self, values: Sequence[Any]) -> list[tuple[int, str]]:
        found = self._check.faults(self._check.settled(values))
        faults = [(place, str(reason)) for place, reason in found]
        key = tuple([values[place] for place in self._key])
        if key in self._keys:
            faults.append((self._key[0], "DOUBLED"))
        self._keys.add(key)
        return faults

    def _remark_numbers(self, line: Line) -> None:
        """Once a column: a spreadsheet keeps no zeros before a number."""
        for place, item in enumerate(self.view.columns):
            cell = cell_at(line, self.places[place])
            is_code = item.type is Type.TEXT and item.codes is None
            if is_code and isinstance(cell, Serial) and item.name not in self._told:
                self._told.add(item.name)
                self._tell(line, place, cell, ZEROS_LOST)

    def _tell(self, line: Line, place: int, value: Any, words: str) -> None:
        if len(self.lines) >= MOST_LINES:
            return
        item: Column = self.view.columns[place]
        found = self.places[place]
        letter = "" if found is None else letters(found)
        shown = "" if value is None else str(value)[:SHOWN_LENGTH]
        where = (self.taken.path.name, self.table.name, str(line.number), letter)
        self.lines.append((*where, f"{item.title}（{item.name}）", shown, words))

    def _text(self) -> str:
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(HEADINGS)
        words = f"共 {self.rows} 行，{self.rows - self.bad} 行可用，{self.bad} 行隔离"
        if len(self.lines) >= MOST_LINES:
            words += f"；只列出前 {MOST_LINES} 条"
        writer.writerow((self.taken.path.name, self.table.name, "", "", "", "", words))
        writer.writerows([safe(cell) for cell in line] for line in self.lines)
        return out.getvalue()


def safe(cell: str) -> str:
    """As a text, whatever it begins with."""
    return f"'{cell}" if cell.startswith(FORMULA_SIGNS) else cell


def letters(place: int) -> str:
    """A, B, … Z, AA of the columns of a sheet, from 0."""
    words = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        words = chr(ord("A") + rest) + words
    return words


def cell_at(line: Line, place: int | None) -> Any:
    return line.cells[place] if place is not None and place < len(line.cells) else None


def replace_file(path: Path, data: bytes) -> None:
    """Whole or not at all, so that nobody opens half a report."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with fresh.open("xb") as file:
        file.write(data)
    os.replace(fresh, path)
