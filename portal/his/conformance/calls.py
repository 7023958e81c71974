"""The calls of one maintenance function, what they leave, and how it is taken back."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from portal.his.conformance.door import Door, Said, call
from portal.his.conformance.trials import Ground, Values, base
from portal.his.contract.codes import STATUS_AFTER
from portal.his.contract.interfaces import V_YW_CHANGE_LOG, VIEWS
from portal.his.contract.shape import Function
from portal.his.ddl.rules import RULES

VIEW = {view.name: view for view in VIEWS}
IN_FORCE = ("1", "2")
SUCCESS = "0"
# What was sent in a batch is voided alone.
ALONE = {
    "save_mode": "INCREMENT",
    "batch_key": None,
    "line_no": None,
    "line_count": None,
}
Line = dict[str, Any]


class Calls:
    """Sends, reads back, and remembers every line that may have come into being."""

    def __init__(
        self, door: Door, function: Function, ground: Ground, *, has_log: bool
    ) -> None:
        self.function = function
        self.ground = ground
        self.has_log = has_log
        self.view = VIEW[function.shows]
        self.state_column = RULES[function.name].before.removeprefix("v.")
        self.is_of_doctor = "emp_no" in function.key
        self._door = door
        self._sent: dict[tuple[Any, ...], Values] = {}

    def values(self, op: str, changes: Values) -> Values:
        """A complete call with a request id of its own."""
        return base(self.function, self.ground) | changes | fresh(op)

    def again(self, values: Values) -> Said:
        """A repeat, which must leave nothing new behind.

        The words of the HIS may name a doctor; the sheet never does.
        """
        said = call(self._door, self.function, values)
        words = said.message
        for name in self.ground.names:
            words = words.replace(name, "**")
        return replace(said, message=words)

    def send(self, values: Values) -> Said:
        said = self.again(values)
        if said.code == SUCCESS:
            key = tuple(values[name] for name in self.function.key)
            self._sent.setdefault(key, values)
        return said

    def line(self, values: Values) -> Line | None:
        """The line the call speaks of, read back through its view."""
        key = {name: values[name] for name in self.function.key}
        found = self._door.matching(self.view, key)
        return found[0] if found else None

    def logged(self, values: Values) -> list[Line]:
        """The lines of the change log that carry the call's request id."""
        if not self.has_log:
            return []
        wanted = {"request_id": values["request_id"]}
        return self._door.matching(V_YW_CHANGE_LOG, wanted)

    def state(self, line: Line | None) -> str:
        return str(line[self.state_column]) if line else ""

    def state_after(self, values: Values) -> str:
        if self.is_of_doctor:
            return STATUS_AFTER[values["op"]]
        return "0" if values["op"] == "VOID" else str(values["new_grade"])

    def clean(self) -> None:
        """Void what is in force; give a grade back, wherever the trial broke off."""
        for values in self._sent.values():
            state = self.state(self.line(values))
            if not self.is_of_doctor:
                if state and state != self.ground.grade:
                    back = {"old_grade": None, "new_grade": self.ground.grade}
                    self.again(values | back | fresh("ADD"))
            elif state in ("", *IN_FORCE):  # not seen is not gone
                alone = {name: ALONE[name] for name in ALONE if name in values}
                self.again(values | alone | fresh("VOID"))

    def notes(self) -> list[str]:
        """What stays in the HIS, in one line."""
        if not self._sent:
            return []
        name, ground = self.function.name, self.ground
        states = [self.state(self.line(values)) for values in self._sent.values()]
        if not self.is_of_doctor:
            is_back = ground.grade in states
            words = "已改回" if is_back else "未能改回，请人工改回"
            return [f"{name}：{ground.proc_code} 的等级试改后{words} {ground.grade}"]
        count = sum(state not in ("", *IN_FORCE) for state in states)
        still = sum(state in ("", *IN_FORCE) for state in states)
        words = f"{name}：留下测试记录 {count} 行，状态为取消或作废"
        return [f"{words}；另有 {still} 行未能确认作废，请人工处理" if still else words]


def fresh(op: str) -> Values:
    return {"op": op, "request_id": str(uuid.uuid4())}
