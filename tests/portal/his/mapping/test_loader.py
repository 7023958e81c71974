"""A mapping is read as a whole; every mistake is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.his.contract.interfaces import ALL
from portal.his.mapping.gaps import Gap, gaps
from portal.his.mapping.lines import Lines
from portal.his.mapping.loader import DEMO, GNU_HEALTH, TYPICAL, load, shipped
from portal.his.mapping.shape import Coded, Flag, Join, MappingError, Push

TEXT = DEMO.read_text(encoding="utf-8")


def problems_of(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "his.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MappingError) as caught:
        load(path)
    return caught.value.problems


def line_of(text: str, words: str) -> int:
    found = [n for n, line in enumerate(text.splitlines(), 1) if words in line]
    assert len(found) == 1, words
    return found[0]


def changed(old: str, new: str) -> str:
    assert TEXT.count(old) == 1, old
    return TEXT.replace(old, new)


def test_demo_mapping_says_where_a_column_comes_from() -> None:
    doctor = load(DEMO).views["V_YW_DOCTOR"]
    sex = Coded("p.性别", {"男": "1", "女": "2"}, "0")

    assert doctor.table == "人员表 p"
    assert doctor.columns["sex"] == sex
    assert doctor.joins[-1] == Join("技术职务 t", "t.编码 = p.聘任技术职务", True)


@pytest.mark.parametrize(
    "path", [DEMO, GNU_HEALTH, TYPICAL], ids=lambda path: path.stem
)
def test_shipped_mapping_speaks_of_every_interface(path: Path) -> None:
    mapping = load(path)
    spoken = {*mapping.views, *mapping.functions, *mapping.missing, *mapping.provided}
    assert {item.name for item in ALL} - spoken <= {"V_YW_CHANGE_LOG"}


CASES = [
    (
        'py = "p.简码"\nsex',
        "sex",
        "[V_YW_DOCTOR]",
        "V_YW_DOCTOR 缺少列 py（拼音码）：请给出来源，或写进 missing",
    ),
    (
        'emp_no = "p.编号"\nhis_emp_id',
        "his_emp_id",
        "[V_YW_DOCTOR]",
        "V_YW_DOCTOR 缺少列 emp_no（工号）：请给出来源，或写进 missing",
    ),
    (
        'post = "p.管理职务"',
        'post = "p.管理职务"\nposte = "p.管理职务"',
        "poste =",
        "V_YW_DOCTOR 没有列 poste",
    ),
    (
        'post = "p.管理职务"',
        "post = { from = 1 }",
        "post = {",
        "V_YW_DOCTOR.columns.post 的来源看不懂",
    ),
    (
        'codes = "sex"',
        'codes = "gender"',
        'codes = "gender"',
        "[codes] 中没有 gender",
    ),
    (
        'codes = "sex", otherwise = "0"',
        'codes = "sex", otherwise = "7"',
        'otherwise = "7"',
        "V_YW_DOCTOR.sex 没有代码 7",
    ),
    (
        'table = "人员表 p"\njoins = [\n  { table = "部门人员 m"',
        'joins = [\n  { table = "部门人员 m"',
        "[V_YW_DOCTOR]",
        "V_YW_DOCTOR 缺少 table（来源表）",
    ),
    (
        'account = "yiwu"',
        "",
        "[his]",
        "[his] 缺少 account",
    ),
    (
        '[provided]\n',
        '[provided]\nV_YW_WRONG = "没有"\n',
        "V_YW_WRONG",
        "约定中没有接口 V_YW_WRONG",
    ),
    (
        'missing = ["parent_code"]',
        'missing = ["parent_code", "colour"]',
        '"colour"',
        "V_YW_DEPT 没有列 colour",
    ),
    (
        'table = "部门表 d"\nmissing',
        'table = "部门表 d"\nwhre = "1 = 1"\nmissing',
        "whre",
        "V_YW_DEPT 中不认识 whre",
    ),
    (
        'V_YW_OUTP_OP = "没有门诊手术"',
        'V_YW_OUTP_OP = "没有门诊手术"\nV_YW_DEPT = "没有"',
        'V_YW_DEPT = "没有"',
        "V_YW_DEPT 已有映射，不应再列在 [missing]",
    ),
    (
        '  { left = "技术职务 t", on = "t.编码 = p.聘任技术职务" },',
        '  { left = "技术职务 t" },',
        None,
        "V_YW_DOCTOR 的连接缺少 table（或 left）和 on",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "mark", "problem"), CASES, ids=[case[3] for case in CASES])  # fmt: skip
def test_mistake_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, mark: str | None, problem: str
) -> None:
    text = changed(old, new)
    found = problems_of(tmp_path, text)

    assert len(found) == 1
    place, words = found[0].split(": ", 1)
    assert words == problem
    if mark is not None:
        assert place == f"his.toml:{line_of(text, mark)}"


def test_all_mistakes_are_named_in_one_go(tmp_path: Path) -> None:
    text = changed('account = "yiwu"', "").replace(
        'V_YW_OUTP_OP = "没有门诊手术"\n', ""
    )
    assert problems_of(tmp_path, text) == [
        f"his.toml:{line_of(text, '[his]')}: [his] 缺少 account",
        "his.toml:1: 没有 V_YW_OUTP_OP 门诊手术操作：请映射或写进 [missing]",
    ]


NO_CATEGORY = """[V_YW_OP_DICT.missing]
code_insurance = ""
category = "不分手术和操作"
"""


def without_category(missing: str) -> str:
    """The demo's dictionary of procedures without a category, and what is said of it."""
    text = changed(
        'table = "手术项目目录 i"\nmissing = ["code_insurance"]\n',
        'table = "手术项目目录 i"\n',
    )
    text = text.replace('category = { text = "i.手术操作类型" }\n', "")
    return text.replace("[V_YW_OP_GRADE]\n", f"{missing}[V_YW_OP_GRADE]\n")


