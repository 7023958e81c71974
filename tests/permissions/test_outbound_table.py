"""What a HIS is told of a right, case by case: rows told, lines that give it, operations.

Today is 23 November 2026. Days are written ``1201`` for 1 December of that year.
"""

from __future__ import annotations

from datetime import date

import pytest

from permissions.enums import GrantStatus
from permissions.outbound import flags
from permissions.outbound.flags import Held
from permissions.outbound.table import (
    NO_DAY,
    Right,
    Row,
    RowKey,
    Spell,
    Table,
    after,
    settle,
)
from portal.his.mapping.shape import Flag

TODAY = date(2026, 11, 23)
RIGHT = Right("YW_DOCTOR_OP_SAVE", "2", "9001", "ALL")
STATUS = {
    "active": GrantStatus.ACTIVE,
    "suspended": GrantStatus.SUSPENDED,
    "revoked": GrantStatus.REVOKED,
    "void": GrantStatus.VOID,
}


def day(text: str) -> date | None:
    return date(2026, int(text[:2]), int(text[2:])) if text != "-" else None


def first(text: str) -> date:
    found = day(text)
    assert found is not None
    return found


def spells(words: str) -> list[Spell]:
    """``1001-1231 active`` each, apart by commas; ``-`` is without end."""
    found = []
    for one in filter(None, words.split(", ")):
        span, status = one.split()
        begins, ends = first(span[:4]), day(span[5:] or "-")
        is_active = STATUS[status] is GrantStatus.ACTIVE
        holds = is_active and begins <= TODAY and (ends is None or ends >= TODAY)
        found.append(Spell(begins, ends, STATUS[status], holds))
    return found


def table(words: str) -> Table:
    """``1001-1231 1`` each: first day, last day, status of the contract."""
    found = {}
    for one in filter(None, words.split(", ")):
        span, status = one.split()
        found[RowKey(RIGHT, first(span[:4]))] = Row(status, day(span[5:] or "-"))
    return found


def told(rows: str, lines: str, *, keeps_dates: bool = True) -> list[str]:
    """Operations as ``ADD 1001-1231``."""
    steps = settle(table(rows), {RIGHT: spells(lines)}, TODAY, keeps_dates=keeps_dates)
    return [
        f"{op} {key.first_day:%m%d}-{last:%m%d}"
        if last
        else f"{op} {key.first_day:%m%d}-"
        for op, key, last, _value in steps
    ]


CASES = [
    # --- one line: its life ---------------------------------------------------------
    ("granted from today", "", "1123-1231 active", ["ADD 1123-1231"]),
    ("granted from a later day, with its days", "", "1201-1231 active", ["ADD 1201-1231"]),
    ("granted without end", "", "1123- active", ["ADD 1123-"]),
    ("as it is", "1001-1231 1", "1001-1231 active", []),
    ("renewed", "1001-1130 1", "1001-1231 active", ["UPDATE 1001-1231"]),
    ("suspended", "1001-1231 1", "1001-1231 suspended", ["SUSPEND 1001-1231"]),
    ("still suspended", "1001-1231 2", "1001-1231 suspended", []),
    ("renewed while suspended stays suspended", "1001-1130 2", "1001-1231 suspended", []),
    ("restored", "1001-1231 2", "1001-1231 active", ["RESTORE 1001-1231"]),
    ("restored after a renewal", "1001-1130 2", "1001-1231 active", ["UPDATE 1001-1231"]),
    ("revoked today", "1001-1231 1", "1001-1123 revoked", ["REVOKE 1001-1123"]),
    ("revoked as of an earlier day", "1001-1231 1", "1001-1110 revoked", ["REVOKE 1001-1110"]),
    ("revoked before it began", "1201-1231 1", "1201-1201 revoked", ["REVOKE 1201-1201"]),
    ("revoked while suspended", "1001-1231 2", "1001-1123 revoked", ["REVOKE 1001-1123"]),
    ("void", "1001-1231 1", "1001-1231 void", ["VOID 1001-1231"]),
    ("void when it was over", "1001-1031 1", "1001-1031 void", ["VOID 1001-1031"]),
    ("over by its date needs no message", "1001-1031 1", "1001-1031 active", []),
    ("cut short when it was over", "1001-1031 1", "1001-1020 revoked", ["REVOKE 1001-1020"]),
    ("granted again the day it was revoked", "1001-1123 3", "1001-1123 revoked, 1123-1231 active", ["ADD 1123-1231"]),
    # --- several lines give it --------------------------------------------------------
    ("a second line inside the first", "1001-1231 1", "1001-1231 active, 1101-1201 active", []),
    ("a second line that lasts longer", "1001-1130 1", "1001-1130 active, 1101-1231 active", ["UPDATE 1001-1231"]),
    ("taken away while another line gives it", "1001-1231 1", "1001-1123 revoked, 1101-1231 active", []),
    ("suspended while another line gives it", "1001-1231 1", "1001-1231 suspended, 1101-1215 active", ["UPDATE 1001-1215"]),
    ("taken away before the other begins", "1001-1231 1", "1001-1123 revoked, 1201-1231 active", ["REVOKE 1001-1123", "ADD 1201-1231"]),
    ("suspended before the other begins", "1001-1231 1", "1001-1231 suspended, 1201-1231 active", ["REVOKE 1001-1123", "ADD 1201-1231"]),
    ("void while another line gives it", "1001-1231 1", "1001-1231 void, 1101-1231 active", ["VOID 1001-1231", "ADD 1101-1231"]),
    ("both taken away", "1001-1231 1", "1001-1120 revoked, 1101-1123 revoked", ["REVOKE 1001-1123"]),
    ("side by side in time", "1001-1130 1", "1001-1130 active, 1201-1231 active", ["ADD 1201-1231"]),
    # --- what nobody gives any more ---------------------------------------------------
    ("a right no line gives", "1001-1231 1", "", ["REVOKE 1001-1123"]),
    ("a right no line gives, without end", "1001- 1", "", ["REVOKE 1001-1123"]),
    ("history stays as it is", "1001-1231 3, 0901-0930 4", "", []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "lines", "expected"),
    [case[1:] for case in CASES],
    ids=[c[0] for c in CASES],
)
def test_his_is_told(rows: str, lines: str, expected: list[str]) -> None:
    assert told(rows, lines) == expected


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_told_once_there_is_nothing_more_to_tell(
    case: tuple[str, str, str, list[str]],
) -> None:
    lines = {RIGHT: spells(case[2])}
    before = table(case[1])

    new = after(before, settle(before, lines, TODAY, keeps_dates=True))

    assert settle(new, lines, TODAY, keeps_dates=True) == []


