"""One maintenance function tried on a HIS: the life of a test line, and its rules.

A line is added far ahead, changed, suspended, restored and revoked, another one voided;
between, every rule is provoked. Whatever is left in force at the end is voided.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from portal.his.conformance.calls import SUCCESS, Calls, Line
from portal.his.conformance.cases import UNPROVABLE, operations
from portal.his.conformance.door import Said
from portal.his.conformance.limits import Limits
from portal.his.conformance.refusals import rule_answers
from portal.his.conformance.result import (
    Found,
    Outcome,
    failed,
    not_run,
    passed,
    unprovable,
)
from portal.his.conformance.trials import Lacks, Values, changed, days
from portal.his.contract.codes import OPERATIONS, STATUS_AFTER
from portal.his.ddl.rules import CHANGED_BY

REPLAYED = "1002"
NEXT_SECOND = 1.1  # moments are kept to the second
NO_LOG = "没有维护日志视图"
REPEATS = "请以请求号为主键保存首次结果，重复时原样返回"


@dataclass(frozen=True)
class Act:
    """A call that took effect, and the state of its line before it."""

    values: Values
    before: str


class Trial:
    """``answers`` fills up by check name; ``why`` stands for all that are missing."""

    def __init__(
        self,
        calls: Calls,
        limits: Limits,
        answers: dict[str, Found],
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._calls = calls
        self._limits = limits
        self._wait = wait
        self._acts: list[Act] = []
        self._gone = ""  # the operation after which the line had disappeared
        self.answers = answers

    def run(self) -> None:
        """Leaves nothing in force, whatever happens."""
        for code, why in UNPROVABLE.items():
            self.answers[f"code:{code}"] = unprovable(why)
        try:
            self._live()
        except Lacks as lack:
            self.answers["why"] = not_run(str(lack))
        finally:
            self._calls.clean()

    def _live(self) -> None:
        calls = self._calls
        first, *others = operations(calls.function)
        values = calls.values(first, changed(calls.function, first, calls.ground))
        said = self._act(values)
        if self.answers[f"op:{first}"].outcome is not Outcome.PASSED:
            why = f"{OPERATIONS[first]}没有成功，其后各项无从检查"
            self.answers["why"] = not_run(why)
            return
        self._repeat(values, said)
        self.answers |= rule_answers(calls)
        self._speed(values)
        for op in others:
            self._operate(op)
        self.answers.setdefault("moves", not_run("没有成功的修改可比"))
        self.answers["history"] = self._history()
        if any(item.name == "batch_key" for item in calls.function.arguments):
            self.answers["batch"] = self._batch()
        self.answers["log"] = self._log()

    # --- operations -------------------------------------------------------------

    def _operate(self, op: str) -> None:
        calls = self._calls
        changes = changed(calls.function, op, calls.ground)
        if op == "VOID" and calls.is_of_doctor:
            # What is voided is a line of its own; the revoked one stays revoked.
            calls.send(calls.values("ADD", changes))
        if op == "UPDATE":
            self._wait(NEXT_SECOND)
        self._act(calls.values(op, changes))

    def _act(self, values: Values) -> Said:
        """Call, read back, compare; a line that went away is a matter of history."""
        calls, op = self._calls, values["op"]
        before = calls.line(values)
        said = calls.send(values)
        after = calls.line(values)
        check = f"op:{op}"
        if said.code != SUCCESS:
            self.answers[check] = failed(
                f"{OPERATIONS[op]}得到结果码 0",
                f"{said.code} {said.message}",
                "请按约定的判断次序检查维护函数，本次参数均合约定",
            )
            return said
        self._acts.append(Act(values, calls.state(before)))
        if after is None and before is not None:
            self.answers[check] = not_run("记录已不在视图中，见“原记录仍在”一项")
            self._gone = self._gone or op
            return said
        self.answers[check] = self._compared(values, before, after)
        if op == "UPDATE" and before and after:
            self.answers["moves"] = self._moved(before, after)
        return said

    def _compared(
        self, values: Values, before: Line | None, after: Line | None
    ) -> Found:
        calls, op = self._calls, values["op"]
        if after is None:
            return failed(
                f"{calls.view.name} 立即可见这一行",
                "回读没有这一行",
                "请检查函数是否提交，视图是否按键给出新行",
            )
        wrong = []
        state, expected = calls.state(after), calls.state_after(values)
        if state != expected:
            wrong.append(f"{calls.state_column} 应为 {expected}，回读为 {state}")
        for name, givers in CHANGED_BY.items():
            if name not in after:
                continue
            wanted = values[name] if op in givers else (before or after)[name]
            if after[name] != wanted:
                wrong.append(f"{name} 应为 {wanted}，回读为 {after[name]}")
        if wrong:
            return failed(
                f"{OPERATIONS[op]}后各列与约定一致",
                "；".join(wrong),
                "请检查维护函数写入的列：状态按操作，取值和到期日只由约定的操作改变",
            )
        return passed()

    def _moved(self, before: Line, after: Line) -> Found:
        mark = self._calls.view.watermark
        if str(after[mark]) > str(before[mark]):
            return passed()
        return failed(
            f"修改后 {mark} 变为修改的时间",
            f"修改前 {before[mark]}，修改后 {after[mark]}",
            "请在维护函数中更新最后修改时间，或让视图取真实的修改时间",
        )

    # --- repeats ----------------------------------------------------------------

    def _repeat(self, values: Values, first: Said) -> None:
        again = self._calls.again(values)
        self.answers["repeat"] = (
            passed(f"结果码 {first.code}，行号 {first.his_row_id}")
            if again == first
            else failed(
                f"再次得到 {first.code}，行号 {first.his_row_id}",
                f"{again.code} {again.message}，行号 {again.his_row_id}",
                REPEATS,
            )
        )
        self.answers["once"] = self._once(values)
        self.answers["other"] = self._otherwise(values, first)

    def _once(self, values: Values) -> Found:
        if not self._calls.has_log:
            return not_run(NO_LOG)
        lines = len(self._calls.logged(values))
        if lines <= 1:
            return passed()
        return failed("同一请求号日志只有一行", f"{lines} 行", REPEATS)

    def _otherwise(self, values: Values, first: Said) -> Found:
        """The same request id, but another content."""
        calls = self._calls
        change: Values = {"new_grade": "4" if values.get("new_grade") != "4" else "1"}
        if calls.is_of_doctor:
            change = {"valid_to": values["valid_to"] + timedelta(days=3)}
        before = calls.line(values)
        said = calls.again(values | change)
        if said != first and said.code != REPLAYED:
            found = f"{said.code} {said.message}"
        elif calls.line(values) != before:
            found = "记录被改动"
        else:
            return passed()
        return failed("返回首次结果，记录不变", found, REPEATS)

    # --- afterwards -------------------------------------------------------------

    def _history(self) -> Found:
        if not self._gone:
            return passed()
        return failed(
            "取消、作废后原记录仍在视图中，只是状态改变",
            f"{OPERATIONS[self._gone]}后记录不见了",
            "HIS 不删除历史：改为更新状态，视图给出各种状态的行",
        )

    def _log(self) -> Found:
        if not self._calls.has_log:
            return not_run(NO_LOG)
        wrong = [words for words in map(self._misreported, self._acts) if words]
        if not wrong:
            return passed(f"{len(self._acts)} 次修改")
        return failed(
            "每次修改一行，操作、原状态、新状态、操作人属实",
            "；".join(wrong[:3]),
            "请在同一事务中写维护日志",
        )

    def _misreported(self, act: Act) -> str:
        """What the log says wrongly of an act; empty when it is right."""
        op = act.values["op"]
        lines = self._calls.logged(act.values)
        if not lines:
            return f"{op} 没有日志"
        line = lines[0]
        told = (line["op"], line["before_status"], line["after_status"])
        if told != (op, act.before, self._calls.state_after(act.values)):
            return f"{op} 记为 {'/'.join(told)}"
        if line["operator"] != act.values["operator"]:
            return f"{op} 的操作人不符"
        return ""

    def _batch(self) -> Found:
        """Two lines replace one that is in force."""
        calls = self._calls
        if not calls.ground.is_free:
            return not_run("医生已有有效的手术权限，整批替换会取消它们")
        old = calls.values("ADD", days(calls.ground, 3))
        calls.send(old)
        batch = {"save_mode": "REPLACE", "batch_key": str(uuid.uuid4())}
        said = Said("", "")
        for number in (1, 2):
            place = {"line_no": number, "line_count": 2}
            where = days(calls.ground, 3 + number)
            said = calls.send(calls.values("ADD", batch | place | where))
        status = calls.state(calls.line(old))
        if not status and self._gone:
            return not_run("被取消的行不在视图中，见“原记录仍在”一项")
        if said.code == SUCCESS and status == STATUS_AFTER["REVOKE"]:
            return passed()
        return failed(
            "最后一行成功，批外的有效行状态为 3",
            f"最后一行 {said.code} {said.message}，批外的行状态为 {status or '无'}",
            "请按约定在最后一行收尾",
        )

    def _speed(self, values: Values) -> None:
        """A repeated call changes nothing; its way to the HIS and back is the same."""
        calls, limits = self._calls, self._limits
        called, read = [], []
        for _ in range(limits.repeats):
            started = time.perf_counter()
            calls.again(values)
            answered = time.perf_counter()
            calls.line(values)
            called.append(answered - started)
            read.append(time.perf_counter() - answered)
        words = "调用 {:.1f} 毫秒，回读 {:.1f} 毫秒"
        found = words.format(median(called) * 1000, median(read) * 1000)
        if median(called) <= limits.call and median(read) <= limits.read_back:
            self.answers["speed"] = passed(f"中位数：{found}")
            return
        expected = words.format(limits.call * 1000, limits.read_back * 1000)
        self.answers["speed"] = failed(
            f"中位数不超过：{expected}", found, "请为键建索引，检查网络与锁等待"
        )
