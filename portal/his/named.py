"""The contract's calls by name, for every transport that can make any call at all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from portal.his.contract.interfaces import (
    V_YW_DOCTOR_OP,
    V_YW_DOCTOR_PRIV,
    V_YW_OP_GRADE,
    YW_DOCTOR_OP_SAVE,
    YW_OPGRADE_SAVE,
    YW_PRIV_SAVE,
)
from portal.his.contract.shape import Function, View
from portal.his.gateway import Saved
from portal.his.messages import Answer, DoctorOpSave, OpGradeSave, PrivSave
from portal.his.records import (
    DoctorOpRecord,
    DoctorPrivRecord,
    OpGradeRecord,
    latest,
)

Record = TypeVar("Record")


class Way(NamedTuple):
    """By which function a message is told, and in which view it shows."""

    function: Function
    view: View
    record: Callable[..., Any]
    key: tuple[str, ...]  # the columns of the view's key that the message gives


def way(function: Function, view: View, record: Callable[..., Any]) -> Way:
    given = {item.name for item in function.arguments}
    return Way(
        function, view, record, tuple(name for name in view.key if name in given)
    )


WAYS: dict[type, Way] = {
    PrivSave: way(YW_PRIV_SAVE, V_YW_DOCTOR_PRIV, DoctorPrivRecord),
    DoctorOpSave: way(YW_DOCTOR_OP_SAVE, V_YW_DOCTOR_OP, DoctorOpRecord),
    OpGradeSave: way(YW_OPGRADE_SAVE, V_YW_OP_GRADE, OpGradeRecord),
}


class Saves(ABC):
    """What tells the HIS, made of ``call``."""

    @abstractmethod
    def call(self, function: Function, values: Mapping[str, Any]) -> Answer:
        """See ``portal.his.gateway.HisGateway``."""

    def save_privilege(self, message: PrivSave) -> Answer:
        return self.call(YW_PRIV_SAVE, vars(message))

    def save_doctor_op(self, message: DoctorOpSave) -> Answer:
        return self.call(YW_DOCTOR_OP_SAVE, vars(message))

    def save_op_grade(self, message: OpGradeSave) -> Answer:
        return self.call(YW_OPGRADE_SAVE, vars(message))


class ReadsBack(ABC):
    """What reads a line back through its view, made of ``_lines``."""

    @abstractmethod
    def _lines(
        self, view: View, record: Callable[..., Record], values: Mapping[str, Any]
    ) -> list[Record]:
        """Those that equal the values in the columns of the key that are given."""

    def shown(self, messages: Sequence[Saved]) -> list[Any]:
        """Of each message, all of one kind, the line it speaks of."""
        return [self._shown(WAYS[type(message)], message) for message in messages]

    def _shown(self, way: Way, message: Saved) -> Any:
        return latest(self._lines(way.view, way.record, vars(message)))

    def doctor_privilege(self, message: PrivSave) -> DoctorPrivRecord | None:
        return latest(self._lines(V_YW_DOCTOR_PRIV, DoctorPrivRecord, vars(message)))

    def doctor_op(self, message: DoctorOpSave) -> DoctorOpRecord | None:
        return latest(self._lines(V_YW_DOCTOR_OP, DoctorOpRecord, vars(message)))

    def doctor_ops(self, emp_no: str) -> Sequence[DoctorOpRecord]:
        return self._lines(V_YW_DOCTOR_OP, DoctorOpRecord, {"emp_no": emp_no})

    def op_grade(self, message: OpGradeSave) -> OpGradeRecord | None:
        return latest(self._lines(V_YW_OP_GRADE, OpGradeRecord, vars(message)))
