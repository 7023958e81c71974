"""What a look found becomes rows: new ones, those still there, those gone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from permissions.enums import DriftState, Part, ReviewState
from permissions.models import Drift
from permissions.reconciliation.seen import TARGETS_OF, Key, Seen, key_of, values_of
from portal.approvals.workflow import ProposalState
from portal.parameters.days import day_of

ROWS_AT_ONCE = 400
STILL_THERE = Q(closed_at__isnull=True)


@dataclass
class Kept:
    """What became of it; ``new`` are their keys, ``ignored`` which of those found a
    person left as they are."""

    new: list[int] = field(default_factory=list)
    gone: int = 0
    ignored: set[Key] = field(default_factory=set)


def keep(seen: Seen, part: Part, at: datetime) -> Kept:
    """Write it down, inside the caller's transaction.

    What is on its way to the HIS was not looked at: its drifts stay as they are.
    Locked in the order of ``outcome.locked``, so that whoever decides of one meanwhile
    comes before or after us, and neither waits for the other.
    """
    kept = Kept()
    still: dict[Key, tuple[int, str]] = {}
    over: list[int] = []
    changed: list[int] = []
    on_the_way: set[int] = set()
    mine = Drift.objects.select_for_update().filter(
        STILL_THERE, target__in=TARGETS_OF[part]
    )
    for drift in mine.order_by("pk").iterator(chunk_size=2_000):
        key = key_of(drift)
        found = seen.found.get(key)
        if key in seen.left_out:
            on_the_way.add(drift.pk)
        elif found is None:
            over.append(drift.pk)
        elif values_of(found) != values_of(drift):
            changed.append(drift.pk)
        else:
            still[key] = (drift.pk, drift.state)
    kept.gone = _close(over, at) + _close(changed, at, repaired=DriftState.GONE)
    kept.ignored = _ignored(still)
    for some in chunks([pk for pk, _state in still.values()]):
        Drift.objects.filter(pk__in=some).update(last_seen=at)
    _open_again(part, at, on_the_way)
    rows = [drift for key, drift in seen.found.items() if key not in still]
    for drift in rows:
        drift.first_seen = drift.last_seen = at
    for start in range(0, len(rows), ROWS_AT_ONCE):
        made = Drift.objects.bulk_create(rows[start : start + ROWS_AT_ONCE])
        kept.new += [row.pk for row in made]
    return kept


def _ignored(still: Mapping[Key, tuple[int, str]]) -> set[Key]:
    return {key for key, (_pk, state) in still.items() if state == DriftState.IGNORED}


def _close(
    keys: Sequence[int], at: datetime, *, repaired: str = DriftState.REPAIRED
) -> int:
    """``repaired`` is what those become whose repair was under way: one that has other
    values by now was not put right."""
    for some in chunks(keys):
        rows = Drift.objects.filter(pk__in=some)
        over = {"closed_at": at}
        rows.filter(state=DriftState.REPAIRING).update(state=repaired, **over)
        rows.filter(state=DriftState.OPEN).update(state=DriftState.GONE, **over)
        rows.filter(STILL_THERE).update(**over)  # what was decided of them stays
    return len(keys)


def _open_again(part: Part, at: datetime, on_the_way: Collection[int]) -> None:
    """Adopted ones whose proposal came to nothing, and that are still there; what was
    approved and is on its way to the HIS is not looked at.

    A grade that was approved for a later day holds from that day on: so long it is no
    wonder that the HIS shows another.
    """
    submitted = ProposalState.SUBMITTED.value
    is_refused = Q(application__isnull=False) & ~Q(application__state=submitted)
    is_kept = Q(review__isnull=False) & ~Q(review__state=ReviewState.OPEN)
    is_to_come = Q(
        grade_proposal__state=ProposalState.APPROVED.value,
        grade_proposal__effective_on__gt=day_of(at),
    )
    is_no_grade = Q(grade_proposal__isnull=False) & ~Q(grade_proposal__state=submitted)
    is_nothing = is_refused | is_kept | is_no_grade & ~is_to_come
    adopted = Drift.objects.filter(
        STILL_THERE, state=DriftState.ADOPTED, target__in=TARGETS_OF[part]
    )
    keys = adopted.filter(is_nothing).order_by("pk").values_list("pk", flat=True)
    for some in chunks([pk for pk in keys if pk not in on_the_way]):
        Drift.objects.filter(pk__in=some).update(state=DriftState.OPEN)


def chunks(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many as one statement takes on every engine."""
    for start in range(0, len(keys), ROWS_AT_ONCE):
        yield keys[start : start + ROWS_AT_ONCE]
