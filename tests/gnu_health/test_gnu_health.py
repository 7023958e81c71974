"""A hospital system nobody here wrote, read through the views our mapping generates."""

from __future__ import annotations

from datetime import date, datetime
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import call_command

from portal.his.contract.interfaces import VIEWS
from portal.his.contract.shape import View
from portal.his.gateway import HisMisconfigured
from portal.his.mapping.gaps import gaps
from portal.his.mapping.loader import GNU_HEALTH, load
from portal.his.pull.quarantine import Reason, RowCheck
from portal.his.records import DoctorRecord
from portal.his.sql.gateway import SqlGateway
from tests.gnu_health.conftest import ACCOUNT

pytestmark = pytest.mark.integration

VIEW = {view.name: view for view in VIEWS}
MAPPED = load(GNU_HEALTH).views


def rows_of(gateway: SqlGateway, name: str) -> list[dict[str, Any]]:
    """Rows by the names of their columns, without the moment of the last change."""
    view = VIEW[name]
    return sorted(
        (
            {
                column: value
                for column, value in zip(view.column_names, row, strict=True)
                if column != view.watermark
            }
            for row in gateway.rows(view)
        ),
        key=lambda row: str(row[view.key[0]]),
    )


def given(row: dict[str, Any]) -> dict[str, Any]:
    """What GNU Health says of it: without the empty columns."""
    return {name: value for name, value in row.items() if value not in {None, ""}}


def test_doctors_are_read(gateway: SqlGateway) -> None:
    found = sorted(gateway.doctors(), key=lambda doctor: doctor.emp_no)
    assert [(one.emp_no, one.name, one.sex, one.dept_code) for one in found] == [
        ("001027", "陈景行", "1", "0401"),
        ("001055", "罗景文", "1", "0301"),
        ("001188", "林若谷", "2", ""),
        ("001900", "周远", "1", "0401"),
    ]
    assert [one.status for one in found] == ["01", "01", "01", "99"]
    assert found[0] == DoctorRecord(
        emp_no="001027",
        his_emp_id=found[0].his_emp_id,
        name="陈景行",
        py="",
        sex="1",
        dept_code="0401",
        dept_name="肝胆外科",
        title_code="",
        post="",
        prac_cert_no="110441900001027",
        prac_valid_to=None,
        status="01",
        last_modified=found[0].last_modified,
    )


def test_doctor_without_a_unit_is_set_aside_and_the_others_arrive(
    gateway: SqlGateway,
) -> None:
    view = VIEW["V_YW_DOCTOR"]
    check = RowCheck(view)
    rows = list(gateway.rows(view))
    faults = {row[view.column_names.index("emp_no")]: check.fault(row) for row in rows}
    assert {emp_no: fault for emp_no, fault in faults.items() if fault} == {
        "001188": ("dept_code", Reason.MISSING)
    }
    assert len(faults) == 4


def test_drugs_are_read_and_their_levels_stay_empty(gateway: SqlGateway) -> None:
    found = rows_of(gateway, "V_YW_DRUG")
    assert [given(row) for row in found] == [
        {
            "drug_id": found[0]["drug_id"],
            "drug_code": "XY0218",
            "generic_name": "头孢哌酮钠舒巴坦钠",
            "trade_name": "某商品名",
            "spec": "1.5 g×1 瓶",
            "enabled": "1",
        },
        {
            "drug_id": found[1]["drug_id"],
            "drug_code": "XY0101",
            "generic_name": "阿莫西林胶囊",
            "trade_name": "阿莫西林胶囊",
            "spec": "1.5 g×1 瓶",
            "enabled": "1",
        },
    ]
    assert found[0]["antibiotic_level"] == ""


def test_procedures_are_read(gateway: SqlGateway, gnu_health: str) -> None:
    found = {row["code_clinical"]: row for row in rows_of(gateway, "V_YW_OP_DICT")}
    with psycopg.connect(gnu_health) as link:
        (count,) = (
            link.execute("SELECT count(*) FROM gnuhealth_procedure").fetchone() or ()
        )
    assert len(found) == count == 3882
    assert found["50.3"]["name"] == "Lobectomy of liver"
    assert found["50.3"]["enabled"] == "1"
    assert found["50.3"]["category"] == ""


def test_operation_is_read_with_local_times(gateway: SqlGateway) -> None:
    (found,) = rows_of(gateway, "V_YW_OPERATION")
    assert given(found) == {
        "op_id": found["op_id"],
        "apply_id": found["op_id"],
        "patient_id": "P700112",
        "name": "王建平",
        "op_dept_code": "0401",
        "op_start": datetime(2026, 11, 20, 9, 0),  # noqa: DTZ001
        "op_end": datetime(2026, 11, 20, 12, 5),  # noqa: DTZ001
        "proc_code": "50.3",
        "proc_name": "Lobectomy of liver",
        "op_nature": "2",
        "surgeon_no": "001027",
        "surgeon_name": "陈景行",
        "anes_method": "01",
        "cancel_flag": "0",
    }


