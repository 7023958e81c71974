"""Sheets of an uploaded file, line by line.

Nothing of a file is run: a formula is told as one, never computed. The pieces that read
cells are those of ``portal.his.files``, which reads the same kinds of files for the HIS.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.files.models import FileKind
from portal.files.refusals import (
    FileRefused,
    SheetBroken,
    SheetMissing,
    SheetUnpacksTooLarge,
)
from portal.his.files.folder import Taken, Unusable
from portal.his.files.tables import (
    Line,
    Serial,
    bounded,
    refuse_bomb,
    separated,
    text_of,
    value_of,
)

__all__ = ["Formula", "Line", "Merged", "Serial", "Sheet", "Workbook"]

MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
BROKEN = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    EOFError,
    SyntaxError,
    NotImplementedError,
    zipfile.BadZipFile,
)


@dataclass(frozen=True)
class Formula:
    """A cell that is computed; what it would give, only the program that wrote it knows."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Sheet:
    """``name`` is empty for a text file, which has but one."""

    name: str
    is_hidden: bool = False


@dataclass(frozen=True)
class Merged:
    """Cells merged into one: ``A5:A9`` of the rows 5 to 9."""

    ref: str
    first_row: int
    last_row: int


class Workbook:
    """The sheets of one file; raises a FileRefused for one that cannot be read."""

    def __init__(self, data: bytes, kind: FileKind | str) -> None:
        self._taken = Taken(Path("upload"), data, 0)
        self._book: Any = None
        if kind == FileKind.XLSX:
            self._book = self._opened()

    def _opened(self) -> Any:
        import openpyxl  # a second of work for those who need it

        try:
            refuse_bomb(self._taken)
        except Unusable:
            raise SheetUnpacksTooLarge from None
        with broken_is_refused():
            return openpyxl.load_workbook(
                io.BytesIO(self._taken.data), read_only=True, keep_links=False
            )

    @property
    def sheets(self) -> list[Sheet]:
        if self._book is None:
            return [Sheet("")]
        return [
            Sheet(one.title, one.sheet_state != "visible")
            for one in self._book.worksheets
        ]

    def lines(self, name: str) -> Iterator[Line]:
        """Lines that hold anything, in order, with their numbers in the file."""
        with broken_is_refused():
            yield from bounded(self._lines(name))

    def _lines(self, name: str) -> Iterator[Line]:
        if self._book is None:
            text = text_of(self._taken.data, "gb18030")
            yield from separated(self._taken, text)
            return
        found = self._sheet(name)
        found.reset_dimensions()  # what a file says of its size is not to be trusted
        for number, row in enumerate(found.iter_rows(), start=1):
            yield Line(number, [self._value(cell) for cell in row])

    def _sheet(self, name: str) -> Any:
        for one in self._book.worksheets:
            if one.title == name:
                return one
        raise SheetMissing

    def _value(self, cell: Any) -> Any:
        if cell.data_type == "f":
            return Formula(str(cell.value))
        return value_of(cell, self._book.epoch)

    def merged(self, name: str) -> list[Merged]:
        if self._book is None:
            return []
        path = self._sheet(name)._worksheet_path  # of the member inside the file
        with broken_is_refused(), zipfile.ZipFile(io.BytesIO(self._taken.data)) as file:
            found = MERGED.findall(file.read(path))
        return [
            Merged(
                f"{left.decode()}{top.decode()}:{right.decode()}{bottom.decode()}",
                int(top),
                int(bottom),
            )
            for left, top, right, bottom in found
        ]


@contextmanager
def broken_is_refused() -> Iterator[None]:
    """What the libraries say of a damaged file, in one word of ours."""
    try:
        yield
    except FileRefused:
        raise
    except (Unusable, *BROKEN):
        raise SheetBroken from None