UNDATED = [
    ("begins later: nothing now", "", "1201-1231 active", []),
    ("holds now", "", "1001-1231 active", ["ADD"]),
    ("is over by its date", "1", "1001-1031 active", ["REVOKE"]),
    ("suspended", "1", "1001-1231 suspended", ["SUSPEND"]),
    ("restored", "2", "1001-1231 active", ["RESTORE"]),
    ("void", "1", "1001-1231 void", ["VOID"]),
    ("another line holds", "1", "1001-1120 revoked, 1101-1231 active", []),
    ("granted again", "3", "1001-1231 active", ["ADD"]),
]


@pytest.mark.parametrize(
    ("status", "lines", "expected"),
    [case[1:] for case in UNDATED],
    ids=[case[0] for case in UNDATED],
)
def test_his_without_days_is_told_of_now(
    status: str, lines: str, expected: list[str]
) -> None:
    key = RowKey(RIGHT, NO_DAY)
    rows = {key: Row(status, None)} if status else {}

    steps = settle(rows, {RIGHT: spells(lines)}, TODAY, keeps_dates=False)

    assert [(step.op, step.key, step.last_day) for step in steps] == [
        (op, key, None) for op in expected
    ]


GRADE = Flag("surgery_grade", {"SG01": "1", "SG02": "2", "SG03": "3"})
SPECIAL = Flag("special_order_mz", bits=("ND04", "ND01", ""), setting="OUTP")


@pytest.mark.parametrize(
    ("flag", "held", "value"),
    [
        (GRADE, [], "0"),
        (GRADE, ["SG01 ALL"], "1"),
        (GRADE, ["SG03 ALL", "SG01 ALL", "AB03 ALL"], "3"),
        (SPECIAL, [], "000"),
        (SPECIAL, ["ND01 ALL"], "010"),
        (SPECIAL, ["ND01 OUTP", "ND04 INP"], "010"),
        (SPECIAL, ["ND01 OUTP", "ND04 OUTP"], "110"),
    ],
)
def test_coarse_field_is_the_highest_or_one_place_each(
    flag: Flag, held: list[str], value: str
) -> None:
    assert flags.value_of(flag, [Held(*one.split()) for one in held]) == value


@pytest.mark.parametrize(
    ("new", "old", "lowers"),
    [("1", "2", True), ("3", "2", False), ("010", "110", True), ("101", "010", True),
     ("110", "010", False)],
)  # fmt: skip
def test_value_that_takes_something_away_is_lower(
    new: str, old: str, lowers: bool
) -> None:
    assert flags.is_lower(new, old) is lowers
