"""Runs the cases against one HIS, each answered on its own.

A case that cannot be asked is ``UNCHECKED`` with its reason, and the next one follows;
only a HIS that no longer answers at all ends the run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from portal.his.conformance import access, columns
from portal.his.conformance.calls import Calls
from portal.his.conformance.cases import ACCESS, Case, all_cases
from portal.his.conformance.door import Door
from portal.his.conformance.functions import Trial
from portal.his.conformance.ground import NoGround, ground_of
from portal.his.conformance.limits import Limits
from portal.his.conformance.result import (
    Found,
    Outcome,
    Report,
    Result,
    failed,
    not_run,
    passed,
    unprovable,
)
from portal.his.conformance.rows import ViewLook
from portal.his.conformance.trials import Writing
from portal.his.contract.interfaces import (
    FUNCTIONS,
    V_YW_CHANGE_LOG,
    V_YW_DOCTOR,
    VIEWS,
)
from portal.his.contract.relations import references
from portal.his.contract.shape import Function, View
from portal.his.contract.versions import VERSION
from portal.his.gateway import HisMisconfigured, HisUnavailable

VIEW = {view.name: view for view in VIEWS}
LOCAL = ZoneInfo("Asia/Shanghai")
NO_CATALOGUE = "这种来源看不到列的定义"
SEE_FIRST = "视图不能读取，见第 01 项"
NOT_ASKED = "须加 --write --doctor 工号"
ASK_THE_MAKER = "请把这一项的编号和原因告诉实施人员"
Answers = dict[str, Found]


class HisAway(Exception):
    """The HIS does not answer; the text says what to look at."""


@dataclass(frozen=True)
class Plan:
    """What is to be checked. ``lacking``: interface and why the HIS has it not."""

    hospital: str = ""
    product: str = ""
    only: str = ""  # a case, or all cases of an interface: YW-DRUG
    lacking: Mapping[str, str] = field(default_factory=dict)
    writing: Writing | None = None
    limits: Limits = field(default_factory=Limits)

    def cases(self) -> list[Case]:
        group = self.only.rstrip("-")
        return [
            case
            for case in all_cases()
            if group in {"", case.number, case.number.rpartition("-")[0]}
        ]


def now_local() -> datetime:
    return datetime.now(LOCAL)


class Run:
    """One run; ``report`` does it all."""

    def __init__(
        self,
        door: Door,
        plan: Plan,
        now: Callable[[], datetime] = now_local,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._door = door
        self._plan = plan
        self._now = now
        self._wait = wait
        self._cases = plan.cases()
        self._looks: dict[str, ViewLook] = {}
        self._found: dict[str, columns.Columns] = {}
        self._broken: set[str] = set()
        self._notes: list[str] = []
        self._open = ""  # what a trial under way may leave behind

    def report(self) -> Report:
        """Raises HisAway when the HIS does not answer."""
        started = self._now()
        seconds = self._ping()
        answers = {ACCESS: self._access(seconds)} if self._asks(ACCESS) else {}
        for view in VIEWS:
            # What is referred to is read even where only the referring view is asked.
            if self._asks(view.name) or self._is_referred_to(view):
                answers[view.name] = self._columns(view)
        # Functions before rows: what they write is looked at, too.
        for function in FUNCTIONS:
            if self._asks(function.name):
                answers[function.name] = self._function(function)
        for name, found in self._found.items():
            answers[name] |= self._rows(VIEW[name], found)
        for name, look in self._looks.items():
            answers[name]["references"] = look.references_answer(self._looks)
        return Report(
            self._plan.hospital,
            self._plan.product,
            VERSION,
            started,
            self._now(),
            tuple(Result(case, answer_to(case, answers)) for case in self._cases),
            tuple(self._notes),
        )

    def _asks(self, interface: str) -> bool:
        return any(case.interface == interface for case in self._cases)

    def _is_referred_to(self, view: View) -> bool:
        return any(
            self._asks(other.name)
            and any(one.target is view for one in references(other))
            for other in VIEWS
        )

    def _ping(self) -> float:
        try:
            return self._door.gateway.ping()
        except HisUnavailable as error:
            words = f"{error}。请检查 HIS 地址、网络与服务后重试"
        except HisMisconfigured as error:
            words = f"{error}。请改正连接设置后重试"
        raise HisAway(f"{words}。{self._open}" if self._open else words)

    def _guarded(self, ask: Callable[[], Found]) -> Found:
        """The answer, or why there is none."""
        try:
            return ask()
        except HisUnavailable as error:
            self._ping()  # away altogether ends the run
            return unchecked(str(error))
        except HisMisconfigured as error:
            return unchecked(str(error))
        except Exception as error:  # noqa: BLE001 (a foreign system may answer anything)
            return unchecked(type(error).__name__)

    def _access(self, seconds: float) -> Answers:
        door, may_write = self._door, self._plan.writing is not None
        return {
            "reach": access.reach(seconds),
            "only": self._guarded(lambda: access.only(door)),
            "readonly": self._guarded(
                lambda: access.readonly(door, may_write=may_write)
            ),
        }

    # --- views ------------------------------------------------------------------

    def _columns(self, view: View) -> Answers:
        if view.name in self._plan.lacking:
            return {"why": Found(Outcome.LACKING, found=self._plan.lacking[view.name])}
        try:
            found = self._door.columns(view)
        except HisMisconfigured as error:
            self._broken.add(view.name)
            bad = columns.unreadable(view, error.problem)
            return {"exists": bad, "why": not_run(SEE_FIRST)}
        except HisUnavailable as error:
            self._ping()
            self._broken.add(view.name)
            return {"exists": unchecked(str(error)), "why": not_run(SEE_FIRST)}
        answers = {"exists": passed()}
        self._found[view.name] = found
        if not self._door.has_catalogue:
            answers["columns"] = passed("按约定的列读取成功")
            return answers | dict.fromkeys(("extra", "types"), unprovable(NO_CATALOGUE))
        if set(view.column_names) - set(found):
            self._broken.add(view.name)
        answers["columns"] = columns.complete(view, found)
        answers["extra"] = columns.nothing_more(view, found)
        answers["types"] = columns.typed(view, found)
        return answers

    def _rows(self, view: View, found: columns.Columns) -> Answers:
        names = [c.name for c in view.all_columns if c.name in found]
        look = ViewLook(view, names, self._now().replace(tzinfo=None))
        limit = self._plan.limits.rows
        failure = self._guarded(lambda: self._read(look, limit))
        if failure.outcome is not Outcome.PASSED:
            return {"values": failure, "why": not_run("没有读完，见第 05 项")}
        self._looks[view.name] = look
        answers = {name: look.answer(name) for name in look.tallies}
        if not look.is_whole:
            self._notes.append(f"{view.name} 读取前 {limit} 行")
        if set(view.column_names) - set(names):
            return answers | columns.unasked(view, names)
        answers["speed"] = self._guarded(lambda: self._speed(view, limit))
        return answers

    def _read(self, look: ViewLook, limit: int) -> Found:
        for raw, row in self._door.rows(look.view, look.names):
            if look.rows >= limit:
                look.is_whole = False
                break
            look.see(raw, row)
        return passed()

    def _speed(self, view: View, limit: int) -> Found:
        """Through the very door the pulls use."""
        started = time.perf_counter()
        rows = 0
        for _ in self._door.gateway.rows(view):
            rows += 1
            if rows >= limit:
                break
        took = time.perf_counter() - started
        words = (
            f"{rows} 行，{took * 1000:,.0f} 毫秒，每秒 {rows / max(took, 1e-6):,.0f} 行"
        )
        allowed = self._plan.limits.full_read(rows)
        if took <= allowed:
            return passed(words)
        return failed(
            f"{rows} 行不超过 {allowed:.1f} 秒",
            words,
            "请为连接列建索引，避免在视图中逐行计算",
        )

    # --- functions --------------------------------------------------------------

    def _unusable(self) -> set[str]:
        """Views the functions cannot be tried with."""
        return {*self._plan.lacking, *self._broken}

    def _function(self, function: Function) -> Answers:
        lacking = self._plan.lacking
        if function.name in lacking:
            return {"why": Found(Outcome.LACKING, found=lacking[function.name])}
        if self._plan.writing is None:
            return {"why": not_run(NOT_ASKED)}
        answers: Answers = {}
        outcome = self._guarded(lambda: self._tried(function, answers))
        if outcome.outcome is not Outcome.PASSED:
            answers.setdefault("why", outcome)
        return answers

    def _tried(self, function: Function, answers: Answers) -> Found:
        writing, lacking = self._plan.writing, self._unusable()
        if writing is None:
            return not_run(NOT_ASKED)
        for name in (V_YW_DOCTOR.name, function.shows):
            if name in lacking:
                return not_run(f"{name} 不可用，见该视图的结果")
        today = self._now().date()
        rows = self._plan.limits.rows
        try:
            ground = ground_of(self._door, function, writing, today, lacking, rows)
        except NoGround as error:
            return not_run(str(error))
        has_log = V_YW_CHANGE_LOG.name not in lacking
        calls = Calls(self._door, function, ground, has_log=has_log)
        first = f"{ground.first_day:%Y-%m-%d}"
        self._open = f"{function.name} 可能留有 {ground.emp_no} 自 {first} 起的测试记录"
        Trial(calls, self._plan.limits, answers, self._wait).run()
        self._notes += calls.notes()
        self._open = ""
        return passed()


def answer_to(case: Case, answers: Mapping[str, Answers]) -> Found:
    """The case's own answer, or why its interface was not asked further."""
    given = answers[case.interface]
    return given.get(case.check) or given.get("why") or unchecked("没有结果")


def unchecked(why: str) -> Found:
    return Found(Outcome.UNCHECKED, found=why, advice=ASK_THE_MAKER)
