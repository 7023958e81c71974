"""复核: opened by events and assessments, concluded line by line by a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils.translation import gettext_lazy

from permissions.enums import LineDecision, ReasonCode, ReviewState, Trigger
from permissions.models import GrantEvent, GrantState, Review, ReviewLine
from permissions.queries.grants import is_suspended
from permissions.queries.reviews import undecided_of
from permissions.services import rules, telling
from permissions.services.changes import revoke, suspend
from permissions.services.refusals import ActRefused, OwnRight, ReasonCodeMissing
from permissions.services.together import many
from portal.accounts.models import User
from portal.accounts.services import system_account
from portal.audit.acting import acting
from portal.bell import ring_on_commit
from portal.directory.models import Practitioner
from portal.parameters.days import day_of
from portal.parameters.queries import value_of
from portal.parameters.registry import REVIEW_DAYS
from portal.parameters.working_days import calendar_of_settings

READER = "permissions.read_events"
GRAVEST = (
    (LineDecision.REVOKE, ReviewState.REVOKED),
    (LineDecision.SUSPEND, ReviewState.SUSPENDED),
    (LineDecision.KEEP, ReviewState.KEPT),
)


class ReviewConcluded(ActRefused):
    message = gettext_lazy("这项复核刚才已由他人办结。刷新后查看结论。")


class LineUndecided(ActRefused):
    message = gettext_lazy("每项授权都须有结论：维持、暂停或取消。")


@dataclass(frozen=True)
class Decided:
    """What was decided of one line; ``seen`` is its last event on the page."""

    decision: LineDecision
    seen: int


def open_review(
    practitioner: Practitioner,
    trigger: Trigger,
    lines: Sequence[GrantState],
    *,
    why: str,
    at: datetime,
) -> tuple[Review, bool]:
    """The open review of this kind, with these lines in it; whether it is new.

    Runs in the caller's transaction, with the practitioner locked.
    """
    review = Review.objects.filter(
        practitioner=practitioner, trigger=trigger, state=ReviewState.OPEN
    ).first()
    is_new = review is None
    with acting(by=system_account(), reason=why):
        review = review or _opened(practitioner, trigger, why, at)
        put_under(review.pk, lines, at)
    return review, is_new


def put_under(review: int, states: Iterable[GrantState], at: datetime) -> None:
    """These rights are in the review, each once; one that had left it with a re-coding
    must be decided again."""
    known = {one.state_id: one for one in ReviewLine.objects.filter(review=review)}
    for state in states:
        line = known.get(state.pk)
        if line is None:
            _save(ReviewLine(review_id=review, state=state), at)
        elif line.decision == LineDecision.RECODE:
            line.decision, line.event = LineDecision.NONE, None
            _save(line, at)


def open_mass_review(*, why: str, at: datetime) -> Review:
    """Of a change so large that a person must say whether it is true."""
    with acting(by=system_account(), reason=why):
        return _opened(None, Trigger.MASS, why, at)


def _opened(
    practitioner: Practitioner | None, trigger: Trigger, why: str, at: datetime
) -> Review:
    days = value_of(REVIEW_DAYS)
    review = Review(
        practitioner=practitioner,
        trigger=trigger,
        why=why[:200],
        opened_at=at,
        due_on=calendar_of_settings().after(day_of(at), days),
    )
    _save(review, at)
    return review


def _save(row: Review | ReviewLine, at: datetime) -> None:
    """Its history row carries the moment of the act."""
    row._history_date = at  # type: ignore[union-attr]  # read by simple-history
    row.save()


@transaction.atomic
def claim(*, review: Review, by: User, at: datetime) -> Review:
    """认领: from now on it is this person's to conclude; others still may."""
    current = _open_one(review, by)
    current.owner = by
    with acting(by=by, reason="认领复核"):
        _save(current, at)
    return current


@transaction.atomic
def conclude(
    *,
    review: Review,
    decided: Mapping[int, Decided],
    by: User,
    at: datetime,
    reason: str,
    reason_code: ReasonCode | str = "",
) -> Review:
    """Decide every line and close; raises ActRefused and leaves nothing.

    ``decided`` is by the key of the review's line. What is taken away goes through the
    same acts as on the page of rights, all or none.
    """
    text = rules.clear_reason(reason)
    current = _open_one(review, by)
    lines = undecided_of(current)
    chosen = {line.pk: decided.get(line.pk) for line in lines}
    if not all(one and one.decision for one in chosen.values()):
        raise LineUndecided
    acts: dict[int, Callable[[], GrantEvent]] = {}
    for line in lines:
        act = _act(line, chosen[line.pk], by, at, text, reason_code)
        if act is not None:
            acts[line.pk] = act
    if acts and reason_code not in ReasonCode.values:
        raise ReasonCodeMissing
    about = {line.state.practitioner_id for line in lines}
    events = dict(zip(acts, many(list(acts.values()), about=about), strict=True))
    with acting(by=by, reason=text):
        for line in lines:
            one = chosen[line.pk]
            line.decision = one.decision if one else LineDecision.NONE
            line.event = events.get(line.pk)
            _save(line, at)
        state = _outcome([line.decision for line in lines])
        _close(current, state, by=by, at=at, text=text)
    telling.concluded(current, at=at)
    return current


def _act(
    line: ReviewLine,
    one: Decided | None,
    by: User,
    at: datetime,
    text: str,
    code: ReasonCode | str,
) -> Callable[[], GrantEvent] | None:
    """None: nothing changes; a line that is suspended already stays so."""
    if one is None or one.decision == LineDecision.KEEP:
        return None
    state = line.state
    if one.decision == LineDecision.SUSPEND and is_suspended(state, at):
        return None
    act = suspend if one.decision == LineDecision.SUSPEND else revoke
    return partial(
        act, state=state, by=by, at=at, reason_code=code, reason=text, seen=one.seen
    )


def _outcome(decisions: Sequence[str]) -> ReviewState:
    for decision, state in GRAVEST:
        if decision in decisions:
            return state
    return ReviewState.CLOSED


@transaction.atomic
def confirm_mass(
    *, review: Review, is_true: bool, by: User, at: datetime, reason: str
) -> Review:
    """Say of a mass change that it is true, or that the HIS was wrong.

    True: the worker then suspends each practitioner's lines in this person's name,
    within a minute. Wrong: nothing is suspended.
    """
    text = rules.clear_reason(reason)
    current = _open_one(review, by)
    state = ReviewState.SUSPENDED if is_true else ReviewState.KEPT
    with acting(by=by, reason=text):
        _close(current, state, by=by, at=at, text=text)
    if is_true:
        ring_on_commit(READER)
    return current


def _open_one(review: Review, by: User) -> Review:
    """The review as it stands now, locked; nobody concludes their own."""
    current = Review.objects.select_for_update().get(pk=review.pk)
    if current.state != ReviewState.OPEN:
        raise ReviewConcluded
    if by.practitioner_id is not None and by.practitioner_id == current.practitioner_id:
        raise OwnRight
    return current


def _close(
    review: Review, state: ReviewState, *, by: User, at: datetime, text: str
) -> None:
    review.state = state
    review.owner = review.owner or by
    review.concluded_by = by
    review.concluded_at = at
    review.conclusion = text
    _save(review, at)
