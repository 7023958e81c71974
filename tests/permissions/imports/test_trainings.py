"""Trainings by sheet: xlsx or csv, tried, written, taken back; errors told by row."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from permissions.importers.trainings.columns import ACTS, TRAININGS
from permissions.models import Training, TrainingImport, TrainingRecord
from permissions.services import record_training, void_training
from permissions.services.trainings import Passed
from portal.accounts.models import SYSTEM_STAFF_NO, User
from portal.directory.models import Practitioner
from portal.jobs.services import run
from portal.sheets.models import ImportState, Outcome
from portal.sheets.refusals import SomeRowsCannot
from tests.cast import make_practitioner, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.imports.sheets import book

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
HTMX: dict[str, Any] = {"headers": {"HX-Request": "true"}}
WHY = "医教科考核成绩登记"
HEADINGS = (
    "工号",
    "姓名",
    "课程",
    "完成日期",
    "有效期至",
    "成绩",
    "合格线",
    "证书编号",
)
GOOD: list[list[Any]] = [
    ["1027", "陈景行", "TR01", date(2026, 3, 1), date(2027, 2, 28), 92, 60, "YX1"],
    ["01305", "", "麻醉和精神药品规范化管理", "2026/3/2", "长期", None, None, ""],
]
CSV = """工号,课程,完成日期,有效期至,成绩,合格线,举办单位,学时,证书编号,材料
1027,TR01,2026-03-01,2027-02-28,92,60,医教科,8,YX1,档 1
01305,麻醉和精神药品规范化管理,2026/3/2,,,,,,,
"""


@pytest.fixture(autouse=True)
def _doctors(db: None) -> None:
    make_practitioner("1027", "陈景行", title_code="231")
    make_practitioner("01305", "方若谷", title_code="234")


def worked(one: TrainingImport) -> TrainingImport:
    one.refresh_from_db()
    assert one.job is not None
    assert run(one.job)
    one.refresh_from_db()
    return one


def checked(by: User, data: bytes, name: str = "培训.xlsx") -> TrainingImport:
    one = ACTS.upload(name=name, data=data, by=by, at=timezone.now())
    ACTS.check(one=one, mapping=one.mapping, by=by, at=timezone.now())
    return worked(one)


def written(one: TrainingImport, by: User, *, whole: bool = False) -> TrainingImport:
    at = timezone.now()
    ACTS.write(one=one, is_all_or_nothing=whole, by=by, at=at, reason=WHY)
    return worked(one)


def undone(one: TrainingImport, by: User) -> TrainingImport:
    ACTS.undo(one=one, by=by, at=timezone.now(), reason="文件用错了，整批撤销")
    return worked(one)


def told(one: TrainingImport) -> list[tuple[int, str, list[str]]]:
    """Number, verdict and reasons of each row."""
    return [
        (row.number, row.verdict, [problem["reason"] for problem in row.problems])
        for row in TRAININGS.rows_of(one)
    ]


def sheet(*rows: list[Any]) -> bytes:
    return book([*GOOD, *rows], HEADINGS, title="培训")


def kept(by: User, **fields: Any) -> TrainingRecord:
    given = {"passed_on": date(2026, 3, 1), "score": 92, **fields}
    return record_training(
        practitioner=Practitioner.objects.get(emp_no="1027"),
        passed=Passed(training=Training.objects.get(code="TR01"), **given),
        by=by,
        at=timezone.now(),
        reason=WHY,
    )


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("培训.xlsx", sheet()),
        *(("培训.csv", CSV.encode(code)) for code in ("utf-8", "utf-8-sig", "gb18030")),
    ],
    ids=["xlsx", "utf-8", "utf-8-sig", "gb18030"],
)
def test_sheet_goes_in_as_office_programs_save_it(
    name: str, data: bytes, lin: User
) -> None:
    one = checked(lin, data, name)
    assert told(one) == [(2, "NEW", []), (3, "NEW", [])]
    assert TrainingRecord.objects.count() == 0
    one = written(one, lin)
    assert (one.state, one.applied_by) == (ImportState.APPLIED, lin)
    first, second = TrainingRecord.objects.order_by("pk")
    assert (first.score, first.valid_to, first.certificate_no) == (
        *(92, date(2027, 2, 28)),
        "YX1",
    )
    assert (second.practitioner.emp_no, second.passed_on, second.score) == (
        *("01305", date(2026, 3, 2)),
        None,
    )
    [change] = first.history.all()
    assert (change.history_user, change.history_change_reason) == (lin, WHY)


def test_each_bad_row_is_told_and_the_good_ones_go_in(lin: User) -> None:
    one = checked(
        lin,
        sheet(
            ["9999", "", "TR01", "2026-03-01"],
            ["1027", "方若谷", "TR02", "2026-03-01"],
            ["1027", "", "TR99", "2026-03-01"],
            ["1027", "", "TR02", "三月"],
            ["1027", "", "TR02", "2026-03-01", None, "很好"],
            ["1027", "", "TR01", "2026-03-01"],
            ["1027", "", "TR02", "2027-03-01"],
            ["1027", "", "TR02", ""],
            ["1027", "", "TR02", "2026-03-01", "2026-02-01"],
            ["1027", "", "TR02", "2026-03-01", None, 300],
        ),
    )
    assert told(one)[2:] == [
        (4, "ERROR", ["医师字典中没有这个工号。"]),
        (5, "ERROR", ["工号 1027 是陈景行，与姓名不符。"]),
        (6, "ERROR", ["没有这门课程。"]),
        (7, "ERROR", ["不是日期。写作 2026-01-05 或 2026年1月5日。"]),
        (8, "ERROR", ["不是 0 至 999 的整数。"]),
        (9, "ERROR", ["与第 2 行重复。"]),
        (10, "ERROR", ["不能晚于今天 2026-11-23。"]),
        (11, "ERROR", ["完成日期不能空。"]),
        (12, "ERROR", ["有效期不能早于完成日期。"]),
        (13, "ERROR", ["填 0 至 100 的整数。"]),
    ]
    with pytest.raises(SomeRowsCannot):
        written(one, lin, whole=True)
    assert TrainingRecord.objects.count() == 0
    written(one, lin)
    assert TrainingRecord.objects.count() == 2


def test_what_is_there_already_is_the_same_or_a_conflict(lin: User) -> None:
    record = kept(lin, valid_to=date(2027, 2, 28))
    assert told(checked(lin, sheet()))[0] == (2, "SAME", [])
    void_training(record=record, by=lin, at=timezone.now(), reason=WHY)
    kept(lin, score=60)
    assert told(checked(lin, sheet()))[0] == (
        *(2, "CONFLICT"),
        ["这一天已有记录：成绩 60，有效期至 长期。录错的先作废。"],
    )


def test_own_record_is_for_somebody_else_to_bring(lin: User) -> None:
    lin.practitioner = Practitioner.objects.get(emp_no="1027")
    lin.save_base(raw=True)
    assert told(checked(lin, sheet()))[0][1] == "ERROR"


def test_records_that_moved_on_since_the_dry_run_keep_all_out(lin: User) -> None:
    one = checked(lin, sheet())
    kept(lin, score=60)
    one = written(one, lin, whole=True)
    assert (one.state, one.problem) == (
        ImportState.CHECKED,
        "这位医师这门课程这一天已有记录。录错的先作废。",
    )
    assert [row[1] for row in told(one)] == ["CONFLICT", "NEW"]
    assert TrainingRecord.objects.count() == 1


def test_undo_voids_what_was_written_and_names_what_somebody_voided(lin: User) -> None:
    one = written(checked(lin, sheet()), lin)
    first = TrainingRecord.objects.order_by("pk")[0]
    void_training(record=first, by=lin, at=timezone.now(), reason="这一条录错了")
    one = undone(one, lin)
    assert (one.state, one.undone_by) == (ImportState.UNDONE, lin)
    rows = list(TRAININGS.rows_of(one))
    assert [row.outcome for row in rows] == [Outcome.LEFT, Outcome.UNDONE]
    assert "已经作废" in rows[0].problems[-1]["reason"]
    assert [one.is_void for one in TrainingRecord.objects.order_by("pk")] == [True] * 2


def test_command_imports_or_says_each_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(CSV, "utf-8")
    call_command("import_trainings", str(path))
    assert capsys.readouterr().out == "导入 2 条\n"
    assert TrainingImport.objects.get().applied_by == User.objects.get(
        staff_no=SYSTEM_STAFF_NO
    )
    path.write_text(CSV + "9999,TR01,2026-03-01\n", "utf-8")
    with pytest.raises(CommandError, match="有 1 行有误或冲突，不能全部写入"):
        call_command("import_trainings", str(path))
    assert "第 4 行：" in capsys.readouterr().err
    with pytest.raises(CommandError, match="读不了"):
        call_command("import_trainings", str(tmp_path / "none.csv"))
    assert TrainingRecord.objects.count() == 2


# --- the pages ------------------------------------------------------------------------


def test_page_uploads_shows_the_dry_run_and_writes(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    url = "/trainings/imports/"
    assert "还没有导入过" in client.get(url).text
    refused = client.post(url, {"file": SimpleUploadedFile("t.xls", b"%PDF-1.7\n\0")})
    assert "不是 xlsx 或 csv 文件" in refused.text
    answer = client.post(url, {"file": SimpleUploadedFile("t.xlsx", sheet())})
    one = TrainingImport.objects.get()
    assert answer.headers["Location"] == f"{url}{one.pk}/"
    columns = {name: str(at) for name, at in one.mapping.items()}
    client.post(f"{url}{one.pk}/check/", columns)
    worked(one)
    with assert_queries(11):
        shown = client.get(f"{url}{one.pk}/").text
    assert "陈景行" in shown
    given = {"mode": "good", "reason": WHY}
    answer = client.post(f"{url}{one.pk}/write/", given, **HTMX)
    assert answer.headers["HX-Redirect"] == f"{url}{one.pk}/"
    assert worked(one).state == ImportState.APPLIED
    assert "整批撤销" in client.get(f"{url}{one.pk}/").text
    assert client.get(f"{url}template/").headers["Content-Type"].endswith("sheet")
    log = client.get("/log/?kind=TRAININGS_IMPORTED")
    assert "t.xlsx" in log.text


def test_who_may_not_change_rights_brings_no_sheet(
    client: CheckedClient, chen: User, lin: User
) -> None:
    one = checked(lin, sheet())
    sign_in(client, chen)
    for url in ("/trainings/imports/", f"/trainings/imports/{one.pk}/"):
        assert client.get(url).status_code == 403
    write = f"/trainings/imports/{one.pk}/write/"
    assert client.post(write, {"mode": "all", "reason": WHY}, **HTMX).status_code == 403
    assert TrainingRecord.objects.count() == 0
