"""All rights the HIS shows beside what it should show of them, as drifts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_noop as _

from permissions.enums import DriftTarget
from permissions.models import Drift, Privilege
from permissions.outbound import Right, Row, RowKey
from permissions.outbound.apart import Apart, Kind
from permissions.outbound.ways import OP, PRIV
from permissions.reconciliation.comparing import Found, Place, compared
from permissions.reconciliation.hands import Trace, hands_in_log, trace_of
from permissions.reconciliation.keeping import ROWS_AT_ONCE
from permissions.reconciliation.owed import House
from permissions.reconciliation.seen import (
    OURS,
    THEIRS,
    Key,
    NotCompared,
    Seen,
    key_of,
)
from permissions.reconciliation.shown import Hand, Shown, moment_of
from portal.directory.models import HisProcedure
from portal.his.gateway import HisReader
from portal.jobs.kinds import Report

NO_INTERFACE = _("HIS 没有提供权限视图，不能比对")


def look(
    gateway: HisReader,
    *,
    at: datetime,
    since: datetime,
    log_since: datetime,
    report: Report,
) -> Seen:
    """What was told after ``since`` is on its way; the log is read from ``log_since`` on,
    local time of the HIS. Raises what a HIS may raise, and ``NotCompared``."""
    house = House()
    if not house.functions:
        raise NotCompared(NO_INTERFACE)
    with Shown() as shown:
        shown.read(gateway, house.functions, report)
        result = compared(shown, house, at=at, since=since, report=report)
        theirs, unreadable = shown.count, shown.unreadable
    hands = hands_in_log(gateway, map(trace_of, result.found), log_since)
    names = _Names(house, result.found.keys())
    drifts = [
        _drift(place, found, names, house, hands)
        for place, found in result.found.items()
    ]
    return Seen(
        found={key_of(drift): drift for drift in drifts},
        left_out={_key(place, house) for place in result.left_out | result.unclear},
        ours=result.ours,
        theirs=theirs,
        on_the_way=len(result.left_out),
        beside=result.beside,
        unreadable=unreadable,
    )


# --- a drift as the row it is about ---------------------------------------------------


def place_of(drift: Drift) -> Place:
    function = OP if drift.target == DriftTarget.OPERATION else PRIV
    right = Right(function, drift.code, drift.item, drift.setting)
    return Place(drift.emp_no, RowKey(right, drift.valid_from))


def apart_of(drift: Drift) -> Apart:
    """What was found, as it was found."""
    ours = _row(drift.ours_status, drift.ours_last, drift.ours_value)
    theirs = _row(drift.theirs_status, drift.theirs_last, drift.theirs_value)
    return Apart(place_of(drift).key, Kind(drift.kind), ours, theirs)


def _row(status: str, last: Any, value: str) -> Row | None:
    return Row(status, last, value) if status else None


# --- a new one ------------------------------------------------------------------------


class _Names:
    """How what the HIS calls by number is called."""

    def __init__(self, house: House, places: Collection[Place]) -> None:
        entries: Sequence[Privilege] = list(house.privileges.values())
        self._privileges = {one.code: one.name for one in entries}
        items = sorted({place.key.right.item for place in places} - {""})
        self._items: dict[str, str] = {}
        for start in range(0, len(items), ROWS_AT_ONCE):
            some = items[start : start + ROWS_AT_ONCE]
            is_one = Q(his_item_id__in=some) | Q(code_clinical__in=some)
            for one in HisProcedure.objects.filter(is_one).order_by("pk"):
                self._items[one.his_item_id] = one.name
                self._items.setdefault(one.code_clinical, one.name)

    def of(self, right: Right) -> str:
        if right.item:
            return self._items.get(right.item, "")
        return self._privileges.get(right.code, "")


def _drift(
    place: Place,
    found: Found,
    names: _Names,
    house: House,
    hands: Mapping[Trace, Hand],
) -> Drift:
    emp_no, key = place
    right, one = key.right, found.one
    in_log = hands.get(trace_of(place))
    hand = in_log or found.hand
    return Drift(
        target=target_of(key, house),
        kind=one.kind.value,
        emp_no=emp_no,
        practitioner_id=found.practitioner,
        code=right.code,
        item=right.item,
        name=names.of(right),
        setting=right.setting,
        valid_from=key.first_day,
        **dict(zip(OURS, _values(one.ours), strict=True)),
        **dict(zip(THEIRS, _values(one.theirs), strict=True)),
        hand=hand.operator[:20] if hand else "",
        hand_at=moment_of(hand),
        is_from_log=in_log is not None,
    )


def _key(place: Place, house: House) -> Key:
    """As ``key_of`` of its drift."""
    right = place.key.right
    return (
        *(target_of(place.key, house), place.emp_no, right.code),
        *(right.item, right.setting, place.key.first_day),
    )


def target_of(key: RowKey, house: House) -> DriftTarget:
    if key in house.flags:
        return DriftTarget.FLAG
    is_op = key.right.function == OP
    return DriftTarget.OPERATION if is_op else DriftTarget.RIGHT


def _values(row: Row | None) -> tuple[Any, ...]:
    return (row.status, row.last_day, row.value) if row else ("", None, "")
