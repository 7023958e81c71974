"""Why the check answered so, in words: reasons, what is missing, findings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.checks.blood import Approval
from permissions.checks.codes import Code
from permissions.checks.findings import Finding, Reason, ReasonKey
from permissions.checks.question import Part
from permissions.checks.rules import About
from permissions.models.attributes import Certificate
from permissions.queries.catalogue import Names
from permissions.services.rules import RANK_WORDS
from portal.ui.elements import Chip, Grade, Note
from portal.ui.moments import write_day, write_last_day
from portal.ui.phrases import listed

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
    ReasonKey.REGISTRATION_ENDS: gettext_lazy(
        "%(surgeon)s的执业注册至 %(last)s，早于授权到期日期"
    ),
    ReasonKey.OTHER_SCOPE: gettext_lazy("%(surgeon)s的执业范围不含 %(procedure)s"),
    ReasonKey.OTHER_PLACE: gettext_lazy("%(surgeon)s的执业地点不含本院区"),
    ReasonKey.ASA: gettext_lazy("ASA %(asa)s 级须%(title)s及以上"),
    ReasonKey.RESCUE: gettext_lazy("急诊抢救生命，先做后补登记"),
}
PRIVILEGES: Mapping[str, Words] = {
    "SG01": gettext_lazy("一级手术权"),
    "SG02": gettext_lazy("二级手术权"),
    "SG03": gettext_lazy("三级逐项主刀权"),
    "SG04": gettext_lazy("四级逐项主刀权"),
    "SG07": gettext_lazy("手术助手权"),
    "RT01": gettext_lazy("限制类技术权"),
    "SG08": gettext_lazy("急诊手术主刀权"),
    "RT02": gettext_lazy("新技术项目成员权"),
    "AN01": gettext_lazy("麻醉权限"),
}
PARTS: Mapping[Part, Words] = {
    Part.SURGEON: gettext_lazy("主刀"),
    Part.FIRST_ASSISTANT: gettext_lazy("一助"),
    Part.SECOND_ASSISTANT: gettext_lazy("二助"),
    Part.THIRD_ASSISTANT: gettext_lazy("三助"),
    Part.SUPERVISOR: gettext_lazy("带教"),
    Part.ANESTHETIST: gettext_lazy("麻醉"),
    Part.ORDERER: gettext_lazy("开单"),
    Part.PRESCRIBER: gettext_lazy("处方"),
}
STEPS: Mapping[str, Words] = {
    Approval.SUPERIOR: gettext_lazy("上级医师审核"),
    Approval.DEPARTMENT_HEAD: gettext_lazy("科主任审批"),
    Approval.MEDICAL_AFFAIRS: gettext_lazy("医务科审批"),
    Part.SUPERVISOR: gettext_lazy("带教医师"),
    "MDT": gettext_lazy("多学科讨论编号"),
    "DISCUSSION": gettext_lazy("术前讨论"),
}
# Rules whose needed and held are ranks of titles.
OF_TITLES = frozenset({"A02", "O03", "B02", "G01", "S21"})
OPERATING = frozenset({Part.SURGEON, Part.SUPERVISOR})
CODE_ICONS = {
    "ok": "circle-check",
    "info": "info-circle",
    "warn": "alert-triangle",
    "bad": "ban",
    "mute": "calendar-off",
    "vio": "urgent",
}


def reason_words(reason: Reason, *, who: str, procedure: str = "") -> str:
    """One reason; ``who`` is the person it speaks of."""
    given = reason.params
    at, grade, rank = given.get("at"), given.get("grade"), given.get("rank")
    moment = at if isinstance(at, datetime) else None
    values = {
        "procedure": str(given.get("procedure", procedure)),
        "surgeon": who,
        "grade": Grade(grade).text if isinstance(grade, int) else "",
        "privilege": PRIVILEGES.get(str(given.get("privilege", "")), _("主刀权")),
        "last": write_last_day(moment),
        "first": write_day(moment),
        "asa": given.get("asa", ""),
        "title": RANK_WORDS.get(rank, "") if isinstance(rank, int) else "",
    }
    return str(REASONS[reason.key]) % values


def code_chip(code: Code, part: Part = Part.SURGEON) -> Chip:
    """A result code as a state: label and code together. Of another part than the
    surgeon's 0 says that the person holds the right to it."""
    is_other = code is Code.ALLOWED and part is not Part.SURGEON
    label = _("有此权限") if is_other else _(code.label)
    return Chip(code.tone, CODE_ICONS[code.tone], f"{code.value} {label}")  # type: ignore[arg-type]


def missing_words(finding: Finding, names: Names) -> str:
    """What would have to be there, by name where the code is one of the catalogue's."""
    return listed(_named(code, names) for code in finding.missing)


def _named(code: str, names: Names) -> str:
    if code in STEPS:
        return str(STEPS[code])
    if code in Certificate:
        return str(Certificate(code).label)
    privilege, _sign, item = code.partition(":")
    name = names.of_missing(privilege)
    return f"{privilege} {name} {item}".strip() if name else code


def amounts(finding: Finding) -> tuple[str, str]:
    """Needed and held as the rule counts them: titles, or grades and numbers.

    Grades are compared for who operates; other parts need a line, not a grade.
    """
    is_beside = finding.rule.about is About.SURGERY and finding.part not in OPERATING
    if is_beside and finding.rule.id not in OF_TITLES:
        return "—", "—"
    if not finding.needed:
        return "—", str(finding.held) if finding.held else "—"
    if finding.rule.id in OF_TITLES:
        held = RANK_WORDS.get(finding.held, _("无职称"))
        return str(RANK_WORDS.get(finding.needed, "")), str(held)
    return str(finding.needed), str(finding.held)


def detail_words(finding: Finding, names: Names, *, who: str) -> str:
    """Needed, held, missing and the reasons, in one line."""
    parts = [
        reason_words(one, who=who, procedure=finding.procedure_code)
        for one in finding.reasons
    ]
    if finding.rule.id in OF_TITLES:
        needed, held = amounts(finding)
        parts.append(
            _("须%(needed)s及以上，现为%(held)s") % {"needed": needed, "held": held}
        )
    if missing := missing_words(finding, names):
        parts.append(_("缺 %(missing)s") % {"missing": missing})
    return _("；").join(parts)


def finding_note(finding: Finding, names: Names, *, who: str) -> Note:
    """A finding before a right is given: rule, what is missing, next step, source."""
    text = _("%(id)s %(rule)s：%(detail)s。%(remedy)s（%(source)s）") % {
        "id": finding.rule.id,
        "rule": _(finding.rule.text),
        "detail": detail_words(finding, names, who=who),
        "remedy": _(finding.remedy),
        "source": finding.source,
    }
    return Note("bad" if finding.blocks else "warn", text)