def test_must_column_is_missing_only_with_a_reason(tmp_path: Path) -> None:
    text = without_category(NO_CATEGORY.replace("不分手术和操作", ""))
    line = line_of(text, 'category = ""')
    assert problems_of(tmp_path, text) == [
        f"his.toml:{line}: V_YW_OP_DICT 缺少列 category（类别）：必填列列为 missing 要写明原因"
    ]


def test_what_the_his_lacks_is_told_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "his.toml"
    path.write_text(without_category(NO_CATEGORY), encoding="utf-8")
    found = [gap for gap in gaps(load(path)) if gap.interface == "V_YW_OP_DICT"]
    assert found == [
        Gap("V_YW_OP_DICT", "手术字典查询", "code_insurance", "医保版编码"),
        Gap(
            "V_YW_OP_DICT",
            "手术字典查询",
            "category",
            "类别",
            "不分手术和操作",
            is_required=True,
        ),
    ]


def test_an_interface_not_offered_is_a_gap_of_its_own() -> None:
    whole = [gap for gap in gaps(load(GNU_HEALTH)) if not gap.column]
    assert whole[0] == Gap("V_YW_PRIV_DICT", "医生权限字典", reason="没有医生权限")
    assert len(whole) == 19


@pytest.mark.parametrize(
    ("missing", "mark", "problem"),
    [
        (
            NO_CATEGORY + 'his_item_id = "没有"\n',
            'his_item_id = "没有"',
            "V_YW_OP_DICT.his_item_id 已有来源，不应再列为 missing",
        ),
        (
            NO_CATEGORY + 'colour = "没有"\n',
            "colour",
            "V_YW_OP_DICT 没有列 colour",
        ),
        (
            NO_CATEGORY.replace('""', "1"),
            "code_insurance = 1",
            "V_YW_OP_DICT.code_insurance 的原因要写成文字",
        ),
    ],
)
def test_mistake_in_what_is_missing_is_named_with_its_line(
    tmp_path: Path, missing: str, mark: str, problem: str
) -> None:
    text = without_category(missing)
    assert problems_of(tmp_path, text) == [f"his.toml:{line_of(text, mark)}: {problem}"]


