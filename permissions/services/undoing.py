"""撤销: taking an act back where the law allows it. An undo is an event of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from permissions.enums import Category, EventKind, GrantKind
from permissions.models import GrantEvent, GrantState
from permissions.queries.ledger import end_before_last
from permissions.services.bookings import clear
from permissions.services.changes import Said, change, locked
from permissions.services.direct import grant
from permissions.services.lines import Line, of_terms
from permissions.services.persons import must_be_two
from permissions.services.refusals import ActRefused, ChangedMeanwhile
from permissions.services.refusals_of_acts import (
    AlreadyUndone,
    CannotUndo,
    TooLateToUndo,
)
from portal.accounts.models import User
from portal.parameters.days import day_of, last_day_of
from portal.parameters.queries import value_of
from portal.parameters.registry import UNDO_HOURS
from portal.ui.moments import write_moment

Refusal = Callable[[], ActRefused]
# What takes an event back on the same line.
BACK = {
    EventKind.GRANT: EventKind.VOID,
    EventKind.SUSPEND: EventKind.RESTORE,
    EventKind.RESTORE: EventKind.SUSPEND,
    EventKind.RENEW: EventKind.UNRENEW,
}
_BACK_BY_VALUE = {kind.value: back for kind, back in BACK.items()}


@transaction.atomic
def undo(
    *,
    event: GrantEvent,
    by: User,
    at: datetime,
    reason: str,
    second: User | None = None,
) -> GrantEvent:
    """Take the last act on a line back; what cannot be is refused with what to do.

    A direct grant is voided, a suspension restored, a restoration suspended again; a
    renewed line ends when it did before. A revocation stays; undone, the right is granted anew from now on, which an antibiotic
    right never is (REG06). Returns the event that took it back.
    """
    state = locked(GrantState.objects.get(grant=event.grant_id))
    kind = EventKind(event.kind)
    _must_be_the_last(event, state)
    must_be_undoable(state, at)
    must_not_be_undone(event)
    if kind is EventKind.RENEW:
        must_rest_on_nothing(state, at)
    if kind is EventKind.REVOKE:
        return _granted_anew(event, state, by, at, reason, second)
    back = BACK[kind]
    if back is EventKind.RESTORE:
        must_be_two(by, second, state.practitioner_id)
    code = _code_of_suspension(state) if back is EventKind.SUSPEND else ""
    said = Said(by, at, reason, code, second=second, undoes=event)
    return change(back, state, said)


def _must_be_the_last(event: GrantEvent, state: GrantState) -> None:
    last = state.last_event
    if last.pk != event.pk:
        raise ChangedMeanwhile(
            state.get_status_display(), last.by.name, write_moment(last.recorded_at)
        )


def _lowered() -> ActRefused:
    return CannotUndo(EventKind.DOWNGRADE.label, _("请按申请流程重新授权。"))


def _recoded() -> ActRefused:
    return CannotUndo(
        EventKind.RECODE.label, _("请到「手术目录 › 编码调整」撤销整份调整。")
    )


# Acts that are never taken back, and what to do instead.
_STAYS: dict[str, Refusal] = {
    EventKind.VOID.value: lambda: CannotUndo(
        EventKind.VOID.label, _("录错作废的，请重新授权。")
    ),
    EventKind.UNRENEW.value: lambda: CannotUndo(
        EventKind.UNRENEW.label, _("仍要续期的，请重新续期。")
    ),
    EventKind.DOWNGRADE.value: _lowered,
    EventKind.RECODE.value: _recoded,
}


def why_not_undoable(state: GrantState, at: datetime, *, hours: int) -> Refusal | None:
    """What keeps the last act on a line from being taken back, as a call that words it.

    ``hours``: UNDO_HOURS. Asks the database nothing, and makes no words: a list asks it
    for each of its rows.
    """
    event = state.last_event
    kind = event.kind
    if kind in _STAYS:
        return _STAYS[kind]
    if kind == EventKind.GRANT.value and state.grant.application_id is not None:
        return lambda: CannotUndo(_("审批授权"), _("录错的请作废，其余请取消。"))
    if kind == EventKind.GRANT.value and state.kind == GrantKind.DOWNGRADE.value:
        return _lowered
    # What follows another line and takes nothing back was carried on under a new code.
    if kind == EventKind.GRANT.value and state.grant.follows_id and not event.undoes_id:
        return _recoded
    if kind == EventKind.REVOKE.value and state.grant.privilege.category == Category.AB:
        return lambda: CannotUndo(
            _("取消抗菌药物权限"), _("期满后按申请流程重新授权。")
        )
    if at - event.recorded_at > timedelta(hours=hours):
        return lambda: TooLateToUndo(hours)
    return None


def must_be_undoable(state: GrantState, at: datetime) -> None:
    """Raise ActRefused if the last act on a line may not be taken back."""
    refusal = why_not_undoable(state, at, hours=value_of(UNDO_HOURS))
    if refusal is not None:
        raise refusal()


def must_not_be_undone(event: GrantEvent) -> None:
    """A revocation stays the last event of its line when the right is granted anew."""
    if GrantEvent.objects.filter(undoes=event).exists():
        raise AlreadyUndone


def must_rest_on_nothing(state: GrantState, at: datetime) -> None:
    """A renewal is taken back only before the former end, and before anybody assessed
    the right for the time it gave."""
    event = state.last_event
    ends = end_before_last(state.grant)
    if ends is not None and ends <= at:
        raise CannotUndo(
            EventKind.RENEW.label,
            _("原到期日 %(day)s 已过，不再延续的请取消。") % {"day": last_day_of(ends)},
        )
    if state.assessments.filter(recorded_at__gte=event.recorded_at).exists():
        raise CannotUndo(
            EventKind.RENEW.label, _("续期后已登记能力评估，不再延续的请取消。")
        )


def _code_of_suspension(state: GrantState) -> str:
    """Why the line was suspended that the undone restoration gave back."""
    suspended = GrantEvent.objects.filter(grant=state.grant, kind=EventKind.SUSPEND)
    return suspended.order_by("-effective_at", "-pk").values_list(
        "reason_code", flat=True
    )[0]


def _granted_anew(
    event: GrantEvent,
    state: GrantState,
    by: User,
    at: datetime,
    reason: str,
    second: User | None,
) -> GrantEvent:
    """The same right again, as a line that follows the revoked one."""
    follower = grant(
        practitioner=state.practitioner,
        line=line_anew(state, at),
        by=by,
        at=at,
        reason=reason,
        second=second,
        follows=state.grant,
        undoes=event,
    )
    clear(state.grant, by=by, at=at)
    return GrantEvent.objects.get(grant=follower)


def line_anew(state: GrantState, at: datetime) -> Line:
    """What was revoked, from now on to the end it had."""
    terms = state.grant
    return of_terms(
        terms,
        valid_from=day_of(at),
        valid_to=last_day_of(state.valid_to),
        kind=terms.kind if terms.visit_no else GrantKind.DIRECT,
    )


def undone_by_kind(state: GrantState) -> EventKind:
    """What takes the last act on a line back; GRANT: the right is granted anew."""
    return _BACK_BY_VALUE.get(state.last_event.kind, EventKind.GRANT)
