"""What a check is asked and what it knows: plain facts, no database behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# Privileges that let a surgeon operate: the grade each one reaches (domain 2.3).
# Grades 1 and 2 are granted as a class, 3 and 4 procedure by procedure (GR06).
CLASS_PRIVILEGES = {"SG01": 1, "SG02": 2}
ITEM_PRIVILEGES = {"SG03": 3, "SG04": 4}
OPERATING_PRIVILEGES = CLASS_PRIVILEGES | ITEM_PRIVILEGES
ASSISTING = "SG07"
RESTRICTED = "RT01"
RELEVANT_PRIVILEGES = frozenset({*OPERATING_PRIVILEGES, ASSISTING, RESTRICTED})


class Standing(StrEnum):
    """Whether the surgeon may practise here at all."""

    PRACTISING = "PRACTISING"
    NOT_PRACTISING = "NOT_PRACTISING"
    UNKNOWN_PERSON = "UNKNOWN_PERSON"


class Status(StrEnum):
    """What happened to a grant; its dates speak for themselves."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"
    VOID = "VOID"


class Setting(StrEnum):
    ALL = "ALL"
    OUTPATIENT = "OUTP"
    EMERGENCY = "EMER"
    INPATIENT = "INP"
    OPERATING_ROOM = "OR"


class Urgency(StrEnum):
    """RESCUE is an emergency that is declared life-saving (GR10)."""

    ROUTINE = "ROUTINE"
    EMERGENCY = "EMERGENCY"
    RESCUE = "RESCUE"


class Phase(StrEnum):
    """How one grant stands at one moment."""

    IN_FORCE = "IN_FORCE"
    SUSPENDED = "SUSPENDED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    FUTURE = "FUTURE"
    VOID = "VOID"


@dataclass(frozen=True)
class ProcedureFacts:
    """A catalogue entry; grade 0 is ungraded."""

    code: str
    name: str
    grade: int
    is_enabled: bool = True
    is_restricted: bool = False


@dataclass(frozen=True)
class UnlistedProcedure:
    """A code the HIS asked about that our catalogue does not have."""

    code: str


@dataclass(frozen=True)
class GrantFacts:
    """One ledger line. ``valid_to`` is exclusive; ``changed_from`` is the moment
    from which a suspension or revocation holds."""

    privilege_code: str
    valid_from: datetime
    valid_to: datetime | None = None
    item_code: str = ""
    setting: Setting = Setting.ALL
    status: Status = Status.ACTIVE
    changed_from: datetime | None = None

    @property
    def reach(self) -> int:
        """The highest grade this line lets its holder operate; 0 for none."""
        return OPERATING_PRIVILEGES.get(self.privilege_code, 0)

    def covers(self, procedure: ProcedureFacts) -> bool:
        """Would this line, in force, let its holder operate this procedure?"""
        if procedure.is_restricted:
            return (
                self.privilege_code == RESTRICTED and self.item_code == procedure.code
            )
        if self.reach < procedure.grade:
            return False
        if self.privilege_code in CLASS_PRIVILEGES:
            return True
        return self.item_code == procedure.code

    def phase_at(self, moment: datetime) -> Phase:
        """How the line stands at ``moment``, as known now."""
        if self.status is Status.VOID:
            return Phase.VOID
        if self.valid_to is not None and self.valid_to <= moment:
            return self._ended_phase()
        if self._has_changed_at(moment):
            return Phase.REVOKED if self.status is Status.REVOKED else Phase.SUSPENDED
        return Phase.IN_FORCE if self.valid_from <= moment else Phase.FUTURE

    def _ended_phase(self) -> Phase:
        # A right taken away before its last day did not end by date.
        revoked_early = (
            self.status is Status.REVOKED
            and self.changed_from is not None
            and self.valid_to is not None
            and self.changed_from < self.valid_to
        )
        return Phase.REVOKED if revoked_early else Phase.EXPIRED

    def _has_changed_at(self, moment: datetime) -> bool:
        if self.status is Status.ACTIVE:
            return False
        return self.changed_from is None or self.changed_from <= moment


@dataclass(frozen=True)
class SurgeonFacts:
    """A surgeon with all lines that may matter. ``registered_until`` is exclusive."""

    standing: Standing
    grants: tuple[GrantFacts, ...] = ()
    registered_until: datetime | None = None

    def covering(self, procedure: ProcedureFacts) -> Iterator[GrantFacts]:
        return (grant for grant in self.grants if grant.covers(procedure))

    def ceiling_at(self, moment: datetime) -> int:
        """The highest grade of any operating right in force; 0 for none."""
        reaches = (
            grant.reach
            for grant in self.grants
            if grant.phase_at(moment) is Phase.IN_FORCE
        )
        return max(reaches, default=0)

    def assists_at(self, moment: datetime) -> bool:
        return any(
            grant.privilege_code == ASSISTING
            and grant.phase_at(moment) is Phase.IN_FORCE
            for grant in self.grants
        )
