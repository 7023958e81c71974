"""How many tries ended how, and how long they took, without counting them all anew.

Counters of the metrics must never go back and must be the same whichever process is
asked. So they are taken from the tries in our database. What is old enough to be
complete is added up once in ``Tally``; only the tail behind it is counted each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Max, Q, Sum
from django.db.models.query import QuerySet

from portal.outbox.models import Attempt
from portal.watch.models import Tally, TallyMark

# Milliseconds; the last bucket has no bound.
BOUNDS = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000)
# No transaction of ours is open for so long.
COMPLETE_AFTER = timedelta(minutes=10)
# What is counted while a worker folds is counted again.
RACES = 3


@dataclass(frozen=True)
class Line:
    """Tries of one target that ended alike; ``buckets`` as in ``Tally``."""

    target: str
    outcome: str
    buckets: Sequence[int]
    total_ms: int

    @property
    def count(self) -> int:
        return sum(self.buckets)

    def plus(self, other: Line) -> Line:
        both = [sum(pair) for pair in zip(self.buckets, other.buckets, strict=True)]
        return Line(self.target, self.outcome, both, self.total_ms + other.total_ms)


def totals() -> list[Line]:
    """All tries there ever were, by target and outcome; four queries."""
    for _race in range(RACES):
        mark = counted_up_to()
        found = {(line.target, line.outcome): line for line in kept()}
        for line in counted(Attempt.objects.filter(pk__gt=mark)):
            key = line.target, line.outcome
            found[key] = found[key].plus(line) if key in found else line
        if counted_up_to() == mark:
            break
    return [found[key] for key in sorted(found)]


def counted_up_to() -> int:
    """The greatest number of a try that stands in ``Tally``."""
    return (
        TallyMark.objects.values_list("counted", flat=True).order_by("pk").first() or 0
    )


def kept() -> list[Line]:
    rows = Tally.objects.order_by("pk")
    return [Line(row.target, row.outcome, row.buckets, row.total_ms) for row in rows]


def counted(attempts: QuerySet[Attempt]) -> Iterator[Line]:
    """One query. By columns alone: SQL Server groups by no expression with values."""
    up_to = {f"le_{n}": Count("pk", filter=Q(duration_ms__lte=n)) for n in BOUNDS}
    rows: Any = (
        attempts.order_by()
        .values("outcome", of=F("message__target"))
        .annotate(n=Count("pk"), ms=Sum("duration_ms"), **up_to)
        .order_by("of", "outcome")
    )
    row: dict[str, Any]
    for row in rows:
        reached = [*(row[name] for name in up_to), row["n"]]
        buckets = [
            now - before for before, now in zip([0, *reached], reached, strict=False)
        ]
        yield Line(row["of"], row["outcome"], buckets, row["ms"])


@transaction.atomic
def fold(at: datetime) -> int:
    """Count for good what is complete; how many tries that were."""
    TallyMark.objects.get_or_create(pk=1, defaults={"seen_at": at})
    mark = TallyMark.objects.select_for_update().get(pk=1)
    if mark.seen and mark.seen_at > at - COMPLETE_AFTER:
        return 0
    tail = Attempt.objects.filter(pk__gt=mark.counted, pk__lte=mark.seen)
    done = 0
    for line in list(counted(tail)):
        keep(line)
        done += line.count
    newest = Attempt.objects.aggregate(newest=Max("pk"))["newest"] or 0
    mark.counted, mark.seen, mark.seen_at = mark.seen, max(newest, mark.seen), at
    mark.save(update_fields=["counted", "seen", "seen_at"])
    return done


def keep(line: Line) -> None:
    found = Tally.objects.filter(target=line.target, outcome=line.outcome).first()
    row = found or Tally(target=line.target, outcome=line.outcome)
    whole = line
    if found:
        whole = Line(found.target, found.outcome, found.buckets, found.total_ms).plus(
            line
        )
    row.buckets, row.total_ms = list(whole.buckets), whole.total_ms
    row.save()