def test_key_may_not_be_missing_whatever_the_reason(tmp_path: Path) -> None:
    text = without_category(NO_CATEGORY + 'his_item_id = "没有"\n')
    text = text.replace('his_item_id = { text = "i.ID" }\n', "", 1)
    line = line_of(text, 'his_item_id = "没有"')
    assert problems_of(tmp_path, text) == [
        f"his.toml:{line}: V_YW_OP_DICT 缺少列"
        " his_item_id（HIS 项目ID）：主键和水位列不能没有"
    ]


def test_mapping_that_comes_with_us_is_found_by_its_name() -> None:
    assert shipped("gnu_health") == GNU_HEALTH
    assert shipped("site/his.toml") == Path("site/his.toml")


def test_code_of_a_fixed_row_must_be_one_of_the_contract(tmp_path: Path) -> None:
    text = changed('grade_code = "4"', 'grade_code = "5"')
    assert problems_of(tmp_path, text)[0].endswith(
        "V_YW_GRADE_DICT.grade_code 没有代码 5"
    )


def test_broken_toml_is_named_with_its_line(tmp_path: Path) -> None:
    text = changed('name = "演示 HIS"', 'name = "演示 HIS')
    found = problems_of(tmp_path, text)
    line = line_of(text, 'name = "演示 HIS')
    assert found[0].startswith(f"his.toml:{line}: 不是 TOML：")


def test_function_needs_its_table_and_its_view(tmp_path: Path) -> None:
    text = TYPICAL.read_text(encoding="utf-8").replace('batch_key = "w.批次号"\n', "")
    text = text.replace('[YW_PRIV_SAVE]\ntable = "人员权限"\n', "[YW_PRIV_SAVE]\n")
    found = problems_of(tmp_path, text)
    assert [problem.split(": ", 1)[1] for problem in found] == [
        "YW_PRIV_SAVE 缺少 table",
        "YW_DOCTOR_OP_SAVE 的 close 要用 V_YW_DOCTOR_OP 的 batch_key",
    ]


def test_lines_finds_tables_keys_and_quoted_names() -> None:
    lines = Lines('[a]\nx = 1\n[a.b]\n"编 码" = 2\n')
    assert lines.of("a") == 1
    assert lines.of("a", "x") == 2
    assert lines.of("a", "b", "编 码") == 4
    assert lines.of("a", "b", "no") == 3
    assert lines.of("nowhere") == 1


def test_function_writes_no_moment_of_another_zone(tmp_path: Path) -> None:
    text = TYPICAL.read_text(encoding="utf-8")
    text = text.replace('"操作时间" = "{now}"', '"操作时间" = { utc = "{now}" }', 1)
    assert problems_of(tmp_path, text) == [
        f"his.toml:{line_of(text, 'utc =')}: YW_PRIV_SAVE.values.操作时间 的来源看不懂"
    ]


PUSH = """
[push]
whole_sets = true
keeps_dates = false
[push.flags]
rx_flag = { RX01 = "1" }
special_order_mz = { bits = ["ND04", "ND01", ""], setting = "OUTP" }
"""


def test_how_the_his_wants_to_be_told_is_read(tmp_path: Path) -> None:
    path = tmp_path / "his.toml"
    path.write_text(DEMO.read_text(encoding="utf-8") + PUSH, encoding="utf-8")
    assert load(path).push == Push(
        whole_sets=True,
        keeps_dates=False,
        flags=(
            Flag("rx_flag", {"RX01": "1"}),
            Flag("special_order_mz", bits=("ND04", "ND01", ""), setting="OUTP"),
        ),
    )
    assert load(DEMO).push == Push()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("whole_sets", "whole_set", "push 中不认识 whole_set"),
        ("= false", '= "no"', "[push] 的 keeps_dates 要写 true 或 false"),
        ("rx_flag", "rx_flags", "V_YW_DOCTOR 没有列 rx_flags"),
        (
            '{ RX01 = "1" }',
            "7",
            "[push.flags] 的 rx_flag 看不懂：权限 = 取值，或 bits = [权限…]",
        ),
    ],
)
def test_mistake_in_how_it_wants_to_be_told_is_named(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    words = PUSH.replace(old, new)
    text = DEMO.read_text(encoding="utf-8") + words
    (found,) = problems_of(tmp_path, text)
    assert found.endswith(f": {problem}")
