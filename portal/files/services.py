"""Keeping a file: looked at by its content, whole, with its hash."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction

from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.files.kinds import kind_of
from portal.files.models import FileContent, FileKind, StoredFile
from portal.files.refusals import FileEmpty, FileTooLarge

MOST_MEGABYTES = 10
NAME_LENGTH = 200


@transaction.atomic
def keep(
    *, name: str, data: bytes, needs: Capability, by: User, at: datetime
) -> StoredFile:
    """Keep a sheet as it was given; raises a FileRefused and keeps nothing.

    The same bytes twice are two files with one hash: who gave them, and when, differs.
    """
    refuse_by_size(len(data))
    return _kept(name, data, kind_of(data), needs, by, at)


def refuse_by_size(size: int) -> None:
    if not size:
        raise FileEmpty
    if size > MOST_MEGABYTES << 20:
        raise FileTooLarge(MOST_MEGABYTES)


@transaction.atomic
def keep_result(
    *, name: str, data: bytes, needs: Capability, by: User, at: datetime
) -> StoredFile:
    """Keep a workbook this program wrote; of any size."""
    return _kept(name, data, FileKind.XLSX, needs, by, at)


def _kept(
    name: str,
    data: bytes,
    kind: FileKind,
    needs: Capability,
    by: User,
    at: datetime,
) -> StoredFile:
    file = StoredFile(
        name=_bare(name),
        kind=kind,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        needs=needs,
        given_by=by,
        given_at=at,
    )
    file.save()
    FileContent(file=file, data=data).save()
    return file


def _bare(name: str) -> str:
    """The name alone, its end kept: what stands before it is somebody's folder."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(one for one in last if one.isprintable())[-NAME_LENGTH:]
