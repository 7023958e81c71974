"""How one HIS is reached: the address and, beside it, what its maker chose.

All of it stands in one URL, because it is one secret and one decision of the site:
``mssql+pymssql://u:p@host/HIS?yw_encoding=gbk&yw_tls=verify``. What begins with ``yw_``
is ours, the rest is the driver's.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

OURS = "yw_"


class BadDsn(Exception):
    """The DSN cannot be used; the text never repeats the DSN."""


class Tls(StrEnum):
    OFF = "off"
    ON = "on"  # encrypted, whoever answers
    VERIFY = "verify"  # encrypted, and the certificate is the server's own


@dataclass(frozen=True)
class Connection:
    """One way to one HIS.

    ``url`` is without our options. ``encoding`` is that of CHAR columns and of texts
    on the wire where the protocol leaves it open; ``time_zone`` that of its local
    times. ``oracle_client`` is the directory of an Oracle Instant Client. ``deadline`` bounds every call, in seconds; ``pool`` is the links kept open.
    """

    url: URL
    deadline: float
    encoding: str = "utf-8"
    time_zone: str = "Asia/Shanghai"
    tls: Tls | None = None  # None: as the driver does it
    ca_file: str = ""
    cert_file: str = ""  # ours, with its key: mutual TLS
    key_file: str = ""
    pool: int = 2
    oracle_client: str = ""

    @property
    def scheme(self) -> str:
        """``postgresql`` of ``postgresql+psycopg://…``."""
        return self.url.drivername.split("+", 1)[0]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def parse(dsn: str, deadline: float) -> Connection:
    """The connection a DSN describes; raises BadDsn."""
    try:
        url = make_url(dsn)
    except (ArgumentError, ValueError):
        raise BadDsn("not an SQLAlchemy URL") from None
    given = {
        name.removeprefix(OURS): one_of(name, value)
        for name, value in url.query.items()
        if name.startswith(OURS)
    }
    unknown = given.keys() - READERS.keys()
    if unknown:
        raise BadDsn(f"unknown option {OURS}{min(unknown)}")
    url = url.difference_update_query([OURS + name for name in given])
    options = {name: READERS[name](value) for name, value in given.items()}
    return Connection(url, float(deadline), **options)


def one_of(name: str, value: str | tuple[str, ...]) -> str:
    if not isinstance(value, str):
        raise BadDsn(f"{name}: given twice")
    return value


def read_encoding(value: str) -> str:
    try:
        "".encode(value)  # some codecs are for other things than texts
        return codecs.lookup(value).name
    except LookupError:
        raise BadDsn(f"{OURS}encoding: no encoding of this name") from None


def read_time_zone(value: str) -> str:
    try:
        return ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError):
        raise BadDsn(f"{OURS}time_zone: no time zone of this name") from None


def read_tls(value: str) -> Tls:
    try:
        return Tls(value)
    except ValueError:
        words = ", ".join(Tls)
        raise BadDsn(f"{OURS}tls: one of {words}") from None


def read_pool(value: str) -> int:
    if not (value.isascii() and value.isdecimal() and 1 <= int(value) <= 20):
        raise BadDsn(f"{OURS}pool: a number from 1 to 20")
    return int(value)


READERS: dict[str, Callable[[str], Any]] = {
    "encoding": read_encoding,
    "time_zone": read_time_zone,
    "tls": read_tls,
    "ca_file": str,
    "cert_file": str,
    "key_file": str,
    "pool": read_pool,
    "oracle_client": str,
}
