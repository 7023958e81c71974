"""不处理, with a reason, and 重新处理: what else a person says of a drift."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from permissions.enums import DriftAct, DriftState
from permissions.models import Drift
from permissions.reconciliation.keeping import chunks
from permissions.reconciliation.outcome import IN_HAND, Outcome, locked, note_all
from portal.accounts.models import User
from portal.audit.refusing import clear_reason


@transaction.atomic
def ignore(*, chosen: Collection[int], by: User, at: datetime, reason: str) -> Outcome:
    """It stays on the list, but asks nobody any more while it is as it is."""
    return _decided(DriftState.OPEN, DriftState.IGNORED, chosen, by, at, reason)


@transaction.atomic
def reopen(*, chosen: Collection[int], by: User, at: datetime, reason: str) -> Outcome:
    """Somebody should look at it again."""
    return _decided(DriftState.IGNORED, DriftState.OPEN, chosen, by, at, reason)


def _decided(
    before: DriftState,
    after: DriftState,
    chosen: Collection[int],
    by: User,
    at: datetime,
    reason: str,
) -> Outcome:
    text, outcome = clear_reason(reason), Outcome()
    act = DriftAct.IGNORE if after is DriftState.IGNORED else DriftAct.REOPEN
    mine = []
    for drift in locked(chosen, outcome):
        if drift.state == before:
            mine.append(drift)
        else:
            outcome.left[drift.pk] = IN_HAND
    for some in chunks([drift.pk for drift in mine]):
        Drift.objects.filter(pk__in=some).update(state=after)
    note_all(mine, act, by=by, at=at, reason=text)
    outcome.done = len(mine)
    return outcome
