"""The full compare of a dictionary: whatever comes, good rows pass, bad ones wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.his.contract.interfaces import V_YW_DOCTOR, V_YW_PRIV_DICT, VIEWS
from portal.his.contract.shape import View
from portal.his.pull.dictionary import (
    Difference,
    Row,
    RowHash,
    TooManyGone,
    compare,
    fingerprint,
    frozen,
    key_of,
    rules_of,
)
from portal.his.pull.quarantine import BadRow, Reason
from portal.his.records import DoctorRecord, PrivilegeRecord
from tests.portal.his.rows import (
    ANTIBIOTICS,
    MODIFIED,
    PRESCRIBE,
    WANG,
    ZHAO,
    many,
    values_of,
)

DAY = date(2026, 11, 23)


def look(
    view: View,
    rows: Sequence[DoctorRecord | PrivilegeRecord],
    known: Mapping[str, str] | None = None,
    may_lose: Sequence[str] = (),
) -> Difference:
    """The compare of these rows, which come two at a time."""
    values = [values_of(row) for row in rows]
    batches = [values[start : start + 2] for start in range(0, len(values), 2)]
    return compare(view, batches, lambda _view, given: given, known or {}, may_lose)


def row_hash(view: View, record: Any) -> str:
    return RowHash(view)(values_of(record))


def test_row_hash_changes_with_every_column_but_the_watermark() -> None:
    hashes = {
        row_hash(V_YW_DOCTOR, replace(WANG, **{name: "x"}))  # type: ignore[arg-type]
        for name in V_YW_DOCTOR.column_names
        if name != "last_modified"
    }
    same = row_hash(V_YW_DOCTOR, WANG)
    touched = replace(WANG, last_modified=datetime(2026, 11, 24))  # noqa: DTZ001

    assert len(hashes) == 12
    assert same not in hashes
    assert row_hash(V_YW_DOCTOR, touched) == same


def test_row_hash_never_mixes_neighbouring_columns() -> None:
    one = replace(PRESCRIBE, name="a", category="bc")
    other = replace(PRESCRIBE, name="ab", category="c")
    assert row_hash(V_YW_PRIV_DICT, one) != row_hash(V_YW_PRIV_DICT, other)


def test_row_hash_is_another_one_as_soon_as_the_contract_is() -> None:
    status, *others = V_YW_DOCTOR.columns[::-1][1:]
    narrower = replace(status, codes={"01": "在职"})
    changed = replace(
        V_YW_DOCTOR, columns=(*others[::-1], narrower, V_YW_DOCTOR.columns[-1])
    )

    assert row_hash(changed, WANG) != row_hash(V_YW_DOCTOR, WANG)
    assert rules_of(changed) != rules_of(V_YW_DOCTOR)


@pytest.mark.parametrize(
    "value",
    [DAY, MODIFIED, Decimal("1.50"), UUID(int=1)],
    ids=lambda v: type(v).__name__,
)
def test_values_no_marshal_knows_are_frozen_all_the_same(value: object) -> None:
    assert frozen(("a", value)) == frozen(("a", value))
    assert frozen(("a", value)) != frozen(("b", value))


def test_texts_are_frozen_alike_whoever_holds_them() -> None:
    held = "RX" + str(len("x"))
    assert frozen(("RX1", "RX1")) == frozen((held, "".join(["RX", "1"])))


def test_fingerprint_changes_with_any_value_and_with_the_order() -> None:
    def text(*rows: DoctorRecord) -> str:
        return fingerprint(V_YW_DOCTOR, [[values_of(row) for row in rows]]).text

    touched = replace(WANG, last_modified=datetime(2026, 11, 24))  # noqa: DTZ001
    others = [text(ZHAO, WANG), text(WANG), text(touched, ZHAO), text()]

    assert text(WANG, ZHAO) == text(replace(WANG), ZHAO)
    assert text(WANG, ZHAO) not in others


def test_key_of_a_composed_key_is_one_text() -> None:
    values = {"emp_no": "1", "scope_code": "A12", "prac_org": "本院"}
    view = next(view for view in VIEWS if view.name == "V_YW_DOCTOR_SCOPE")
    assert key_of(view)(values) == "1\x1fA12\x1f本院"


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        ({"emp_no": ""}, "emp_no", Reason.NO_KEY),
        ({"name": ""}, "name", Reason.MISSING),
        ({"last_modified": None}, "last_modified", Reason.MISSING),
        ({"sex": "3"}, "sex", Reason.UNKNOWN_CODE),
        ({"title_code": "999"}, "title_code", Reason.UNKNOWN_CODE),
        ({"py": "W" * 21}, "py", Reason.TOO_LONG),
        ({"prac_valid_to": "长期"}, "prac_valid_to", Reason.NOT_A_DATE),
        ({"prac_valid_to": MODIFIED}, "prac_valid_to", Reason.NOT_A_DATE),
        ({"last_modified": "昨天"}, "last_modified", Reason.NOT_A_DATE),
        ({"prac_valid_to": date(1, 1, 1)}, "prac_valid_to", Reason.INSANE_DATE),
        ({"prac_valid_to": date(1899, 12, 31)}, "prac_valid_to", Reason.INSANE_DATE),
        ({"prac_valid_to": date(2201, 1, 1)}, "prac_valid_to", Reason.INSANE_DATE),
        (
            {"last_modified": MODIFIED.replace(year=9999)},
            "last_modified",
            Reason.INSANE_DATE,
        ),  # noqa: DTZ001
        ({"post": "科主\udcbd"}, "post", Reason.BROKEN_TEXT),
        ({"py": "K\ufffd"}, "py", Reason.BROKEN_TEXT),
        ({"py": "K\x00"}, "py", Reason.BROKEN_TEXT),
    ],
)
def test_compare_sets_a_bad_row_aside_with_its_column_and_reason(
    change: dict[str, object], column: str, reason: Reason
) -> None:
    bad = replace(WANG, **change)  # type: ignore[arg-type]

    difference = look(V_YW_DOCTOR, [bad, ZHAO])

    [found] = difference.quarantined
    assert (found.key, found.column, found.reason) == (bad.emp_no, column, reason)
    assert [row.values for row in difference.added] == [asdict(ZHAO)]


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ({"sex": "3"}, "3"),
        ({"post": "科" * 60}, "科" * 39 + "…"),
        ({"post": "科主\udcbd"}, "科主\ufffd"),
        ({"prac_valid_to": date(1, 1, 1)}, "0001-01-01"),
        ({"name": "赵" * 51}, "赵**"),
        ({"prac_cert_no": "1104" * 20}, "1**"),
        ({"name": ""}, ""),
    ],
)
def test_bad_value_is_shown_short_and_a_persons_masked(
    change: dict[str, object], value: str
) -> None:
    difference = look(V_YW_DOCTOR, [replace(WANG, **change)])  # type: ignore[arg-type]

    assert [bad.value for bad in difference.quarantined] == [value]


@pytest.mark.parametrize("end", [date(2999, 12, 31), date(9999, 12, 31), None])
def test_end_nobody_lives_to_see_is_no_end(end: date | None) -> None:
    [row] = look(V_YW_DOCTOR, [replace(WANG, prac_valid_to=end)]).added
    assert row.values["prac_valid_to"] is None


def test_compare_takes_empty_values_where_the_contract_allows_them() -> None:
    bare = replace(
        WANG, py="", sex="", title_code="", post="", prac_cert_no="", prac_valid_to=None
    )
    assert look(V_YW_DOCTOR, [bare]).quarantined == []


@pytest.mark.parametrize("rows", [[WANG, ZHAO], [ZHAO, WANG]])
def test_compare_believes_neither_of_two_rows_with_one_key(
    rows: list[DoctorRecord],
) -> None:
    twin = replace(WANG, status="99")

    difference = look(V_YW_DOCTOR, [*rows, twin], {"001027": "kept"})

    assert [row.key for row in difference.added] == ["002011"]
    assert (difference.differing, difference.vanished) == ([], [])
    assert difference.quarantined == [BadRow("001027", "emp_no", Reason.DOUBLED)]


@pytest.mark.parametrize("twin", [WANG, replace(WANG, status="99")])
@pytest.mark.parametrize("is_first", [True, False])
def test_compare_leaves_a_row_of_ours_as_it_is_when_the_view_has_it_twice(
    twin: DoctorRecord, is_first: bool
) -> None:
    known = {"001027": row_hash(V_YW_DOCTOR, WANG)}
    rows = [twin, WANG] if is_first else [WANG, twin]

    difference = look(V_YW_DOCTOR, [*rows, ZHAO], known)

    assert [row.key for row in difference.added] == ["002011"]
    assert (difference.differing, difference.vanished) == ([], [])
    assert difference.quarantined == [BadRow("001027", "emp_no", Reason.DOUBLED)]


def test_compare_does_not_count_a_quarantined_row_as_vanished() -> None:
    known = {row.emp_no: "old" for row in many(10)}
    broken = [replace(row, status="") for row in many(10)]

    difference = look(V_YW_DOCTOR, broken, known)

    assert (difference.vanished, len(difference.quarantined)) == ([], 10)


@pytest.mark.parametrize(
    ("known", "gone", "is_refused"),
    [
        (5, 5, True),  # nothing is left
        (1, 1, True),
        (6, 5, False),
        (10, 5, False),
        (29, 6, True),
        (30, 6, False),
        (30, 7, True),
        (1000, 200, False),
        (1000, 201, True),
    ],
)
def test_compare_refuses_a_view_that_lost_too_much(
    known: int, gone: int, is_refused: bool
) -> None:
    rows = many(known)
    hashes = {row.emp_no: row_hash(V_YW_DOCTOR, row) for row in rows}
    if is_refused:
        with pytest.raises(TooManyGone) as refused:
            look(V_YW_DOCTOR, rows[gone:], hashes)
        assert refused.value.vanished == [row.emp_no for row in rows[:gone]]
        assert refused.value.known == known
    else:
        assert len(look(V_YW_DOCTOR, rows[gone:], hashes).vanished) == gone


@pytest.mark.parametrize(
    ("confirmed", "is_refused"), [(7, False), (8, False), (6, True)]
)
def test_compare_takes_the_loss_of_rows_a_person_confirmed_and_of_no_others(
    confirmed: int, is_refused: bool
) -> None:
    rows = many(30)
    hashes = {row.emp_no: row_hash(V_YW_DOCTOR, row) for row in rows}
    may_lose = [row.emp_no for row in rows[:confirmed]]
    if is_refused:
        with pytest.raises(TooManyGone):
            look(V_YW_DOCTOR, rows[7:], hashes, may_lose)
    else:
        assert len(look(V_YW_DOCTOR, rows[7:], hashes, may_lose).vanished) == 7


class Copy:
    """Our copy of a dictionary, as plain as it gets."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    def known(self) -> dict[str, str]:
        return {key: row.hash for key, row in self.rows.items()}

    def apply(self, difference: Difference) -> None:
        for row in [*difference.added, *difference.differing]:
            self.rows[row.key] = row
        for key in difference.vanished:
            del self.rows[key]


