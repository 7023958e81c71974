"""The dry run of a sheet of procedures: each row is told, and nothing is written."""

from __future__ import annotations

import io

import pytest
from openpyxl import Workbook, load_workbook

from portal.accounts.models import User
from portal.audit.acting import acting
from portal.files.models import StoredFile
from portal.files.queries import bytes_of
from portal.sheets.models import ImportState
from surgery.enums import ProcedureCategory
from surgery.importers.refusals import FlagsMissing
from surgery.models import ProcedureAlias
from surgery.models.imports import Sort
from tests.surgery.imports.sheets import (
    ASSESSED,
    NATIONAL,
    book,
    catalogue_unchanged,
    checked,
    procedure,
    reasons,
    rows_of,
    saved,
    verdicts,
)


@pytest.fixture
def gallbladder(db: None) -> None:
    procedure("51.2300", "腹腔镜下胆囊切除术")


def test_national_list_is_told_new_changed_same_and_wrong(
    lin: User, gallbladder: None
) -> None:
    procedure("51.2200", "胆囊切除术", entry_option="1")
    with catalogue_unchanged():
        one = checked(
            lin,
            [
                ["51.2300", "", "腹腔镜胆囊切除术", "手术", "选择性"],
                ["51.2200", "", "胆囊切除术", "手术", "必选"],
                ["52.7X00", None, "根治性胰十二指肠切除术", "手术", None],
                ["", "17.4200", "腹腔镜机器人援助操作", "治疗性操作", ""],
                ["512300", "", "腹腔镜下胆囊切除术", "手术", ""],
                ["51.2", "", "胆", "手术", ""],
                ["43.5x03", "", "腹腔镜下胃大部切除", "0", ""],
                ["", "", "没有编码", "手术", ""],
                ["43.9901", "", "", "手术", ""],
            ],
        )
    assert (one.state, one.sheet, one.heading_row) == (ImportState.CHECKED, "目录", 1)
    assert verdicts(one) == {
        2: "CHANGED",
        3: "SAME",
        4: "NEW",
        5: "NEW",
        6: "CONFLICT",
        7: "ERROR",
        8: "ERROR",
        9: "ERROR",
        10: "ERROR",
    }
    changed, _same, new, extra, *_rest = rows_of(one)
    assert changed.before == {"name": "腹腔镜下胆囊切除术", "entry_option": ""}
    assert changed.after == {"name": "腹腔镜胆囊切除术", "entry_option": "2"}
    assert new.after == {
        "code": "52.7x00",
        "name": "根治性胰十二指肠切除术",
        "code_extra": "",
        "category": ProcedureCategory.SURGERY,
        "entry_option": "",
    }
    assert (extra.code, extra.after["code_extra"]) == ("17.4200", "17.4200")
    assert reasons(one) == {
        6: ["CODE: 与第 2 行编码相同。只保留一行。"],
        7: ["CODE: 不是国临编码的写法，如 51.2300、52.7x00、39.7900x625。"],
        8: ["CATEGORY: 只能是手术、介入治疗、治疗性操作、诊断性操作。"],
        9: ["CODE: 编码为空。"],
        10: ["NAME: 名称为空。"],
    }


def test_number_merged_cell_and_formula_are_told_with_their_row(
    lin: User, gallbladder: None
) -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in (
        ["手术操作分类代码国家临床版 3.0"],
        [],
        list(NATIONAL),
        [51.23, "", "腹腔镜下胆囊切除术", "手术", ""],
        ["51.2200", "", "=A4", "手术", ""],
        ["43.5x03", "", "腹腔镜下胃大部切除", "手术", ""],
        ["43.9901", "", "全胃切除伴食管空肠吻合术", "手术", ""],
        ["52.7x00", "", "#N/A", "手术", ""],
    ):
        sheet.append(row)
    sheet.merge_cells("D6:D7")
    one = checked(lin, saved(workbook))
    assert set(verdicts(one).values()) == {"ERROR"}
    assert reasons(one) == {
        4: [
            "CODE: 编码存成了数字，前后的 0 会丢失。把整列设为文本格式，重新填写编码。"
        ],
        5: ["NAME: 是公式。复制该列后用「选择性粘贴—数值」，再上传。"],
        6: [": 有合并单元格 D6:D7。取消合并，每行都填写。"],
        7: [
            "CATEGORY: 只能是手术、介入治疗、治疗性操作、诊断性操作。",
            ": 有合并单元格 D6:D7。取消合并，每行都填写。",
        ],
        8: ["NAME: 是错误值。改正后再上传。"],
    }
    assert one.job is not None
    assert one.job.result_file is not None
    file = StoredFile.objects.get(pk=one.job.result_file)
    wrong = load_workbook(io.BytesIO(bytes_of(file))).active
    assert wrong is not None
    assert [cell.value for cell in wrong[2]][:3] == ["Sheet", 4, "主要编码"]
    assert wrong.max_row == 7


