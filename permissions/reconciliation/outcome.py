"""What every act on drifts shares: which it is about, what came of each, what is noted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from permissions.enums import DriftAct
from permissions.models import Drift, DriftDecision
from permissions.reconciliation.keeping import ROWS_AT_ONCE, STILL_THERE, chunks
from portal.accounts.models import User
from portal.audit.refusing import Text

MOST = 2_000  # of one act
IN_HAND = _("正在修复，或已有结论")
NOT_THERE = _("所选差异已不在，请刷新列表。")
ON_ITS_WAY = _("这一项有变更正在送往 HIS")
NOT_SO_ANY_MORE = _("本院台账此后有变，请重新比对")
NO_CALL = _("本院已暂停而 HIS 没有这一行：两边都无权，恢复授权后再修复")


@dataclass
class Outcome:
    """How many were done; why others were not, by key."""

    done: int = 0
    left: dict[int, Text] = field(default_factory=dict)


def locked(chosen: Collection[int], outcome: Outcome | None = None) -> list[Drift]:
    """Those that are still there, in one order, so that two acts follow one another;
    the ``outcome`` says of the others that they are not."""
    rows = Drift.objects.select_for_update().filter(STILL_THERE)
    keys = sorted(set(chosen))[:MOST]
    found = [
        drift
        for some in chunks(keys)
        for drift in rows.filter(pk__in=some).order_by("pk")
    ]
    if outcome is not None:
        gone = set(keys) - {drift.pk for drift in found}
        outcome.left.update(dict.fromkeys(sorted(gone), NOT_THERE))
    return found


def in_parts(
    does: Callable[..., Outcome],
    keys: Sequence[int],
    *,
    by: User,
    at: datetime,
    reason: str,
) -> Outcome:
    """However many there are, each act is about as many as one may be; a transaction
    for each."""
    whole = Outcome()
    for start in range(0, len(keys), MOST):
        one = does(chosen=keys[start : start + MOST], by=by, at=at, reason=reason)
        whole.done += one.done
        whole.left.update(one.left)
    return whole


def note_all(
    drifts: Sequence[Drift], act: DriftAct, *, by: User, at: datetime, reason: str
) -> None:
    rows = [
        DriftDecision(drift=one, act=act, by=by, recorded_at=at, note=reason)
        for one in drifts
    ]
    DriftDecision.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)


def note(
    drift: Drift, act: DriftAct, *, by: User, at: datetime, reason: str
) -> DriftDecision:
    return DriftDecision.objects.create(
        drift=drift, act=act, by=by, recorded_at=at, note=reason
    )
