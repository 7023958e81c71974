"""Prescriptions (domain 1.5, 1.6): each rule of a drug order in one function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from permissions.checks.codes import Code
from permissions.checks.facts import (
    DrugFacts,
    Practice,
    Setting,
    Status,
    Terms,
    Urgency,
)
from permissions.checks.findings import Outcome
from permissions.checks.lines import code_of, end_of, held, in_force, is_trained
from permissions.checks.question import DrugOrder, Formulation, Question
from permissions.checks.world import NOBODY, Person, World

ANTIBIOTICS = {"AB01": 1, "AB02": 2, "AB03": 3}
ANTITUMOR = {"ON01": 1, "ON02": 2}
SPECIAL = 3
TITLE_OF_ANTIBIOTIC = {1: 1, 2: 3, 3: 4}
TITLE_OF_ANTITUMOR = 3
ANTIBIOTIC_COURSE, NARCOTIC_COURSE, ANTITUMOR_COURSE = "TR01", "TR02", "TR03"
# A month of 6 has at most 184 days; the ban is never shorter than the law says.
NOT_RESTORED = timedelta(days=184)
INPATIENT = frozenset({Setting.INPATIENT, Setting.OPERATING_ROOM})
ORDINARY_DAYS = {Setting.OUTPATIENT: 7, Setting.EMERGENCY: 3}
PSYCHOTROPIC_2_DAYS = 7
# Days by formulation without and with cancer or chronic severe pain; 0: one dose.
NARCOTIC_DAYS = {
    (Formulation.INJECTION, False): 0,
    (Formulation.SUSTAINED_RELEASE, False): 7,
    (Formulation.OTHER, False): 3,
    (Formulation.INJECTION, True): 3,
    (Formulation.SUSTAINED_RELEASE, True): 15,
    (Formulation.OTHER, True): 7,
}
# Rights of 2.3 that a kind of drug asks for beside the ordinary right.
OWN_RIGHTS: tuple[tuple[str, Callable[[DrugFacts], bool]], ...] = (
    ("SD01", lambda drug: drug.is_hormone),
    ("SD03", lambda drug: drug.is_nutrition),
    ("SD04", lambda drug: drug.is_albumin),
    ("SD05", lambda drug: drug.is_biologic),
    ("SD06", lambda drug: drug.is_key_monitored),
    ("SD07", lambda drug: drug.is_high_alert),
)
# What a life-saving use of an antibiotic may exceed (1.5).
EXCEEDABLE = frozenset({"A01", "A02", "A03"})


@dataclass(frozen=True, slots=True)
class Prescribing:
    """One drug, one prescriber, one question."""

    question: Question
    world: World
    person: Person
    order: DrugOrder
    drug: DrugFacts

    @property
    def is_narcotic(self) -> bool:
        """麻醉药品 or 第一类精神药品."""
        return self.drug.is_narcotic or self.drug.psychotropic == 1

    def lines(self, *privileges: str) -> list[Terms]:
        return held(self.person, privileges, self.question, self.drug.code)

    def asks(self, rule: str, *privileges: str) -> Outcome:
        """Is one of these rights in force?"""
        lines = self.lines(*privileges)
        code = code_of(self.world, lines, self.question.instant)
        holds = code is Code.ALLOWED
        return Outcome(
            rule,
            holds,
            missing=() if holds else privileges[:1],
            code=None if holds else code,
            until=end_of(lines, self.question.instant),
            used=in_force(lines, self.question.instant),
        )

    def asks_level(self, rule: str, levels: dict[str, int], needed: int) -> Outcome:
        """Does a right in force reach the drug's level? The highest counts."""
        at = self.question.instant
        reaching = [code for code, level in levels.items() if level >= needed]
        lines = self.lines(*reaching)
        code = code_of(self.world, lines, at)
        levels_held = [
            level
            for privilege, level in levels.items()
            if code_of(self.world, self.lines(privilege), at) is Code.ALLOWED
        ]
        has = max(levels_held, default=0)
        if code is Code.NO_RIGHT and has:
            code = Code.ABOVE_CEILING
        holds = code is Code.ALLOWED
        missing = () if holds else tuple(reaching[:1])
        until = end_of(lines, at)
        own = None if holds else code
        used = in_force(lines, at)
        return Outcome(rule, holds, "", "", missing, own, needed, has, until, used)


