"""The way a verdict was found: every question asked and its answer, in order."""

from __future__ import annotations

from collections.abc import Iterator

from permissions.checks.codes import Code
from permissions.checks.engine import Verdict
from permissions.checks.findings import Finding, Step

# Asked of each person and procedure one after the other, until one decides.
ASKED = ("P01", "P02", "P03", "P04", "S01", "S02", "S03", "S04")
# What a right can fail by; S06 answers yes when there is one.
OF_RIGHTS = frozenset({"S05", "S06", "S07", "S08", "S09", "S10", "S11", "S13"})


def steps_of(verdict: Verdict) -> Iterator[Step]:
    for finding in verdict.rights:
        yield from _of_person(verdict, finding)
    for outcome in verdict.outcomes:
        yield Step(outcome.rule, outcome.holds, outcome.emp_no, outcome.procedure)


def _of_person(verdict: Verdict, finding: Finding) -> Iterator[Step]:
    where = (finding.emp_no, finding.procedure_code)
    for rule in ASKED:
        if rule == finding.rule.id:
            yield Step(rule, False, *where)
            return
        yield Step(rule, _known(verdict, finding, rule), *where)
    is_right = finding.code is Code.ALLOWED
    yield Step(finding.rule.id, is_right or finding.is_supervised, *where)
    if finding.instead_of is not None:
        yield Step("S12", True, *where)


def _known(verdict: Verdict, finding: Finding, rule: str) -> bool | None:
    """Scope and place are asked only where the hospital knows them."""
    facts = verdict.world.person(finding.emp_no).facts
    if rule == "P03" and facts.scopes is None:
        return None
    is_asked = facts.campuses is not None and verdict.world.asks_place(
        verdict.question.context
    )
    return None if rule == "P04" and not is_asked else True
