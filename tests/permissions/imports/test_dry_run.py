"""The dry run of a sheet: each row is told, and nothing is written to the ledger."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from permissions import services
from permissions.importers import acts
from permissions.models import GrantImport, GrantState
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.directory.models import Practitioner
from portal.files.models import StoredFile
from portal.files.queries import bytes_of
from portal.sheets.models import ImportState
from tests.cast import make_practitioner
from tests.permissions.imports.sheets import (
    HEADINGS,
    book,
    checked,
    counts,
    reasons,
    rows_of,
    saved,
    uploaded,
    verdicts,
    worked,
)
from tests.permissions.ledger import TODAY, granted, nothing_written

pytestmark = pytest.mark.usefixtures("catalogue")
NEXT_YEAR = date(2027, 11, 22)
MIDNIGHT = datetime(2026, 11, 23)  # noqa: DTZ001  # as a sheet has it


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    return make_practitioner("1027", "陈景行", title_code="231")


@pytest.fixture
def zeros(db: None) -> Practitioner:
    """Whose number a spreadsheet spoils."""
    return make_practitioner("001301", "周小满", title_code="234")


def ugly() -> bytes:
    """A workbook as it comes by mail: titles, merges, hidden sheets, spoiled cells."""
    workbook = Workbook()
    hidden = workbook.active
    assert hidden is not None
    hidden.title = "旧表"
    hidden.append(list(HEADINGS))
    hidden.append(["1027", "陈景行", "RX01", "", TODAY, None])
    hidden.sheet_state = "hidden"
    workbook.create_sheet("说明").append(["请各科室填写"])
    sheet = workbook.create_sheet("汇总")
    sheet.append(["二〇二六年度手术及处方权限汇总"])
    sheet.merge_cells("A1:F1")
    sheet.append([])
    sheet.append(
        ["工 号", "姓名*", "权限名称", "手术编码", "生效日期", "到期日期（含）"]
    )
    rows: list[list[Any]] = [
        [
            "１０２７",
            "陈 景行",
            "四级手术权限（逐项）",
            "50.2205",
            TODAY,
            NEXT_YEAR,
        ],  # 4
        [1027, "陈景行", "SG03", "51.2300 腹腔镜下胆囊切除术", 46349, "2027年11月22日"],
        ["1027", "王某", "RX01", None, "2026/11/23", "长期"],  # 6 another name
        [1301, "周小满", "RX01", None, "2026.11.23", None],  # 7 lost zeros
        ["001301", "周小满", "AB02", None, "20261123", "2027/11/22"],  # 8 title
        ["1027", "陈景行", "没有的权限", None, TODAY, NEXT_YEAR],  # 9
        ["1027", "陈景行", "RX01", None, "2026年2月30日", None],  # 10
        ["=A4", "陈景行", "RX01", None, TODAY, None],  # 11
        ["1027", "陈景行", "SG03", "99.9999", TODAY, NEXT_YEAR],  # 12
        ["1027", "陈景行", "RX01", None, MIDNIGHT, None],  # 13 held
        ["1027", "陈景行", "MR01", None, TODAY, date(2028, 5, 22)],  # 14 longer
        ["1027", "陈景行", "SG04", "50.2205", date(2026, 12, 1), NEXT_YEAR],  # 15 row 4
        [None, None, None, None, None, None],
        ["9999", "无此人", "RX01", None, TODAY, None],  # 17
        ["1027", "陈景行", "SD02", None, TODAY, NEXT_YEAR],  # 18 merged below
        ["1027", None, "SD03", None, TODAY, NEXT_YEAR],  # 19
        ["合计", "15 人次", None, None, None, None],  # 20
    ]
    for row in rows:
        sheet.append(row)
    sheet.merge_cells("A18:A19")
    return saved(workbook)


def test_ugly_workbook_is_read_row_by_row(
    lin: User, su: User, surgeon: Practitioner, zeros: Practitioner
) -> None:
    granted(lin, su, surgeon)
    granted(lin, su, surgeon, "MR01", valid_to=NEXT_YEAR)
    with nothing_written():
        one = checked(lin, ugly())
    assert (one.state, one.sheet, one.heading_row) == (ImportState.CHECKED, "汇总", 3)
    assert verdicts(one) == {
        4: "NEW",
        5: "NEW",
        6: "ERROR",
        7: "ERROR",
        8: "ERROR",
        9: "ERROR",
        10: "ERROR",
        11: "ERROR",
        12: "ERROR",
        13: "SAME",
        14: "RENEW",
        15: "CONFLICT",
        17: "ERROR",
        18: "ERROR",
        19: "ERROR",
        20: "ERROR",
    }
    assert counts(one) == {"NEW": 2, "SAME": 1, "RENEW": 1, "CONFLICT": 1, "ERROR": 11}


def test_reasons_name_column_cause_and_what_was_given(
    lin: User, su: User, surgeon: Practitioner, zeros: Practitioner
) -> None:
    found = reasons(checked(lin, ugly()))
    assert found[6] == [("NAME", "工号 1027 是陈景行，与姓名不符。", "王某")]
    assert found[7] == [
        (
            "EMP_NO",
            "没有这个工号；是否为 001301（周小满）？工号前面的 0 可能丢失。",
            "1301",
        )
    ]
    assert found[8] == [
        ("PRIVILEGE", "「限制使用级抗菌药物」须主治医师及以上，现为医师。", "AB02")
    ]
    assert found[9] == [("PRIVILEGE", "权限字典中没有这一项。", "没有的权限")]
    assert found[10] == [("VALID_FROM", "没有这一天。", "2026年2月30日")]
    assert found[11] == [
        ("EMP_NO", "是公式。复制该列后用「选择性粘贴—数值」，再上传。", "=A4")
    ]
    assert found[12] == [("ITEM", "手术目录中没有 99.9999。", "99.9999")]
    assert found[15] == [("", "与本表第 4 行是同一授权，日期重叠。只保留一行。", "")]
    assert found[17] == [("EMP_NO", "医师字典中没有这个工号。", "9999")]
    assert found[18] == [("", "有合并单元格 A18:A19。取消合并，每行都填写。", "")]
    assert [field for field, _why, _given in found[20]] == [
        "EMP_NO",
        "PRIVILEGE",
        "VALID_FROM",
    ]


def test_lost_zeros_are_taken_when_the_officer_says_so(
    lin: User, surgeon: Practitioner, zeros: Practitioner
) -> None:
    one = checked(lin, ugly(), takes_proposed=True)
    row = next(row for row in rows_of(one) if row.number == 7)
    assert (row.verdict, row.practitioner) == ("NEW", zeros)
    assert row.given["EMP_NO"] == "1301"


def test_errors_can_be_downloaded_with_sheet_row_column_and_value(
    lin: User, surgeon: Practitioner, zeros: Practitioner
) -> None:
    one = checked(lin, ugly())
    assert one.job is not None
    assert one.job.result_file is not None
    file = StoredFile.objects.get(pk=one.job.result_file)
    sheet = load_workbook(io.BytesIO(bytes_of(file))).active
    assert sheet is not None
    lines = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert lines[0] == [
        *("工作表", "行号", "列", "结果", "原因", "给出的值", "工号", "姓名"),
    ]
    assert lines[1] == [
        *("汇总", 6, "姓名", "有误", "工号 1027 是陈景行，与姓名不符。", "王某"),
        *("1027", "王某"),
    ]
    assert len(lines) - 1 == sum(len(row.problems) for row in rows_of(one))


def test_csv_is_read_in_gbk_and_utf8(lin: User, surgeon: Practitioner) -> None:
    text = "工号,姓名,权限,开始日期,截止日期\n1027,陈景行,RX01,2026-11-23,长期\n"
    for data in (text.encode("gbk"), text.encode(), text.encode("utf-8-sig")):
        assert verdicts(checked(lin, data, name="授权.csv")) == {2: "NEW"}


def test_row_about_oneself_is_an_error(lin: User) -> None:
    own = make_practitioner("2031", "林若川")
    lin.practitioner = own
    with acting(by=None, reason="测试"):
        lin.save()
    one = checked(lin, book([["2031", "林若川", "RX01", "", TODAY, None]]))
    assert reasons(one)[2][0][1] == "不能审批、恢复本人的权限，请由另一人办理。"


def test_line_suspended_or_with_other_conditions_is_a_conflict(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    state = granted(lin, su, surgeon)
    services.suspend(
        state=state,
        by=lin,
        at=timezone.now(),
        reason_code="08",
        reason="年度评估未提交",
    )
    one = checked(lin, book([["1027", "陈景行", "RX01", "", TODAY, None]]))
    assert verdicts(one) == {2: "CONFLICT"}
    assert reasons(one)[2][0][1] == "已有这项授权，现为暂停。先恢复，再导入。"


def test_headings_chosen_once_are_remembered(lin: User, surgeon: Practitioner) -> None:
    headings = ("编号甲", "姓名", "权限", "手术编码", "生效日期", "到期日期")
    rows = [["1027", "陈景行", "RX01", "", TODAY, None]]
    first = uploaded(lin, book(rows, headings))
    assert "EMP_NO" not in first.mapping
    mapping = {**first.mapping, "EMP_NO": 0}
    acts.check(one=first, mapping=mapping, by=lin, at=timezone.now())
    second = uploaded(lin, book(rows, headings))
    assert second.mapping == mapping


def queries_of(lin: User, count: int) -> int:
    """How often the dry run of so many rows reads."""
    rows = [
        ["1027", "陈景行", "SD02", "", TODAY, date(2027, 1, 1 + place % 28)]
        for place in range(count)
    ]
    one = uploaded(lin, book(rows))
    acts.check(one=one, mapping=one.mapping, by=lin, at=timezone.now())
    with CaptureQueriesContext(connection) as captured:
        worked(one)
    assert len(rows_of(one)) == count
    return sum(query["sql"].startswith("SELECT") for query in captured)


def test_dry_run_reads_as_often_for_many_rows_as_for_few(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    granted(lin, su, surgeon, "SD02", valid_to=NEXT_YEAR)
    queries_of(lin, 1)  # parameters are read once and kept
    few, many = queries_of(lin, 5), queries_of(lin, 1_500)
    assert few == many == 25


def test_dry_run_writes_no_line(lin: User, surgeon: Practitioner) -> None:
    checked(lin, book([["1027", "陈景行", "RX01", "", TODAY, None]]))
    assert GrantState.objects.count() == 0
    assert GrantImport.objects.count() == 1
