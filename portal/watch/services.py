"""Opening and closing alerts, telling of them, and noting signs of life.

``watch`` may run anywhere and any number of times at once: in a worker every half
minute, and in the portal itself as long as somebody has a page open, for a worker that
has died cannot say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils.translation import override

from portal.accounts.capabilities import Role
from portal.his.gateway import HisMisconfigured, HisUnavailable
from portal.his.targets import targets
from portal.notices.models import NoticeKind
from portal.notices.queries import holders
from portal.notices.services import Told, notify
from portal.ui.navigation import url_if_any
from portal.watch.models import Alert, Sign
from portal.watch.presenters import words_of
from portal.watch.queries import open_alerts
from portal.watch.rules import HIS, Finding, findings

# An alert that comes back so soon is the same again: nobody is called twice.
SAME_AGAIN = timedelta(minutes=30)
# Of all requests that could look, one in so many seconds does.
SELDOM_SECONDS = 30
PING_TIMEOUT_SECONDS = 2


def watch(at: datetime) -> list[Alert]:
    """Bring the alerts up to date; those opened now, of which people were told."""
    found = {(one.rule, one.target): one for one in findings(at)}
    opened = []
    for alert in open_alerts():
        finding = found.pop((Alert.Rule(alert.rule), alert.target), None)
        if finding is None:
            close(alert, at)
        else:
            renew(alert, finding)
    for finding in found.values():
        if alert_now := open_alert(finding, at):
            opened.append(alert_now)
    return opened


def watch_seldom(at: datetime) -> None:
    """For requests: look, unless one has just done so."""
    if cache.add("watch.looked", 1, SELDOM_SECONDS):
        watch(at)


def close(alert: Alert, at: datetime) -> None:
    still = Alert.objects.filter(pk=alert.pk, closed_at__isnull=True)
    still.update(closed_at=max(at, alert.opened_at))


def renew(alert: Alert, finding: Finding) -> None:
    if (alert.amount, alert.since) != (finding.amount, finding.since):
        still = Alert.objects.filter(pk=alert.pk, closed_at__isnull=True)
        still.update(amount=finding.amount, since=finding.since)


def open_alert(finding: Finding, at: datetime) -> Alert | None:
    """A new alert with its notices; None when another was quicker or it is not new."""
    last = Alert.objects.filter(rule=finding.rule, target=finding.target).first()
    try:
        with transaction.atomic():
            if last and last.closed_at and last.closed_at > at - SAME_AGAIN:
                again = Alert.objects.filter(pk=last.pk)
                again.update(closed_at=None, amount=finding.amount, since=finding.since)
                return None
            alert = Alert.objects.create(
                rule=finding.rule,
                target=finding.target,
                amount=finding.amount,
                since=finding.since,
                opened_at=at,
            )
            tell(alert, at)
    except IntegrityError:
        return None
    return alert


def tell(alert: Alert, at: datetime) -> None:
    """In the portal, by mail and by webhook, as the hospital has set them up."""
    with override("zh-hans"):
        told = Told(
            NoticeKind.HIS,
            f"watch-alert:{alert.pk}",
            f"HIS 对接告警：{Alert.Rule(alert.rule).label}",
            words_of(alert),
            url_if_any("desk:his"),
        )
    notify(told, to=holders(Role.INFORMATION_CENTER), at=at)


# --- signs of life --------------------------------------------------------------------


def alive(name: str, at: datetime) -> None:
    """The part has just given a sign."""
    note(name, at, is_alive=True)


def note(name: str, at: datetime, *, is_alive: bool) -> None:
    """It was looked for. What was never there is silent from the first look on."""
    changes = {"asked_at": at, "at": at} if is_alive else {"asked_at": at}
    if Sign.objects.filter(pk=name).update(**changes):
        return
    try:
        with transaction.atomic():
            Sign.objects.create(name=name, at=at, asked_at=at)
    except IntegrityError:
        Sign.objects.filter(pk=name).update(**changes)


def ask_his(at: datetime) -> Sequence[str]:
    """Ask every target for a sign of life; those that gave none."""
    silent = []
    for name, target in targets().items():
        try:
            target.gateway(PING_TIMEOUT_SECONDS).ping()
        except (HisUnavailable, HisMisconfigured):
            silent.append(name)
        note(f"{HIS}{name}", at, is_alive=name not in silent)
    return silent
