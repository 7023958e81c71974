"""The full compare of a dictionary: whatever comes, good rows pass, bad ones wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.his.contract.interfaces import V_YW_DOCTOR, V_YW_DOCTOR_PRIV, V_YW_PRIV_DICT
from portal.his.pull.dictionary import (
    Difference,
    PullRefused,
    compare,
    key_of,
    row_hash,
)
from portal.his.pull.quarantine import BadRow, Reason
from portal.his.records import DoctorPrivRecord, PrivilegeRecord
from tests.portal.his.rows import ANTIBIOTICS, MODIFIED, PRESCRIBE, WANG, ZHAO, many


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


def test_key_of_a_composed_key_is_one_text() -> None:
    line = DoctorPrivRecord(
        *("001027", "RX01", "ALL", "", "1"), date(2026, 1, 1), None, "1", "", MODIFIED
    )
    assert key_of(V_YW_DOCTOR_PRIV)(line) == "001027\x1fRX01\x1fALL\x1f\x1f2026-01-01"


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        ({"emp_no": ""}, "emp_no", Reason.MISSING),
        ({"name": ""}, "name", Reason.MISSING),
        ({"last_modified": None}, "last_modified", Reason.MISSING),
        ({"sex": "3"}, "sex", Reason.UNKNOWN_CODE),
        ({"title_code": "999"}, "title_code", Reason.UNKNOWN_CODE),
        ({"py": "W" * 21}, "py", Reason.TOO_LONG),
        ({"prac_valid_to": "长期"}, "prac_valid_to", Reason.NOT_A_DATE),
        ({"prac_valid_to": MODIFIED}, "prac_valid_to", Reason.NOT_A_DATE),
        ({"last_modified": "昨天"}, "last_modified", Reason.NOT_A_DATE),
    ],
)
def test_compare_sets_a_bad_row_aside_with_its_column_and_reason(
    change: dict[str, object], column: str, reason: Reason
) -> None:
    bad = replace(WANG, **change)  # type: ignore[arg-type]

    difference = compare(V_YW_DOCTOR, [bad, ZHAO], {})

    assert difference.quarantined == [BadRow(bad.emp_no, column, reason)]
    assert [row.record for row in difference.added] == [ZHAO]


def test_compare_takes_empty_values_where_the_contract_allows_them() -> None:
    bare = replace(
        WANG, py="", sex="", title_code="", post="", prac_cert_no="", prac_valid_to=None
    )
    assert compare(V_YW_DOCTOR, [bare], {}).quarantined == []


@pytest.mark.parametrize("rows", [[WANG, ZHAO], [ZHAO, WANG]])
def test_compare_believes_neither_of_two_rows_with_one_key(
    rows: list[object],
) -> None:
    twin = replace(WANG, status="99")

    difference = compare(V_YW_DOCTOR, [*rows, twin], {"001027": "kept"})

    assert [row.key for row in difference.added] == ["002011"]
    assert (difference.changed, difference.vanished) == ([], [])
    assert difference.quarantined == [BadRow("001027", "emp_no", Reason.DOUBLED)]


def test_compare_does_not_count_a_quarantined_row_as_vanished() -> None:
    known = {row.emp_no: "old" for row in many(10)}
    broken = [replace(row, status="") for row in many(10)]

    difference = compare(V_YW_DOCTOR, broken, known)

    assert (difference.vanished, len(difference.quarantined)) == ([], 10)


@pytest.mark.parametrize(
    ("known", "gone", "is_refused"),
    [
        (5, 5, False),
        (6, 6, True),
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
        with pytest.raises(PullRefused, match=f"{known} 行中有 {gone} 行消失"):
            compare(V_YW_DOCTOR, rows[gone:], hashes)
    else:
        assert len(compare(V_YW_DOCTOR, rows[gone:], hashes).vanished) == gone


class Copy:
    """Our copy of a dictionary, as plain as it gets: a PullTarget."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[str, PrivilegeRecord]] = {}

    def known(self) -> dict[str, str]:
        return {key: digest for key, (digest, _record) in self.rows.items()}

    def apply(self, difference: Difference[PrivilegeRecord]) -> None:
        for row in [*difference.added, *difference.changed]:
            self.rows[row.key] = (row.hash, row.record)
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
        try:
            copy.apply(compare(V_YW_PRIV_DICT, table, copy.known()))
        except PullRefused:
            gone = {r.priv_code for r in accepted} - {r.priv_code for r in table}
            assert len(gone) > 5
        else:
            accepted = table
        held = {record.priv_code: record for _hash, record in copy.rows.values()}
        assert held == {record.priv_code: record for record in accepted}


def test_compare_of_the_same_table_finds_nothing() -> None:
    copy = Copy()
    rows = [PRESCRIBE, ANTIBIOTICS]
    copy.apply(compare(V_YW_PRIV_DICT, rows, copy.known()))

    assert compare(V_YW_PRIV_DICT, rows, copy.known()) == Difference(read=2)
