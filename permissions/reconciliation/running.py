"""Comparing everything: asked for, or every night. Nothing is left half-written.

The HIS is read to its end with no transaction open; only then is what was found written,
in one. A HIS that goes away in between leaves a look that says so, and what was known
before stays as it was.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from permissions.enums import DriftKind
from permissions.models import Reconciliation
from permissions.reconciliation import telling
from permissions.reconciliation.comparing import Comparison, compared
from permissions.reconciliation.hands import Trace, hands_in_log
from permissions.reconciliation.keeping import keep
from permissions.reconciliation.owed import House
from permissions.reconciliation.policy import follow, is_too_much
from permissions.reconciliation.shown import Hand, Shown
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
SAVING, FOLLOWING = _("保存结果"), _("按医院参数处置")
NO_INTERFACE = _("HIS 没有提供权限视图，不能比对")


@transaction.atomic
def ask(*, by: User, at: datetime) -> Reconciliation:
    """立即比对: a worker does it, or the page that waits; one asked for is enough."""
    waiting = Reconciliation.objects.filter(ended_at__isnull=True, by__isnull=False)
    found = waiting.filter(asked_at__gt=at - LONGEST).order_by("-pk").first()
    if found is not None:
        return found
    asked = Reconciliation.objects.create(asked_at=at, by=by)
    start(kind=KIND, about=asked.pk, needs=Capability.VIEW_HIS, by=by, at=at)
    return asked


def job_of(one: Reconciliation) -> Job | None:
    return Job.objects.filter(kind=KIND, about=one.pk).order_by("-pk").first()


@work_of(KIND)
def reconcile_asked(job: Job, report: Report) -> None:
    one = Reconciliation.objects.get(pk=job.about)
    if one.ended_at is None:
        reconcile(gateway=from_settings(), at=timezone.now(), one=one, report=report)


def reconcile_if_due(*, gateway: HisReader, at: datetime) -> Reconciliation | None:
    """The nightly one: once a day after the hospital's hour, and when the HIS could not
    be read again an hour later."""
    since = start_of(day_of(at)) + timedelta(hours=value_of(RECONCILE_HOUR))
    today = Reconciliation.objects.filter(asked_at__gte=since)
    is_done = Q(problem="") | Q(asked_at__gt=at - BETWEEN_TRIES)
    if at < since or today.filter(is_done).exists():
        return None
    return reconcile(gateway=gateway, at=at)


def silent(phase: str, done: int = 0, total: int = 0) -> None:
    """Nobody waits for it."""


def reconcile(
    *,
    gateway: HisReader,
    at: datetime,
    one: Reconciliation | None = None,
    report: Report = silent,
) -> Reconciliation | None:
    """Read all rights of the HIS and hold ours against them; None while another look
    is under way. Never raises for a HIS that is away: then the look says why."""
    mine = _begun(one, at)
    if mine is None:
        return None
    try:
        return _reconciled(mine, gateway, at, report)
    except (HisUnavailable, HisMisconfigured) as problem:
        return _failed(mine, str(problem))
    except Overtaken:
        raise
    except BaseException:
        _failed(mine, NOT_FINISHED)
        raise


def _begun(one: Reconciliation | None, at: datetime) -> Reconciliation | None:
    dead = Reconciliation.objects.filter(is_running=True, started_at__lt=at - LONGEST)
    dead.update(is_running=False, ended_at=at, problem=NOT_FINISHED)
    mine = one or Reconciliation(asked_at=at)
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
    house = House()
    if not house.functions:
        return _failed(one, NO_INTERFACE)
    with Shown() as shown:
        shown.read(gateway, house.functions, report)
        result = compared(shown, house, at=at, since=at - MARGIN, report=report)
        one.theirs, one.unreadable = shown.count, shown.unreadable
    hands = hands_in_log(gateway, result.found.keys(), _log_since(at))
    report(SAVING)
    new = _written(one, result, house, hands, at)
    if new:
        logger.info("drift found", extra={"reconciliation": one.pk, "new": len(new)})
    if not one.is_braked:
        report(FOLLOWING)
        one.repaired, one.adopted = follow(at=at)
        one.save()
    return one


@transaction.atomic
def _written(
    one: Reconciliation,
    result: Comparison,
    house: House,
    hands: Mapping[Trace, Hand],
    at: datetime,
) -> list[int]:
    kept = keep(result, house, hands, at)
    kinds = [found.one.kind.value for found in result.found.values()]
    one.ours, one.beside = result.ours, result.beside
    one.on_the_way = len(result.left_out)
    one.missing = kinds.count(DriftKind.MISSING)
    one.extra = kinds.count(DriftKind.EXTRA)
    one.different = kinds.count(DriftKind.DIFFERENT)
    one.found, one.gone = len(kept.new), kept.gone
    one.is_braked = is_too_much(one)
    _ended(one)
    one.save()
    telling.found(one, at=at)
    return kept.new


def _log_since(at: datetime) -> datetime:
    """Local time of the HIS: since the last look that came to an end, and a day."""
    last = Reconciliation.objects.filter(ended_at__isnull=False, problem="")
    before = last.order_by("-pk").values_list("started_at", flat=True).first()
    since = max(before, at - LOG_DAYS) if before else at - LOG_DAYS
    return (since - timedelta(days=1)).astimezone(ZONE).replace(tzinfo=None)
