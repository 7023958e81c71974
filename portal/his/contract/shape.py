"""What an interface, a column and a code table are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Type(StrEnum):
    """Column types every engine can hold."""

    TEXT = "TEXT"
    INTEGER = "INTEGER"
    NUMBER = "NUMBER"  # decimal, with precision and scale
    DATE = "DATE"  # a whole day, local, no time
    MOMENT = "MOMENT"  # local time of the HIS, to the second


@dataclass(frozen=True)
class Column:
    """One column of a view, or one argument or result of a function.

    ``length`` is in characters and only meaningful for TEXT; ``precision`` and
    ``scale`` only for NUMBER; ``codes`` maps each allowed value to its Chinese name.
    ``blank`` says that a column that may not be null may hold the empty text,
    ``personal`` that what stands there is a person's and is shown masked in reports on
    rows, ``open_end`` that one of ``OPEN_ENDS`` means the same as no day.
    """

    name: str
    title: str
    type: Type
    length: int = 0
    nullable: bool = True
    codes: dict[str, str] | None = None
    note: str = ""
    precision: int = 0
    scale: int = 0
    unit: str = ""
    example: str = ""
    blank: bool = False
    personal: bool = False
    open_end: bool = False

    @property
    def shown_example(self) -> str:
        """The example of the document; where none is given, any of its kind."""
        if self.example:
            return self.example
        if self.codes:
            return next(iter(self.codes))
        return ANY_EXAMPLE.get(self.type, "")


# What systems write that cannot leave an end out.
OPEN_ENDS = frozenset({date(2999, 12, 31), date(9999, 12, 31)})


def end_meant(last_day: date | None) -> date | None:
    """A day nobody will live to see is no end."""
    return None if last_day in OPEN_ENDS else last_day


ANY_EXAMPLE = {Type.DATE: "2026-11-23", Type.MOMENT: "2026-11-23 10:18:00"}


@dataclass(frozen=True)
class View:
    """A read-only view the HIS offers.

    ``columns`` every offering HIS must give, ``further`` where it has them. A view
    that is ``in_use`` is read by the running portal, exactly its ``columns``.
    """

    name: str
    title: str
    key: tuple[str, ...]
    watermark: str
    columns: tuple[Column, ...]
    rows: tuple[str, ...] = ()  # of the tender: T01–T15; none for an auxiliary view
    purpose: str = ""
    further: tuple[Column, ...] = ()
    in_use: bool = False

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def all_columns(self) -> tuple[Column, ...]:
        return self.columns + self.further


@dataclass(frozen=True)
class Function:
    """A maintenance function the HIS offers; idempotent by ``request_id``.

    A repeated request id gets the first answer and has no second effect.
    """

    name: str
    title: str
    arguments: tuple[Column, ...]
    results: tuple[Column, ...]
    rows: tuple[str, ...] = ()
    purpose: str = ""
    rules: tuple[str, ...] = ()  # what the document says beside the common rules
    key: tuple[str, ...] = ()  # the arguments that name the line acted on
    shows: str = ""  # the view the line is seen in afterwards
    in_use: bool = False


@dataclass(frozen=True)
class Version:
    """One version of the contract and what it brought."""

    number: str
    day: str
    changes: tuple[str, ...]
