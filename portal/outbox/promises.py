"""What was promised about many practitioners, read lightly: no models are made."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from portal.his.targets import DEFAULT
from portal.outbox.claims import has_its_day
from portal.outbox.kinds import KINDS, Call, stream_of
from portal.outbox.models import FINAL, Message, State

Calls = dict[str, list[Call]]
IS_OPEN = ~Q(state__in=[str(state) for state in FINAL])


def calls_of(emp_nos: Collection[str], at: datetime) -> Calls:
    """As ``queries.promised``: what the HIS was or will be told of each, in order."""
    return _calls(emp_nos, _is_due(at) & ~Q(state=State.STOPPED))


def calls_under_way(emp_nos: Collection[str], at: datetime, since: datetime) -> Calls:
    """What of it the HIS need not show yet: nobody proved it, or not before ``since``."""
    is_new = Q(enqueued_at__gte=since) | Q(confirmed_at__gte=since)
    is_not_stopped = ~Q(state=State.STOPPED)
    return _calls(emp_nos, _is_due(at) & (IS_OPEN | is_new & is_not_stopped))


def _is_due(at: datetime) -> Q:
    return Q(not_before__lte=at) | ~has_its_day()


def _calls(emp_nos: Collection[str], which: Q) -> Calls:
    streams = {stream_of(emp_no): emp_no for emp_no in emp_nos}
    rows = Message.objects.filter(which, target=DEFAULT, stream__in=streams).order_by(
        "id"
    )
    found: Calls = {}
    for stream, kind, payload in rows.values_list("stream", "kind", "payload"):
        found.setdefault(streams[stream], []).append(KINDS[kind].call_of(payload))
    return found
