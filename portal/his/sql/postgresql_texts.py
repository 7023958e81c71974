"""Texts and days of PostgreSQL that the driver's own converters would stumble over."""

from __future__ import annotations

from functools import cache
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper, Loader
from psycopg.types.string import TextLoader

from portal.his.sql.statements import ANY_BYTES

TEXT_TYPES = ("text", "varchar", "bpchar", "name")
# A day past 9999 or "infinity" is one bad value, not an error that ends the read.
LEFT_AS_TEXT = ("date", "timestamp", "timestamptz")
ANY_TYPE = 0  # types the driver has no name for
UTF8 = "utf-8"
NO_ENCODING = "SQL_ASCII"
# Signs no text of PostgreSQL can hold: between elements, and in place of one.
BETWEEN, NOTHING = "\0,", "\0N"


def read_as_texts(link: psycopg.Connection[Any], encoding: str) -> None:
    """Texts pass as the server keeps them and are read here, where one needs that.

    A server that does not know what its texts are written in cannot convert them, and
    one that does ends the whole answer at the first byte it cannot convert.
    """
    load: type[Loader] = TextLoader
    kept = link.info.parameter_status("server_encoding") or ""
    if encoding != UTF8 or kept == NO_ENCODING:
        link.execute(f"SET client_encoding TO '{kept}'".encode())
        load, dump = text_adapters(encoding)
        link.adapters.register_dumper(str, dump)
        link.adapters.register_loader(ANY_TYPE, load)
        for name in TEXT_TYPES:
            link.adapters.register_loader(name, load)
    for name in LEFT_AS_TEXT:
        link.adapters.register_loader(name, load)
    link.adapters.register_dumper(list, array_dumper(encoding))


def text_adapters(encoding: str) -> tuple[type[Loader], type[Dumper]]:
    class Load(Loader):
        def load(self, data: Buffer) -> str:
            return str(data, encoding, ANY_BYTES)

    class Dump(Dumper):
        def dump(self, obj: str) -> bytes:
            return obj.encode(encoding)

    return Load, Dump


@cache
def array_dumper(encoding: str) -> type[Dumper]:
    """Of a flat list the text of an array; what it is an array of says the SQL.

    The driver's own goes from element to element: ten times the work for hundreds.
    """

    class DumpArray(Dumper):
        def dump(self, obj: list[Any]) -> bytes:
            return array_text(obj, encoding)

    return DumpArray


def array_text(values: list[Any], encoding: str = UTF8) -> bytes:
    """As PostgreSQL reads it. Raises DataError and UnicodeError for what it cannot hold."""
    if not values:
        return b"{}"
    texts = values
    if set(map(type, values)) != {str}:
        texts = [NOTHING if one is None else str(one) for one in values]
    joined = BETWEEN.join(texts)
    if joined.count("\0") >= len(values) + values.count(None):
        raise psycopg.DataError("a text cannot hold NUL")
    # By bytes, as the server reads it: a character may have the byte of a sign in it.
    escaped = joined.encode(encoding).replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    quoted = b'{"' + escaped.replace(BETWEEN.encode(), b'","') + b'"}'
    return quoted.replace(b'"' + NOTHING.encode() + b'"', b"NULL")
