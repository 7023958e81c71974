"""A HIS in memory that keeps the contract, and every fault a wire can have."""

from __future__ import annotations

import uuid
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from portal.his.contract.codes import STATUS_AFTER
from portal.his.contract.shape import View
from portal.his.gateway import HisMisconfigured, HisRejected, HisUnavailable
from portal.his.messages import REPLACE, Answer, DoctorOpSave, OpGradeSave, PrivSave
from portal.his.records import (
    DoctorOpRecord,
    DoctorPrivRecord,
    DoctorRecord,
    OpGradeRecord,
    PrivilegeRecord,
)
from portal.outbox.comparison import grade_after
from portal.outbox.kinds import kind_of

Call = PrivSave | DoctorOpSave | OpGradeSave

MODIFIED = datetime(2026, 11, 23, 10)  # noqa: DTZ001  # local by contract


def priv_save(emp_no: str = "1188", op: str = "ADD", **changes: Any) -> PrivSave:
    """A call about one line of Wang's; the outbox gives the request id."""
    values: dict[str, Any] = {
        "request_id": "",
        "op": op,
        "emp_no": emp_no,
        "priv_code": "RX01",
        "setting": "ALL",
        "item_code": "",
        "his_value": "1",
        "valid_from": date(2026, 12, 1),
        "valid_to": date(2027, 11, 30),
        "reason": "年度授权",
        "doc_no": "医务〔2026〕12号",
        "operator": "2031",
    }
    return PrivSave(**(values | changes))


def op_save(emp_no: str = "1188", op: str = "ADD", **changes: Any) -> DoctorOpSave:
    """A call about one right of Wang's to one item."""
    values: dict[str, Any] = {
        "request_id": "",
        "op": op,
        "emp_no": emp_no,
        "his_item_id": "9001",
        "right_kind": "2",
        "setting": "ALL",
        "valid_from": date(2026, 12, 1),
        "valid_to": date(2027, 11, 30),
        "reason": "年度授权",
        "doc_no": "医务〔2026〕12号",
        "operator": "2031",
    }
    return DoctorOpSave(**(values | changes))


def grade_save(proc_code: str = "51.2300", **changes: Any) -> OpGradeSave:
    """A call that raises a procedure from grade 3 to 4."""
    values: dict[str, Any] = {
        "request_id": "",
        "op": "UPDATE",
        "his_item_id": "9033",
        "proc_code": proc_code,
        "old_grade": None,
        "new_grade": "4",
        "effective_from": date(2026, 11, 23),
        "grade_version": "2026-2",
        "reason": "年度调整",
        "doc_no": "医务〔2026〕12号",
        "operator": "2031",
    }
    return OpGradeSave(**(values | changes))


def key_of(message: Call) -> Hashable:
    kind = kind_of(message)
    return kind.name, kind.line(message)


