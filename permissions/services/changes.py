"""What happens to a right once it is granted: suspend, restore, revoke, void.

``seen`` is the last event the person had before them: when another one has been added
since, the act is refused. Nothing is ever deleted.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from permissions.enums import EventKind, GrantStatus, ReasonCode
from permissions.models import GrantEvent, GrantState
from permissions.queries.ledger import POSSIBLE_IN
from permissions.services import rules
from permissions.services.ledger import locked_practitioner, write
from permissions.services.refusals import (
    AlreadyEnded,
    ChangedMeanwhile,
    NotInThatState,
    OwnRight,
    ReasonCodeMissing,
)
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.parameters.days import last_day_of
from portal.ui.moments import write_moment

NEEDS_CODE = frozenset({EventKind.SUSPEND, EventKind.REVOKE})


@transaction.atomic
def suspend(
    *,
    state: GrantState,
    by: User,
    at: datetime,
    reason_code: ReasonCode | str,
    reason: str,
    seen: int | None = None,
) -> GrantEvent:
    """暂停: the right does not hold until it is restored."""
    return _change(
        EventKind.SUSPEND,
        state,
        by,
        at,
        reason_code=reason_code,
        reason=reason,
        seen=seen,
    )


@transaction.atomic
def restore(
    *,
    state: GrantState,
    by: User,
    at: datetime,
    reason: str,
    reason_code: ReasonCode | str = "",
    seen: int | None = None,
) -> GrantEvent:
    """恢复: the right holds again, with the dates it had."""
    if by.practitioner_id == state.practitioner_id:
        raise OwnRight
    return _change(
        EventKind.RESTORE,
        state,
        by,
        at,
        reason_code=reason_code,
        reason=reason,
        seen=seen,
    )


@transaction.atomic
def revoke(
    *,
    state: GrantState,
    by: User,
    at: datetime,
    reason_code: ReasonCode | str,
    reason: str,
    seen: int | None = None,
) -> GrantEvent:
    """取消: the right ends at this moment; before, it was valid."""
    return _change(
        EventKind.REVOKE,
        state,
        by,
        at,
        reason_code=reason_code,
        reason=reason,
        seen=seen,
    )


@transaction.atomic
def void(
    *,
    state: GrantState,
    by: User,
    at: datetime,
    reason: str,
    reason_code: ReasonCode | str = "",
    seen: int | None = None,
) -> GrantEvent:
    """作废: entered in error; as known from now on it was never valid."""
    return _change(
        EventKind.VOID, state, by, at, reason_code=reason_code, reason=reason, seen=seen
    )


def _change(
    kind: EventKind,
    state: GrantState,
    by: User,
    at: datetime,
    *,
    reason_code: ReasonCode | str,
    reason: str,
    seen: int | None,
) -> GrantEvent:
    text = rules.clear_reason(reason)
    code = _code_for(kind, reason_code)
    current = _locked(state)
    _must_be_as_seen(current, seen)
    _must_be_possible(kind, current, at)
    event = GrantEvent(
        grant=current.grant,
        kind=kind,
        effective_at=at,
        recorded_at=at,
        by=by,
        reason_code=code,
        reason=text,
    )
    with acting(by=by, reason=text):
        write(event, current, by=by)
    return event


def _code_for(kind: EventKind, reason_code: ReasonCode | str) -> str:
    if reason_code in ReasonCode.values:
        return str(ReasonCode(reason_code).value)
    if kind in NEEDS_CODE or reason_code:
        raise ReasonCodeMissing
    return ""


def _locked(state: GrantState) -> GrantState:
    """The state as it stands now, its practitioner locked."""
    practitioner = locked_practitioner(state.practitioner_id)
    current = GrantState.objects.select_related(
        "grant__privilege", "privilege", "last_event__by"
    ).get(pk=state.pk)
    current.practitioner = current.grant.practitioner = practitioner
    return current


def _must_be_as_seen(state: GrantState, seen: int | None) -> None:
    if seen is not None and seen != state.last_event_id:
        last = state.last_event
        raise ChangedMeanwhile(
            state.get_status_display(), last.by.name, write_moment(last.recorded_at)
        )


def _must_be_possible(kind: EventKind, state: GrantState, at: datetime) -> None:
    if GrantStatus(state.status) not in POSSIBLE_IN[kind]:
        raise NotInThatState(kind.label, state.get_status_display())
    # What was entered in error is said to be so even after its last day.
    has_ended = state.valid_to is not None and state.valid_to <= at
    last_day = last_day_of(state.valid_to)
    if kind is not EventKind.VOID and has_ended and last_day is not None:
        raise AlreadyEnded(kind.label, last_day)
