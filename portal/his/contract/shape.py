"""What an interface, a column and a code table are made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    """Column types every engine can hold."""

    TEXT = "TEXT"
    INTEGER = "INTEGER"
    DATE = "DATE"  # a whole day, local, no time
    MOMENT = "MOMENT"  # local time of the HIS, to the second


@dataclass(frozen=True)
class Column:
    """One column of a view, or one argument or result of a function.

    ``length`` is in characters and only meaningful for TEXT; ``codes`` maps each
    allowed value to its Chinese name.
    """

    name: str
    title: str
    type: Type
    length: int = 0
    nullable: bool = True
    codes: dict[str, str] | None = None
    note: str = ""


@dataclass(frozen=True)
class View:
    """A read-only view the HIS offers."""

    name: str
    title: str
    key: tuple[str, ...]
    watermark: str
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True)
class Function:
    """A maintenance function the HIS offers; idempotent by ``request_id``.

    A repeated request id gets the first answer and has no second effect.
    """

    name: str
    title: str
    arguments: tuple[Column, ...]
    results: tuple[Column, ...]
