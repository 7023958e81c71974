"""Pulling doctors and the privilege dictionary into our copy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db.models import F

from portal.directory.models import (
    Department,
    HisPrivilege,
    Practitioner,
    PractitionerEvent,
    PulledView,
    QuarantinedRow,
    SyncRun,
)
from portal.his.contract.shape import View
from tests.portal.his.rows import (
    ANTIBIOTICS,
    CHEN,
    PRESCRIBE,
    WANG,
    ZHAO,
    ListedHis,
    many,
    pull_doctors,
    pull_privileges,
)

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)


def events() -> list[tuple[str, str, str, str]]:
    rows = PractitionerEvent.objects.select_related("practitioner")
    return [
        (row.practitioner.emp_no, row.kind, row.before, row.after)
        for row in rows.order_by("id")
    ]


def counts(run: SyncRun) -> tuple[int, int, int, int, int]:
    return (run.read, run.added, run.changed, run.vanished, run.quarantined)


def test_pull_doctors_first_time_keeps_every_column_and_tells_no_event() -> None:
    run = pull_doctors(gateway=ListedHis([WANG, ZHAO]), at=MONDAY)

    assert (run.is_ok, run.error, counts(run)) == (True, "", (2, 2, 0, 0, 0))
    wang = Practitioner.objects.select_related("department").get(emp_no="001027")
    assert (wang.name, wang.pinyin, wang.initials) == ("王建国", "wang jian guo", "wjg")
    assert (wang.department.code, wang.department.name) == ("0401", "普外科")
    assert (wang.his_emp_id, wang.sex, wang.title_code) == ("5027", "1", "233")
    assert (wang.license_no, wang.license_valid_to) == (
        "110441900001027",
        date(2028, 6, 30),
    )
    assert (wang.status, wang.first_seen_at, wang.changed_at) == ("01", MONDAY, MONDAY)
    assert wang.missing_since is None
    assert Department.objects.count() == 2
    assert events() == []


def test_pull_doctors_again_without_change_writes_nothing() -> None:
    his = ListedHis([WANG, ZHAO])
    pull_doctors(gateway=his, at=MONDAY)
    his.doctor_rows = [ZHAO, replace(WANG, last_modified=datetime(2026, 11, 24))]  # noqa: DTZ001

    run = pull_doctors(gateway=his, at=TUESDAY)

    assert counts(run) == (2, 0, 0, 0, 0)
    changed = Practitioner.objects.order_by("id").values_list("changed_at", flat=True)
    assert list(changed) == [MONDAY, MONDAY]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"status": "06"}, [("STATUS", "01", "06")]),
        (
            {"dept_code": "0403", "dept_name": "骨科"},
            [("DEPARTMENT", "0401", "0403")],
        ),
        ({"title_code": "232"}, [("TITLE", "233", "232")]),
        (
            {"prac_valid_to": date(2026, 12, 31)},
            [("LICENSE", "2028-06-30", "2026-12-31")],
        ),
        ({"prac_valid_to": None}, [("LICENSE", "2028-06-30", "")]),
        ({"prac_cert_no": "X1"}, [("LICENSE", "110441900001027", "X1")]),
        ({"post": "副主任"}, []),
        ({"name": "王建业"}, []),
    ],
)
def test_pull_doctors_with_a_changed_row_takes_it_over_and_tells_what_touches_rights(
    change: dict[str, object], told: list[tuple[str, str, str]]
) -> None:
    his = ListedHis([WANG, ZHAO])
    pull_doctors(gateway=his, at=MONDAY)
    his.doctor_rows = [replace(WANG, **change), ZHAO]  # type: ignore[arg-type]

    run = pull_doctors(gateway=his, at=TUESDAY)

    assert counts(run) == (2, 0, 1, 0, 0)
    assert events() == [("001027", *event) for event in told]
    wang = Practitioner.objects.get(emp_no="001027")
    assert (wang.first_seen_at, wang.changed_at) == (MONDAY, TUESDAY)


def test_pull_doctors_renamed_takes_the_new_pinyin() -> None:
    his = ListedHis([WANG])
    pull_doctors(gateway=his, at=MONDAY)
    his.doctor_rows = [replace(WANG, name="单建国")]

    pull_doctors(gateway=his, at=TUESDAY)

    wang = Practitioner.objects.get(emp_no="001027")
    assert (wang.pinyin, wang.initials) == ("shan jian guo", "sjg")


def test_pull_doctors_with_a_renamed_department_renames_it_once() -> None:
    his = ListedHis([WANG, CHEN])
    pull_doctors(gateway=his, at=MONDAY)
    his.doctor_rows = [replace(row, dept_name="胃肠外科") for row in (WANG, CHEN)]

    pull_doctors(gateway=his, at=TUESDAY)

    assert list(Department.objects.values_list("code", "name")) == [
        ("0401", "胃肠外科")
    ]
    assert events() == []


def test_pull_doctors_with_a_new_row_tells_that_it_appeared() -> None:
    his = ListedHis([WANG])
    pull_doctors(gateway=his, at=MONDAY)
    his.doctor_rows = [WANG, ZHAO]

    run = pull_doctors(gateway=his, at=TUESDAY)

    assert counts(run) == (2, 1, 0, 0, 0)
    assert events() == [("002011", "APPEARED", "", "")]


def test_pull_doctors_with_a_vanished_row_keeps_the_person_until_it_returns() -> None:
    his = ListedHis([WANG, ZHAO])
    pull_doctors(gateway=his, at=MONDAY)
    his.doctor_rows = [WANG]

    gone = pull_doctors(gateway=his, at=TUESDAY)

    assert counts(gone) == (1, 0, 0, 1, 0)
    assert Practitioner.objects.get(emp_no="002011").missing_since == TUESDAY

    his.doctor_rows = [WANG, replace(ZHAO, status="07")]
    back = pull_doctors(gateway=his, at=TUESDAY + timedelta(days=1))

    assert counts(back) == (2, 1, 0, 0, 0)
    zhao = Practitioner.objects.get(emp_no="002011")
    assert (zhao.missing_since, zhao.first_seen_at) == (None, MONDAY)
    assert events() == [
        ("002011", "VANISHED", "", ""),
        ("002011", "STATUS", "01", "07"),
        ("002011", "APPEARED", "", ""),
    ]


def test_pull_doctors_while_the_his_breaks_off_changes_nothing_and_says_why() -> None:
    his = ListedHis([WANG, ZHAO])
    pull_doctors(gateway=his, at=MONDAY)
    his.doctor_rows = [replace(WANG, status="99"), ZHAO]
    his.is_down = True

    run = pull_doctors(gateway=his, at=TUESDAY)

    assert (run.is_ok, run.error) == (False, "HIS 未应答：连接中断")
    assert counts(run) == (0, 0, 0, 0, 0)
    assert Practitioner.objects.get(emp_no="001027").status == "01"
    assert events() == []


def test_pull_doctors_with_a_fifth_gone_is_refused_and_changes_nothing() -> None:
    his = ListedHis(many(30))
    pull_doctors(gateway=his, at=MONDAY)
    his.doctor_rows = his.doctor_rows[7:]

    run = pull_doctors(gateway=his, at=TUESDAY)

    assert (run.state, run.vanished) == (SyncRun.State.HELD, 7)
    assert Practitioner.objects.filter(missing_since=None).count() == 30
    assert events() == []


def test_pull_doctors_with_bad_rows_takes_the_good_ones_and_names_the_bad() -> None:
    his = ListedHis([WANG, CHEN])
    pull_doctors(gateway=his, at=MONDAY)
    his.doctor_rows = [
        replace(WANG, status="88"),
        replace(CHEN, title_code="232"),
        ZHAO,
        replace(ZHAO, emp_no="002012", name="赵" * 51),
        replace(ZHAO, emp_no=""),
    ]

    run = pull_doctors(gateway=his, at=TUESDAY)

    assert (run.is_ok, counts(run)) == (True, (5, 1, 1, 0, 3))
    bad = QuarantinedRow.objects.filter(run=run)
    assert sorted(bad.values_list("key", "column", "reason", "value")) == [
        ("", "emp_no", "NO_KEY", ""),
        ("001027", "status", "UNKNOWN_CODE", "88"),
        ("002012", "name", "TOO_LONG", "赵**"),
    ]
    wang = Practitioner.objects.get(emp_no="001027")
    assert (wang.status, wang.missing_since) == ("01", None)
    assert not Practitioner.objects.filter(emp_no="002012").exists()


class RivalHis(ListedHis):
    """Another pull runs to its end while this one is still reading."""

    def batches(self, view: View, since: datetime | None = None) -> Iterator[list[Any]]:
        rows = list(super().batches(view))
        if not Practitioner.objects.exists():
            pull_doctors(gateway=ListedHis([WANG]), at=MONDAY)
        return iter(rows)


def test_pull_doctors_twice_at_once_takes_each_row_once() -> None:
    run = pull_doctors(gateway=RivalHis([WANG, ZHAO]), at=TUESDAY)

    assert (run.is_ok, counts(run)) == (True, (2, 1, 0, 0, 0))
    assert list(Practitioner.objects.values_list("emp_no", "first_seen_at")) == [
        ("001027", MONDAY),
        ("002011", TUESDAY),
    ]
    assert events() == [("002011", "APPEARED", "", "")]


class RestlessHis(ListedHis):
    """Whenever it is read, another pull has just changed our copy."""

    def batches(self, view: View, since: datetime | None = None) -> Iterator[list[Any]]:
        PulledView.objects.update(version=F("version") + 1)
        return super().batches(view)


def test_pull_doctors_never_alone_gives_up_and_says_so() -> None:
    pull_doctors(gateway=ListedHis([WANG]), at=MONDAY)

    run = pull_doctors(gateway=RestlessHis([WANG, ZHAO]), at=TUESDAY)

    assert (run.is_ok, run.error) == (False, "另一次拉取正在进行")


def test_pull_privileges_follows_the_dictionary_of_the_his() -> None:
    his = ListedHis(privileges=[PRESCRIBE, ANTIBIOTICS])
    first = pull_privileges(gateway=his, at=MONDAY)
    his.privilege_rows = [replace(PRESCRIBE, name="普通处方权", enabled="0")]

    second = pull_privileges(gateway=his, at=TUESDAY)

    assert (counts(first), counts(second)) == ((2, 2, 0, 0, 0), (1, 0, 1, 1, 0))
    rows = HisPrivilege.objects.values_list(
        "code", "name", "level", "is_enabled", "missing_since"
    )
    assert list(rows) == [
        ("AB01", "抗菌药物", "2", True, TUESDAY),
        ("RX01", "普通处方权", "", False, None),
    ]

    his.privilege_rows.append(ANTIBIOTICS)
    pull_privileges(gateway=his, at=TUESDAY)

    assert HisPrivilege.objects.filter(missing_since=None).count() == 2
