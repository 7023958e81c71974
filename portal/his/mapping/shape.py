"""A mapping as read: where every column of a view comes from."""

from __future__ import annotations

from dataclasses import dataclass, field

from portal.his.contract.shape import Function, View


@dataclass(frozen=True)
class Expression:
    """SQL over the vendor's tables, the same text for every engine."""

    sql: str


@dataclass(frozen=True)
class AsText:
    """A number or a moment the contract wants as text."""

    sql: str


@dataclass(frozen=True)
class Utc:
    """A moment the vendor keeps in UTC; the contract wants the local one."""

    sql: str


@dataclass(frozen=True)
class Coded:
    """The vendor's values translated one by one; ``otherwise`` for all others."""

    sql: str
    codes: dict[str, str]
    otherwise: str | None
    is_number: bool = False  # the vendor keeps numbers: '1' is compared as 1


@dataclass(frozen=True)
class Literal:
    """The same value in every row."""

    value: str


Template = Expression | AsText | Coded | Literal  # what a function may write, too
Source = Template | Utc


@dataclass(frozen=True)
class Join:
    table: str
    on: str
    is_left: bool


@dataclass(frozen=True)
class ViewMap:
    """A view over tables, or, with ``rows``, a dictionary the vendor has no table for.

    ``missing`` are columns the vendor has nothing for, each with the reason; "" where
    none is given, which a column that may not be null must not be.
    """

    view: View
    table: str
    joins: tuple[Join, ...] = ()
    where: str = ""
    columns: dict[str, Source] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    rows: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True)
class FunctionMap:
    """The vendor's table a maintenance function writes.

    ``key`` finds the line, ``values`` are written. Templates name arguments as
    ``{emp_no}``, besides ``{status}`` and ``{status_number}`` (after the operation)
    and ``{now}``; ``{number:…}`` is for a vendor who keeps a code as a number.
    """

    function: Function
    table: str
    row_id: str
    key: dict[str, Template]
    values: dict[str, Template]
    inserts: bool = True
    allowed: str = ""  # a condition that must hold for a value to be given
    close_where: str = ""  # the lines a closed batch revokes
    close_values: dict[str, Template] = field(default_factory=dict)


@dataclass(frozen=True)
class Flag:
    """A coarse field the HIS keeps on the person: a column of ``V_YW_DOCTOR``.

    Its value is the highest of ``values`` among the privileges held, "0" without any;
    or, with ``bits``, one place for each privilege, 1 where it is held ("" has none).
    ``setting`` counts only lines of that setting or of all.
    """

    name: str
    values: dict[str, str] = field(default_factory=dict)
    bits: tuple[str, ...] = ()
    setting: str = ""

    @property
    def privileges(self) -> frozenset[str]:
        return frozenset({*self.values, *self.bits} - {""})


@dataclass(frozen=True)
class Push:
    """How a HIS wants to be told of rights.

    ``whole_sets``: it replaces all surgical rights of a person at once. ``keeps_dates``:
    its rows have a first and a last day. With ``flags`` it keeps these fields alone, and
    no rows but those of surgical items.
    """

    whole_sets: bool = False
    keeps_dates: bool = True
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True)
class Mapping:
    """One HIS: what it offers, how, and what it does not."""

    name: str
    account: str
    views: dict[str, ViewMap]
    functions: dict[str, FunctionMap]
    missing: dict[str, str]  # interface name: why
    provided: dict[str, str]  # written by the vendor: where
    push: Push = Push()


class MappingError(Exception):
    """Everything that is wrong with a mapping, one ``file:line: what`` each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
