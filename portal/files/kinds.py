"""What a file is, by its content alone: the name says what somebody hoped."""

from __future__ import annotations

import io
import zipfile

from portal.files.models import FileKind
from portal.files.refusals import NotASheet, SheetBroken, SheetHasMacros, SheetLocked
from portal.his.files.tables import BOMS, SEPARATORS, text_of

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # old office files, and locked new ones
LOCKED = "EncryptedPackage".encode("utf-16-le")
WORKBOOK = "xl/workbook.xml"
MACROS = "xl/vbaProject.bin"


def kind_of(data: bytes) -> FileKind:
    """Raises NotASheet, SheetLocked, SheetHasMacros or SheetBroken."""
    if data.startswith(ZIP):
        return _packed(data)
    if data.startswith(OLE):
        raise SheetLocked if LOCKED in data else NotASheet
    has_mark = any(data.startswith(mark) for mark in BOMS)
    if b"\0" in data and not has_mark:
        raise NotASheet
    head = text_of(data[: 64 << 10], "gb18030").lstrip().split("\n", 1)[0]
    if head.startswith("<") or not any(one in head for one in SEPARATORS):
        raise NotASheet
    return FileKind.CSV


def _packed(data: bytes) -> FileKind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            names = packed.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise SheetBroken from None
    if WORKBOOK not in names:
        raise NotASheet
    if MACROS in names:
        raise SheetHasMacros
    return FileKind.XLSX
