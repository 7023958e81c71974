"""Reads of what the pulls did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db.models import Max

from portal.directory.dictionaries import DICTIONARIES
from portal.directory.models import Loss, PulledView, SyncRun

RUNS_SHOWN = 24


def recent_runs(views: int = len(DICTIONARIES)) -> Mapping[str, Sequence[SyncRun]]:
    """By view the last runs, the newest first; of each view that ever ran at least one.

    So many ``views`` are pulled together, so the newest runs of all are those of each.
    """
    found: dict[str, list[SyncRun]] = defaultdict(list)
    newest = SyncRun.objects.order_by("-id")[: RUNS_SHOWN * views]
    for run in newest:
        if len(found[run.view]) < RUNS_SHOWN:
            found[run.view].append(run)
    if len(found) < views:
        last = SyncRun.objects.order_by().values("view").annotate(last=Max("pk"))
        rest = [row["last"] for row in last if row["view"] not in found]
        for run in SyncRun.objects.filter(pk__in=rest) if rest else ():
            found[run.view].append(run)
    return found


def runs_of(view: str) -> Mapping[str, Sequence[SyncRun]]:
    """The same of one view."""
    return {view: list(SyncRun.objects.filter(view=view).order_by("-id")[:RUNS_SHOWN])}


def ever_taken() -> frozenset[str]:
    """Views that were taken at least once."""
    taken = PulledView.objects.filter(version__gt=0)
    return frozenset(taken.values_list("view", flat=True))


def current_losses() -> dict[str, Loss]:
    """By view what a person is asked, or has answered and the HIS still shows."""
    found = Loss.objects.filter(is_current=True).select_related("decided_by")
    return {loss.view: loss for loss in found}
