"""The check: may this team do this, there, then? Facts in, verdict out, time passed in.

``check`` answers codes at once; findings, conditions and the trace are built when
somebody asks for them. The rules stand in ``rules.TABLE``.
"""

from __future__ import annotations

from bisect import bisect_right as bisect
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from permissions.checks.anesthesia import within_title
from permissions.checks.blood import Approval, blood_outcomes, chain_of
from permissions.checks.certificates import certified_orders
from permissions.checks.codes import SEVERITY as ORDERED
from permissions.checks.codes import Code
from permissions.checks.conditions import conditions_of, has_supervisor
from permissions.checks.drugs import (
    DRUG_RULES,
    EXCEEDABLE,
    Prescribing,
    one_day_in_rescue,
)
from permissions.checks.explain import Case, finding_of
from permissions.checks.facts import Urgency
from permissions.checks.findings import Finding, Outcome, Step
from permissions.checks.question import Member, Part, Question
from permissions.checks.rules import About, Mode
from permissions.checks.world import World

# GR10 lets a rescue exceed a privilege. It opens no door that was shut on purpose: a
# suspended right (4), a procedure the hospital may not do or does not know (5, 6) and
# a person who may not practise (7) stay as they are; there the HIS asks the office on
# duty. Who may only operate under guidance (2S) goes on alone when nobody else is there.
OPENED_BY_RESCUE = frozenset(
    {
        Code.NO_RIGHT,
        Code.ABOVE_CEILING,
        Code.EXPIRED,
        Code.ASSIST_ONLY,
        Code.SUPERVISED,
    }
)
RESCUE = Urgency.RESCUE
ALLOWED = Code.ALLOWED
new = tuple.__new__
SEVERITY = {code: place for place, code in enumerate(ORDERED)}


class Answered(NamedTuple):
    """What is made for every question: a tuple, for nothing is made faster."""

    question: Question
    world: World
    codes: tuple[Code, ...]


class Verdict(Answered):
    """``codes`` of each person for each procedure, person by person; ``found`` are the
    same before a rescue opened any. Everything else is built on demand.
    """

    @cached_property
    def found(self) -> tuple[Code, ...]:
        return self.codes

    @property
    def code(self) -> Code:
        """The most severe of all codes speaks for all."""
        codes = self.codes
        if len(codes) == 1:
            return codes[0]
        return max((*codes, *self._order_codes()), key=SEVERITY.__getitem__)

    @property
    def passes(self) -> bool:
        """May it be ordered as it stands: every code and every condition let through."""
        return not self.blocking

    @property
    def blocking(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.blocks)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Each person and procedure, then the order, then conditions not met."""
        return (*self.rights, *self.orders, *self.conditions)

    @cached_property
    def rights(self) -> tuple[Finding, ...]:
        """One finding for each person and procedure, also where all is well."""
        return tuple(self._rights())

    @cached_property
    def orders(self) -> tuple[Finding, ...]:
        """What decides about the drug or blood; the code of each that is broken."""
        return tuple(
            self._finding(outcome)
            for outcome in self._outcomes
            if self._decides(outcome) and outcome.holds is False
        )

    @cached_property
    def conditions(self) -> tuple[Finding, ...]:
        """Conditions that are not met, those of suggestion too."""
        return tuple(
            self._finding(outcome)
            for outcome in (*self._conditions, *self._outcomes)
            if outcome.holds is False and not self._decides(outcome)
            if self.world.modes[outcome.rule] is not Mode.OFF
        )

    @property
    def chain(self) -> tuple[Approval, ...]:
        """Who approves the blood, in order."""
        blood = self.question.blood
        return chain_of(blood.volume_ml) if blood else ()

    @cached_property
    def trace(self) -> tuple[Step, ...]:
        """Every question asked, in order, with its answer; None: not asked."""
        from permissions.checks.trace import steps_of

        return tuple(steps_of(self))

    def _rights(self) -> Iterator[Finding]:
        codes = zip(self.codes, self.found, strict=True)
        for member in self.question.team:
            for procedure in self.question.procedures:
                code, found = next(codes)
                case = Case(self.question, self.world, member, procedure, found)
                yield finding_of(case, None if code is found else found)

    @cached_property
    def _conditions(self) -> tuple[Outcome, ...]:
        if not self.question.procedures:
            return ()
        return tuple(conditions_of(self.question, self.world))

    @cached_property
    def _outcomes(self) -> tuple[Outcome, ...]:
        """What every rule of the ordered drug and blood answers."""
        return tuple(
            outcome
            for member in prescribers(self.question)
            for outcome in order_outcomes(self.question, self.world, member)
        )

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Everything asked beside the rights to operate, in order."""
        return (*self._conditions, *self._outcomes)

    def _decides(self, outcome: Outcome) -> bool:
        rule = self.world.rule(outcome.rule)
        has_code = rule.code is not None and rule.id != "A06"
        return has_code and rule.mode is Mode.MUST and rule.about in ORDERS

    def _order_codes(self) -> list[Code]:
        """The codes of the drug or blood; allowed when nothing decides against it."""
        if not self._outcomes:
            return []
        codes = [finding.code for finding in self.orders if finding.code]
        return codes or [Code.ALLOWED]

    @cached_property
    def _exceeds(self) -> bool:
        """A life-saving antibiotic that breaks nothing but what may be exceeded."""
        drug = self.question.drug
        facts = self.world.drugs.get(drug.drug) if drug else None
        if self.question.urgency is not RESCUE or not facts or not facts.antibiotic:
            return False
        broken = [
            outcome
            for outcome in self._outcomes
            if outcome.holds is False and self._decides(outcome)
        ]
        return bool(broken) and all(
            outcome.rule in EXCEEDABLE and outcome.code is not Code.SUSPENDED
            for outcome in broken
        )

    def _finding(self, outcome: Outcome) -> Finding:
        rule = self.world.rule(outcome.rule)
        code = (outcome.code or rule.code) if self._decides(outcome) else None
        instead_of = None
        if self._decides(outcome) and self._exceeds:
            rule, code, instead_of = self.world.rule("A06"), Code.OVERRIDE, code
        return Finding(
            rule=rule,
            code=code,
            emp_no=outcome.emp_no,
            part=Part.PRESCRIBER if rule.about in ORDERS else Part.SURGEON,
            procedure_code=outcome.procedure,
            needed=outcome.needed,
            held=outcome.held,
            missing=outcome.missing,
            until=outcome.until,
            instead_of=instead_of,
        )


