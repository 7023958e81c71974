"""What a check answers: codes and structured reasons; the edge puts them in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from permissions.checks.codes import Code

Param: TypeAlias = str | int | datetime


class ReasonKey(StrEnum):
    NEEDS_CLASS = "NEEDS_CLASS"  # grade
    NEEDS_ITEM = "NEEDS_ITEM"  # grade, procedure
    NEEDS_RESTRICTED = "NEEDS_RESTRICTED"  # procedure
    HOLDS_IT = "HOLDS_IT"  # privilege
    CEILING = "CEILING"  # grade
    HOLDS_NOTHING = "HOLDS_NOTHING"
    ASSISTS = "ASSISTS"
    ENDED = "ENDED"  # at
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"
    BEGINS = "BEGINS"  # at
    UNLISTED = "UNLISTED"  # procedure
    UNGRADED = "UNGRADED"  # procedure
    STOPPED = "STOPPED"  # procedure
    RESTRICTED = "RESTRICTED"  # procedure
    NOT_PRACTISING = "NOT_PRACTISING"
    UNKNOWN_PERSON = "UNKNOWN_PERSON"
    REGISTRATION_ENDED = "REGISTRATION_ENDED"  # at
    RESCUE = "RESCUE"


class Remedy(StrEnum):
    """The next step that lets the doctor go on working."""

    NONE = "NONE"
    APPLY = "APPLY"
    RENEW = "RENEW"
    OTHER_SURGEON = "OTHER_SURGEON"
    OTHER_PROCEDURE = "OTHER_PROCEDURE"
    ASK_OFFICE = "ASK_OFFICE"
    MAKE_UP = "MAKE_UP"


@dataclass(frozen=True)
class Reason:
    key: ReasonKey
    params: Mapping[str, Param] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Finding:
    """One procedure's answer.

    ``needed`` and ``held`` are grades, 0 for none; ``until`` is the exclusive end of
    the right that lets the surgeon operate, None without end. ``instead_of`` is what
    the code would have been without the rescue.
    """

    procedure_code: str
    code: Code
    needed: int
    held: int
    until: datetime | None
    reasons: tuple[Reason, ...]
    remedy: Remedy
    instead_of: Code | None = None


@dataclass(frozen=True)
class Verdict:
    """The findings of all procedures; the most severe speaks for all."""

    findings: tuple[Finding, ...]
    moment: datetime

    @property
    def code(self) -> Code:
        codes = [finding.code for finding in self.findings]
        return max(codes, key=lambda code: code.severity)

    @property
    def blocking(self) -> tuple[Finding, ...]:
        return tuple(
            finding for finding in self.findings if not finding.code.lets_through
        )
