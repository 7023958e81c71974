"""Whatever the HIS shows in turn, our copy is what it last showed and we accepted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.directory.models import (
    Loss,
    Practitioner,
    PractitionerEvent,
    PulledView,
    SyncRun,
)
from portal.his.records import DoctorRecord
from tests.portal.his.rows import WANG, ListedHis, pull_doctors

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
Kept = tuple[str, str, str, str]

rows = st.builds(
    replace,
    st.just(WANG),
    emp_no=st.sampled_from([f"{number:04d}" for number in range(9)]),
    name=st.sampled_from(["王建国", "单晓芸"]),
    dept_code=st.sampled_from(["0401", "0403"]),
    dept_name=st.just("外科"),
    title_code=st.sampled_from(["231", "233"]),
    status=st.sampled_from(["01", "06", "88"]),  # 88 is no status: quarantine
)
tables = st.lists(rows, max_size=9, unique_by=lambda row: row.emp_no)


def kept_of(row: DoctorRecord) -> Kept:
    return (row.name, row.dept_code, row.title_code, row.status)


def our_copy() -> dict[str, Kept]:
    present = Practitioner.objects.filter(missing_since=None)
    return {
        emp_no: (name, department, title, status)
        for emp_no, name, department, title, status in present.values_list(
            "emp_no", "name", "department__code", "title_code", "status"
        )
    }


def after(copy: dict[str, Kept], table: list[DoctorRecord]) -> dict[str, Kept]:
    """What our copy should be: the table, its bad rows as they were before."""
    good = {row.emp_no: kept_of(row) for row in table if row.status != "88"}
    bad = {row.emp_no for row in table if row.status == "88"}
    return good | {emp_no: copy[emp_no] for emp_no in bad if emp_no in copy}


@given(st.lists(tables, min_size=1, max_size=5))
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_pull_doctors_any_sequence_of_tables_leaves_the_last_accepted_one(
    sequence: list[list[DoctorRecord]],
) -> None:
    for model in (PractitionerEvent, Practitioner, SyncRun, PulledView, Loss):
        model.objects.all().delete()  # each example starts with an empty copy
    copy: dict[str, Kept] = {}
    for day, table in enumerate(sequence):
        at = MONDAY + timedelta(days=day)
        gone = set(copy) - {row.emp_no for row in table}

        run = pull_doctors(gateway=ListedHis(table), at=at)

        is_small = len(gone) <= 5 and len(gone) < len(copy)
        assert run.is_ok is (is_small or len(gone) * 5 <= len(copy))
        if run.is_ok:
            copy = after(copy, table)
            assert run.vanished == len(gone)
        assert our_copy() == copy