def may_prescribe(case: Prescribing) -> Iterator[Outcome]:
    """D01: by the kind of licence, another right; in 急诊 that of 急诊 too."""
    wanted: tuple[str, ...] = {
        Practice.PHYSICIAN: ("RX01", "RX06"),
        Practice.ASSISTANT: ("RX04", "RX01"),
        Practice.TRAINEE: ("RX05", "RX01"),
    }[case.person.facts.practice]
    if case.question.setting is Setting.EMERGENCY:
        wanted = (*wanted, "RX02")
    yield case.asks("D01", *wanted)


def countersigned(case: Prescribing) -> Iterator[Outcome]:
    """D02: by somebody else who may prescribe alone."""
    if case.person.facts.practice is Practice.PHYSICIAN:
        return
    signed_by = case.order.countersigned_by
    if signed_by is None:
        yield Outcome("D02", None)
        return
    signer = case.world.people.get(signed_by, NOBODY)
    lines = held(signer, ("RX01",), case.question)
    holds = (
        signer is not case.person
        and signer.ends > case.question.instant
        and signer.facts.practice is Practice.PHYSICIAN
        and code_of(case.world, lines, case.question.instant) is Code.ALLOWED
    )
    yield Outcome("D02", holds, missing=() if holds else ("RX01",))


def in_use(case: Prescribing) -> Iterator[Outcome]:
    yield Outcome("D03", not case.drug.is_stopped)


def ordinary_days(case: Prescribing) -> Iterator[Outcome]:
    """D04: of everything that has no stricter rule of its own."""
    limit = ORDINARY_DAYS.get(case.question.setting)
    if limit is None or case.is_narcotic or case.drug.psychotropic:
        return
    yield _within("D04", case.order.days, limit)


def antibiotic(case: Prescribing) -> Iterator[Outcome]:
    """A01–A05: grade, title, training, setting, consultation."""
    level, question = case.drug.antibiotic, case.question
    if not level:
        return
    if level == SPECIAL:
        yield Outcome("A04", question.setting is not Setting.OUTPATIENT)
    yield case.asks_level("A01", ANTIBIOTICS, level)
    rank, needed = case.person.facts.title_rank, TITLE_OF_ANTIBIOTIC[level]
    yield Outcome("A02", rank >= needed, needed=needed, held=rank)
    trained = is_trained(case.person, ANTIBIOTIC_COURSE, question.moment)
    missing = (ANTIBIOTIC_COURSE,) if trained is False else ()
    yield Outcome("A03", trained, missing=missing)
    if level == SPECIAL:
        yield _consulted(case)


def _consulted(case: Prescribing) -> Outcome:
    """A05: by an expert of the hospital's list, who is not the prescriber."""
    expert = case.order.consulted_by
    if expert is None or case.question.urgency is Urgency.RESCUE:
        return Outcome("A05", None)
    person = case.world.people.get(expert, NOBODY)
    lines = held(person, ("AB04",), case.question)
    may = code_of(case.world, lines, case.question.instant) is Code.ALLOWED
    practises = person.ends > case.question.instant
    holds = practises and person is not case.person and may
    return Outcome("A05", holds, missing=() if holds else ("AB04",))


def not_restored(case: Prescribing) -> Iterator[Outcome]:
    """A07: what was revoked comes back after six months at the earliest."""
    level, at = case.drug.antibiotic, case.question.moment
    reaching = {name for name, reach in ANTIBIOTICS.items() if reach >= level}
    if not level:
        return
    lines = case.lines(*reaching)
    bans = [
        terms.changed_from
        for terms in case.lines(*ANTIBIOTICS)
        if terms.status is Status.REVOKED and terms.changed_from is not None
    ]
    bans = [since for since in bans if since <= at < since + NOT_RESTORED]
    if not bans:
        return
    older = [terms for terms in lines if terms.valid_from < max(bans)]
    code = code_of(case.world, older, case.question.instant)
    yield Outcome("A07", code is Code.ALLOWED)


