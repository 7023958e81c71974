"""Open reviews go with the grants: what was under review under the old code is under
review under the new one, and the other way round when the re-coding is undone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from permissions.enums import LineDecision, ReviewState
from permissions.models import (
    Grant,
    GrantEvent,
    GrantState,
    RecodedGrant,
    Review,
    ReviewLine,
)
from permissions.services.reviews import put_under
from surgery.models import Recoding


def lock_reviews(people: Collection[int]) -> None:
    """Before the people themselves, as whoever concludes a review does."""
    found = Review.objects.select_for_update().filter(
        state=ReviewState.OPEN, practitioner__in=people
    )
    list(found.order_by("pk").values_list("pk"))


def carry(recoding: Recoding, at: datetime) -> None:
    """Each line under review that ended, by those it goes on in."""
    goes: dict[int, list[RecodedGrant]] = defaultdict(list)
    rows = RecodedGrant.objects.filter(recoding=recoding).select_related("event")
    for row in rows.order_by("pk"):
        goes[row.state_id].append(row)
    for line in _undecided(goes):
        parts = goes[line.state_id]
        _leave(line, parts[0].event, at)
        _look_at(line.review_id, [part.into_id for part in parts], at)


def carry_back(
    rows: Sequence[RecodedGrant],
    again: Mapping[int, Grant],
    ended: Mapping[int, GrantEvent],
    at: datetime,
) -> None:
    """``again`` are the lines opened anew, by key of what the re-coding had ended;
    ``ended`` the events that end what it had opened, by key of the line.

    A line of the new code goes back to where its review came from; one that was put
    under review since, to all it was made of.
    """
    came = set(
        ReviewLine.objects.filter(
            decision=LineDecision.RECODE, event__in={row.event_id for row in rows}
        )
        .order_by()
        .values_list("review", "state")
    )
    sources: dict[int, list[RecodedGrant]] = defaultdict(list)
    for row in rows:
        sources[row.into_id].append(row)
    states = GrantState.objects.filter(grant__in=sources).order_by()
    for line in _undecided(states.values_list("pk", flat=True)):
        parts = sources[line.state.grant_id]
        mine = [one for one in parts if (line.review_id, one.state_id) in came]
        is_opened = parts[0].is_opened
        if is_opened or (mine and _began_with(line, mine[0].event)):
            _leave(line, ended.get(line.state_id), at)
        back = mine or (parts if is_opened else [])
        _look_at(
            line.review_id,
            [again[one.state_id].pk for one in back if one.state_id in again],
            at,
        )


def _undecided(states: Iterable[int]) -> list[ReviewLine]:
    rows = ReviewLine.objects.filter(
        review__state=ReviewState.OPEN,
        decision=LineDecision.NONE,
        state__in=list(states),
    )
    return list(rows.select_related("state").order_by("pk"))


def _began_with(line: ReviewLine, event: GrantEvent) -> bool:
    """Whether it is under review only because of what the re-coding ended."""
    came = line.history.filter(decision=LineDecision.NONE).order_by("-history_id")
    newest = came.first()
    return newest is not None and newest.history_date == event.recorded_at


def _leave(line: ReviewLine, event: GrantEvent | None, at: datetime) -> None:
    line.decision, line.event = LineDecision.RECODE, event
    _save(line, at)


def _look_at(review: int, grants: Collection[int], at: datetime) -> None:
    """These too are under this review."""
    put_under(review, GrantState.objects.filter(grant__in=grants).order_by("pk"), at)


def _save(line: ReviewLine, at: datetime) -> None:
    """Its history row carries the moment of the act."""
    line._history_date = at  # type: ignore[attr-defined]  # read by simple-history
    line.save()
