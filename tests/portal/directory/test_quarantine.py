"""Bad rows on real engines, through a whole pull: set aside, and the rest arrives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.directory.dictionaries import BY_VIEW
from portal.directory.models import Practitioner, QuarantinedRow, SyncRun
from portal.directory.sync import pull
from tests.portal.directory.loose_his import NAMES, LooseHis, on_postgresql, on_sqlite

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.integration]

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DOCTORS = BY_VIEW["V_YW_DOCTOR"]
SET = "UPDATE v_yw_doctor SET {} WHERE emp_no = '002011'"


@pytest.fixture(params=["sqlite", "postgresql"])
def his(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_server: str
) -> Iterator[LooseHis]:
    if request.param == "sqlite":
        with on_sqlite(tmp_path) as loose:
            yield loose
    else:
        with on_postgresql(postgres_server, "UTF8") as loose:
            yield loose


def pulled(his: LooseHis, at: datetime = MONDAY) -> SyncRun:
    gateway = his.gateway()
    try:
        return pull(DOCTORS, gateway=gateway, at=at)
    finally:
        gateway.close()


def set_aside() -> list[tuple[str, str, str, str]]:
    rows = QuarantinedRow.objects.filter(view="V_YW_DOCTOR").order_by("id")
    return list(rows.values_list("key", "column", "reason", "value"))


def present() -> list[str]:
    here = Practitioner.objects.filter(missing_since=None)
    return sorted(here.values_list("emp_no", flat=True))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("title_code = '999'", ("title_code", "UNKNOWN_CODE", "999")),
        ("post = '" + "科" * 21 + "'", ("post", "TOO_LONG", "科" * 21)),
        ("name = '" + "赵" * 51 + "'", ("name", "TOO_LONG", "赵**")),
        (
            "prac_valid_to = '0001-01-01'",
            ("prac_valid_to", "INSANE_DATE", "0001-01-01"),
        ),
        (
            "prac_valid_to = '2201-01-01'",
            ("prac_valid_to", "INSANE_DATE", "2201-01-01"),
        ),
        ("dept_code = NULL", ("dept_code", "MISSING", "")),
        ("last_modified = NULL", ("last_modified", "MISSING", "")),
    ],
)
def test_bad_row_is_set_aside_and_the_rest_arrives(
    his: LooseHis, change: str, found: tuple[str, str, str]
) -> None:
    his.run(SET.format(change))

    run = pulled(his)

    assert (run.state, run.read, run.added, run.quarantined) == ("TAKEN", 3, 2, 1)
    assert set_aside() == [("002011", *found)]
    assert present() == ["001003", "001027"]


def test_row_of_the_wrong_type_is_set_aside_and_the_rest_arrives(
    his: LooseHis,
) -> None:
    if his.kind == "postgresql":
        his.run("ALTER TABLE v_yw_doctor ALTER prac_valid_to TYPE text")
    his.run(SET.format("prac_valid_to = '长期'"))

    run = pulled(his)

    assert (run.state, run.added, run.quarantined) == ("TAKEN", 2, 1)
    assert set_aside() == [("002011", "prac_valid_to", "NOT_A_DATE", "长期")]
    assert present() == ["001003", "001027"]


@pytest.mark.parametrize("day", ["infinity", "20000-01-01", "0044-03-15 BC"])
def test_day_no_calendar_of_ours_has_is_set_aside(
    tmp_path: Path, postgres_server: str, day: str
) -> None:
    with on_postgresql(postgres_server, "UTF8") as his:
        his.run(SET.format(f"prac_valid_to = '{day}'"))

        run = pulled(his)

    assert (run.state, run.added) == ("TAKEN", 2)
    assert set_aside() == [("002011", "prac_valid_to", "NOT_A_DATE", day)]


@pytest.mark.parametrize("key", ["NULL", "''", "'  '"])
def test_row_without_a_key_is_set_aside_and_the_rest_arrives(
    his: LooseHis, key: str
) -> None:
    his.run(SET.format(f"emp_no = {key}"))

    run = pulled(his)

    assert (run.state, run.added, run.quarantined) == ("TAKEN", 2, 1)
    assert set_aside() == [("", "emp_no", "NO_KEY", "")]
    assert present() == ["001003", "001027"]


def test_two_rows_with_one_key_are_both_left_out_and_the_rest_arrives(
    his: LooseHis,
) -> None:
    his.run(
        f"INSERT INTO v_yw_doctor ({NAMES})"
        f" SELECT {NAMES} FROM v_yw_doctor WHERE emp_no = '002011'"
    )

    run = pulled(his)

    assert (run.state, run.read, run.added, run.quarantined) == ("TAKEN", 4, 2, 1)
    assert set_aside() == [("002011", "emp_no", "DOUBLED", "")]
    assert present() == ["001003", "001027"]


# Half a character of GBK, as a column cut by bytes leaves it.
BROKEN = {
    "sqlite": "UPDATE v_yw_doctor SET {} = CAST(x'BFC6D6' AS TEXT)",
    "postgresql": "UPDATE v_yw_doctor SET {} = convert_from('\\xbfc6d6', 'SQL_ASCII')",
}
WHO = " WHERE emp_no = '002011'"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize(
    ("column", "value"), [("post", "\ufffd\ufffd\ufffd"), ("name", "\ufffd**")]
)
def test_text_in_another_encoding_is_set_aside_and_the_rest_arrives(
    kind: str, column: str, value: str, tmp_path: Path, postgres_server: str
) -> None:
    with (
        on_sqlite(tmp_path)
        if kind == "sqlite"
        else on_postgresql(postgres_server, "SQL_ASCII")
    ) as his:
        his.run(BROKEN[kind].format(column) + WHO)

        run = pulled(his)

    assert (run.state, run.added, run.quarantined) == ("TAKEN", 2, 1)
    assert [(c, r) for _key, c, r, _v in set_aside()] == [(column, "BROKEN_TEXT")]
    assert [v for *_rest, v in set_aside()] == [value]
    assert present() == ["001003", "001027"]
    wang = Practitioner.objects.get(emp_no="001027")
    assert (wang.name, str(wang.license_valid_to)) == ("王建国", "2028-06-30")


@pytest.mark.parametrize("day", ["2999-12-31", "9999-12-31"])
def test_end_that_means_none_is_kept_as_none(his: LooseHis, day: str) -> None:
    his.run(SET.format(f"prac_valid_to = '{day}'"))

    run = pulled(his)

    assert (run.added, run.quarantined) == (3, 0)
    assert Practitioner.objects.get(emp_no="002011").license_valid_to is None


def test_row_made_good_again_arrives_and_leaves_the_quarantine(his: LooseHis) -> None:
    his.run(SET.format("title_code = '999'"))
    pulled(his)
    again = pulled(his, MONDAY + timedelta(minutes=10))
    assert (again.added, again.quarantined, len(set_aside())) == (0, 1, 1)

    his.run(SET.format("title_code = '231'"))
    run = pulled(his, MONDAY + timedelta(minutes=20))

    assert (run.added, run.changed, run.quarantined) == (1, 0, 0)
    assert set_aside() == []
    assert present() == ["001003", "001027", "002011"]


def test_good_row_gone_bad_stays_as_it_was(his: LooseHis) -> None:
    pulled(his)
    his.run(SET.format("title_code = '999', status = '99'"))

    run = pulled(his, MONDAY + timedelta(minutes=10))

    assert (run.changed, run.vanished, run.quarantined) == (0, 0, 1)
    zhao = Practitioner.objects.get(emp_no="002011")
    assert (zhao.title_code, zhao.status, zhao.missing_since) == ("233", "01", None)
