"""What a check is asked: who, in which part, does what, where and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from permissions.checks.facts import Campus, Context, Setting, Side, Urgency
from permissions.checks.words import Word


class Part(Word):
    """What a person does in this operation or order; never the role of a grant."""

    SURGEON = "SURGEON"
    FIRST_ASSISTANT = "FIRST_ASSISTANT"
    SECOND_ASSISTANT = "SECOND_ASSISTANT"
    THIRD_ASSISTANT = "THIRD_ASSISTANT"
    SUPERVISOR = "SUPERVISOR"
    ANESTHETIST = "ANESTHETIST"
    ORDERER = "ORDERER"
    PRESCRIBER = "PRESCRIBER"


# Of these a person is in one room at a time (GR17).
AT_THE_TABLE = frozenset({Part.SURGEON, Part.ANESTHETIST})


# ASA classes Ⅰ to Ⅵ.
ASA_CLASSES = range(1, 7)


class NothingToCheck(Exception):
    """No procedure, drug or blood was named, or nobody who should handle it."""


@dataclass(frozen=True, slots=True)
class Member:
    """One person of the team."""

    emp_no: str
    part: Part = Part.SURGEON


@dataclass(frozen=True, slots=True)
class Booking:
    """An operation somebody is already planned for; ``ends_at`` exclusive."""

    emp_no: str
    part: Part
    starts_at: datetime
    ends_at: datetime
    room: str
    application_no: str = ""


@dataclass(frozen=True, slots=True)
class DrugOrder:
    """A drug as it is ordered. ``None``: the door does not ask.

    ``consulted_by`` is the expert who agreed to a special-grade antibiotic, empty when
    nobody did. ``doses`` counts single doses where the rule speaks of one dose.
    """

    drug: str
    days: float | None = None
    doses: int | None = None
    formulation: Formulation | None = None
    is_severe_pain: bool = False
    is_for_self: bool | None = None
    consulted_by: str | None = None
    countersigned_by: str | None = None
    is_first_regimen: bool | None = None


class Formulation(Word):
    INJECTION = "INJECTION"
    SUSTAINED_RELEASE = "SUSTAINED_RELEASE"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class BloodOrder:
    """Blood prepared for one patient within 24 h. ``approved_by``: step → staff no."""

    volume_ml: int
    approved_by: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        if self.volume_ml <= 0:
            raise NothingToCheck


@dataclass(frozen=True, slots=True)
class Question:
    """May this team do this, there, then?

    ``mdt_id`` and ``discussed_at``: ``None`` when the door does not ask, ``""`` or
    ``NOT_DISCUSSED`` when it asked and there is none. ``ends_at`` is when the room is
    free again. ``instant`` is the moment in seconds, ``context`` the place.
    """

    team: tuple[Member, ...]
    moment: datetime
    procedures: tuple[str, ...] = ()
    drug: DrugOrder | None = None
    blood: BloodOrder | None = None
    setting: Setting = Setting.INPATIENT
    urgency: Urgency = Urgency.ROUTINE
    campus: Campus = ""
    side: Side = Side.ANY
    is_day: bool = False
    mdt_id: str | None = None
    discussed_at: datetime | bool | None = None
    ordered_at: datetime | None = None
    ends_at: datetime | None = None
    room: str = ""
    asa: int | None = None
    booked: Sequence[Booking] = ()
    instant: float = field(init=False, compare=False, repr=False)
    context: Context = field(init=False, compare=False, repr=False)
    # Who, what and when, of the question asked most: one surgeon, one procedure, no
    # rescue. Slots are kept by name: this one lies first, beside the head.
    alone: tuple[str, str, float] | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not self.team or not (self.procedures or self.drug or self.blood):
            raise NothingToCheck
        if self.asa is not None and self.asa not in ASA_CLASSES:
            raise ValueError(f"ASA class {self.asa}")
        put = object.__setattr__
        is_urgent = self.urgency is not Urgency.ROUTINE
        put(self, "instant", self.moment.timestamp())
        put(self, "context", Context(self.setting, is_urgent, self.campus, self.side))
        put(self, "alone", self._alone())

    def _alone(self) -> tuple[str, str, float] | None:
        if len(self.team) != 1 or len(self.procedures) != 1 or self.campus:
            return None
        is_surgeon = self.team[0].part is Part.SURGEON
        if not is_surgeon or self.urgency is Urgency.RESCUE:
            return None
        return self.team[0].emp_no, self.procedures[0], self.instant

    @property
    def is_urgent(self) -> bool:
        return self.urgency is not Urgency.ROUTINE

    @property
    def people(self) -> frozenset[str]:
        """Everybody the question speaks of: the team, who signed, consulted, approved."""
        named = {member.emp_no for member in self.team}
        if self.drug is not None:
            signed = (self.drug.consulted_by, self.drug.countersigned_by)
            named |= {one for one in signed if one}
        if self.blood is not None and self.blood.approved_by:
            named |= {one for one in self.blood.approved_by.values() if one}
        return frozenset(named)

    def members(self, part: Part) -> tuple[Member, ...]:
        return tuple(member for member in self.team if member.part is part)


# Asked, and there was no discussion before the operation.
NOT_DISCUSSED = False


def surgeon(
    emp_no: str, procedures: Sequence[str], moment: datetime, **more: object
) -> Question:
    """One surgeon and what they plan."""
    return Question((Member(emp_no),), moment, tuple(procedures), **more)  # type: ignore[arg-type]
