"""What a check knows: plain facts, no database behind them.

Moments are aware datetimes, ends exclusive. ``None`` in a fact says "not known here":
a rule that needs it is not applied, and the trace says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import NamedTuple

from permissions.checks.grouping import (
    ASSISTING,
    OPERATING_PRIVILEGES,
    RELEVANT_PRIVILEGES,
    RESTRICTED,
)
from permissions.checks.words import Word

__all__ = [
    "ASSISTING",
    "OPERATING_PRIVILEGES",
    "RELEVANT_PRIVILEGES",
    "RESTRICTED",
    "Campus",
    "Certificate",
    "DrugFacts",
    "Ends",
    "ItemKind",
    "Line",
    "PersonFacts",
    "Phase",
    "Practice",
    "ProcedureFacts",
    "Role",
    "Setting",
    "Side",
    "Standing",
    "Status",
    "Terms",
    "Training",
    "UnlistedProcedure",
    "Urgency",
]


class Standing(Word):
    """Whether the person may practise here at all."""

    PRACTISING = "PRACTISING"
    NOT_PRACTISING = "NOT_PRACTISING"
    UNKNOWN_PERSON = "UNKNOWN_PERSON"


class Practice(Word):
    """How independent the licence is (1.6): whose orders need a countersign."""

    PHYSICIAN = "PHYSICIAN"
    ASSISTANT = "ASSISTANT"
    TRAINEE = "TRAINEE"


class Status(Word):
    """What happened to a grant; its dates speak for themselves."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"
    VOID = "VOID"


class Setting(Word):
    ALL = "ALL"
    OUTPATIENT = "OUTP"
    EMERGENCY = "EMER"
    INPATIENT = "INP"
    OPERATING_ROOM = "OR"


class Urgency(Word):
    """RESCUE is an emergency that is declared life-saving (GR10)."""

    ROUTINE = "ROUTINE"
    EMERGENCY = "EMERGENCY"
    RESCUE = "RESCUE"


class Role(Word):
    """What a line lets its holder do with the procedure."""

    ORDER = "ORDER"
    OPERATE = "OPERATE"
    OPERATE_SUPERVISED = "OPERATE_SUPERVISED"
    ASSIST = "ASSIST"
    SUPERVISE = "SUPERVISE"


class ItemKind(Word):
    NONE = ""
    PROCEDURE = "PROCEDURE"
    DRUG = "DRUG"
    DEVICE = "DEVICE"


class Side(Word):
    """Of a question: which side. Of a line: the only side it holds for."""

    ANY = ""
    LEFT = "LEFT"
    RIGHT = "RIGHT"
    UNILATERAL = "UNILATERAL"
    BILATERAL = "BILATERAL"


class Phase(Word):
    """How one grant stands at one moment."""

    IN_FORCE = "IN_FORCE"
    SUSPENDED = "SUSPENDED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    FUTURE = "FUTURE"
    VOID = "VOID"


Campus = str  # its code; "" where the hospital has one, or the door does not ask


@dataclass(frozen=True, slots=True)
class Regrading:
    """From ``starts`` on the grade is another. Where ``eased`` is a grade, lines that
    began before ``older_than`` (None: before it) answer to that one, until before
    ``eased_until``."""

    starts: datetime
    grade: int
    eased: int | None = None
    eased_until: datetime | None = None
    scopes: frozenset[str] = frozenset()
    older_than: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProcedureFacts:
    """A catalogue entry; grade 0 is ungraded. ``scopes`` are the registration scopes
    (执业范围) of which its surgeon needs one; empty when the catalogue names none.

    ``regradings`` follow in time what the other fields say; most entries have none.
    ``ended_at`` is the moment from which it is not in use any more; what is asked of an
    earlier one is answered as it was.
    """

    code: str
    name: str
    grade: int
    is_enabled: bool = True
    is_restricted: bool = False
    is_filed: bool = True
    is_day_surgery: bool | None = None
    scopes: frozenset[str] = frozenset()
    regradings: tuple[Regrading, ...] = ()
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnlistedProcedure:
    """A code the HIS asked about that our catalogue does not have."""

    code: str


@dataclass(frozen=True, slots=True)
class Terms:
    """One ledger line without its item: thousands of lines share one.

    ``changed_from`` is the moment from which a suspension or revocation holds,
    ``resumes_at`` the exclusive end of a suspension that ends by itself,
    ``assessment_due`` the exclusive end of the time the last assessment is good for.
    ``start``, ``end``, ``changed`` and ``due`` are the same in seconds, for bisecting.
    """

    privilege: str
    valid_from: datetime
    valid_to: datetime | None = None
    status: Status = Status.ACTIVE
    changed_from: datetime | None = None
    resumes_at: datetime | None = None
    role: Role = Role.OPERATE
    setting: Setting = Setting.ALL
    campus: Campus = ""
    side: Side = Side.ANY
    item_kind: ItemKind = ItemKind.NONE
    assessment_due: datetime | None = None
    conditions: str = ""
    start: float = field(init=False, compare=False, repr=False)
    end: float = field(init=False, compare=False, repr=False)
    changed: float = field(init=False, compare=False, repr=False)
    resumes: float = field(init=False, compare=False, repr=False)
    due: float = field(init=False, compare=False, repr=False)
    # Counts wherever the operation is ordered.
    is_plain: bool = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "start", self.valid_from.timestamp())
        put(self, "end", _seconds(self.valid_to, inf))
        put(self, "changed", _seconds(self.changed_from, -inf))
        put(self, "resumes", _seconds(self.resumes_at, inf))
        put(self, "due", _seconds(self.assessment_due, inf))
        everywhere = self.setting in (Setting.ALL, Setting.OPERATING_ROOM)
        put(self, "is_plain", everywhere and not self.campus and not self.side)

    def phase_at(self, at: float) -> Phase:
        """How the line stands at ``at`` (seconds), as known now."""
        if self.status is Status.VOID:
            return Phase.VOID
        if self.end <= at:
            # A right taken away before its last day did not end by date.
            early = self.changed_from is not None and self.changed < self.end
            is_revoked = self.status is Status.REVOKED and early
            return Phase.REVOKED if is_revoked else Phase.EXPIRED
        if self.status is not Status.ACTIVE and self.changed <= at < self.resumes:
            is_revoked = self.status is Status.REVOKED
            return Phase.REVOKED if is_revoked else Phase.SUSPENDED
        return Phase.IN_FORCE if self.start <= at else Phase.FUTURE

    def counts_in(self, context: Context) -> bool:
        """Does the line count for this place and side?"""
        if self.setting not in context.settings:
            return False
        if self.campus and context.campus and self.campus != context.campus:
            return False
        return context.side in ALLOWED_SIDES[self.side]


