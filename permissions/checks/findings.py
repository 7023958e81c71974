"""What a check answers: codes and structured reasons; the edge puts them in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from permissions.checks.codes import Code
from permissions.checks.question import Part
from permissions.checks.rules import RULES, Mode, Rule

Param: TypeAlias = str | int | datetime


class ReasonKey(StrEnum):
    NEEDS_CLASS = "NEEDS_CLASS"  # grade
    NEEDS_ITEM = "NEEDS_ITEM"  # grade, procedure
    NEEDS_RESTRICTED = "NEEDS_RESTRICTED"  # procedure
    HOLDS_IT = "HOLDS_IT"  # privilege
    CEILING = "CEILING"  # grade
    HOLDS_NOTHING = "HOLDS_NOTHING"
    LEARNS = "LEARNS"
    ASSISTS = "ASSISTS"
    ENDED = "ENDED"  # at
    SUSPENDED = "SUSPENDED"
    OVERDUE = "OVERDUE"  # at
    REVOKED = "REVOKED"
    BEGINS = "BEGINS"  # at
    UNLISTED = "UNLISTED"  # procedure
    UNGRADED = "UNGRADED"  # procedure
    STOPPED = "STOPPED"  # procedure
    UNFILED = "UNFILED"  # procedure
    RESTRICTED = "RESTRICTED"  # procedure
    NOT_PRACTISING = "NOT_PRACTISING"
    UNKNOWN_PERSON = "UNKNOWN_PERSON"
    REGISTRATION_ENDED = "REGISTRATION_ENDED"  # at
    REGISTRATION_ENDS = "REGISTRATION_ENDS"  # at
    OTHER_SCOPE = "OTHER_SCOPE"  # procedure
    OTHER_PLACE = "OTHER_PLACE"
    ASA = "ASA"  # asa, rank
    RESCUE = "RESCUE"


@dataclass(frozen=True)
class Reason:
    key: ReasonKey
    params: Mapping[str, Param] = field(default_factory=lambda: MappingProxyType({}))


def reason(key: ReasonKey, **params: Param) -> Reason:
    return Reason(key, MappingProxyType(params))


@dataclass(frozen=True, slots=True)
class Outcome:
    """One rule asked of one person or procedure. ``holds`` None: not known, or not
    asked at this door. ``code`` where it is another than the rule's own."""

    rule: str
    holds: bool | None
    emp_no: str = ""
    procedure: str = ""
    missing: tuple[str, ...] = ()
    code: Code | None = None
    needed: int = 0
    held: int = 0
    until: datetime | None = None
    # Privileges in force by which the rule holds.
    used: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the trace: what was asked, and the answer."""

    rule: str
    holds: bool | None
    emp_no: str = ""
    procedure: str = ""


@dataclass(frozen=True)
class Finding:
    """What one rule says of one person and procedure.

    ``code`` None: a condition beside the right. ``needed`` and ``held`` are grades (or
    levels of a drug), 0 for none; ``missing`` names what would have to be there: codes
    of privileges, courses, or steps. ``until`` is the exclusive end of the right that
    lets the person act, None without end. ``instead_of`` is what the code would have
    been without the rescue.
    """

    rule: Rule
    code: Code | None
    emp_no: str = ""
    part: Part = Part.SURGEON
    procedure_code: str = ""
    needed: int = 0
    held: int = 0
    missing: tuple[str, ...] = ()
    until: datetime | None = None
    reasons: tuple[Reason, ...] = ()
    instead_of: Code | None = None
    # 2S with a supervisor in the team who holds the right.
    is_supervised: bool = False

    @property
    def blocks(self) -> bool:
        """Must the operation wait for this?"""
        if self.code is None:
            return self.rule.mode is Mode.MUST
        return not self.code.lets_through and not self.is_supervised

    @property
    def remedy(self) -> str:
        """The next step, in Chinese; empty when nothing is missing."""
        if self.code is Code.ALLOWED:
            return ""
        if self.code is Code.OVERRIDE and self.rule.id != "A06":
            return RULES["S12"].remedy
        return self.rule.remedy

    @property
    def source(self) -> str:
        return self.rule.source
