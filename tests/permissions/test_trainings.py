"""Training records: kept with history, voided, imported; what is wrong leaves nothing."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from permissions.models import Training, TrainingRecord
from permissions.services import record_training, void_training
from permissions.services.refusals import ActRefused
from permissions.services.training_sheet import SheetRefused, import_trainings
from permissions.services.trainings import Passed
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.directory.models import Practitioner
from tests.cast import make_practitioner, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
HTMX: dict[str, Any] = {"headers": {"HX-Request": "true"}}
WHY = "医教科考核成绩登记"
LONG = "阿卜杜热合曼·买买提吐尔逊"
SHEET = """工号,课程,完成日期,有效期至,成绩,合格线,举办单位,学时,证书编号,材料
1027,TR01,2026-03-01,2027-02-28,92,60,医教科,8,YX1,档 1
01305,麻醉和精神药品规范化管理,2026/3/2,,,,,,,
"""


@pytest.fixture
def doctor() -> Practitioner:
    make_practitioner("01305", "方若谷", title_code="234")
    return make_practitioner("1027", LONG, title_code="231")


def passed(course: str = "TR01", **fields: Any) -> Passed:
    given = {"passed_on": date(2026, 3, 1), "score": 92, **fields}
    return Passed(training=Training.objects.get(code=course), **given)


def kept(by: User, doctor: Practitioner, **fields: Any) -> TrainingRecord:
    return record_training(
        practitioner=doctor,
        passed=passed(**fields),
        by=by,
        at=timezone.now(),
        reason=WHY,
    )


def counts() -> tuple[int, int]:
    return TrainingRecord.objects.count(), TrainingRecord.history.count()


def test_record_keeps_who_why_and_whether_it_is_a_passed_exam(
    lin: User, doctor: Practitioner
) -> None:
    record = kept(
        lin, doctor, score=59, valid_to=date(2027, 2, 28), provider=" 医教科 "
    )
    assert (record.is_passed, record.is_exam, record.provider) == (
        False,
        True,
        "医教科",
    )
    [told] = TrainingRecord.history.all()
    assert (told.history_user, told.history_change_reason) == (lin, WHY)
    attended = kept(lin, doctor, course="TR04", score=None)
    assert (attended.is_passed, attended.is_exam) == (True, False)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"passed_on": date(2026, 11, 24)}, "passed_on", "不能晚于今天 2026-11-23"),
        ({"valid_to": date(2026, 2, 28)}, "valid_to", "有效期不能早于完成日期"),
        ({"score": 101}, "score", "0 至 100"),
        ({"pass_mark": 101}, "pass_mark", "0 至 100"),
    ],
)
def test_record_that_cannot_be_leaves_nothing(
    fields: dict[str, Any], field: str, words: str, lin: User, doctor: Practitioner
) -> None:
    with pytest.raises(ActRefused, match=words) as refused:
        kept(lin, doctor, **fields)
    assert (refused.value.field, counts()) == (field, (0, 0))


def test_same_course_on_the_same_day_is_kept_once_unless_void(
    lin: User, doctor: Practitioner
) -> None:
    record = kept(lin, doctor)
    with pytest.raises(ActRefused, match="这一天已有记录"):
        kept(lin, doctor)
    void_training(record=record, by=lin, at=timezone.now(), reason=WHY)
    kept(lin, doctor, score=95)
    with pytest.raises(ActRefused, match="已经作废"):
        void_training(record=record, by=lin, at=timezone.now(), reason=WHY)
    assert counts() == (2, 3)


def test_disabled_course_is_refused(lin: User, doctor: Practitioner) -> None:
    course = Training.objects.get(code="TR01")
    course.is_enabled = False
    with acting(by=None, reason="停用"):
        course.save()
    with pytest.raises(ActRefused, match="已停用"):
        kept(lin, doctor)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"valid_to": date(2026, 1, 1)}, "permissions_trainingrecord_ends_after"),
        ({"score": 101}, "permissions_trainingrecord_marks"),
    ],
)
def test_database_forbids_what_must_never_be(
    fields: dict[str, Any], name: str, lin: User, doctor: Practitioner
) -> None:
    record = kept(lin, doctor)
    for key, value in fields.items():
        setattr(record, key, value)
    with (
        pytest.raises(IntegrityError, match=name),
        transaction.atomic(),
        acting(by=lin, reason=WHY),
    ):
        record.save()


# --- the sheet ------------------------------------------------------------------------


def imported(by: User | None, sheet: str, encoding: str = "utf-8-sig") -> int:
    at = timezone.now()
    return import_trainings(sheet=sheet.encode(encoding), by=by, at=at, reason=WHY)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_sheet_goes_in_as_office_programs_save_it(
    encoding: str, lin: User, doctor: Practitioner
) -> None:
    assert imported(lin, SHEET, encoding) == 2
    first, second = TrainingRecord.objects.order_by("pk")
    assert (first.score, first.valid_to, first.hours) == (92, date(2027, 2, 28), 8)
    assert (second.practitioner.emp_no, second.passed_on, second.score) == (
        "01305",
        date(2026, 3, 2),
        None,
    )


def test_one_bad_row_keeps_the_whole_sheet_out_and_each_is_told(
    lin: User, doctor: Practitioner
) -> None:
    bad = SHEET + (
        "9999,TR01,2026-03-01\n1027,TR99,2026-03-01\n1027,TR02,三月\n"
        "1027,TR02,2026-03-01,,很好\n1027,TR01,2026-03-01\n1027,TR02,2027-03-01\n"
        "1027,TR02,\n"
    )
    with pytest.raises(SheetRefused) as refused:
        imported(lin, bad)
    assert str(refused.value) == "9 行中有 7 行不能导入，全部没有保存。"
    assert refused.value.rows == {
        4: "没有工号 9999 的医师。",
        5: "没有课程 TR99。",
        6: "完成日期「三月」不是日期，写成 2026-03-01。",
        7: "成绩「很好」不是整数。",
        8: "这位医师这门课程这一天已有记录。录错的先作废。",
        9: "不能晚于今天 2026-11-23。",
        10: "完成日期不能空。",
    }
    assert counts() == (0, 0)


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        (b"\xff\xfe\x00\xff", "不是文本表格"),
        ("工号,课程\n1,2\n".encode(), "缺少列：完成日期。"),
        ("工号,课程,完成日期\n".encode(), "没有数据行"),
        (
            ("工号,课程,完成日期\n" + "1,TR01,2026-01-01\n" * 5001).encode(),
            "最多 5000 行",
        ),
    ],
    ids=["no text", "column", "empty", "long"],
)
def test_sheet_that_cannot_be_read_says_why(
    sheet: bytes, words: str, lin: User
) -> None:
    with pytest.raises(SheetRefused, match=words):
        import_trainings(sheet=sheet, by=lin, at=timezone.now(), reason=WHY)


def test_command_imports_or_says_each_row(
    tmp_path: Path, doctor: Practitioner, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "t.csv"
    sheet.write_text(SHEET, "utf-8")
    call_command("import_trainings", str(sheet))
    assert capsys.readouterr().out == "导入 2 条\n"
    with pytest.raises(CommandError, match="2 行中有 2 行不能导入"):
        call_command("import_trainings", str(sheet))
    assert "第 2 行：这位医师这门课程这一天已有记录" in capsys.readouterr().err
    with pytest.raises(CommandError, match="读不了"):
        call_command("import_trainings", str(tmp_path / "none.csv"))


# --- the page -------------------------------------------------------------------------


def test_page_adds_refuses_and_voids(
    client: CheckedClient, lin: User, doctor: Practitioner
) -> None:
    sign_in(client, lin)
    assert "培训考核" in client.get("/doctors/1027/").text
    url = "/doctors/1027/trainings/new/"
    given = {"training": "TR01", "passed_on": "2026-03-01", "pass_mark": "60"}
    assert "TR01 抗菌药物合理应用培训" in client.get(url, **HTMX).text
    refused = client.post(url, given | {"score": "300", "reason": WHY}, **HTMX)
    assert (refused.status_code, counts()) == (422, (0, 0))
    assert client.post(url, given | {"score": "88", "reason": WHY}, **HTMX).status_code == 200  # fmt: skip
    record = TrainingRecord.objects.get()
    with assert_queries(8):
        shown = client.get("/doctors/1027/trainings/", **HTMX).text
    assert "88 分，合格线 60" in shown
    void = f"/trainings/{record.pk}/void/"
    assert "88 分" in client.get(void, **HTMX).text
    assert client.post(void, {"reason": WHY}, **HTMX).status_code == 200
    assert "作废" in client.get("/doctors/1027/trainings/", **HTMX).text
    record.refresh_from_db()
    assert record.is_void


def test_sheet_is_imported_on_the_page(
    client: CheckedClient, lin: User, doctor: Practitioner
) -> None:
    sign_in(client, lin)
    url = "/trainings/import/"
    assert client.get(url).status_code == 200

    def sent(text: str) -> Any:
        file = SimpleUploadedFile("t.csv", BytesIO(text.encode()).read())
        return client.post(url, {"sheet": file, "reason": WHY})

    refused = sent(SHEET + "9999,TR01,2026-03-01\n")
    assert (refused.status_code, counts()) == (422, (0, 0))
    assert "没有工号 9999 的医师。" in refused.text
    assert "已导入 2 条" in sent(SHEET).text


def test_who_may_not_keep_records_sees_them_and_is_refused(
    client: CheckedClient, chen: User, lin: User, doctor: Practitioner
) -> None:
    record = kept(lin, doctor)
    sign_in(client, chen)
    shown = client.get("/doctors/1027/trainings/", **HTMX).text
    assert "TR01" in shown
    assert "/void/" not in shown
    before = counts()
    for url in (
        "/doctors/1027/trainings/new/",
        f"/trainings/{record.pk}/void/",
        "/trainings/import/",
    ):
        assert client.post(url, {"reason": WHY}, **HTMX).status_code == 403
    assert counts() == before
