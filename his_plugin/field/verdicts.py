"""A verdict in the words a doctor reads at the station, and as it is kept."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from his_plugin.field.questions import Answer
from permissions.checks.codes import Code
from permissions.checks.engine import OPENED_BY_RESCUE
from permissions.checks.facts import ProcedureFacts, UnlistedProcedure, Urgency
from permissions.checks.findings import Finding, Reason
from permissions.presenters.reasons import reason_words
from portal.ui.elements import Grade
from portal.ui.moments import write_last_day, write_second
from surgery.presenters.declarations import verdict_chip
from surgery.services.declarations import DeclaredVerdict


def verdict_words(answer: Answer) -> dict[str, Any]:
    """The answer of the check: codes for programs, words for the doctor."""
    code = answer.verdict.code
    return {
        **_result(code),
        "lets_through": code.lets_through,
        "title": _title(answer),
        "note": _("按手术、主刀、手术时间逐项核对，多项手术以最严的为准"),
        "hint": _hint(answer),
        "surgeon": {"emp_no": answer.asked.surgeon, "name": _surgeon(answer)},
        "procedures": [
            _procedure(answer, procedure, finding)
            for procedure, finding in zip(
                answer.procedures, answer.verdict.rights, strict=True
            )
        ],
        "read_at": answer.read_at.isoformat(),
        "data_time": _("授权数据 %(at)s") % {"at": write_second(answer.read_at)},
    }


def verdict_to_keep(answer: Answer) -> DeclaredVerdict:
    """The same without the time of asking, always in the hospital's language."""
    with override("zh-hans"):
        words = verdict_words(answer)
    kept = ("code", "label", "lets_through", "title", "surgeon", "procedures")
    return DeclaredVerdict(
        code=answer.verdict.code.value, content={name: words[name] for name in kept}
    )


def _result(code: Code) -> dict[str, str]:
    return {
        "code": code.value,
        "label": _(code.label),
        "tone": code.tone,
        "icon": verdict_chip(code.value).icon,
    }


def _procedure(
    answer: Answer, procedure: ProcedureFacts | UnlistedProcedure, finding: Finding
) -> dict[str, Any]:
    name, grade = name_and_grade(procedure)
    return {
        "procedure": procedure.code,
        "name": name,
        "grade": grade,
        "grade_label": str(Grade(grade).text),
        **_result(finding.code or Code.UNKNOWN),
        "needed": finding.needed,
        "held": finding.held,
        "until": _until(finding),
        "reasons": [
            _reason(answer, procedure.code, reason) for reason in finding.reasons
        ],
        "remedy": _(finding.remedy) if finding.remedy else "",
        "rule": finding.rule.id,
        "source": finding.source,
    }


def name_and_grade(procedure: ProcedureFacts | UnlistedProcedure) -> tuple[str, int]:
    """What the catalogue says; of a code it does not have, nothing."""
    if isinstance(procedure, UnlistedProcedure):
        return "", 0
    return procedure.name, procedure.grade


def _until(finding: Finding) -> str | None:
    """The last day of the right that lets the surgeon operate."""
    if finding.code is not Code.ALLOWED:
        return None
    return write_last_day(finding.until)


def _reason(answer: Answer, procedure: str, reason: Reason) -> str:
    return reason_words(reason, who=_surgeon(answer), procedure=procedure)


def _surgeon(answer: Answer) -> str:
    return answer.surgeon.name if answer.surgeon else answer.asked.surgeon


def _title(answer: Answer) -> str:
    values = {"surgeon": _surgeon(answer), "count": len(answer.verdict.rights)}
    blocking = len(answer.verdict.blocking)
    if blocking:
        return _("%(surgeon)s现在不能主刀：%(count)s 项未通过核对") % {
            **values,
            "count": blocking,
        }
    if answer.verdict.code is Code.OVERRIDE:
        return _("按急诊抢救放行，术后 24 小时内补登记")
    return _("%(surgeon)s可以主刀：%(count)s 项都有权限") % values


def _hint(answer: Answer) -> str:
    """How a rescue goes on, where it would."""
    blocked = {finding.code for finding in answer.verdict.blocking}
    is_rescue = answer.asked.urgency is Urgency.RESCUE
    if not blocked or is_rescue or blocked - OPENED_BY_RESCUE:
        return ""
    return _(
        "抢救生命且现场无人有权时：手术性质选「急诊」并勾选「抢救生命」，可先做，术后 24 小时内补登记。"
    )