def test_assessed_list_sets_both_flags_and_knows_other_names(
    lin: User, gallbladder: None
) -> None:
    gastric = procedure("43.5x03", "腹腔镜下胃大部切除伴食管-胃吻合术")
    with acting(by=None, reason="测试数据"):
        ProcedureAlias(procedure=gastric, name="腔镜胃大切").save()
    one = checked(
        lin,
        [
            ["51.2300", "腹腔镜下 胆囊切除术", "否", "√"],
            ["43.5X03", "腔镜胃大切", "是", "是"],
            ["43.9901", "全胃切除伴食管空肠吻合术", "是", "否"],
            ["51.2300", "胆囊切除术", "是", ""],
            ["51.23-00", "阑尾切除术", "大概", ""],
        ],
        Sort.ASSESSED,
    )
    assert verdicts(one) == {
        2: "CHANGED",
        3: "CHANGED",
        4: "UNKNOWN",
        5: "CONFLICT",
        6: "ERROR",
    }
    assert [row.after for row in rows_of(one)[:2]] == [
        {"is_mini_invasive": True},
        {"is_national_level4": True, "is_mini_invasive": True},
    ]
    assert reasons(one)[4] == [
        "CODE: 手术目录中没有这个编码。先导入国临目录或新增手术，再导入。"
    ]


def test_name_of_another_procedure_is_a_conflict(lin: User, gallbladder: None) -> None:
    one = checked(lin, [["51.2300", "阑尾切除术", "三级"]], Sort.GRADES)
    assert verdicts(one) == {2: "CONFLICT"}
    assert reasons(one) == {
        2: ["NAME: 目录中 51.2300 是「腹腔镜下胆囊切除术」。核对编码和名称。"]
    }


def test_list_without_flag_columns_says_once_what_each_row_is(
    lin: User, gallbladder: None
) -> None:
    data = book([["51.2300", "腹腔镜下胆囊切除术"]], ASSESSED[:2])
    with pytest.raises(FlagsMissing):
        checked(lin, data, Sort.ASSESSED)
    one = checked(lin, data, Sort.ASSESSED, each_is="MINI")
    assert [row.after for row in rows_of(one)] == [{"is_mini_invasive": True}]


@pytest.mark.parametrize(
    "word", ["三级", "3", 3, "Ⅲ级", "三级手术", "III", "３", "三 级"]
)
def test_grade_is_read_however_it_is_written(
    lin: User, gallbladder: None, word: object
) -> None:
    one = checked(lin, [["51.2300", "腹腔镜下胆囊切除术", word]], Sort.GRADES)
    (row,) = rows_of(one)
    assert (row.verdict, row.before, row.after) == (
        "CHANGED",
        {"grade": 0},
        {"grade": 3},
    )


def test_columns_are_remembered_per_sort(lin: User, gallbladder: None) -> None:
    strange = ("甲", "乙", "丙")
    rows = [["腹腔镜下胆囊切除术", "51.2300", "二级"]]
    first = checked(
        lin,
        book(rows, strange),
        Sort.GRADES,
        mapping={"NAME": 0, "CODE": 1, "GRADE": 2},
    )
    again = checked(lin, book(rows, strange), Sort.GRADES)
    assert again.mapping == first.mapping == {"NAME": 0, "CODE": 1, "GRADE": 2}
