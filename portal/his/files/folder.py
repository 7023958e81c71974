"""Finding and taking a file: whole, at rest, of a sane size, and from nowhere else."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".xlsx", ".csv")
REPORT_SUFFIX = ".report.csv"
LARGEST_FILE = 64 * 1024 * 1024
# A file untouched for so long is whole; a younger one is looked at twice.
OLD_SECONDS = 30.0
LOOK_SECONDS = 1.0


class Away(Exception):
    """The folder cannot be read, as when a share is not there."""


class StillWritten(Exception):
    """The file has not come to rest."""


class OpenElsewhere(Exception):
    """An office program has the file open."""


class Unusable(Exception):
    """There is no file that can be the view; says why."""


@dataclass(frozen=True)
class Taken:
    """The bytes of one file as it stood; ``mtime_ns`` is its last change."""

    path: Path
    data: bytes
    mtime_ns: int


def take(folder: Path, name: str, seconds: float) -> Taken:
    """The file of the view ``name``, waiting at most ``seconds`` for it to come to rest.

    Raises Away, StillWritten, OpenElsewhere and Unusable.
    """
    until = time.monotonic() + seconds
    path = the_file(folder, name)
    refuse_locked(folder, path)
    # The name comes from the contract, the folder from the site; a link would lead out.
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise Unusable(f"{path.name} 不能读取 {error.strerror}") from None
    with os.fdopen(number, "rb") as file:
        seen = wait_for_rest(path, file.fileno(), until)
        data = file.read(LARGEST_FILE + 1)
        if identity(os.fstat(file.fileno())) != seen or len(data) != seen[1]:
            raise StillWritten
    return Taken(path, data, seen[0])


def the_file(folder: Path, name: str) -> Path:
    """By its name in any case, as the shares of other systems have them."""
    wanted = {f"{name}{suffix}".casefold() for suffix in SUFFIXES}
    found = sorted(item for item in names_in(folder) if item.casefold() in wanted)
    if not found:
        raise Unusable(f"文件夹里没有 {name}.xlsx 或 {name}.csv")
    if len(found) > 1:
        raise Unusable(f"同时有 {'、'.join(found)}，请只留一个")
    return folder / found[0]


def names_in(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        raise Away from None


def refuse_locked(folder: Path, path: Path) -> None:
    """Office programs put a file of their own beside the one they have open."""
    for lock in (f"~${path.name}", f".~lock.{path.name}#"):
        if (folder / lock).exists():
            raise OpenElsewhere


def wait_for_rest(path: Path, number: int, until: float) -> tuple[int, int]:
    """When it was changed and how long it is, once that has stopped to change."""
    found = os.fstat(number)
    if not stat.S_ISREG(found.st_mode):
        raise Unusable(f"{path.name} 不是普通文件")
    seen = identity(found)
    while True:
        if seen[1] > LARGEST_FILE:
            raise Unusable(f"{path.name} 超过 {LARGEST_FILE >> 20} MB")
        if time.time() - seen[0] / 1e9 > OLD_SECONDS:
            return seen
        if time.monotonic() + LOOK_SECONDS > until:
            raise StillWritten
        time.sleep(LOOK_SECONDS)
        before, seen = seen, identity(os.fstat(number))
        if seen == before:
            return seen


def identity(found: os.stat_result) -> tuple[int, int]:
    return (found.st_mtime_ns, found.st_size)