good_rows = st.builds(
    PrivilegeRecord,
    priv_code=st.sampled_from([f"P{number}" for number in range(12)]),
    name=st.sampled_from(["处方权", "手术权"]),
    category=st.just("RX"),
    value_kind=st.sampled_from(["FLAG", "LEVEL", "ITEM"]),
    priv_level=st.sampled_from(["", "1"]),
    enabled=st.sampled_from(["0", "1"]),
    last_modified=st.just(MODIFIED),
)
tables = st.lists(good_rows, max_size=12, unique_by=lambda row: row.priv_code)


@given(st.lists(tables, max_size=8))
def test_pull_any_sequence_of_tables_leaves_the_last_accepted_one(
    sequence: list[list[PrivilegeRecord]],
) -> None:
    copy = Copy()
    accepted: list[PrivilegeRecord] = []
    for table in sequence:
        gone = {r.priv_code for r in accepted} - {r.priv_code for r in table}
        try:
            copy.apply(look(V_YW_PRIV_DICT, table, copy.known()))
        except TooManyGone:
            assert len(gone) > 5 or (gone and len(gone) == len(accepted))
        else:
            accepted = table
        held = {key: row.values for key, row in copy.rows.items()}
        assert held == {record.priv_code: asdict(record) for record in accepted}


def test_compare_of_the_same_table_finds_nothing() -> None:
    copy = Copy()
    rows = [PRESCRIBE, ANTIBIOTICS]
    first = look(V_YW_PRIV_DICT, rows)
    copy.apply(first)

    found = look(V_YW_PRIV_DICT, rows, copy.known())

    assert found == Difference(read=2, fingerprint=first.fingerprint)