def test_planned_operation_is_an_application_of_who_entered_it(
    gateway: SqlGateway,
) -> None:
    (found,) = rows_of(gateway, "V_YW_SURGERY_APPLY")
    assert given(found) == {
        "apply_id": found["apply_id"],
        "patient_id": "P810409",
        "name": "杨子昂",
        "dept_code": "0401",
        "proc_code": "51.22",
        "proc_name": "Cholecystectomy",
        "surgeon_no": "001027",
        "applicant_no": "001027",
        "apply_time": found["apply_time"],
        "plan_time": datetime(2026, 11, 25, 8, 30),  # noqa: DTZ001
        "op_room": "3 号手术间",
        "anes_name": "general",
        "op_nature": "1",
        "status": "4",
    }


def test_encounter_is_read_with_patient_doctor_and_local_time(
    gateway: SqlGateway,
) -> None:
    (found,) = rows_of(gateway, "V_YW_OUTP_VISIT")
    assert given(found) == {
        "visit_id": found["visit_id"],
        "patient_id": "P810409",
        "name": "杨子昂",
        "sex": "2",
        "birth_date": date(1975, 4, 12),
        "visit_time": datetime(2026, 11, 24, 0, 30),  # noqa: DTZ001
        "finish_time": found["finish_time"],
        "dept_code": "0401",
        "dept_name": "肝胆外科",
        "doctor_no": "001027",
        "doctor_name": "陈景行",
        "revisit": "1",
        "visit_status": "04",
    }
    (diagnosis,) = rows_of(gateway, "V_YW_OUTP_DIAG")
    assert (diagnosis["visit_id"], diagnosis["diag_no"]) == (found["visit_id"], 1)
    assert (diagnosis["diag_code"], diagnosis["diag_name"]) == ("J06.9", "上呼吸道感染")


def test_departments_are_read_with_their_doctors(gateway: SqlGateway) -> None:
    assert [row["name"] for row in rows_of(gateway, "V_YW_DEPT")] == [
        "呼吸内科",
        "肝胆外科",
    ]
    pairs = [
        (row["emp_no"], row["dept_code"])
        for row in rows_of(gateway, "V_YW_DOCTOR_DEPT")
    ]
    assert pairs == [("001027", "0401"), ("001055", "0301"), ("001900", "0401")]


@pytest.mark.parametrize("view", [VIEW[name] for name in MAPPED], ids=list(MAPPED))
def test_every_row_has_its_key_and_the_moment_it_changed(
    gateway: SqlGateway, view: View
) -> None:
    places = [view.column_names.index(name) for name in (*view.key, view.watermark)]
    rows = list(gateway.rows(view))
    assert rows
    for row in rows:
        assert all(row[place] not in {None, ""} for place in places)
        assert isinstance(row[places[-1]], datetime)
    assert len({tuple(row[place] for place in places[:-1]) for row in rows}) == len(
        rows
    )


@pytest.mark.parametrize("view", [VIEW[name] for name in MAPPED], ids=list(MAPPED))
def test_a_column_declared_missing_is_empty_in_every_row(
    gateway: SqlGateway, view: View
) -> None:
    lacking = {
        gap.column for gap in gaps(load(GNU_HEALTH)) if gap.interface == view.name
    }
    places = [view.column_names.index(name) for name in lacking]
    values = {row[place] for row in gateway.rows(view) for place in places}
    assert values <= {None, ""}


def test_what_it_lacks_is_told_and_not_invented(gateway: SqlGateway) -> None:
    out = StringIO()
    call_command(
        *("his", "ddl", "--engine", "postgresql", "--mapping", "gnu_health"), stdout=out
    )
    lines = out.getvalue().splitlines()
    assert "--   V_YW_PRIV_DICT 医生权限字典：没有医生权限" in lines
    assert "--   YW_PRIV_SAVE 医生权限维护：没有医生权限" in lines
    assert "-- 暂缺必填列 antibiotic_level（抗菌药物级别）：没有抗菌药物分级" in lines
    with pytest.raises(HisMisconfigured) as refused:
        list(gateway.privileges())
    assert "V_YW_PRIV_DICT 不可用" in str(refused.value)


def test_the_account_reads_the_views_and_nothing_else(gnu_health: str) -> None:
    url = gnu_health.replace("postgres@", f"{ACCOUNT}@", 1)
    with psycopg.connect(url) as link:
        assert link.execute("SELECT count(*) FROM v_yw_doctor").fetchone() == (4,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            link.execute("SELECT name FROM party_party")
