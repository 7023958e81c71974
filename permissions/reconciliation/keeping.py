"""What a look found becomes rows: new ones, those still there, those gone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from permissions.enums import DriftState, DriftTarget, ReviewState
from permissions.models import Drift, Privilege
from permissions.outbound import Right, Row, RowKey
from permissions.outbound.apart import Apart, Kind
from permissions.outbound.ways import OP, PRIV
from permissions.reconciliation.comparing import Comparison, Found, Place
from permissions.reconciliation.hands import Trace, trace_of
from permissions.reconciliation.owed import House
from permissions.reconciliation.shown import Hand
from portal.approvals.workflow import ProposalState
from portal.directory.models import HisProcedure
from portal.parameters.days import ZONE

ROWS_AT_ONCE = 400
KEY = ("target", "emp_no", "code", "item", "setting", "valid_from")
OURS = ("ours_status", "ours_last", "ours_value")
THEIRS = ("theirs_status", "theirs_last", "theirs_value")
STILL_THERE = Q(closed_at__isnull=True)


@dataclass
class Kept:
    """What became of it; ``new`` are their keys."""

    new: list[int] = field(default_factory=list)
    gone: int = 0


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


def keep(
    comparison: Comparison, house: House, hands: Mapping[Trace, Hand], at: datetime
) -> Kept:
    """Write it down, inside the caller's transaction.

    What is on its way to the HIS was not looked at: its drifts stay as they are.
    """
    kept = Kept()
    still: dict[Place, int] = {}
    over: list[int] = []
    known = Drift.objects.filter(STILL_THERE).order_by("pk")
    for drift in known.iterator(chunk_size=2_000):
        place = place_of(drift)
        found = comparison.found.get(place)
        if place in comparison.left_out:
            continue
        if found is None or found.one != apart_of(drift):
            over.append(drift.pk)
        else:
            still[place] = drift.pk
    kept.gone = _close(over, at)
    for some in chunks(list(still.values())):
        Drift.objects.filter(pk__in=some).update(last_seen=at)
    _open_again()
    names = _Names(house, comparison.found.keys())
    rows = [
        _drift(place, found, names, house, hands, at)
        for place, found in comparison.found.items()
        if place not in still
    ]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        made = Drift.objects.bulk_create(rows[start : start + ROWS_AT_ONCE])
        kept.new += [row.pk for row in made]
    return kept


def _close(keys: Sequence[int], at: datetime) -> int:
    for some in chunks(keys):
        rows = Drift.objects.filter(pk__in=some)
        over = {"closed_at": at}
        repaired = rows.filter(state=DriftState.REPAIRING)
        repaired.update(state=DriftState.REPAIRED, **over)
        rows.filter(state=DriftState.OPEN).update(state=DriftState.GONE, **over)
        rows.filter(STILL_THERE).update(**over)  # what was decided of them stays
    return len(keys)


def _open_again() -> None:
    """Adopted ones whose proposal came to nothing, and that are still there."""
    is_refused = Q(application__isnull=False) & ~Q(
        application__state=ProposalState.SUBMITTED.value
    )
    is_kept = Q(review__isnull=False) & ~Q(review__state=ReviewState.OPEN)
    adopted = Drift.objects.filter(STILL_THERE, state=DriftState.ADOPTED)
    adopted.filter(is_refused | is_kept).update(state=DriftState.OPEN)


def chunks(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many as one statement takes on every engine."""
    for start in range(0, len(keys), ROWS_AT_ONCE):
        yield keys[start : start + ROWS_AT_ONCE]


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
    at: datetime,
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
        hand_at=hand.at.replace(tzinfo=ZONE) if hand and hand.at else None,
        is_from_log=in_log is not None,
        first_seen=at,
        last_seen=at,
    )


def target_of(key: RowKey, house: House) -> DriftTarget:
    if key in house.flags:
        return DriftTarget.FLAG
    is_op = key.right.function == OP
    return DriftTarget.OPERATION if is_op else DriftTarget.RIGHT


def _values(row: Row | None) -> tuple[Any, ...]:
    return (row.status, row.last_day, row.value) if row else ("", None, "")
