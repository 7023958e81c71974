"""Rows read from the HIS, unchanged but typed. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class DoctorRecord:
    """A row of ``V_YW_DOCTOR``; ``last_modified`` is local time without a zone."""

    emp_no: str
    his_emp_id: str
    name: str
    py: str
    sex: str
    dept_code: str
    dept_name: str
    title_code: str
    post: str
    prac_cert_no: str
    prac_valid_to: date | None
    status: str
    last_modified: datetime


@dataclass(frozen=True)
class PrivilegeRecord:
    """A row of ``V_YW_PRIV_DICT``."""

    priv_code: str
    name: str
    category: str
    value_kind: str
    priv_level: str
    enabled: str
    last_modified: datetime


@dataclass(frozen=True)
class DoctorPrivRecord:
    """A row of ``V_YW_DOCTOR_PRIV``; ``valid_to`` is the last day included."""

    emp_no: str
    priv_code: str
    setting: str
    item_code: str
    his_value: str
    valid_from: date
    valid_to: date | None
    status: str
    last_operator: str
    last_modified: datetime
