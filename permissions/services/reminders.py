"""Reminders before rights end or must be assessed: each line and stage once.

Run as often as one likes: what was told stands in a row, so a missed day catches up and
two workers tell nothing twice. Expiry itself needs none of this: the end date ends the
right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from permissions.enums import Effect, GrantStatus, ReminderKind, Trigger
from permissions.models import GrantState, Reminder
from permissions.queries.certificates import ending_before, last_days
from permissions.queries.grants import grant_states
from permissions.queries.reviews import assessed_states
from permissions.services import telling
from permissions.services.assessments import due_on
from permissions.services.events import is_mass, suspended
from permissions.services.ledger import locked_practitioner
from permissions.services.reviews import open_review
from permissions.services.triggers import effect_of
from portal.accounts.services import system_account
from portal.directory.models import Practitioner
from portal.notices.models import NoticeKind
from portal.parameters.days import day_of, end_of, last_day_of, start_of
from portal.parameters.queries import value_of
from portal.parameters.registry import REMIND_DAYS

NOTICE_OF = {
    ReminderKind.EXPIRY: NoticeKind.EXPIRY,
    ReminderKind.ASSESSMENT: NoticeKind.ASSESSMENT,
    ReminderKind.CERTIFICATE: NoticeKind.CERTIFICATE,
}


@dataclass(frozen=True)
class Due:
    """A line at a stage of its reminders; stage 0 is overdue."""

    state: GrantState
    kind: ReminderKind
    on: date
    stage: int

    @property
    def key(self) -> tuple[int, str, date, int]:
        return (self.state.pk, self.kind.value, self.on, self.stage)


def stages() -> list[int]:
    """Days before the end, by the hospital's parameters; those set to 0 are off."""
    return sorted({days for days in map(value_of, REMIND_DAYS) if days})


def stage_at(on: date, today: date, days: Sequence[int], *, since: date) -> int | None:
    """The nearest stage ``today`` has reached; None before the first, or after the end.

    A line that began after the stage's day was never due at it.
    """
    for before in days:
        reached = on - timedelta(days=before)
        if reached <= today <= on and reached >= since:
            return before
    return None


def remind(*, at: datetime) -> int:
    """Tell what is due and was not told; how many lines."""
    told = 0
    for kind, found in (
        (ReminderKind.EXPIRY, _ending),
        (ReminderKind.ASSESSMENT, _to_assess),
        (ReminderKind.CERTIFICATE, _certificates_ending),
    ):
        due = _untold(list(found(at)))
        told += _tell(kind, due, at)
    return told


# --- what is due ----------------------------------------------------------------------


def _ending(at: datetime) -> Iterator[Due]:
    today, days = day_of(at), stages()
    if not days:
        return
    ends = grant_states().filter(
        status__in=[GrantStatus.ACTIVE, GrantStatus.SUSPENDED],
        valid_to__gt=at,
        valid_to__lte=end_of(today + timedelta(days=max(days))),
    )
    for state in ends.order_by("practitioner_id", "pk"):
        on = last_day_of(state.valid_to) or today
        stage = stage_at(on, today, days, since=day_of(state.valid_from))
        if stage is not None:
            yield Due(state, ReminderKind.EXPIRY, on, stage)


def _to_assess(at: datetime) -> Iterator[Due]:
    today, days = day_of(at), stages()
    for state in assessed_states(at).order_by("practitioner_id", "pk"):
        if _has_failed(state):
            continue  # its review is open; there is no next day for it
        on = due_on(state, state.last_due)
        if today > on:
            yield Due(state, ReminderKind.ASSESSMENT, on, Reminder.OVERDUE)
            continue
        since = state.last_on or day_of(state.valid_from)
        stage = stage_at(on, today, days, since=since)
        if stage is not None:
            yield Due(state, ReminderKind.ASSESSMENT, on, stage)


def _certificates_ending(at: datetime) -> Iterator[Due]:
    """Lines whose certificate ends before long; what has ended has an event instead."""
    today, days = day_of(at), stages()
    if not days:
        return
    until = today + timedelta(days=max(days))
    holders = ending_before(today, until)
    ends = last_days(today, practitioner__in=holders)
    lines = grant_states().filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=at),
        practitioner__in=holders,
        status__in=[GrantStatus.ACTIVE, GrantStatus.SUSPENDED],
    )
    for state in lines.order_by("practitioner_id", "pk"):
        held = ends.get(state.practitioner_id, {})
        asked = [held.get(kind) for kind in state.grant.privilege.certificates]
        on = min((day for day in asked if day and day >= today), default=None)
        if on is None:
            continue
        stage = stage_at(on, today, days, since=day_of(state.valid_from))
        if stage is not None:
            yield Due(state, ReminderKind.CERTIFICATE, on, stage)


