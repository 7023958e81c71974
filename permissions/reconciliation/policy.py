"""What the hospital has a drift do by itself, and the brake that keeps it from doing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Exists, OuterRef

from permissions.enums import DriftAct, DriftKind, DriftPolicy, DriftState, Part
from permissions.models import Drift, DriftDecision, Reconciliation
from permissions.reconciliation.adopting import adopt
from permissions.reconciliation.keeping import STILL_THERE, chunks
from permissions.reconciliation.repairing import repair
from permissions.reconciliation.seen import TARGETS_OF
from portal.accounts.services import system_account
from portal.parameters.queries import value_of
from portal.parameters.reconciling import (
    RECONCILE_GRADE_DIFFERENT,
    RECONCILE_GRADE_EXTRA,
    RECONCILE_GRADE_MISSING,
)
from portal.parameters.registry import (
    RECONCILE_BRAKE_PERCENT,
    RECONCILE_DIFFERENT,
    RECONCILE_EXTRA,
    RECONCILE_MISSING,
    Parameter,
)

PARAMETER_OF: Mapping[tuple[str, str], Parameter] = {
    (Part.RIGHTS, DriftKind.MISSING): RECONCILE_MISSING,
    (Part.RIGHTS, DriftKind.EXTRA): RECONCILE_EXTRA,
    (Part.RIGHTS, DriftKind.DIFFERENT): RECONCILE_DIFFERENT,
    (Part.GRADES, DriftKind.MISSING): RECONCILE_GRADE_MISSING,
    (Part.GRADES, DriftKind.EXTRA): RECONCILE_GRADE_EXTRA,
    (Part.GRADES, DriftKind.DIFFERENT): RECONCILE_GRADE_DIFFERENT,
}
# Below so many a share says nothing.
FEWEST = 3
DOES = {
    DriftPolicy.REPAIR: (repair, DriftAct.REPAIR),
    DriftPolicy.ADOPT: (adopt, DriftAct.ADOPT),
}
REASON = "医院参数：比对发现差异自动处置"


def policy_of(part: Part, kind: str) -> DriftPolicy:
    return DriftPolicy(value_of(PARAMETER_OF[part, kind]))


def is_too_much(one: Reconciliation) -> bool:
    """Rather the HIS restored an old backup, or its view is wrong.

    Of the rows that stand on either side: a HIS that shows very many that are over, or
    not ours, would have a look of nothing but differences seem a small share.
    """
    most = max(one.ours, one.ours - one.missing + one.extra)
    is_large = one.total * 100 > value_of(RECONCILE_BRAKE_PERCENT) * most
    return one.total >= FEWEST and is_large


def follow(part: Part, *, at: datetime) -> tuple[int, int]:
    """Repair and propose what the parameters say; how many of each.

    A drift once, whoever did it: what a person stopped or rejected since is not sent or
    proposed again. Some at a time, each in a transaction of its own: a person waits for
    none.
    """
    by = system_account()
    done_before = DriftDecision.objects.order_by()
    done = {DriftPolicy.REPAIR: 0, DriftPolicy.ADOPT: 0}
    for kind in DriftKind.values:
        policy = policy_of(part, kind)
        if policy is DriftPolicy.REPORT:
            continue
        act, name = DOES[policy]
        is_due = Drift.objects.filter(
            STILL_THERE,
            kind=kind,
            state=DriftState.OPEN,
            target__in=TARGETS_OF[part],
        ).exclude(Exists(done_before.filter(drift=OuterRef("pk"), act=name)))
        keys = list(is_due.order_by("emp_no", "pk").values_list("pk", flat=True))
        for some in chunks(keys):
            done[policy] += act(chosen=some, by=by, at=at, reason=REASON).done
    return done[DriftPolicy.REPAIR], done[DriftPolicy.ADOPT]
