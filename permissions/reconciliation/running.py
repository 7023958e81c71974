"""Comparing everything: asked for, or every night. Nothing is left half-written.

One run looks at every part, each with a look of its own: what keeps one from being read
says nothing of the other, and each has its own counts, its own brake and its own trend.

The HIS is read to its end with no transaction open; only then is what was found written,
in one. A HIS that goes away in between leaves a look that says so, and what was known
before stays as it was.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from permissions.enums import DriftKind, Part
from permissions.models import Reconciliation
from permissions.reconciliation import grades, rights, telling
from permissions.reconciliation.keeping import keep
from permissions.reconciliation.policy import follow, is_too_much
from permissions.reconciliation.seen import NotCompared, Seen
from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.his.gateway import HisMisconfigured, HisReader, HisUnavailable
from portal.his.opening import from_settings
from portal.jobs.kinds import Report, work_of
from portal.jobs.models import Job
from portal.jobs.services import Overtaken, start
from portal.parameters.days import ZONE, day_of, start_of
from portal.parameters.queries import value_of
from portal.parameters.registry import RECONCILE_HOUR

logger = logging.getLogger(__name__)
KIND = "permissions.reconcile"
BETWEEN_TRIES = timedelta(hours=1)
# A look nobody has finished by then died with its worker.
LONGEST = timedelta(hours=1)
# An act may have begun before us and be committed while we read.
MARGIN = timedelta(minutes=1)
LOG_DAYS = timedelta(days=31)
NOT_FINISHED = _("比对中断，没有完成")
NOT_OFFERED = (grades.NO_INTERFACE, rights.NO_INTERFACE)
SAVING, FOLLOWING = _("保存结果"), _("按医院参数处置")


class Look(Protocol):
    """How a part is looked at: see ``rights.look``."""

    def __call__(
        self,
        gateway: HisReader,
        *,
        at: datetime,
        since: datetime,
        log_since: datetime,
        report: Report,
    ) -> Seen: ...


# In this order: the look somebody waits for is the last, and the longest.
LOOKS: Mapping[Part, Look] = {Part.GRADES: grades.look, Part.RIGHTS: rights.look}


@transaction.atomic
def ask(*, by: User, at: datetime) -> Reconciliation:
    """立即比对: a worker does it, or the page that waits; one asked for is enough."""
    waiting = Reconciliation.objects.filter(
        part=Part.RIGHTS, ended_at__isnull=True, by__isnull=False
    )
    found = waiting.filter(asked_at__gt=at - LONGEST).order_by("-pk").first()
    if found is not None:
        return found
    asked = Reconciliation.objects.create(part=Part.RIGHTS, asked_at=at, by=by)
    start(kind=KIND, about=asked.pk, needs=Capability.VIEW_HIS, by=by, at=at)
    return asked


def job_of(one: Reconciliation) -> Job | None:
    return Job.objects.filter(kind=KIND, about=one.pk).order_by("-pk").first()


@work_of(KIND)
def reconcile_asked(job: Job, report: Report) -> None:
    one = Reconciliation.objects.get(pk=job.about)
    if one.ended_at is not None:
        return
    taken = reconcile_all(
        gateway=from_settings(), at=timezone.now(), one=one, report=report
    )
    if one not in taken:
        # Another look is under way and answers it: what nobody takes up would keep
        # the next one from being asked for.
        one.delete()


def reconcile_if_due(*, gateway: HisReader, at: datetime) -> list[Reconciliation]:
    """The nightly one: once a day after the hospital's hour, and when the HIS could not
    be read again an hour later; the looks that were taken. A view the HIS does not
    offer is looked for the next night."""
    since = start_of(day_of(at)) + timedelta(hours=value_of(RECONCILE_HOUR))
    if at < since:
        return []
    today = Reconciliation.objects.filter(asked_at__gte=since)
    is_tried = Q(problem__in=NOT_OFFERED) | Q(asked_at__gt=at - BETWEEN_TRIES)
    is_done = Q(problem="") | is_tried
    done = set(today.filter(is_done).order_by().values_list("part", flat=True))
    looks = [
        reconcile(gateway=gateway, at=at, one=Reconciliation(part=part, asked_at=at))
        for part in LOOKS
        if part not in done
    ]
    return [one for one in looks if one is not None]


def silent(phase: str, done: int = 0, total: int = 0) -> None:
    """Nobody waits for it."""


def reconcile_all(
    *,
    gateway: HisReader,
    at: datetime,
    one: Reconciliation,
    report: Report = silent,
) -> list[Reconciliation]:
    """Every part, as ``one`` was asked for, which is the look at the last of them; those
    that were taken."""
    asked = {"asked_at": one.asked_at, "by": one.by}
    looks = [Reconciliation(part=part, **asked) for part in LOOKS if part != one.part]
    taken = [
        reconcile(gateway=gateway, at=at, one=look, report=report)
        for look in (*looks, one)
    ]
    return [look for look in taken if look is not None]


def reconcile(
    *,
    gateway: HisReader,
    at: datetime,
    one: Reconciliation | None = None,
    report: Report = silent,
) -> Reconciliation | None:
    """Read one part of the HIS and hold ours against it: that of ``one``, or all rights.
    None while another look at it is under way. Never raises for a HIS that is away: then the look says why."""
    mine = _begun(one, at)
    if mine is None:
        return None
    try:
        return _reconciled(mine, gateway, at, report)
    except (HisUnavailable, HisMisconfigured, NotCompared) as problem:
        return _failed(mine, str(problem))
    except Overtaken:
        raise
    except BaseException:
        _failed(mine, NOT_FINISHED)
        raise


def _begun(one: Reconciliation | None, at: datetime) -> Reconciliation | None:
    mine = one or Reconciliation(asked_at=at)
    dead = Reconciliation.objects.filter(
        part=mine.part, is_running=True, started_at__lt=at - LONGEST
    )
    dead.update(is_running=False, ended_at=at, problem=NOT_FINISHED)
    if mine.is_running:  # taken up again after its worker died
        return mine
    mine.started_at, mine.is_running = at, True
    try:
        with transaction.atomic():
            mine.save()
    except IntegrityError:
        return None
    return mine


def _ended(one: Reconciliation) -> None:
    """A clock that was set back must not end it before it began."""
    now = timezone.now()
    one.ended_at, one.is_running = max(now, one.started_at or now), False


def _failed(one: Reconciliation, problem: str) -> Reconciliation:
    _ended(one)
    one.problem = problem[:300]
    one.save()
    return one


def _reconciled(
    one: Reconciliation, gateway: HisReader, at: datetime, report: Report
) -> Reconciliation:
    part = Part(one.part)
    seen = LOOKS[part](
        gateway,
        at=at,
        since=at - MARGIN,
        log_since=_log_since(part, at),
        report=report,
    )
    report(SAVING)
    new = _written(one, seen, at)
    if new:
        logger.info("drift found", extra={"reconciliation": one.pk, "new": len(new)})
    if not one.is_braked:
        report(FOLLOWING)
        one.repaired, one.adopted = follow(part, at=at)
        one.save()
    return one


def _still_mine(one: Reconciliation) -> None:
    """One that took so long that it was given up may not write over a later look."""
    mine = Reconciliation.objects.select_for_update().filter(pk=one.pk)
    if not mine.filter(is_running=True).exists():
        raise NotCompared(NOT_FINISHED)


@transaction.atomic
def _written(one: Reconciliation, seen: Seen, at: datetime) -> list[int]:
    _still_mine(one)
    kept = keep(seen, Part(one.part), at)
    # What a person left as it is asks nobody: it neither brakes nor hides the trend.
    kinds = [drift.kind for key, drift in seen.found.items() if key not in kept.ignored]
    one.ignored = len(kept.ignored)
    one.ours, one.theirs, one.beside = seen.ours, seen.theirs, seen.beside
    one.on_the_way, one.unreadable = seen.on_the_way, seen.unreadable
    one.missing = kinds.count(DriftKind.MISSING)
    one.extra = kinds.count(DriftKind.EXTRA)
    one.different = kinds.count(DriftKind.DIFFERENT)
    one.found, one.gone = len(kept.new), kept.gone
    one.is_braked = is_too_much(one)
    _ended(one)
    one.save()
    telling.found(one, at=at)
    return kept.new


def _log_since(part: Part, at: datetime) -> datetime:
    """Local time of the HIS: since the last look that came to an end, and a day."""
    last = Reconciliation.objects.filter(part=part, ended_at__isnull=False, problem="")
    before = last.order_by("-pk").values_list("started_at", flat=True).first()
    since = max(before, at - LOG_DAYS) if before else at - LOG_DAYS
    return (since - timedelta(days=1)).astimezone(ZONE).replace(tzinfo=None)
