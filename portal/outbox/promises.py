"""What was promised about many practitioners, read lightly: no models are made."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import BooleanField, Case, Q, When

from portal.his.targets import DEFAULT
from portal.outbox.claims import has_its_day
from portal.outbox.kinds import KINDS, Call, Kind, stream_of
from portal.outbox.models import Message, State

IS_OPEN = Q(is_open=True)
IS_STOPPED = Q(state=State.STOPPED)
IS_GIVEN_UP = Q(state__in=[State.STOPPED.value, State.REJECTED.value])


class Promised(NamedTuple):
    """Of one practitioner, in the order of the promises.

    ``told``: as ``queries.promised``, what the HIS was or will be told. ``under_way``:
    what it need not show yet: nobody proved it, or not before ``since``.
    """

    told: list[Call]
    under_way: list[Call]


def promises_of(
    emp_nos: Collection[str], at: datetime, since: datetime
) -> dict[str, Promised]:
    """Of each of them; one query, so that both lists are of one moment."""
    is_new = Q(enqueued_at__gte=since) | Q(confirmed_at__gte=since)
    is_under_way = IS_OPEN | is_new & ~IS_STOPPED
    found = {stream_of(emp_no): Promised([], []) for emp_no in emp_nos}
    rows = (
        Message.objects.filter(
            _is_due(at), ~IS_STOPPED | IS_OPEN, target=DEFAULT, stream__in=found
        )
        .order_by("id")
        .values_list("stream", "kind", "payload", "state", _as_value(is_under_way))
    )
    for stream, kind, payload, state, is_open in rows:
        call, one = KINDS[kind].call_of(payload), found[stream]
        if state != State.STOPPED:
            one.told.append(call)
        if is_open:
            one.under_way.append(call)
    return {emp_no: found[stream_of(emp_no)] for emp_no in emp_nos}


def calls_under_way(kind: Kind[Any, Any], at: datetime, since: datetime) -> list[Call]:
    """What the HIS need not show yet of one kind: nobody proved it, or not before
    ``since``. A refused one is not under way: somebody must do something about it."""
    is_new = Q(enqueued_at__gte=since) | Q(confirmed_at__gte=since)
    is_moving = IS_OPEN & ~Q(state=State.REJECTED) | is_new & ~IS_GIVEN_UP
    rows = Message.objects.filter(_is_due(at), is_moving, target=DEFAULT)
    payloads = rows.filter(kind=kind.name).order_by("id").values_list("payload")
    return [kind.call_of(payload) for (payload,) in payloads.iterator()]


def _as_value(which: Q) -> Case:
    return Case(When(which, then=True), default=False, output_field=BooleanField())


def _is_due(at: datetime) -> Q:
    return Q(not_before__lte=at) | ~has_its_day()
