"""A HIS in memory that keeps the contract, and every fault a wire can have."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from portal.his.contract.codes import STATUS_AFTER
from portal.his.contract.shape import View
from portal.his.gateway import HisMisconfigured, HisRejected, HisUnavailable
from portal.his.messages import Answer, PrivSave
from portal.his.records import DoctorPrivRecord, DoctorRecord, PrivilegeRecord
from portal.outbox.comparison import line_key

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


@dataclass
class MemoryHis:
    """Keeps the contract of ``YW_PRIV_SAVE``; ``faults`` are met one per call.

    A fault is ``down`` (nothing sent), ``lost`` (done, but not heard of), ``cut``
    (neither done nor heard of), ``refuse``, ``wrong`` (a setting) or ``bug``.
    """

    lines: dict[Any, DoctorPrivRecord] = field(default_factory=dict)
    answers: dict[str, Answer | HisRejected] = field(default_factory=dict)
    effects: list[PrivSave] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    save_faults: list[str] = field(default_factory=list)
    read_faults: list[str] = field(default_factory=list)
    rejects: dict[str, str] = field(default_factory=dict)  # privilege -> code
    is_down: bool = False

    def save_privilege(self, message: PrivSave) -> Answer:
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

    def _answer(self, message: PrivSave, fault: str) -> Answer | HisRejected:
        if message.request_id in self.answers:
            return self.answers[message.request_id]
        code = self.rejects.get(message.priv_code, "9999" if fault == "refuse" else "")
        answer: Answer | HisRejected
        if code:
            answer = HisRejected(code, "不行")
        else:
            answer = Answer("0", "成功", str(len(self.effects) + 1))
            self.effects.append(message)
            self.lines[line_key(message)] = line_of(message)
        self.answers[message.request_id] = answer
        return answer

    def doctor_privilege(self, message: PrivSave) -> DoctorPrivRecord | None:
        self.calls.append("read")
        self._fault(self.read_faults)
        return self.lines.get(line_key(message))

    def kept_open(self) -> AbstractContextManager[None]:
        return nullcontext()

    def ping(self) -> float:
        self.calls.append("ping")
        if self.is_down:
            raise HisUnavailable("HIS 未应答：连接不上")
        return 0.001

    def batches(self, view: View) -> Iterator[list[Any]]:
        return iter(())

    def typed(self, view: View, rows: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
        return iter(())

    def doctors(self) -> Iterator[DoctorRecord]:
        return iter(())

    def privileges(self) -> Iterator[PrivilegeRecord]:
        return iter(())

    def change_by_hand(self, message: PrivSave, **changes: Any) -> None:
        """Somebody edits the line in the HIS itself."""
        key = line_key(message)
        self.lines[key] = replace(self.lines.get(key, line_of(message)), **changes)

    def _fault(self, faults: list[str]) -> str:
        fault = faults.pop(0) if faults else ""
        if self.is_down or fault == "down":
            raise HisUnavailable("HIS 未应答：连接不上")
        if fault == "wrong":
            raise HisMisconfigured("HIS_DSN", "YW_PRIV_SAVE 不可用 42883")
        if fault == "bug":
            raise ZeroDivisionError
        return fault


def line_of(message: PrivSave) -> DoctorPrivRecord:
    return DoctorPrivRecord(
        emp_no=message.emp_no,
        priv_code=message.priv_code,
        setting=message.setting,
        item_code=message.item_code,
        his_value=message.his_value,
        valid_from=message.valid_from,
        valid_to=message.valid_to,
        status=STATUS_AFTER[message.op],
        last_operator=message.operator,
        last_modified=MODIFIED,
    )
