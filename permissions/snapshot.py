"""The facts a check needs, read from the ledger as it stands now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from permissions.checks.facts import (
    RELEVANT_PRIVILEGES,
    GrantFacts,
    ProcedureFacts,
    Setting,
    Standing,
    Status,
    SurgeonFacts,
    UnlistedProcedure,
)
from permissions.models import GrantState
from portal.directory.models import Practitioner
from portal.parameters.days import end_of
from surgery.models import Procedure
from surgery.queries import procedures_by_code


@dataclass(frozen=True)
class Snapshot:
    """Who and what was asked about, at the moment of reading."""

    surgeon: SurgeonFacts
    procedures: tuple[ProcedureFacts | UnlistedProcedure, ...]
    read_at: datetime


def facts_for(practitioner: Practitioner | None, codes: Sequence[str]) -> Snapshot:
    """Facts of one surgeon and the procedures in the order asked; two queries."""
    listed = procedures_by_code(codes)
    return Snapshot(
        surgeon=_surgeon(practitioner),
        procedures=tuple(
            _procedure(listed[code]) if code in listed else UnlistedProcedure(code)
            for code in codes
        ),
        read_at=timezone.now(),
    )


def _surgeon(practitioner: Practitioner | None) -> SurgeonFacts:
    if practitioner is None:
        return SurgeonFacts(Standing.UNKNOWN_PERSON)
    if not practitioner.is_practising:
        return SurgeonFacts(Standing.NOT_PRACTISING)
    states = (
        GrantState.objects.filter(
            practitioner=practitioner, privilege__code__in=RELEVANT_PRIVILEGES
        )
        .select_related("privilege", "last_event")
        .order_by("pk")
    )
    return SurgeonFacts(
        standing=Standing.PRACTISING,
        grants=tuple(_grant(state) for state in states),
        # The HIS gives the last day; that day still counts.
        registered_until=end_of(practitioner.license_valid_to),
    )


def _grant(state: GrantState) -> GrantFacts:
    status = Status(state.status)
    changed = status in {Status.SUSPENDED, Status.REVOKED}
    return GrantFacts(
        privilege_code=state.privilege.code,
        item_code=state.item_code,
        valid_from=state.valid_from,
        valid_to=state.valid_to,
        setting=Setting(state.setting),
        status=status,
        changed_from=state.last_event.effective_at if changed else None,
    )


def _procedure(procedure: Procedure) -> ProcedureFacts:
    return ProcedureFacts(
        code=procedure.code,
        name=procedure.name,
        grade=procedure.grade,
        is_enabled=procedure.is_enabled,
        is_restricted=procedure.is_restricted,
    )
