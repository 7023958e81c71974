"""Rows a HIS could give: the cast, and as many others as a test asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any

from portal.directory.dictionaries import BY_VIEW
from portal.directory.models import SyncRun
from portal.directory.sync import pull
from portal.his.contract.shape import View
from portal.his.gateway import HisReader, HisUnavailable, InterfaceMissing
from portal.his.messages import Answer, DoctorOpSave, OpGradeSave, PrivSave
from portal.his.records import (
    DoctorOpRecord,
    DoctorPrivRecord,
    DoctorRecord,
    OpGradeRecord,
    PrivilegeRecord,
)

MODIFIED = datetime(2026, 11, 1, 8, 30)  # noqa: DTZ001 (local time of the HIS)

WANG = DoctorRecord(
    emp_no="001027",
    his_emp_id="5027",
    name="王建国",
    py="WJG",
    sex="1",
    dept_code="0401",
    dept_name="普外科",
    title_code="233",
    post="",
    prac_cert_no="110441900001027",
    prac_valid_to=date(2028, 6, 30),
    status="01",
    last_modified=MODIFIED,
)
CHEN = replace(
    WANG,
    emp_no="001003",
    his_emp_id="5003",
    name="陈景行",
    py="CJX",
    title_code="231",
    post="科主任",
    prac_cert_no="110441900001003",
)
ZHAO = replace(
    WANG,
    emp_no="002011",
    his_emp_id="5911",
    name="赵敏",
    py="ZM",
    sex="2",
    dept_code="0301",
    dept_name="呼吸内科",
    prac_cert_no="110441900002011",
)
PRESCRIBE = PrivilegeRecord("RX01", "处方权", "RX", "FLAG", "", "1", MODIFIED)
ANTIBIOTICS = PrivilegeRecord("AB01", "抗菌药物", "AB", "LEVEL", "2", "1", MODIFIED)


def values_of(
    record: DoctorRecord | PrivilegeRecord | DoctorOpRecord | OpGradeRecord,
) -> tuple[Any, ...]:
    """The row as a gateway gives it: values in the order of the view's columns."""
    if isinstance(record, tuple):
        return tuple(record)
    return tuple(getattr(record, item.name) for item in fields(record))


def pull_doctors(*, gateway: HisReader, at: datetime) -> SyncRun:
    return pull(BY_VIEW["V_YW_DOCTOR"], gateway=gateway, at=at)


def pull_privileges(*, gateway: HisReader, at: datetime) -> SyncRun:
    return pull(BY_VIEW["V_YW_PRIV_DICT"], gateway=gateway, at=at)


def many(count: int) -> list[DoctorRecord]:
    """So many doctors, all different, in 30 departments."""
    return [
        replace(
            WANG,
            emp_no=f"{number:06d}",
            his_emp_id=str(5000 + number),
            dept_code=f"{number % 30:04d}",
            dept_name=f"第{number % 30}科",
            prac_cert_no=f"1104419{number:08d}",
        )
        for number in range(count)
    ]


class ListedHis:
    """A HIS that is lists of rows; ``is_down`` makes it fail after the first row.

    ``tables`` are further views by name, their rows in the order of the columns.
    """

    def __init__(
        self,
        doctors: list[DoctorRecord] | None = None,
        privileges: list[PrivilegeRecord] | None = None,
        tables: dict[str, list[tuple[Any, ...]]] | None = None,
    ) -> None:
        self.doctor_rows = doctors or []
        self.privilege_rows = privileges or []
        self.tables = tables or {}
        self.is_down = False

    def doctors(self) -> Iterator[DoctorRecord]:
        return iter(self.doctor_rows)

    def privileges(self) -> Iterator[PrivilegeRecord]:
        return iter(self.privilege_rows)

    def batches(self, view: View, since: datetime | None = None) -> Iterator[list[Any]]:
        for row in self.rows_of(view):
            yield [row]
            if self.is_down:
                raise HisUnavailable("HIS 未应答：连接中断")

    def typed(self, view: View, rows: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
        return iter(rows)

    def rows_of(self, view: View) -> list[tuple[Any, ...]]:
        if view.name == "V_YW_DOCTOR":
            return [values_of(row) for row in self.doctor_rows]
        if view.name == "V_YW_PRIV_DICT":
            return [values_of(row) for row in self.privilege_rows]
        if view.name not in self.tables:
            raise InterfaceMissing("HIS_DSN", f"{view.name} 不可用 42P01")
        return list(self.tables[view.name])

    def save_privilege(self, message: PrivSave) -> Answer:
        raise NotImplementedError

    def doctor_privilege(self, message: PrivSave) -> DoctorPrivRecord | None:
        raise NotImplementedError

    def save_doctor_op(self, message: DoctorOpSave) -> Answer:
        raise NotImplementedError

    def doctor_op(self, message: DoctorOpSave) -> DoctorOpRecord | None:
        raise NotImplementedError

    def doctor_ops(self, emp_no: str) -> list[DoctorOpRecord]:
        raise NotImplementedError

    def save_op_grade(self, message: OpGradeSave) -> Answer:
        raise NotImplementedError

    def op_grade(self, message: OpGradeSave) -> OpGradeRecord | None:
        raise NotImplementedError

    def kept_open(self) -> AbstractContextManager[None]:
        return nullcontext()

    def ping(self) -> float:
        return 0.0