ORDERS = frozenset({About.PERSON, About.DRUG, About.BLOOD})


def check(question: Question, world: World) -> Verdict:
    """Judge every person for every procedure at the question's moment."""
    # The short way of nearly every question. Whatever is unusual, or asked for the first
    # time, goes the long one; both look at the same tracks.
    if question.alone is not None:
        emp_no, procedure, at = question.alone
        try:
            person, kind = world.people[emp_no], world.open[procedure]
        except KeyError:
            return _the_long_way(question, world)
        rights = person.operating
        if rights is not None and at < person.ends:
            own = rights.items.get(procedure)
            if own is None:
                bounds, codes = rights.classes[kind]
                return new(Verdict, (question, world, (codes[bisect(bounds, at)],)))
            code = own[1][bisect(own[0], at)]
            if code is not ALLOWED:
                code = rights.otherwise(code, kind, at)
            return new(Verdict, (question, world, (code,)))
    return _the_long_way(question, world)


def _the_long_way(question: Question, world: World) -> Verdict:
    at, context = question.instant, question.context
    entries = [world.entry(code, at) for code in question.procedures]
    found: list[Code] = []
    for member in question.team:
        codes_of = world.codes(member.emp_no, member.part, entries, at, context)
        if question.asa is not None:
            codes_of = [
                within_title(code, member, question, world) for code in codes_of
            ]
        found += codes_of
    codes = tuple(found)
    if question.urgency is not RESCUE:
        return Verdict(question, world, codes)
    verdict = Verdict(question, world, tuple(_opened(question, world, codes)))
    verdict.found = codes
    return verdict


def _opened(
    question: Question, world: World, codes: tuple[Code, ...]
) -> Iterator[Code]:
    """What a rescue makes of them; who is led by a supervisor needs no override."""
    found = iter(codes)
    for member in question.team:
        for procedure in question.procedures:
            code = next(found)
            is_led = code is Code.SUPERVISED and has_supervisor(
                question, world, member, procedure
            )
            is_open = code in OPENED_BY_RESCUE and not is_led
            yield Code.OVERRIDE if is_open else code


def prescribers(question: Question) -> tuple[Member, ...]:
    """Who answers for the drug or blood: named as such, else everybody asked about."""
    if question.drug is None and question.blood is None:
        return ()
    return question.members(Part.PRESCRIBER) or question.team


def drug_outcomes(case: Prescribing) -> Iterator[Outcome]:
    for rule in DRUG_RULES:
        yield from rule(case)
    if case.drug.antibiotic and case.question.urgency is RESCUE:
        yield from one_day_in_rescue(case)


def order_outcomes(question: Question, world: World, member: Member) -> list[Outcome]:
    """Every rule of the drug and of the blood, asked of one person."""
    person = world.person(member.emp_no)
    if question.instant >= person.ends:
        is_known = person.facts.registered_until is not None and person.ends > 0
        return [Outcome("P02" if is_known else "P01", False, member.emp_no)]
    found = [Outcome("P01", True, member.emp_no), Outcome("P02", True, member.emp_no)]
    order = question.drug
    if order is not None:
        drug = world.drugs.get(order.drug)
        if drug is None:
            found.append(Outcome("D03", False, member.emp_no, order.drug))
        else:
            case = Prescribing(question, world, person, order, drug)
            found += drug_outcomes(case)
    if question.blood is not None:
        found += blood_outcomes(question, world, person, question.blood)
    return [*found, *certified_orders(found, question, world, member.emp_no)]
