"""What the demo HIS holds at first."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from portal.demo_his.__main__ import main
from portal.demo_his.by_hand import rows_of
from portal.demo_his.clock import now
from portal.demo_his.database import CannotUse, Database, prepare

pytestmark = pytest.mark.slow


def test_seed_has_the_people_and_departments_of_a_hospital(database: Database) -> None:
    doctors = database.rows("SELECT * FROM V_YW_DOCTOR")
    statuses = Counter(row["status"] for row in doctors)

    assert len(doctors) == 328
    assert len({row["name"] for row in doctors}) == 328
    assert len({row["dept_code"].strip() for row in doctors}) == 30
    assert statuses == {
        "01": 306,
        "02": 3,
        "03": 4,
        "05": 3,
        "06": 2,
        "07": 4,
        "99": 6,
    }
    assert len([row for row in doctors if row["post"] == "科主任"]) == 30


def test_seed_has_the_catalogue_without_any_right(database: Database) -> None:
    assert len(database.rows("SELECT * FROM V_YW_PRIV_DICT")) == 78
    assert len(database.rows("SELECT * FROM 手术项目目录")) == 94
    assert database.rows("SELECT * FROM V_YW_DOCTOR_PRIV") == []
    assert database.rows("SELECT * FROM V_YW_CHANGE_LOG") == []


def test_seed_knows_nothing_of_the_day_it_is_made_on(tmp_path: Path) -> None:
    """A database filled a minute after midnight holds no operation of the future."""
    database = Database(f"sqlite:///{tmp_path / 'his.sqlite3'}")
    prepare(database)

    moments = {
        value
        for row in database.rows("SELECT * FROM 病人手术记录")
        for name, value in row.items()
        if value and name.endswith(("时间", "开始", "结束"))
    }

    assert len(moments) > 10_000
    assert max(moments) < f"{now():%Y-%m-%d}"


def test_seed_keeps_numbers_with_leading_zeros_and_padded_codes(
    database: Database,
) -> None:
    numbers = {row["emp_no"] for row in database.rows("SELECT * FROM V_YW_DOCTOR")}
    liver = database.row("SELECT * FROM V_YW_DOCTOR WHERE emp_no = '1188'")

    assert {"1027", "1188", "1214"} <= numbers
    assert len([number for number in numbers if number.startswith("0")]) > 0
    assert liver is not None
    assert liver["dept_code"] == "0401      "


def test_prepare_again_keeps_what_is_there(database: Database) -> None:
    database.run("UPDATE 人员表 SET 姓名 = '改过' WHERE 编号 = '1188'")

    assert prepare(database) is False

    row = database.row("SELECT name FROM V_YW_DOCTOR WHERE emp_no = '1188'")
    assert row == {"name": "改过"}


def test_prepare_with_reset_starts_over(database: Database) -> None:
    database.run("DELETE FROM 门诊处方明细")

    assert prepare(database, reset=True) is True

    assert len(database.rows("SELECT * FROM 门诊处方明细")) == 10


def test_prepare_refuses_another_version(database: Database) -> None:
    database.run("UPDATE 系统参数 SET 参数值 = '1' WHERE 参数名 = '数据库版本'")

    with pytest.raises(CannotUse, match="别的版本"):
        prepare(database)


def test_init_on_a_file_of_others_says_so_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "other.sqlite3"
    link = sqlite3.connect(path)
    link.execute("CREATE TABLE other (id INTEGER)")
    link.close()

    assert main(["init", "--dsn", f"sqlite:///{path}"]) == 1
    assert capsys.readouterr().err == f"{path} 不是演示 HIS 的数据库\n"


def test_init_on_an_unusable_dsn_says_so_in_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["init", "--dsn", "oracle://u:p@h/x"]) == 1
    assert capsys.readouterr().err == (
        "演示 HIS 只能使用 PostgreSQL 或 SQLite 文件，不能使用 oracle\n"
    )


@pytest.mark.integration
def test_prepare_never_touches_a_postgresql_of_another_his(fresh_postgres: str) -> None:
    database = Database(fresh_postgres)
    database.run("CREATE TABLE 系统参数 (参数名 VARCHAR(30), 参数值 VARCHAR(100))")
    database.run("CREATE TABLE 人员表 (ID INTEGER)")

    for reset in (False, True):
        with pytest.raises(CannotUse, match="别的 HIS"):
            prepare(database, reset=reset)

    assert database.rows("SELECT * FROM 人员表") == []


@pytest.mark.integration
def test_seed_is_the_same_on_postgresql(
    filled_postgresql: Database, database: Database
) -> None:
    query = "SELECT emp_no, name, dept_name, status FROM V_YW_DOCTOR"
    both = [
        sorted(tuple(row.values()) for row in engine.rows(query))
        for engine in (database, filled_postgresql)
    ]
    assert both[0] == both[1]
    assert prepare(filled_postgresql) is False


def test_seed_has_drugs_of_every_kind_a_right_depends_on(database: Database) -> None:
    drugs = database.rows("SELECT * FROM V_YW_DRUG")

    assert len(drugs) == 164
    assert {row["drug_type"] for row in drugs} == {"1", "2", "3", "4", "5"}
    levels = Counter(row["antibiotic_level"] for row in drugs)
    assert levels == {"0": 119, "1": 21, "2": 10, "3": 14}
    assert len([row for row in drugs if row["narcotic_flag"] == "1"]) == 8
    assert Counter(row["psych_class"] for row in drugs) == {"0": 153, "1": 2, "2": 9}
    assert {row["antitumor_level"] for row in drugs} == {"0", "1", "2"}


def test_seed_has_a_scope_for_every_doctor_and_a_few_with_two_hospitals(
    database: Database,
) -> None:
    scopes = database.rows("SELECT * FROM V_YW_DOCTOR_SCOPE")

    assert len({row["emp_no"] for row in scopes}) == 328
    beside = [row for row in scopes if row["is_main_org"] == "0"]
    assert 0 < len(beside) < 20
    assert {row["prac_org"] for row in beside} == {"云溪市第二人民医院"}


def test_right_set_by_hand_stands_in_a_new_database_alone(tmp_path: Path) -> None:
    dsn = f"sqlite:///{tmp_path / 'his.sqlite3'}"
    arguments = ["init", "--dsn", dsn, "--by-hand", "1043", "TC01"]

    assert [main(arguments), main(arguments)] == [0, 0]

    found = rows_of(Database(dsn), "1043")
    assert [(row["priv_code"], row["operator"]) for row in found] == [("TC01", "DBA")]


def test_right_set_by_hand_for_nobody_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dsn = f"sqlite:///{tmp_path / 'his.sqlite3'}"

    assert main(["init", "--dsn", dsn, "--by-hand", "9999999", "TC01"]) == 1
    assert capsys.readouterr().err == "HIS 中没有这名医生。\n"
