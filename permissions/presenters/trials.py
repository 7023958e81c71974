"""A verdict laid out for the office: codes, findings, and the way it was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from permissions.checks.engine import Verdict
from permissions.checks.findings import Finding, Step
from permissions.checks.rules import RULES
from permissions.presenters.reasons import (
    PARTS,
    STEPS,
    amounts,
    code_chip,
    detail_words,
)
from permissions.queries.catalogue import Names
from portal.directory.models import Practitioner
from portal.ui.elements import Chip, Note, Text
from portal.ui.moments import write_last_day
from portal.ui.phrases import listed


@dataclass(frozen=True)
class FindingRow:
    """What one rule says of one person and procedure."""

    who: str
    part: Text
    procedure: str
    state: Chip
    rule: str
    text: str
    detail: str
    needed: str
    held: str
    until: str
    remedy: str
    source: str


@dataclass(frozen=True)
class StepRow:
    rule: str
    text: str
    who: str
    procedure: str
    answer: Chip


@dataclass(frozen=True)
class DoctorLink:
    name: str
    url: str


@dataclass(frozen=True)
class TrialAnswer:
    """``rows`` are the rights, person by person; ``others`` what else is told."""

    summary: Note
    rows: Sequence[FindingRow]
    others: Sequence[FindingRow]
    chain: str
    steps: Sequence[StepRow]
    doctors: Sequence[DoctorLink]


def trial_answer(verdict: Verdict, names: Names, *, on: str) -> TrialAnswer:
    """Three queries at most: who the people are; the world names the procedures."""
    people = _people(verdict)
    rows = [_row(verdict, one, names, people) for one in verdict.rights]
    others = (*verdict.orders, *verdict.conditions)
    return TrialAnswer(
        summary=_summary(verdict),
        rows=rows,
        others=[_row(verdict, one, names, people) for one in others],
        chain=listed(STEPS[step] for step in verdict.chain),
        steps=[_step(verdict, step, people) for step in verdict.trace],
        doctors=[
            DoctorLink(
                people.get(member.emp_no, member.emp_no),
                reverse("permissions:practitioner-detail", args=[member.emp_no])
                + f"?on={on}",
            )
            for member in dict.fromkeys(verdict.question.team)
            if member.emp_no in people
        ],
    )


def _people(verdict: Verdict) -> dict[str, str]:
    found = Practitioner.objects.filter(emp_no__in=verdict.question.people)
    return {one.emp_no: f"{one.name} {one.emp_no}" for one in found.order_by("pk")}


def _summary(verdict: Verdict) -> Note:
    code = f"{verdict.code.value} {_(verdict.code.label)}"
    if not verdict.passes:
        text = _("不放行：%(code)s，%(n)s 项未通过核对")
        return Note("bad", text % {"code": code, "n": len(verdict.blocking)})
    told = [one for one in verdict.conditions if not one.blocks]
    if told:
        text = _("放行：%(code)s，另有提醒 %(n)s 条")
        return Note("warn", text % {"code": code, "n": len(told)})
    return Note("ok", _("放行：%(code)s") % {"code": code})


def _row(
    verdict: Verdict, finding: Finding, names: Names, people: Mapping[str, str]
) -> FindingRow:
    who = people.get(finding.emp_no, finding.emp_no)
    name = who.removesuffix(finding.emp_no).strip() or who
    needed, held = amounts(finding)
    return FindingRow(
        who=who or "—",
        part=PARTS[finding.part] if finding.emp_no else "—",
        procedure=_procedure(verdict, finding.procedure_code),
        state=_state(finding),
        rule=finding.rule.id,
        text=_(finding.rule.text),
        detail=detail_words(finding, names, who=name),
        needed=needed,
        held=held,
        until=write_last_day(finding.until) if finding.until else "—",
        remedy=_(finding.remedy) if finding.remedy else "—",
        source=finding.source,
    )


def _state(finding: Finding) -> Chip:
    if finding.code is not None:
        return code_chip(finding.code, finding.part)
    if finding.blocks:
        return Chip("bad", "ban", _("不满足"))
    return Chip("warn", "alert-triangle", _("提醒"))


def _procedure(verdict: Verdict, code: str) -> str:
    entry = verdict.world.procedures.get(code)
    if entry is not None:
        return f"{code} {entry.facts.name}"
    drug = verdict.world.drugs.get(code)
    return f"{code} {drug.name}" if drug else code or "—"


def _step(verdict: Verdict, step: Step, people: Mapping[str, str]) -> StepRow:
    return StepRow(
        rule=step.rule,
        text=_(verdict.world.rule(step.rule).text) if step.rule in RULES else step.rule,
        who=people.get(step.emp_no, step.emp_no) or "—",
        procedure=_procedure(verdict, step.procedure),
        answer=_answer(step.holds),
    )


def _answer(holds: bool | None) -> Chip:
    if holds is None:
        return Chip("mute", "circle-dashed", _("未问"))
    if holds:
        return Chip("ok", "check", _("符合"))
    return Chip("bad", "x", _("不符合"))
