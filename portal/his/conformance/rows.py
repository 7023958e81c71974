"""One pass over the rows of a view, every question looking at each row once.

Memory grows with the keys of a view, not with its rows' content.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from portal.his.conformance.result import Found, failed, keys_shown, not_run, passed
from portal.his.contract.relations import (
    BIRTHS,
    SEPARATORS,
    references,
    sequences,
    single_valued,
)
from portal.his.contract.shape import Column, Type, View
from portal.his.pull.quarantine import Check, Reason, checks_of

Row = tuple[Any, ...]
KEYS_SHOWN = 3
EARLIEST = date(1900, 1, 1)
LATEST = date(2099, 12, 31)
CLOCKS_APART = timedelta(minutes=10)  # of two servers, and the time of the run itself


@dataclass
class Tally:
    """How many rows break a rule, at which columns, and the first few keys."""

    count: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)

    def add(self, key: str, columns: Iterable[str]) -> None:
        self.count += 1
        for name in columns:
            self.columns[name] = self.columns.get(name, 0) + 1
        if len(self.keys) < KEYS_SHOWN:
            self.keys.append(key)

    def answer(self, expected: str, advice: str) -> Found:
        if not self.count:
            return passed()
        where = "、".join(f"{name} {count}" for name, count in self.columns.items())
        found = keys_shown(self.keys, self.count)
        return failed(expected, f"{found}（{where}）" if where else found, advice)


class ViewLook:
    """What the rows of one view answer; ``now`` is local time of the HIS."""

    def __init__(self, view: View, names: Sequence[str], now: datetime) -> None:
        self.view = view
        self.names = tuple(names)
        self.rows = 0
        self.is_whole = True  # False once reading stopped at the limit
        self._at = {name: place for place, name in enumerate(self.names)}
        self._now = now
        self._columns = [c for c in view.all_columns if c.name in self._at]
        # The watermark has questions of its own, and so has the key when it is empty.
        plain = [c for c in self._columns if c.name != view.watermark]
        self._checks = [(self._at[c.name], c, all_checks(c)) for c in plain]
        self._key = [self._at[name] for name in view.key if name in self._at]
        self._key_columns = [
            (self._at[c.name], c) for c in self._columns if c.name in view.key
        ]
        self._days = [c for c in plain if c.type in {Type.DATE, Type.MOMENT}]
        self._sequences = [
            [self._at[name] for name in one if name in self._at]
            for one in sequences(view)
        ]
        self._single = [name for name in single_valued(view) if name in self._at]
        self._references = [
            one for one in references(view) if set(one.columns) <= set(self._at)
        ]
        self.named: dict[tuple[str, ...], dict[Row, list[str]]] = {
            one.columns: {} for one in self._references
        }
        self.keys: set[Row] = set()
        self.tallies = {
            name: Tally()
            for name in (
                *("values", "nulls", "keys", "unique", "codes"),
                *("watermark", "future", "days", "lists"),
            )
        }

    def see(self, raw: Row, row: Row) -> None:
        self.rows += 1
        key_values = tuple(row[place] for place in self._key)
        key = "+".join("" if value is None else str(value) for value in key_values)
        if self._is_keyed(key, raw, row):
            self._see_key(key, key_values)
        self._see_values(key, raw, row)
        self._see_watermark(key, row)
        self._see_days(key, row)
        listed = [name for name in self._single if is_list(row[self._at[name]])]
        if listed:
            self.tallies["lists"].add(key, listed)
        self._see_names(key, row, listed)

    def _is_keyed(self, key: str, raw: Row, row: Row) -> bool:
        empty = [
            column.name
            for place, column in self._key_columns
            if is_empty(column, raw[place], row[place])
        ]
        if empty:
            self.tallies["keys"].add(key, empty)
        return not empty

    def _see_key(self, key: str, values: Row) -> None:
        if values in self.keys:
            self.tallies["unique"].add(key, ())
        self.keys.add(values)

    def _see_values(self, key: str, raw: Row, row: Row) -> None:
        found: dict[str, list[str]] = {}
        for place, column, checks in self._checks:
            value = row[place]
            if not column.nullable and is_empty(column, raw[place], value):
                if column.name not in self.view.key:
                    found.setdefault("nulls", []).append(column.name)
                continue
            for check in checks:
                reason = check(value)
                if reason is not None:
                    found.setdefault(QUESTION[reason], []).append(column.name)
        for name, columns in found.items():
            self.tallies[name].add(key, dict.fromkeys(columns))

    def _see_watermark(self, key: str, row: Row) -> None:
        name = self.view.watermark
        if name not in self._at:
            return
        value = row[self._at[name]]
        if not isinstance(value, datetime) or value.date() < EARLIEST:
            self.tallies["watermark"].add(key, (name,))
        elif value > self._now + CLOCKS_APART:
            self.tallies["future"].add(key, (name,))

    def _see_days(self, key: str, row: Row) -> None:
        strange = [
            column.name
            for column in self._days
            if is_strange(column, row[self._at[column.name]], self._now.date())
        ]
        for places in self._sequences:
            there = [(place, row[place]) for place in places if is_time(row[place])]
            for (_, before), (place, after) in zip(there, there[1:], strict=False):
                if is_later(before, after):
                    strange.append(self.names[place])
        if strange:
            self.tallies["days"].add(key, dict.fromkeys(strange))

    def _see_names(self, key: str, row: Row, listed: Sequence[str]) -> None:
        for columns, found in self.named.items():
            values = tuple(row[self._at[name]] for name in columns)
            if any(value in {None, ""} for value in values) or set(columns) & set(
                listed
            ):
                continue
            keys = found.setdefault(values, [])
            if len(keys) < KEYS_SHOWN:
                keys.append(key)

    def answer(self, check: str) -> Found:
        expected, advice = WORDS[check]
        return self.tallies[check].answer(expected, advice)

    def references_answer(self, others: dict[str, ViewLook]) -> Found:
        """Every name is held against the keys of the view it names a row of."""
        lost, unread = Tally(), []
        for one in self._references:
            other = others.get(one.target.name)
            if other is None or not other.is_whole:
                unread.append(one.target.name)
                continue
            for values, keys in self.named[one.columns].items():
                if values not in other.keys:
                    lost.add(keys[0], ["+".join(one.columns)])
        if lost.count:
            expected, advice = WORDS["references"]
            return lost.answer(expected, advice)
        words = f"没有可比的 {'、'.join(dict.fromkeys(unread))}"
        if unread and len(unread) == len(self._references):
            return not_run(words)
        return passed(words if unread else "")


# Which question a broken check answers; MISSING is asked of raw values, see is_empty.
QUESTION = {
    Reason.UNKNOWN_CODE: "codes",
    Reason.TOO_LONG: "values",
    Reason.BROKEN_TEXT: "values",
    Reason.NOT_A_DATE: "values",
    Reason.NOT_A_NUMBER: "values",
    Reason.MISSING: "nulls",
}

# Question: what was expected, what to do next.
WORDS = {
    "values": (
        "文本不超过约定的长度、没有乱码，数字、日期是真的数字、日期",
        "请在 HIS 中改正这些行，或在视图中转换；不改正的行会被隔离",
    ),
    "nulls": ("必填列都有值", "请在 HIS 中补全，或在视图中给出约定的缺省代码"),
    "keys": ("键的各列都有值", "请在 HIS 中补全；没有键的行无法使用"),
    "unique": ("每个键只有一行", "请检查视图的连接条件，一对多的连接会使行重复"),
    "codes": ("只用约定代码表中的值", "请在映射中补上这些值的对照"),
    "watermark": ("每行都有最后修改时间", "请给出真实的修改时间，不得为空或固定的古值"),
    "future": ("最后修改时间不晚于现在", "请校准 HIS 服务器的时钟，时间用本地时间"),
    "days": (
        f"日期在 {EARLIEST} 至 {LATEST} 之间，出生日期不晚于今天，起止先后有序",
        "请改正这些行；没有日期时给 NULL，不用 0001-01-01 或 9999-12-31",
    ),
    "references": (
        "所指的医生、科室、项目等都在对方视图中",
        "请检查对方视图的过滤条件，停用的行也要给出",
    ),
    "lists": ("编码、工号、取值每格只有一个", "请改为每个值一行，或使用约定的辅助视图"),
}


def is_empty(column: Column, raw: Any, value: Any) -> bool:
    if raw is None:
        return True
    return value == "" and not column.blank


def all_checks(column: Column) -> list[Check]:
    """What a pull asks of a value, and the size of a decimal besides."""
    if column.codes is not None:
        # A known code fits: one that is too long is an unknown one, and no more.
        known = frozenset(column.codes) | {""}
        return [lambda value: None if value in known else Reason.UNKNOWN_CODE]
    checks = checks_of(column)
    if column.type is Type.NUMBER:
        checks.append(lambda value: size_fault(column, value))
    return checks


def size_fault(column: Column, value: Any) -> Reason | None:
    if not isinstance(value, Decimal):
        return None
    if not value.is_finite():
        return Reason.NOT_A_NUMBER
    is_whole = abs(value) < Decimal(10) ** (column.precision - column.scale)
    is_fine = round(value, column.scale) == value
    return None if is_whole and is_fine else Reason.TOO_LONG


def is_time(value: Any) -> bool:
    return isinstance(value, date)  # a moment is a date, too


def is_later(before: date, after: date) -> bool:
    if isinstance(before, datetime) and isinstance(after, datetime):
        return before > after
    return day_of(before) > day_of(after)


def day_of(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


def is_strange(column: Column, value: Any, today: date) -> bool:
    if not is_time(value):
        return False
    day = day_of(value)
    if column.name in BIRTHS and day > today:
        return True
    return not EARLIEST <= day <= LATEST


def is_list(value: Any) -> bool:
    return isinstance(value, str) and any(mark in value for mark in SEPARATORS)
