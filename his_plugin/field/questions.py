"""From what the form says to a verdict of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from permissions.checks.engine import Verdict, check
from permissions.checks.facts import (
    ProcedureFacts,
    Setting,
    UnlistedProcedure,
    Urgency,
)
from permissions.checks.question import Member, Question
from permissions.checks.world import World
from permissions.snapshot import world_for
from portal.directory.models import Practitioner
from portal.directory.queries import practitioner_by_emp_no
from surgery.enums import Nature

# Where an operation is ordered when the station does not say.
SETTING_OF = {"MZ": Setting.OUTPATIENT, "ZY": Setting.INPATIENT}


@dataclass(frozen=True)
class Asked:
    """One surgeon, the procedures of one application, one moment."""

    surgeon: str
    procedures: Sequence[str]
    planned_at: datetime
    nature: Nature
    is_rescue: bool
    setting: Setting

    @property
    def urgency(self) -> Urgency:
        if self.nature is not Nature.EMERGENCY:
            return Urgency.ROUTINE
        return Urgency.RESCUE if self.is_rescue else Urgency.EMERGENCY


@dataclass(frozen=True)
class Answer:
    """The verdict and what it speaks of."""

    asked: Asked
    surgeon: Practitioner | None
    procedures: Sequence[ProcedureFacts | UnlistedProcedure]
    verdict: Verdict
    read_at: datetime


def answer(asked: Asked) -> Answer:
    """Ask the engine, on the ledger as it stands now."""
    question = Question(
        team=(Member(asked.surgeon),),
        moment=asked.planned_at,
        procedures=tuple(asked.procedures),
        setting=asked.setting,
        urgency=asked.urgency,
    )
    read_at = timezone.now()
    world = world_for(question)
    return Answer(
        asked,
        practitioner_by_emp_no(asked.surgeon),
        [_listed(world, code, question.instant) for code in asked.procedures],
        check(question, world),
        read_at,
    )


def _listed(world: World, code: str, at: float) -> ProcedureFacts | UnlistedProcedure:
    entry = world.entry(code, at)
    return entry.facts if entry else UnlistedProcedure(code)
