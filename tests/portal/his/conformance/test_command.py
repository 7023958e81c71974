"""``manage.py his check`` at the console."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from portal.his.conformance.door import door_of
from portal.his.conformance.runner import HisAway, Plan, Run
from portal.his.conformance.trials import Writing
from portal.his.mapping.loader import DEMO, TYPICAL, load
from portal.his.sql.gateway import SqlGateway
from tests.portal.his.conformance.planting import PATIENT, His, found_in

pytestmark = [pytest.mark.integration, pytest.mark.slow]
Make = Callable[[str], His]


def check(*words: str) -> tuple[int, str, str]:
    """Exit code, output, errors."""
    out, errors = StringIO(), StringIO()
    try:
        call_command("his", "check", *words, stdout=out, stderr=errors)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue(), errors.getvalue()
    return 0, out.getvalue(), errors.getvalue()


def test_good_his_ends_with_zero_and_a_line_of_counts(on_sqlite: Make) -> None:
    his = on_sqlite("demo")
    code, out, errors = check(
        "--dsn", his.dsn, "--mapping", str(DEMO), "--only=YW-DEPT"
    )

    assert (code, errors) == (0, "")
    assert out == "通过 14，不通过 0，未能检查 0，未执行 0，外部不可证 0，声明暂缺 0\n"


def test_bad_his_ends_with_one_and_says_what_and_what_to_do(on_sqlite: Make) -> None:
    his = on_sqlite("demo")
    his.reshape("V_YW_DOCTOR", {"sex": "'3'"})
    code, out, _ = check("--dsn", his.dsn, "--only", "YW-DOCTOR-09")

    assert code == 1
    assert out.splitlines() == [
        "YW-DOCTOR-09 不通过 代码都在代码表内",
        "    应为：只用约定代码表中的值",
        "    实为：328 行，例如 000318、000427、000771（sex 328）",
        "    处理：请在映射中补上这些值的对照",
        "通过 0，不通过 1，未能检查 0，未执行 0，外部不可证 0，声明暂缺 0",
    ]


def test_no_answer_names_a_person(on_sqlite: Make) -> None:
    his = on_sqlite("demo")
    his.reshape("V_YW_DOCTOR", {"sex": "'3'", "dept_code": "'9999'", "py": "NULL"})
    _, out, _ = check("--dsn", his.dsn, "--mapping", str(DEMO), "--json")
    names = {name for (name,) in his.rows("SELECT name FROM V_YW_DOCTOR")}

    assert json.loads(out)["counts"]["FAILED"] == 2
    assert [name for name in names if name in out] == []


def test_words_of_the_his_that_name_a_doctor_lose_the_name(on_sqlite: Make) -> None:
    his = on_sqlite("typical")
    his.rewrite("YW_PRIV_SAVE_JUDGE", "'2002 医生已停用'", "'2002 已离职不得授权'")
    report = his.check(write=True, only="YW-PRIV-SAVE-15")

    assert his.rows("SELECT 姓名 FROM 人员表 WHERE 人员状态 = '99'") == [("已离职",)]
    assert [one.answer.found for one in report.results] == ["2002 **不得授权"]


def test_his_that_is_away_ends_with_two_and_the_next_step(tmp_path: Path) -> None:
    code, out, errors = check("--dsn", f"sqlite:///{tmp_path / 'none.sqlite3'}")

    assert (code, out) == (2, "")
    assert errors == "HIS 未应答：连接不上。请检查 HIS 地址、网络与服务后重试\n"


def test_wrong_dsn_ends_with_two_and_the_setting() -> None:
    code, _, errors = check("--dsn", "nonsense")

    assert code == 2
    assert errors == "HIS_DSN: not an SQLAlchemy URL。请改正连接设置后重试\n"


def test_sheet_is_written_as_html_and_pdf(on_sqlite: Make, tmp_path: Path) -> None:
    his = on_sqlite("demo")
    html, pdf = tmp_path / "sheet.html", tmp_path / "sheet.pdf"
    code, _, _ = check(
        *("--dsn", his.dsn, "--mapping", str(DEMO)),
        *("--write", "--doctor", "1027", "--product", "演示 HIS 3"),
        *("--html", str(html), "--pdf", str(pdf)),
    )

    assert code == 0
    assert "本次执行的各项全部通过" in html.read_text(encoding="utf-8")
    assert "演示 HIS 3" in html.read_text(encoding="utf-8")
    assert pdf.read_bytes().startswith(b"%PDF-1.")


@pytest.mark.parametrize("words", [["--write"], ["--doctor", "1027"]])
def test_writing_needs_both_words(words: list[str]) -> None:
    with pytest.raises(CommandError, match="--write 与 --doctor 须一起给出"):
        check(*words)


def test_unknown_case_is_refused_with_an_example() -> None:
    with pytest.raises(CommandError, match="没有检查项 YW-NONE，可用 --only YW-DRUG"):
        check("--only", "YW-NONE")


def test_missing_mapping_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="none.toml: 没有这个文件"):
        check("--mapping", str(tmp_path / "none.toml"))


@pytest.mark.parametrize("emp_no", ["YW0000", "000771"])
def test_test_doctor_must_be_on_duty(on_sqlite: Make, emp_no: str) -> None:
    his = on_sqlite("typical")
    report = his.check(write=True, writing=Writing(emp_no), only="YW-PRIV-SAVE-01")

    assert [one.answer.found for one in report.results] == [
        f"V_YW_DOCTOR 中没有在岗的 {emp_no}，请换一个测试医生"
    ]
    assert his.rows("SELECT count(*) FROM YW_PRIV_SAVE") == [(0,)]


def test_grades_are_left_alone_where_no_procedure_is_named(on_sqlite: Make) -> None:
    his = on_sqlite("typical")
    report = his.check(write=True, writing=Writing("001188"))

    outcomes = {
        str(one.outcome)
        for one in report.results
        if one.case.interface == "YW_OPGRADE_SAVE"
    }
    assert outcomes == {"NOT_RUN", "UNPROVABLE"}
    assert his.rows("SELECT count(*) FROM YW_OPGRADE_SAVE") == [(0,)]


def test_doctor_with_rights_in_force_is_spared_the_batch(on_sqlite: Make) -> None:
    his = on_sqlite("typical")
    his.run(
        "INSERT INTO 人员手术权限 (人员ID, 诊疗项目ID, 记录性质, 场合, 开始日期, 记录状态, 操作时间)"
        " VALUES (5001, 9001, 2, 'ALL', '2026-01-01', 1, '2026-01-01 08:00:00');"
    )
    report = his.check(write=True)
    spared = [
        one.case.number
        for one in report.results
        if one.answer.found == "医生已有有效的手术权限，整批替换会取消它们"
    ]

    assert report.is_good
    assert spared == ["YW-DOCTOR-OP-SAVE-10", "YW-DOCTOR-OP-SAVE-24"]
    line = "SELECT status FROM V_YW_DOCTOR_OP WHERE valid_from = '2026-01-01'"
    assert his.rows(line) == [("1",)]


def test_his_that_goes_away_in_the_middle_says_what_it_may_keep(
    on_sqlite: Make,
) -> None:
    his = on_sqlite("typical")
    path = Path(his.dsn.removeprefix("sqlite:///"))
    plan = Plan(
        lacking=load(TYPICAL).missing, writing=Writing("001188"), limits=PATIENT
    )
    gateway = SqlGateway(his.dsn, 2)

    def goes(_seconds: float) -> None:
        path.rename(path.with_name("away"))

    with pytest.raises(HisAway, match="YW_PRIV_SAVE 可能留有 001188 自 20"):
        Run(door_of(gateway), plan, wait=goes).report()
    gateway.close()


def test_what_stops_at_the_limit_is_said_and_not_compared(on_sqlite: Make) -> None:
    his = on_sqlite("demo")
    limits = replace(PATIENT, rows=20)
    report = his.check(write=False, limits=limits)
    doctor = next(r for r in report.results if r.case.number == "YW-DOCTOR-13")

    assert "V_YW_DOCTOR 读取前 20 行" in report.notes
    assert doctor.answer.found == "没有可比的 V_YW_DEPT、V_YW_DOCTOR_DEPT"
    assert report.is_good


def test_view_that_breaks_while_it_is_read_is_unchecked_and_the_rest_goes_on(
    on_sqlite: Make,
) -> None:
    his = on_sqlite("demo")
    his.reshape("V_YW_DEPT", {"py": "json(o.name)"})
    report = his.check(write=False)
    dept = {
        one.case.number: (one.outcome.value, one.answer.found)
        for one in report.results
        if one.case.interface == "V_YW_DEPT"
    }

    assert dept["YW-DEPT-01"] == ("PASSED", "")
    assert dept["YW-DEPT-05"] == (
        "UNCHECKED",
        "HIS_DSN: V_YW_DEPT 不可用 SQLITE_ERROR",
    )
    assert dept["YW-DEPT-09"] == ("NOT_RUN", "没有读完，见第 05 项")
    assert found_in(report) == {"YW-DEPT-05"}
    assert not report.is_good
