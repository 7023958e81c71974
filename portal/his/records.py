"""Rows read from the HIS, unchanged but typed. Plain Python."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol, TypeVar


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


class DoctorPrivRecord(NamedTuple):
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


class DoctorOpRecord(NamedTuple):
    """A row of ``V_YW_DOCTOR_OP``; ``valid_to`` is the last day included."""

    emp_no: str
    his_item_id: str
    right_kind: str
    grade: str
    setting: str
    valid_from: date
    valid_to: date | None
    status: str
    last_operator: str
    last_modified: datetime


class OpGradeRecord(NamedTuple):
    """A row of ``V_YW_OP_GRADE``; no ``effective_from`` where the HIS keeps no day."""

    proc_code: str
    grade: str
    grade_name: str
    effective_from: date | None
    last_modified: datetime


class _Dated(Protocol):
    @property
    def last_modified(self) -> datetime: ...


Line = TypeVar("Line", bound=_Dated)


def latest(lines: Iterable[Line]) -> Line | None:
    """The line of a key. One by contract; of several the last changed one counts."""
    found = list(lines)
    if len(found) < 2:
        return found[0] if found else None
    # Sorting in the database would cost 40 µs. A moment nobody can read is a text.
    return max(found, key=lambda line: str(line.last_modified))
