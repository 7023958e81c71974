"""From what the form says to a verdict of the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from his_plugin.field.demands import (
    Circumstances,
    Demands,
    PlannedProcedure,
    demands,
)
from permissions.checks.conditions import granted_for_day
from permissions.checks.engine import Verdict, check
from permissions.checks.facts import (
    ProcedureFacts,
    Setting,
    Side,
    UnlistedProcedure,
    Urgency,
)
from permissions.checks.question import Member, Part, Question
from permissions.checks.rules import Mode
from permissions.checks.world import World
from permissions.snapshot import world_for
from portal.directory.models import Practitioner
from surgery.enums import DeclaredRole, Nature, OperatedSide, Reoperation
from surgery.models import Procedure

INPATIENT_STATION = "ZY"
# Where an operation is ordered when the station does not say.
SETTING_OF = {"MZ": Setting.OUTPATIENT, INPATIENT_STATION: Setting.INPATIENT}
SIDE_OF = {
    OperatedSide.LEFT: Side.LEFT,
    OperatedSide.RIGHT: Side.RIGHT,
    OperatedSide.BOTH: Side.BILATERAL,
}
# Whoever comes after the third assists like the third.
ASSISTANTS = (Part.FIRST_ASSISTANT, Part.SECOND_ASSISTANT, Part.THIRD_ASSISTANT)


class Helper(NamedTuple):
    """Somebody beside the surgeon."""

    emp_no: str
    role: DeclaredRole


@dataclass(frozen=True)
class Asked:
    """One team, the procedures of one application, one moment.

    ``reoperation`` and ``technique`` decide no verdict, only what has to be filled in;
    so does ``station``, "" where none asks.
    """

    surgeon: str
    procedures: Sequence[str]
    planned_at: datetime
    nature: Nature
    is_rescue: bool
    setting: Setting
    team: Sequence[Helper] = ()
    side: str = ""
    reoperation: Reoperation | None = None
    technique: str = ""
    station: str = ""

    @property
    def is_inpatient(self) -> bool:
        """By the station as well: its patients are in a bed, whatever setting is sent."""
        in_bed = (Setting.INPATIENT, Setting.OPERATING_ROOM)
        return self.station == INPATIENT_STATION or self.setting in in_bed

    @property
    def members(self) -> tuple[Member, ...]:
        """The surgeon first, then the others as they were named."""
        members, assisting = [Member(self.surgeon)], 0
        for one in self.team:
            part = Part.SUPERVISOR
            if one.role is DeclaredRole.ASSIST:
                part = ASSISTANTS[min(assisting, len(ASSISTANTS) - 1)]
                assisting += 1
            members.append(Member(one.emp_no, part))
        return tuple(members)

    @property
    def urgency(self) -> Urgency:
        if self.nature is not Nature.EMERGENCY:
            return Urgency.ROUTINE
        return Urgency.RESCUE if self.is_rescue else Urgency.EMERGENCY


@dataclass(frozen=True)
class Answer:
    """The verdict and what it speaks of; ``people`` are those the directory knows."""

    asked: Asked
    question: Question
    people: Mapping[str, Practitioner]
    procedures: Sequence[ProcedureFacts | UnlistedProcedure]
    verdict: Verdict
    demands: Demands
    read_at: datetime

    @property
    def surgeon(self) -> Practitioner | None:
        return self.people.get(self.asked.surgeon)

    def name_of(self, emp_no: str) -> str:
        """The number speaks for itself where no name is known."""
        person = self.people.get(emp_no)
        return person.name if person else emp_no


def answer(asked: Asked) -> Answer:
    """Ask the engine, on the ledger as it stands now."""
    question = Question(
        team=asked.members,
        moment=asked.planned_at,
        procedures=tuple(asked.procedures),
        setting=asked.setting,
        urgency=asked.urgency,
        side=SIDE_OF.get(OperatedSide(asked.side), Side.ANY)
        if asked.side
        else Side.ANY,
    )
    read_at = timezone.now()
    world = world_for(question)
    people = Practitioner.objects.select_related("department").filter(
        emp_no__in=question.people
    )
    listed = [_listed(world, code, question.instant) for code in asked.procedures]
    return Answer(
        asked,
        question,
        {one.emp_no: one for one in people.order_by("pk")},
        listed,
        check(question, world),
        demands(_planned(listed), _circumstances(asked, _holds_day(question, world))),
        read_at,
    )


def _listed(world: World, code: str, at: float) -> ProcedureFacts | UnlistedProcedure:
    entry = world.entry(code, at)
    return entry.facts if entry else UnlistedProcedure(code)


def _planned(
    listed: Sequence[ProcedureFacts | UnlistedProcedure],
) -> list[PlannedProcedure]:
    """Grade and class as the check took them; the rest as the catalogue stands."""
    rows = Procedure.objects.filter(code__in=[one.code for one in listed]).order_by()
    beside = {
        code: (is_day, needs_side)
        for code, is_day, needs_side in rows.values_list(
            "code", "is_day_surgery", "needs_side"
        )
    }
    found = []
    for one in listed:
        if isinstance(one, UnlistedProcedure):
            found.append(PlannedProcedure(one.code))
            continue
        is_day, needs_side = beside.get(one.code, (False, False))
        found.append(
            PlannedProcedure(one.code, one.grade, one.is_restricted, is_day, needs_side)
        )
    return found


def _holds_day(question: Question, world: World) -> bool:
    """S17, asked whether or not day surgery is ticked: what may not be is not offered."""
    if world.rule("S17").mode is not Mode.MUST:
        return True
    by_day = replace(question, is_day=True)
    return all(one.holds for one in granted_for_day(by_day, world))


def _circumstances(asked: Asked, holds_day: bool) -> Circumstances:
    return Circumstances(
        asked.nature,
        is_rescue=asked.is_rescue,
        reoperation=asked.reoperation,
        technique=asked.technique,
        is_inpatient=asked.is_inpatient,
        holds_day=holds_day,
    )
