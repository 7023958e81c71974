"""A verdict in the words a doctor reads at the station, and as it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from his_plugin.field.others import others_who_may
from his_plugin.field.questions import Answer, Helper
from permissions.checks.codes import Code
from permissions.checks.engine import OPENED_BY_RESCUE
from permissions.checks.facts import ProcedureFacts, UnlistedProcedure, Urgency
from permissions.checks.findings import Finding
from permissions.checks.question import Part
from permissions.presenters.reasons import missing_words, reason_words
from permissions.queries.catalogue import Names, names
from portal.ui.elements import Grade
from portal.ui.moments import write_last_day, write_second
from portal.ui.phrases import listed
from surgery.presenters.declarations import verdict_chip
from surgery.services.declarations import DeclaredVerdict


def verdict_words(answer: Answer) -> dict[str, Any]:
    """The answer of the check: codes for programs, words for the doctor."""
    words = _words(answer)
    instead = others_who_may(answer)
    for one in words["procedures"]:
        one["others"] = instead.get(one["procedure"], [])
    return {
        **words,
        "demands": {
            name: {"need": one.need.value, "why": str(one.why)}
            for name, one in answer.demands.items()
        },
        "note": _("按手术、主刀、手术时间逐项核对，多项手术以最严的为准"),
        "hint": _hint(answer),
        "read_at": answer.read_at.isoformat(),
        "data_time": _("授权数据 %(at)s") % {"at": write_second(answer.read_at)},
    }


def verdict_to_keep(answer: Answer) -> DeclaredVerdict:
    """What does not change by asking again, always in the hospital's language."""
    with override("zh-hans"):
        words = _words(answer)
    return DeclaredVerdict(code=answer.verdict.code.value, content=words)


def _words(answer: Answer) -> dict[str, Any]:
    members, count = answer.question.team, len(answer.procedures)
    rights = answer.verdict.rights
    known = names() if any(one.missing for one in rights) else None
    by_member = [
        [
            _procedure(answer, procedure, finding, known)
            for procedure, finding in zip(
                answer.procedures, rights[at : at + count], strict=True
            )
        ]
        for at in range(0, len(rights), count)
    ]
    team = [
        _member(answer, helper, procedures, rights[count * at : count * (at + 1)])
        for at, (helper, procedures) in enumerate(
            zip(answer.asked.team, by_member[1:], strict=True), start=1
        )
    ]
    return {
        **_result(answer.verdict.code),
        "lets_through": not any(one.blocks for one in rights),
        "title": _title(answer),
        "surgeon": {
            "emp_no": members[0].emp_no,
            "name": answer.name_of(members[0].emp_no),
        },
        "procedures": by_member[0],
        "team": team,
    }


def _member(
    answer: Answer,
    helper: Helper,
    procedures: list[dict[str, Any]],
    findings: Sequence[Finding],
) -> dict[str, Any]:
    """Somebody beside the surgeon; of several procedures the severest speaks."""
    code = max(
        (finding.code or Code.UNKNOWN for finding in findings),
        key=lambda one: one.severity,
    )
    reasons = [reason for one in procedures for reason in one["reasons"]]
    return {
        "emp_no": helper.emp_no,
        "name": answer.name_of(helper.emp_no),
        "role": helper.role.value,
        "role_label": str(helper.role.label),
        **_result(code, is_surgeon=False),
        "lets_through": not any(finding.blocks for finding in findings),
        "reasons": list(dict.fromkeys(reasons)),
        "procedures": procedures,
    }


def _result(code: Code, *, is_surgeon: bool = True) -> dict[str, str]:
    is_other = code is Code.ALLOWED and not is_surgeon
    return {
        "code": code.value,
        "label": _("有此权限") if is_other else _(code.label),
        "tone": code.tone,
        "icon": verdict_chip(code.value).icon,
    }


def _procedure(
    answer: Answer,
    procedure: ProcedureFacts | UnlistedProcedure,
    finding: Finding,
    known: Names | None,
) -> dict[str, Any]:
    name, grade = name_and_grade(procedure)
    is_surgeon = finding.part is Part.SURGEON
    return {
        "procedure": procedure.code,
        "name": name,
        "grade": grade,
        "grade_label": str(Grade(grade).text),
        **_result(finding.code or Code.UNKNOWN, is_surgeon=is_surgeon),
        "needed": finding.needed,
        "held": finding.held,
        "missing": missing_words(finding, known) if known else "",
        "until": _until(finding),
        "reasons": [
            reason_words(
                reason, who=answer.name_of(finding.emp_no), procedure=procedure.code
            )
            for reason in finding.reasons
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
    """The last day of the right by which the person acts."""
    if finding.code is not Code.ALLOWED:
        return None
    return write_last_day(finding.until)


def _title(answer: Answer) -> str:
    surgeon = answer.asked.surgeon
    values = {"surgeon": answer.name_of(surgeon), "count": len(answer.procedures)}
    blocking = answer.verdict.blocking
    own = [one for one in blocking if one.emp_no in ("", surgeon)]
    if own:
        return _("%(surgeon)s现在不能主刀：%(count)s 项未通过核对") % {
            **values,
            "count": len(own),
        }
    if blocking:
        people = dict.fromkeys(answer.name_of(one.emp_no) for one in blocking)
        return _("%(surgeon)s可以主刀；未通过核对的还有%(people)s") % {
            **values,
            "people": listed(people),
        }
    if answer.verdict.code is Code.OVERRIDE:
        return _("按急诊抢救放行，术后 24 小时内补登记")
    if answer.verdict.code is Code.SUPERVISED:
        return _("%(surgeon)s可以在带教下主刀") % values
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
