"""The switch that stops pushing while a HIS is upgraded, and lets it go on.

What is approved meanwhile is promised as always and waits; nothing of it is lost. What a
worker has in its hands when the switch is set, a few messages, may still be sent.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_noop as _

from portal.accounts.models import User
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.his.targets import targets
from portal.outbox.bell import nudge_on_commit
from portal.outbox.models import EVERY_TARGET, TargetState
from portal.outbox.reasons import NotPossible, checked

UNFROZEN = {
    "frozen_at": None,
    "frozen_by": None,
    "frozen_reason": "",
    "frozen_until": None,
}


@transaction.atomic
def freeze(
    *,
    target: str = EVERY_TARGET,
    by: User,
    at: datetime,
    reason: str,
    until: datetime | None = None,
) -> TargetState:
    """Send nothing to a target (``*``: to none), until a moment or until thawed.

    Raises NotPossible without a reason, for an end in the past, for a target nobody
    knows, and for one that is frozen already.
    """
    reason = checked(reason)
    if target not in {EVERY_TARGET, *targets()}:
        raise NotPossible(_("没有这个对接目标。"))
    if until is not None and until <= at:
        raise NotPossible(_("结束时间应晚于现在。"))
    row = locked(target)
    if row.is_frozen(at):
        raise NotPossible(_("已经冻结；要改原因或时间，请先恢复推送。"))
    row.frozen_at, row.frozen_by = at, by
    row.frozen_reason, row.frozen_until = reason, until
    row.save(update_fields=UNFROZEN)
    note(EventKind.TARGET_FROZEN, row, by, reason, until)
    return row


@transaction.atomic
def thaw(
    *, target: str = EVERY_TARGET, by: User, at: datetime, reason: str
) -> TargetState:
    """Let a target be told again; what waited goes at once.

    Raises NotPossible without a reason and for a target that is not frozen.
    """
    reason = checked(reason)
    row = locked(target)
    if not row.is_frozen(at):
        raise NotPossible(_("没有冻结，不需要恢复。"))
    for name, value in UNFROZEN.items():
        setattr(row, name, value)
    row.save(update_fields=UNFROZEN)
    note(EventKind.TARGET_THAWED, row, by, reason, None)
    for name in targets() if target == EVERY_TARGET else (target,):
        nudge_on_commit(name)
    return row


def locked(target: str) -> TargetState:
    TargetState.objects.get_or_create(name=target)
    return TargetState.objects.select_for_update().get(name=target)


def note(
    kind: EventKind,
    row: TargetState,
    by: User,
    reason: str,
    until: datetime | None,
) -> None:
    detail: dict[str, Any] = {"until": until.isoformat()} if until else {}
    record(kind, by=by, subject=("outbox.target", row.name), reason=reason, **detail)


def frozen(at: datetime) -> list[TargetState]:
    """What is frozen now, all targets at once in front; one query."""
    is_going_on = Q(frozen_until__isnull=True) | Q(frozen_until__gt=at)
    found = TargetState.objects.filter(is_going_on, frozen_at__isnull=False)
    return list(found.select_related("frozen_by").order_by("name"))
