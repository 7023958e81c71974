"""A verdict in the words a doctor reads at the station, and as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from his_plugin.field.questions import Answer
from permissions.checks.codes import Code
from permissions.checks.engine import OPENED_BY_RESCUE
from permissions.checks.facts import ProcedureFacts, UnlistedProcedure, Urgency
from permissions.checks.findings import Finding, Reason, ReasonKey
from portal.ui.elements import Grade
from portal.ui.moments import write_day, write_last_day, write_second
from surgery.presenters import verdict_chip
from surgery.services import DeclaredVerdict

Words = str | Promise
REASONS: Mapping[ReasonKey, Words] = {
    ReasonKey.NEEDS_CLASS: gettext_lazy("%(procedure)s 需要%(grade)s手术权"),
    ReasonKey.NEEDS_ITEM: gettext_lazy("%(procedure)s 需要%(grade)s逐项主刀权"),
    ReasonKey.NEEDS_RESTRICTED: gettext_lazy("%(procedure)s 需要限制类技术的单独授权"),
    ReasonKey.HOLDS_IT: gettext_lazy("%(surgeon)s有%(privilege)s"),
    ReasonKey.CEILING: gettext_lazy("%(surgeon)s现有手术权最高%(grade)s"),
    ReasonKey.HOLDS_NOTHING: gettext_lazy("%(surgeon)s现在没有主刀权"),
    ReasonKey.LEARNS: gettext_lazy("%(surgeon)s只能在带教下主刀"),
    ReasonKey.ASSISTS: gettext_lazy("%(surgeon)s只有手术助手权"),
    ReasonKey.ENDED: gettext_lazy("该项主刀权至 %(last)s 已到期"),
    ReasonKey.SUSPENDED: gettext_lazy("该项主刀权已暂停"),
    ReasonKey.OVERDUE: gettext_lazy("该项主刀权的能力评估自 %(first)s 起超期"),
    ReasonKey.REVOKED: gettext_lazy("该项主刀权已取消"),
    ReasonKey.BEGINS: gettext_lazy("该项主刀权自 %(first)s 起才生效"),
    ReasonKey.UNLISTED: gettext_lazy("%(procedure)s 不在本院手术目录"),
    ReasonKey.UNGRADED: gettext_lazy("%(procedure)s 在本院手术目录中尚未定级"),
    ReasonKey.STOPPED: gettext_lazy("%(procedure)s 本院已停止开展"),
    ReasonKey.UNFILED: gettext_lazy("%(procedure)s 是限制类技术，尚未备案"),
    ReasonKey.RESTRICTED: gettext_lazy(
        "%(procedure)s 是限制类技术，手术级别权不能代替"
    ),
    ReasonKey.NOT_PRACTISING: gettext_lazy("%(surgeon)s在 HIS 中不在岗"),
    ReasonKey.UNKNOWN_PERSON: gettext_lazy("医师名册里没有工号 %(surgeon)s"),
    ReasonKey.REGISTRATION_ENDED: gettext_lazy(
        "%(surgeon)s的执业注册至 %(last)s 已到期"
    ),
    ReasonKey.OTHER_SCOPE: gettext_lazy("%(surgeon)s的执业范围不含 %(procedure)s"),
    ReasonKey.OTHER_PLACE: gettext_lazy("%(surgeon)s的执业地点不含本院区"),
    ReasonKey.RESCUE: gettext_lazy("急诊抢救生命，先做后补登记"),
}
PRIVILEGES: Mapping[str, Words] = {
    "SG01": gettext_lazy("一级手术权"),
    "SG02": gettext_lazy("二级手术权"),
    "SG03": gettext_lazy("三级逐项主刀权"),
    "SG04": gettext_lazy("四级逐项主刀权"),
    "SG07": gettext_lazy("手术助手权"),
    "RT01": gettext_lazy("限制类技术权"),
}


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
    given = reason.params
    at = given.get("at")
    moment = at if isinstance(at, datetime) else None
    grade = given.get("grade")
    values = {
        "procedure": str(given.get("procedure", procedure)),
        "surgeon": _surgeon(answer),
        "grade": Grade(grade).text if isinstance(grade, int) else "",
        "privilege": PRIVILEGES.get(str(given.get("privilege", "")), _("主刀权")),
        "last": write_last_day(moment),
        "first": write_day(moment),
    }
    return str(REASONS[reason.key]) % values


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