ALLOWED_SIDES = {
    Side.ANY: frozenset(Side),
    Side.LEFT: frozenset({Side.ANY, Side.LEFT}),
    Side.RIGHT: frozenset({Side.ANY, Side.RIGHT}),
    Side.UNILATERAL: frozenset({Side.ANY, Side.LEFT, Side.RIGHT, Side.UNILATERAL}),
    Side.BILATERAL: frozenset({Side.ANY, Side.BILATERAL}),
}


class Context(NamedTuple):
    """Where the operation is ordered; a side or campus nobody asks about is empty."""

    setting: Setting
    is_urgent: bool
    campus: Campus
    side: Side

    @property
    def settings(self) -> frozenset[Setting]:
        """Settings whose lines count here."""
        counting = {Setting.ALL, Setting.OPERATING_ROOM, self.setting}
        if self.is_urgent:
            counting.add(Setting.EMERGENCY)
        return frozenset(counting)


class Line(NamedTuple):
    """One ledger line: its item ("" for a class or a flag) and its terms."""

    item: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class Training:
    """A course finished (2.4); ``valid_to`` exclusive, None without end."""

    course: str
    passed: bool = True
    valid_to: datetime | None = None
    valid_from: datetime | None = None
    # Attended alone, without an exam, it is no exam passed.
    is_exam: bool = True

    def counts_at(self, moment: datetime) -> bool:
        has_begun = self.valid_from is None or self.valid_from <= moment
        return (
            self.passed
            and has_begun
            and (self.valid_to is None or moment < self.valid_to)
        )


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate held; ``valid_to`` exclusive, None without end."""

    kind: str
    valid_from: datetime
    valid_to: datetime | None = None

    def counts_at(self, moment: datetime) -> bool:
        is_over = self.valid_to is not None and self.valid_to <= moment
        return self.valid_from <= moment and not is_over


Ends = tuple[tuple[str, datetime], ...]  # code, exclusive end


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A practitioner with all lines. ``registered_until`` is exclusive.

    ``scopes`` and ``campuses`` are all that are registered; those that end by
    themselves have their end in ``scope_ends`` and ``campus_ends``.
    """

    emp_no: str
    standing: Standing = Standing.PRACTISING
    lines: tuple[Line, ...] = ()
    registered_until: datetime | None = None
    title_rank: int = 0
    practice: Practice = Practice.PHYSICIAN
    is_tcm: bool | None = None
    scopes: frozenset[str] | None = None
    campuses: frozenset[str] | None = None
    trainings: tuple[Training, ...] | None = None
    scope_ends: Ends = ()
    campus_ends: Ends = ()
    certificates: tuple[Certificate, ...] | None = None

    def certified_at(self, moment: datetime) -> frozenset[str]:
        """Kinds of certificates that are good at a moment."""
        held = self.certificates or ()
        return frozenset(one.kind for one in held if one.counts_at(moment))

    def scopes_at(self, at: float) -> frozenset[str] | None:
        """Registered scopes at a moment in seconds; None where they are not known."""
        return _lasting(self.scopes, self.scope_ends, at)

    def campuses_at(self, at: float) -> frozenset[str] | None:
        return _lasting(self.campuses, self.campus_ends, at)


@dataclass(frozen=True, slots=True)
class DrugFacts:
    """A drug of the HIS dictionary (domain 5). Levels: antibiotic 0–3, antitumor 0–2,
    psychotropic 0–2; ``kind`` 1 西药, 2 中成药, 3 饮片, 4 颗粒剂, 5 血液制品."""

    code: str
    name: str = ""
    kind: str = "1"
    antibiotic: int = 0
    antitumor: int = 0
    is_narcotic: bool = False
    psychotropic: int = 0
    is_toxic: bool = False
    is_radioactive: bool = False
    is_key_monitored: bool = False
    is_albumin: bool = False
    is_biologic: bool = False
    is_hormone: bool = False
    is_nutrition: bool = False
    is_high_alert: bool = False
    is_stopped: bool = False


def _lasting(
    codes: frozenset[str] | None, ends: Ends, at: float
) -> frozenset[str] | None:
    if not codes or not ends:
        return codes
    return codes - {code for code, end in ends if end.timestamp() <= at}


def _seconds(moment: datetime | None, otherwise: float) -> float:
    return otherwise if moment is None else moment.timestamp()
