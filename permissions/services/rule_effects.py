"""What a changed rule would answer otherwise: booked operations asked both ways."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from permissions.checks.engine import Verdict, check
from permissions.checks.facts import Urgency
from permissions.checks.question import Member, Part, Question
from permissions.checks.rules import RuleMode
from permissions.checks.world import World
from permissions.snapshot import world_for
from surgery.enums import Nature
from surgery.models import SurgeryApplication
from surgery.queries.applications import declarations

DAYS = 30
MOST = 200


@dataclass(frozen=True)
class Effect:
    """One booked operation that would be answered otherwise."""

    application: SurgeryApplication
    before: Verdict
    after: Verdict


@dataclass(frozen=True)
class Effects:
    """``asked`` operations of the next ``DAYS`` days were asked both ways."""

    asked: int
    changed: tuple[Effect, ...]


def effects_of(rule: str, mode: RuleMode, *, at: datetime) -> Effects:
    """Nothing is written. What a declaration does not say (MDT, discussion) is not
    asked, here as at the station."""
    booked = declarations().filter(
        planned_at__gte=at, planned_at__lt=at + timedelta(days=DAYS)
    )
    pairs = [
        (one, _question(one))
        for one in booked.order_by("planned_at", "pk")[:MOST]
        if one.current_procedures  # type: ignore[attr-defined]  # prefetched
    ]
    changed = []
    for application, question in pairs:
        world = world_for(question)
        before = check(question, world)
        after = check(question, with_rule(world, question, rule, mode))
        if _said(before) != _said(after):
            changed.append(Effect(application, before, after))
    return Effects(len(pairs), tuple(changed))


def with_rule(world: World, question: Question, rule: str, mode: RuleMode) -> World:
    """The people and procedures of one question in a hospital that set the rule so."""
    people = [world.person(emp_no).facts for emp_no in question.people]
    codes = [code for code in question.procedures if code in world.procedures]
    drug = world.drugs.get(question.drug.drug) if question.drug else None
    return World(
        people=[facts for facts in people if facts.emp_no],
        procedures=[world.procedures[code].facts for code in codes],
        drugs=[drug] if drug else (),
        modes={**world.rule_modes, rule: mode},
        operate_implies_order=world.judging.operate_implies_order,
        placed=world.placed,
        certificates=world.certificates,
    )


def _question(application: SurgeryApplication) -> Question:
    nature = Nature(application.nature)
    urgency = Urgency.ROUTINE
    if nature is Nature.EMERGENCY:
        urgency = Urgency.RESCUE if application.is_rescue else Urgency.EMERGENCY
    return Question(
        team=(Member(application.surgeon.emp_no, Part.SURGEON),),
        moment=application.planned_at,
        procedures=tuple(
            one.code
            for one in application.current_procedures  # type: ignore[attr-defined]
        ),
        urgency=urgency,
    )


def _said(verdict: Verdict) -> tuple[object, ...]:
    told = [(one.rule.id, one.rule.mode) for one in verdict.conditions]
    return verdict.codes, verdict.passes, tuple(told)