def one_day_in_rescue(case: Prescribing) -> Iterator[Outcome]:
    """A06 as a condition: asked when the engine has opened for a rescue."""
    yield _within("A06", case.order.days, 1)


def narcotic(case: Prescribing) -> Iterator[Outcome]:
    """N01–N07: right, training, not for oneself, quantity."""
    if case.drug.is_narcotic:
        yield case.asks("N01", "ND01")
    if case.drug.psychotropic == 1:
        yield case.asks("N02", "ND02")
    if case.is_narcotic:
        trained = is_trained(case.person, NARCOTIC_COURSE, case.question.moment)
        missing = (NARCOTIC_COURSE,) if trained is False else ()
        yield Outcome("N04", trained, missing=missing)
        is_own = case.order.is_for_self
        yield Outcome("N05", None if is_own is None else not is_own)
        yield _narcotic_quantity(case)
    elif case.drug.psychotropic:
        yield case.asks("N03", "ND03")
        yield _within("N07", case.order.days, PSYCHOTROPIC_2_DAYS)


def _narcotic_quantity(case: Prescribing) -> Outcome:
    order = case.order
    if case.question.setting in INPATIENT:
        return _within("N06", order.days, 1)
    if order.formulation is None:
        return Outcome("N06", None)
    limit = NARCOTIC_DAYS[order.formulation, order.is_severe_pain]
    if limit:
        return _within("N06", order.days, limit)
    if order.doses is None:
        return Outcome("N06", None)
    return Outcome("N06", order.doses <= 1, needed=1, held=order.doses)


def dangerous(case: Prescribing) -> Iterator[Outcome]:
    if case.drug.is_toxic:
        yield case.asks("N08", "ND04")
    if case.drug.is_radioactive:
        yield case.asks("N09", "ND05")


def antitumor(case: Prescribing) -> Iterator[Outcome]:
    """O01–O04: grade, training, title, first regimen."""
    level = case.drug.antitumor
    if not level:
        return
    yield case.asks_level("O01", ANTITUMOR, level)
    trained = is_trained(case.person, ANTITUMOR_COURSE, case.question.moment)
    missing = (ANTITUMOR_COURSE,) if trained is False else ()
    yield Outcome("O02", trained, missing=missing)
    if level > 1:
        rank = case.person.facts.title_rank
        holds = rank >= TITLE_OF_ANTITUMOR
        yield Outcome("O03", holds, needed=TITLE_OF_ANTITUMOR, held=rank)
    if case.order.is_first_regimen:
        yield case.asks("O04", "ON03")


def tcm(case: Prescribing) -> Iterator[Outcome]:
    """T01, T02: who is registered in TCM needs no further right."""
    rule = {"2": ("T01", "TC01"), "3": ("T02", "TC02"), "4": ("T02", "TC02")}
    if case.drug.kind not in rule:
        return
    name, privilege = rule[case.drug.kind]
    if case.person.facts.is_tcm:
        yield Outcome(name, True)
    else:
        yield case.asks(name, privilege)


def of_its_own(case: Prescribing) -> Iterator[Outcome]:
    for privilege, speaks_of in OWN_RIGHTS:
        if speaks_of(case.drug):
            yield case.asks("K01", privilege)


def _within(rule: str, days: float | None, limit: int) -> Outcome:
    if days is None:
        return Outcome(rule, None)
    return Outcome(rule, days <= limit, needed=limit, held=int(-(-days // 1)))


DRUG_RULES: tuple[Callable[[Prescribing], Iterator[Outcome]], ...] = (
    in_use,
    may_prescribe,
    countersigned,
    antibiotic,
    not_restored,
    narcotic,
    dangerous,
    antitumor,
    tcm,
    of_its_own,
    ordinary_days,
)
