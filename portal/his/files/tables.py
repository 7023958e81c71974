"""Rows of cells out of a file's bytes: spreadsheets and separated texts.

Nothing of a file is run: a formula counts for the value its program stored with it.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from portal.his.files.folder import Taken, Unusable

LARGEST_UNPACKED = 256 * 1024 * 1024
MOST_MEMBERS = 500
MOST_ROWS = 1_048_576  # of a sheet
MOST_COLUMNS = 500
SEPARATORS = ",;\t"
BOMS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
# A number shown as 001027 is one whose zeros belong to it.
ZEROS = re.compile(r"0+")
LONE = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class Line:
    """One row with its number as the program shows it, and its cells."""

    number: int
    cells: list[Any]


@dataclass(frozen=True)
class Table:
    """``name`` is that of the sheet, or empty; the first line has the headings."""

    name: str
    lines: Iterator[Line]


def table_of(taken: Taken, encoding: str) -> Table:
    """``encoding`` is tried where the text does not say its own; raises Unusable."""
    if taken.path.suffix.casefold() == ".xlsx":
        return sheet(taken)
    return Table("", bounded(separated(taken, text_of(taken.data, encoding))))


def bounded(lines: Iterator[Line]) -> Iterator[Line]:
    """Lines that hold anything; raises Unusable when there is no end of them."""
    for count, line in enumerate(lines, start=1):
        while line.cells and line.cells[-1] in {None, ""}:
            line.cells.pop()  # formats without content reach far to the right
        if count > MOST_ROWS or len(line.cells) > MOST_COLUMNS:
            raise Unusable(f"超过 {MOST_ROWS} 行或 {MOST_COLUMNS} 列")
        if line.cells:
            yield line


# --- separated texts ----------------------------------------------------------------


def text_of(data: bytes, encoding: str) -> str:
    """By its mark, else as UTF-8 or as the endpoint's encoding, whichever fits better.

    Bytes of no character become U+FFFD, which the quarantine knows.
    """
    for mark, name in BOMS.items():
        if data.startswith(mark):
            return data.decode(name, "replace")
    second = encoding if encoding != "utf-8" else "gb18030"
    found = [data.decode(name, "surrogateescape") for name in ("utf-8", second)]
    best = min(found, key=lambda text: len(LONE.findall(text)))
    return LONE.sub("\N{REPLACEMENT CHARACTER}", best)


def separated(taken: Taken, text: str) -> Iterator[Line]:
    head = text.split("\n", 1)[0]
    separator = max(SEPARATORS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 1
    try:
        for cells in reader:
            yield Line(number, [cell.strip() for cell in cells])
            number = reader.line_num + 1
    except csv.Error as error:
        raise Unusable(f"{taken.path.name} 第 {number} 行不能读取 {error}") from None


# --- spreadsheets -------------------------------------------------------------------


def sheet(taken: Taken) -> Table:
    """The first sheet."""
    import openpyxl  # a second of work for those who need it

    refuse_bomb(taken)
    try:
        book = openpyxl.load_workbook(
            io.BytesIO(taken.data), read_only=True, data_only=True, keep_links=False
        )
        found = book.worksheets[0]
        found.reset_dimensions()  # what a file says of its size is not to be trusted
        lines = sheet_lines(taken, found, book.epoch)
        return Table(found.title, bounded(lines))
    except (ValueError, KeyError, IndexError, zipfile.BadZipFile, SyntaxError) as error:
        raise Unusable(f"{taken.path.name} 不是 xlsx {type(error).__name__}") from None


def refuse_bomb(taken: Taken) -> None:
    """What it unpacks to is bounded: no member gives more than its size as written."""
    try:
        with zipfile.ZipFile(io.BytesIO(taken.data)) as packed:
            members = packed.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise Unusable(f"{taken.path.name} 不是 xlsx") from None
    unpacked = sum(member.file_size for member in members)
    if unpacked > LARGEST_UNPACKED or len(members) > MOST_MEMBERS:
        raise Unusable(f"{taken.path.name} 解开后超过 {LARGEST_UNPACKED >> 20} MB")


def sheet_lines(taken: Taken, found: Any, epoch: datetime) -> Iterator[Line]:
    try:
        for number, row in enumerate(found.iter_rows(), start=1):
            yield Line(number, [value_of(cell, epoch) for cell in row])
    except (ValueError, KeyError, zipfile.BadZipFile, SyntaxError, EOFError) as error:
        words = f"{taken.path.name} 不能读取 {type(error).__name__}"
        raise Unusable(words) from None


def value_of(cell: Any, epoch: datetime) -> Any:
    """Texts, days, moments and numbers; ``Serial`` for what may still be a day."""
    value = cell.value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | float):
        pattern = str(cell.number_format)
        if ZEROS.fullmatch(pattern) and value == int(value):
            return f"{int(value):0{len(pattern)}d}"
        return Serial(value, epoch)
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, time):
        return value.isoformat()
    return value


@dataclass(frozen=True)
class Serial:
    """A number of a spreadsheet, which counts days where a day is meant."""

    number: int | float
    epoch: datetime

    def __str__(self) -> str:
        is_whole = self.number == int(self.number)
        return str(int(self.number)) if is_whole else repr(self.number)

    def moment(self) -> date | None:
        """None for what is no day any calendar has."""
        from openpyxl.utils.datetime import from_excel

        try:
            found = from_excel(self.number, self.epoch)
        except (OverflowError, ValueError):
            return None
        return found if isinstance(found, date) else None
