"""Pulling HIS master data into our read-only copy.

On the other side: ``V_YW_DOCTOR`` and ``V_YW_PRIV_DICT`` of ``portal.his.contract``.
The HIS is read with no transaction open; then one transaction takes the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from portal.audit.stamp import changing
from portal.directory.models import QuarantinedRow, SyncRun
from portal.directory.targets import HisPrivilegeTarget, PractitionerTarget
from portal.his.contract.interfaces import V_YW_DOCTOR, V_YW_PRIV_DICT
from portal.his.contract.shape import View
from portal.his.gateway import HisMisconfigured, HisReader, HisUnavailable
from portal.his.pull.dictionary import Difference, PullRefused, PullTarget, compare

Record = TypeVar("Record")

TRIES = 3  # a pull that meets another one starts over from reading


def pull_doctors(*, gateway: HisReader, at: datetime) -> SyncRun:
    """Departments and practitioners as the HIS has them; the run says how it went."""
    return pull(V_YW_DOCTOR, gateway.doctors, PractitionerTarget(at), at=at)


def pull_privileges(*, gateway: HisReader, at: datetime) -> SyncRun:
    """The HIS's own privilege dictionary; the run says how it went."""
    return pull(V_YW_PRIV_DICT, gateway.privileges, HisPrivilegeTarget(at), at=at)


def pull(
    view: View,
    read: Callable[[], Iterable[Record]],
    target: PullTarget[Record],
    *,
    at: datetime,
) -> SyncRun:
    """One pull of one dictionary; what failed is recorded and changes nothing."""
    run = SyncRun.objects.create(view=view.name, started_at=at)
    try:
        take_over(view, read, target, run)
    except (HisUnavailable, HisMisconfigured, PullRefused) as problem:
        run.error = str(problem)[:200]
        run.ended_at = timezone.now()
        run.save()
    return run


def take_over(
    view: View,
    read: Callable[[], Iterable[Record]],
    target: PullTarget[Record],
    run: SyncRun,
) -> None:
    """Compare and apply; start over when another pull came in between."""
    for _try in range(TRIES):
        known = target.known()
        difference = compare(view, read(), known)
        try:
            with transaction.atomic():
                lock(view)
                if target.known() == known:
                    with changing():
                        target.apply(difference)
                    record(run, difference)
                    return
        except IntegrityError:
            # Two first pulls at the same moment, before there was a row to lock.
            continue
    raise PullRefused(_("另一次拉取正在进行"))


def lock(view: View) -> None:
    """Pulls of one view follow one another: its oldest run is the lock of all."""
    oldest = SyncRun.objects.filter(view=view.name).order_by("id")
    oldest.select_for_update().first()


def record(run: SyncRun, difference: Difference[Record]) -> None:
    run.read = difference.read
    run.added = len(difference.added)
    run.changed = len(difference.changed)
    run.vanished = len(difference.vanished)
    run.quarantined = len(difference.quarantined)
    run.is_ok = True
    run.ended_at = timezone.now()
    run.save()
    QuarantinedRow.objects.bulk_create(
        QuarantinedRow(
            run=run, key=bad.key[:100], column=bad.column, reason=bad.reason.value
        )
        for bad in difference.quarantined
    )