def _has_failed(state: Any) -> bool:
    return bool(state.last_on) and state.last_due is None


def _untold(due: Sequence[Due]) -> list[Due]:
    told: set[tuple[int, str, date, int]] = set()
    keys = sorted({one.state.pk for one in due})
    for start in range(0, len(keys), 1000):
        rows = Reminder.objects.filter(state__in=keys[start : start + 1000])
        told |= set(rows.order_by().values_list("state", "kind", "due_on", "stage"))
    return [one for one in due if one.key not in told]


# --- telling --------------------------------------------------------------------------


def _tell(kind: ReminderKind, due: Iterable[Due], at: datetime) -> int:
    by_person: dict[int, list[Due]] = defaultdict(list)
    for one in due:
        by_person[one.state.practitioner_id].append(one)
    may_suspend = _may_suspend(by_person, at)
    told = sum(
        _tell_one(kind, person_id, theirs, at, may_suspend=may_suspend)
        for person_id, theirs in by_person.items()
    )
    _tell_office(kind, at)
    return told


def _may_suspend(by_person: dict[int, list[Due]], at: datetime) -> bool:
    """Too many overdue at once are reviewed instead, as with any mass change."""
    overdue = {
        person_id
        for person_id, due in by_person.items()
        if any(one.stage == Reminder.OVERDUE for one in due)
    }
    return not is_mass(overdue, at)


@transaction.atomic
def _tell_one(
    kind: ReminderKind,
    person_id: int,
    due: Sequence[Due],
    at: datetime,
    *,
    may_suspend: bool,
) -> int:
    """All of one person's lines in one transaction, each kept from a second telling."""
    person = locked_practitioner(person_id)
    ours = [one for one in due if _claimed(one, at)]
    coming = [one.on for one in ours if one.stage != Reminder.OVERDUE]
    if coming:
        key = f"{kind.lower()}:{person.pk}:{day_of(at)}"
        telling.coming(person, NOTICE_OF[kind], key=key, ends=coming, at=at)
    overdue = [one for one in ours if one.stage == Reminder.OVERDUE]
    if overdue:
        _overdue(person, overdue, at, may_suspend=may_suspend)
    return len(ours)


def _claimed(one: Due, at: datetime) -> bool:
    try:
        with transaction.atomic():
            Reminder.objects.create(
                state=one.state,
                kind=one.kind,
                due_on=one.on,
                stage=one.stage,
                told_at=at,
            )
    except IntegrityError:
        return False
    return True


def _overdue(
    person: Practitioner, overdue: Sequence[Due], at: datetime, *, may_suspend: bool
) -> None:
    trigger = Trigger.ASSESSMENT_OVERDUE
    effect = effect_of(trigger)
    first = min(one.on for one in overdue)
    text = f"能力评估超期：应于 {first} 前完成，尚无记录"
    lines = [one.state for one in overdue]
    if effect is Effect.REMIND:
        key = f"overdue:{person.pk}:{day_of(at)}"
        ends = [one.on for one in overdue]
        telling.coming(person, NoticeKind.ASSESSMENT, key=key, ends=ends, at=at)
        return
    done = 0
    if effect is Effect.SUSPEND and may_suspend:
        done = suspended(lines, trigger, text, by=system_account(), at=at)
    review, _is_new = open_review(person, trigger, lines, why=text, at=at)
    telling.reviewed(review, suspended=done, lines=len(lines), at=at)


def _tell_office(kind: ReminderKind, at: datetime) -> None:
    """Once a day, however often this runs: how many lines were told today."""
    today = day_of(at)
    count = Reminder.objects.filter(
        kind=kind, stage__gt=Reminder.OVERDUE, told_at__gte=start_of(today)
    ).count()
    if count:
        key = f"{kind.lower()}:{today}"
        with transaction.atomic():
            telling.coming_today(NOTICE_OF[kind], key=key, count=count, at=at)