@dataclass
class MemoryHis:
    """Keeps the contract of the three functions; faults are met one per call.

    A fault is ``down`` (nothing sent), ``lost`` (done, but not heard of), ``cut``
    (neither done nor heard of), ``refuse``, ``wrong`` (a setting) or ``bug``.
    """

    lines: dict[Any, Any] = field(default_factory=dict)
    answers: dict[str, Answer | HisRejected] = field(default_factory=dict)
    effects: list[Call] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    save_faults: list[str] = field(default_factory=list)
    read_faults: list[str] = field(default_factory=list)
    rejects: dict[str, str] = field(default_factory=dict)  # privilege or item -> code
    batches_of: dict[str | None, set[Hashable]] = field(default_factory=dict)
    is_down: bool = False

    def save_privilege(self, message: PrivSave) -> Answer:
        return self._save(message)

    def save_doctor_op(self, message: DoctorOpSave) -> Answer:
        return self._save(message)

    def save_op_grade(self, message: OpGradeSave) -> Answer:
        line = self.lines.get(key_of(message))
        if line and message.old_grade not in {None, line.grade}:
            self.rejects[message.proc_code] = "2005"
        return self._save(message)

    def _save(self, message: Call) -> Answer:
        uuid.UUID(message.request_id)
        self.calls.append("save")
        fault = self._fault(self.save_faults)
        if fault == "cut":
            raise HisUnavailable("HIS 应答丢失", sent=True)
        answer = self._answer(message, fault)
        if fault == "lost":
            raise HisUnavailable("HIS 应答丢失", sent=True)
        if isinstance(answer, HisRejected):
            raise answer
        return answer

    def _answer(self, message: Call, fault: str) -> Answer | HisRejected:
        if message.request_id in self.answers:
            return self.answers[message.request_id]
        code = self.rejects.get(named_by(message), "9999" if fault == "refuse" else "")
        answer: Answer | HisRejected
        if code:
            answer = HisRejected(code, "不行")
        else:
            answer = Answer("0", "成功", str(len(self.effects) + 1))
            self.effects.append(message)
            if not is_empty(message):
                self.lines[key_of(message)] = line_of(message)
            self._close(message)
        self.answers[message.request_id] = answer
        return answer

    def _close(self, message: Call) -> None:
        """The last line of a batch ends what was not in it."""
        if not isinstance(message, DoctorOpSave) or message.save_mode != REPLACE:
            return
        self.batches_of.setdefault(message.batch_key, set()).add(key_of(message))
        if message.line_no != message.line_count:
            return
        for key, line in self.lines.items():
            is_theirs = (
                getattr(line, "his_item_id", "") and line.emp_no == message.emp_no
            )
            if (
                is_theirs
                and line.status == "1"
                and key not in self.batches_of[message.batch_key]
            ):
                self.lines[key] = line._replace(status="3")

    def doctor_privilege(self, message: PrivSave) -> DoctorPrivRecord | None:
        self._read()
        found: DoctorPrivRecord | None = self.lines.get(key_of(message))
        return found

    def doctor_op(self, message: DoctorOpSave) -> DoctorOpRecord | None:
        self._read()
        found: DoctorOpRecord | None = self.lines.get(key_of(message))
        return found

    def doctor_ops(self, emp_no: str) -> Sequence[DoctorOpRecord]:
        self._read()
        return [
            line
            for line in self.lines.values()
            if isinstance(line, DoctorOpRecord) and line.emp_no == emp_no
        ]

    def op_grade(self, message: OpGradeSave) -> OpGradeRecord | None:
        self._read()
        found: OpGradeRecord | None = self.lines.get(key_of(message))
        return found

    def _read(self) -> None:
        self.calls.append("read")
        self._fault(self.read_faults)

    def kept_open(self) -> AbstractContextManager[None]:
        return nullcontext()

    def ping(self) -> float:
        self.calls.append("ping")
        if self.is_down:
            raise HisUnavailable("HIS 未应答：连接不上")
        return 0.001

    def batches(self, view: View, since: datetime | None = None) -> Iterator[list[Any]]:
        return iter(())

    def typed(self, view: View, rows: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
        return iter(())

    def doctors(self) -> Iterator[DoctorRecord]:
        return iter(())

    def privileges(self) -> Iterator[PrivilegeRecord]:
        return iter(())

    def change_by_hand(self, message: Call, **changes: Any) -> None:
        """Somebody edits the line in the HIS itself."""
        key = key_of(message)
        self.lines[key] = self.lines.get(key, line_of(message))._replace(**changes)

    def _fault(self, faults: list[str]) -> str:
        fault = faults.pop(0) if faults else ""
        if self.is_down or fault == "down":
            raise HisUnavailable("HIS 未应答：连接不上")
        if fault == "wrong":
            raise HisMisconfigured("HIS_DSN", "YW_PRIV_SAVE 不可用 42883")
        if fault == "bug":
            raise ZeroDivisionError
        return fault


def named_by(message: Call) -> str:
    """What ``rejects`` calls it: its privilege, item or procedure."""
    if isinstance(message, OpGradeSave):
        return message.proc_code
    return message.priv_code if isinstance(message, PrivSave) else message.his_item_id


def is_empty(message: Call) -> bool:
    return isinstance(message, DoctorOpSave) and message.line_count == 0


def line_of(message: Call) -> DoctorPrivRecord | DoctorOpRecord | OpGradeRecord:
    if isinstance(message, OpGradeSave):
        return OpGradeRecord(
            message.proc_code,
            grade_after(message),
            "",
            message.effective_from,
            MODIFIED,
        )
    common: dict[str, Any] = {
        "emp_no": message.emp_no,
        "setting": message.setting,
        "valid_from": message.valid_from,
        "valid_to": message.valid_to,
        "status": STATUS_AFTER[message.op],
        "last_operator": message.operator,
        "last_modified": MODIFIED,
    }
    if isinstance(message, PrivSave):
        return DoctorPrivRecord(
            priv_code=message.priv_code,
            item_code=message.item_code,
            his_value=message.his_value,
            **common,
        )
    return DoctorOpRecord(
        his_item_id=message.his_item_id,
        right_kind=message.right_kind,
        grade="",
        **common,
    )
