"""Every rule of a maintenance function, provoked: the agreed code, and no change."""

from __future__ import annotations

from portal.his.conformance.calls import Calls
from portal.his.conformance.result import Found, Outcome, failed, not_run, passed
from portal.his.conformance.trials import Lacks, Values, probes
from portal.his.ddl.rules import RULES, Rule


def rule_answers(calls: Calls) -> dict[str, Found]:
    """By check name, in the order of the contract."""
    rules = RULES[calls.function.name].rules
    return {f"rule:{place}": tried(calls, place) for place in range(len(rules))}


def tried(calls: Calls, place: int) -> Found:
    """All ways to provoke the rule; the first that goes wrong is the answer."""
    try:
        tries = probes(calls.function, place, calls.ground)
    except Lacks as lack:
        return not_run(str(lack))
    rule = RULES[calls.function.name].rules[place]
    answers = [refused(calls, rule, changes) for changes in tries]
    wrong = (one for one in answers if one.outcome is not Outcome.PASSED)
    return next(wrong, answers[0])


def refused(calls: Calls, rule: Rule, changes: Values) -> Found:
    values = calls.values(changes["op"], changes)
    before = calls.line(values)
    said = calls.send(values)
    if said.code != rule.code:
        return failed(
            f"结果码 {rule.code}（{rule.words}）",
            f"{said.code} {said.message}",
            "请按约定的判断次序补上这条规则",
        )
    if calls.line(values) != before:
        return failed(
            "拒绝后记录不变",
            f"返回 {said.code}，但记录已改变",
            "整个调用须是一个事务，拒绝时全部回退",
        )
    if calls.logged(values):
        return failed(
            "拒绝的调用不写维护日志", "日志中有这次调用", "日志只记生效的修改"
        )
    return passed(f"{said.code} {said.message}")
