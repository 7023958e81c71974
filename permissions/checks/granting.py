"""What must be so before a right is given (2.5): the catalogue's demands, as findings.

The same table of rules as the check of an order; facts in, findings out. What only
warns has its rule's mode lowered to a suggestion, so ``Finding.blocks`` tells both
apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from permissions.checks.facts import PersonFacts, ProcedureFacts, Standing
from permissions.checks.findings import Finding, Reason, ReasonKey, reason
from permissions.checks.rules import Mode, Rule
from permissions.checks.world import World

RESTRICTED_RIGHT = "RT01"
RESTRICTED_ITEMS = frozenset({"SG03", "SG04"})


@dataclass(frozen=True, slots=True)
class Demands:
    """What the catalogue asks of who shall hold an entry. ``title_decides``: a title
    too low forbids, else it only warns."""

    privilege: str
    min_rank: int = 0
    title_decides: bool = False
    requires: tuple[str, ...] = ()
    trainings: tuple[str, ...] = ()
    exams: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Granting:
    """One right for one person from ``begins`` to before ``ends`` (None: open).

    ``held`` are the codes of the rights that will be in force when it begins;
    ``prerequisites_decide`` whether a missing one forbids. ``item`` is the procedure
    of an item line by its code, None for other lines.
    """

    person: PersonFacts
    demands: Demands
    begins: datetime
    ends: datetime | None = None
    held: frozenset[str] = frozenset()
    prerequisites_decide: bool = True
    item: str | None = None
    campus: str = ""


def granting_findings(case: Granting, world: World) -> list[Finding]:
    """Everything in the way, what decides first."""
    found = [finding for ask in QUESTIONS for finding in ask(case, world)]
    return sorted(found, key=lambda finding: not finding.blocks)


def _finding(
    case: Granting, rule: Rule, *, decides: bool, **said: object
) -> Iterator[Finding]:
    """Nothing where the hospital does not ask; advice where it does not decide."""
    if rule.mode is Mode.OFF:
        return
    told = rule if decides else replace(rule, mode=Mode.SUGGEST)
    yield Finding(told, None, case.person.emp_no, **said)  # type: ignore[arg-type]


def _practises(case: Granting, world: World) -> Iterator[Finding]:
    if case.person.standing is not Standing.PRACTISING:
        why = (reason(ReasonKey.NOT_PRACTISING),)
        yield from _finding(case, world.rule("P01"), decides=True, reasons=why)


def _registered(case: Granting, world: World) -> Iterator[Finding]:
    """Over at the beginning: forbids. Over before the right ends: told."""
    until = case.person.registered_until
    if until is None or (case.ends is not None and case.ends <= until):
        return
    is_over = until <= case.begins
    key = ReasonKey.REGISTRATION_ENDED if is_over else ReasonKey.REGISTRATION_ENDS
    why = (reason(key, at=until),)
    yield from _finding(case, world.rule("P02"), decides=is_over, reasons=why)


def _in_scope(case: Granting, world: World) -> Iterator[Finding]:
    scopes = case.person.scopes_at(case.begins.timestamp())
    wanted = case.demands.scopes
    if wanted and scopes is not None and not wanted & scopes:
        missing = tuple(sorted(wanted))
        yield from _finding(case, world.rule("P03"), decides=False, missing=missing)


def _in_place(case: Granting, world: World) -> Iterator[Finding]:
    places = case.person.campuses_at(case.begins.timestamp())
    is_asked = world.placed is None or case.campus in world.placed
    if case.campus and is_asked and places is not None and case.campus not in places:
        why = (reason(ReasonKey.OTHER_PLACE),)
        yield from _finding(case, world.rule("P04"), decides=False, reasons=why)


def _title(case: Granting, world: World) -> Iterator[Finding]:
    needed, held = case.demands.min_rank, case.person.title_rank
    if held < needed:
        decides = case.demands.title_decides
        rule = world.rule("G01")
        yield from _finding(case, rule, decides=decides, needed=needed, held=held)


def _prerequisites(case: Granting, world: World) -> Iterator[Finding]:
    missing = tuple(one for one in case.demands.requires if one not in case.held)
    if missing:
        decides = case.prerequisites_decide
        yield from _finding(case, world.rule("G02"), decides=decides, missing=missing)


def _trained(case: Granting, world: World) -> Iterator[Finding]:
    """An exam that is demanded decides, a course that is only to be attended warns.

    Not asked where the hospital keeps no records here.
    """
    records = case.person.trainings
    if records is None:
        return
    good = [one for one in records if one.counts_at(case.begins)]
    passed = {one.course for one in good if one.is_exam}
    attended = {one.course for one in good}
    exams = tuple(one for one in case.demands.exams if one not in passed)
    courses = tuple(
        one
        for one in case.demands.trainings
        if one not in attended and one not in exams
    )
    rule = world.rule("G03")
    if exams:
        yield from _finding(case, rule, decides=True, missing=exams)
    if courses:
        yield from _finding(case, rule, decides=False, missing=courses)


def _certified(case: Granting, world: World) -> Iterator[Finding]:
    """Not asked where the hospital keeps no certificates here."""
    if case.person.certificates is None:
        return
    good = case.person.certified_at(case.begins)
    missing = tuple(one for one in case.demands.certificates if one not in good)
    if missing:
        yield from _finding(case, world.rule("G04"), decides=True, missing=missing)


def _item(case: Granting, world: World) -> Iterator[Finding]:
    """S01 to S04 of the procedure an item line is about, and S05's right beside it."""
    if case.item is None:
        return
    entry = world.entry(case.item, case.begins.timestamp())
    if entry is None:
        yield from _about(case, world, "S01", ReasonKey.UNLISTED)
        return
    facts: ProcedureFacts = entry.facts
    if not facts.is_enabled:
        yield from _about(case, world, "S03", ReasonKey.STOPPED)
    elif facts.grade <= 0:
        yield from _about(case, world, "S02", ReasonKey.UNGRADED, decides=False)
    elif facts.is_restricted and case.demands.privilege == RESTRICTED_RIGHT:
        if not facts.is_filed:
            yield from _about(case, world, "S04", ReasonKey.UNFILED, decides=False)
    elif facts.is_restricted and case.demands.privilege in RESTRICTED_ITEMS:
        yield from _about(case, world, "S05", ReasonKey.RESTRICTED, decides=False)


def _about(
    case: Granting, world: World, rule: str, key: ReasonKey, *, decides: bool = True
) -> Iterator[Finding]:
    code = case.item or ""
    why: tuple[Reason, ...] = (reason(key, procedure=code),)
    yield from _finding(
        case, world.rule(rule), decides=decides, procedure_code=code, reasons=why
    )


QUESTIONS: tuple[Callable[[Granting, World], Iterator[Finding]], ...] = (
    _practises,
    _registered,
    _in_scope,
    _in_place,
    _title,
    _prerequisites,
    _trained,
    _certified,
    _item,
)
