"""Reading the events of practitioners: each once, whatever dies on the way.

One event, one transaction: the row that says it was read, the lines suspended for it
with history and messages, the review and the notices come together or not at all. Two
workers may read at once; the one that comes second finds the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.db import IntegrityError, transaction
from django.db.models import Q

from permissions.enums import Effect, Outcome, ReviewState, Trigger
from permissions.models import EventCursor, EventReading, GrantState
from permissions.queries.reviews import Concerned, concerned, unread_events
from permissions.services import telling
from permissions.services.changes import suspend
from permissions.services.ledger import locked_practitioner
from permissions.services.refusals import ActRefused
from permissions.services.reviews import open_mass_review, open_review
from permissions.services.triggers import (
    REASON_OF,
    effect_of,
    former_department,
    still_stands,
    trigger_of,
    why,
)
from portal.accounts.models import User
from portal.accounts.services import system_account
from portal.directory.models import PRACTISING, Practitioner, PractitionerEvent
from portal.parameters.queries import value_of
from portal.parameters.registry import MASS_DOCTORS, MASS_PERCENT

CURSOR = "practitioner"
PER_ROUND = 500
# No pull lies open for so long: what is older has been committed, or never will be.
SETTLED = timedelta(days=1)
# Below so many a share says nothing.
FEWEST = 3


def read_events(*, at: datetime, limit: int = PER_ROUND) -> int:
    """Read what is unread and do what a person has confirmed; how many events."""
    done = _do_confirmed(at)
    cursor, _is_new = EventCursor.objects.get_or_create(name=CURSOR)
    events = unread_events(cursor.floor, limit)
    for _moment, group in groupby(events, key=lambda event: event.at):
        done += _read_together(list(group), at)
    if not events:
        _settle(cursor, at)
    return done


def _settle(cursor: EventCursor, at: datetime) -> None:
    """Everything is read: what is old need not be looked at again."""
    settled = PractitionerEvent.objects.filter(at__lt=at - SETTLED).order_by("-pk")
    last = settled.values_list("pk", flat=True).first()
    if last is not None and last > cursor.floor:
        EventCursor.objects.filter(pk=cursor.pk, floor__lt=last).update(floor=last)


# --- what one pull brought ------------------------------------------------------------


@dataclass(frozen=True)
class Meaning:
    """What an event asks for, as things stand now."""

    trigger: Trigger | None
    effect: Effect
    found: Concerned

    @property
    def suspends(self) -> bool:
        return self.effect is Effect.SUSPEND and bool(self.found.to_suspend)


NOTHING = Concerned((), ())


def meaning_of(event: PractitionerEvent, person: Practitioner, at: datetime) -> Meaning:
    trigger = trigger_of(event)
    if trigger is None or not still_stands(trigger, person, at):
        return Meaning(trigger, Effect.REMIND, NOTHING)
    return Meaning(trigger, effect_of(trigger), concerned(trigger, person, at))


def _read_together(events: Sequence[PractitionerEvent], at: datetime) -> int:
    """Events of one moment: of one pull. Too many who would be suspended are held."""
    takers = [
        event for event in events if meaning_of(event, event.practitioner, at).suspends
    ]
    held = set()
    doctors = {event.practitioner_id for event in takers}
    if is_mass(doctors, at):
        held = {event.pk for event in takers}
        try:
            _hold(takers, len(doctors), at)
        except IntegrityError:
            # Another worker was quicker; anything else is not ours to swallow.
            if not EventReading.objects.filter(event=takers[0]).exists():
                raise
    return len(held) + sum(_read(event, at) for event in events if event.pk not in held)


def is_mass(doctors: set[int], at: datetime) -> bool:
    """More than the hospital allows the system to suspend by itself.

    Those of the last day count too, and those that wait for a person: a HIS that loses
    its doctors bit by bit must not empty the house either.
    """
    if not doctors:
        return False
    lately = EventReading.objects.filter(
        Q(outcome=Outcome.SUSPENDED) & ~Q(review__trigger=Trigger.MASS)
        | Q(outcome=Outcome.HELD, review__state=ReviewState.OPEN),
        read_at__gt=at - timedelta(days=1),
    )
    all_of_them = doctors | set(
        lately.order_by().values_list("event__practitioner", flat=True)
    )
    house = Practitioner.objects.filter(status__in=PRACTISING, missing_since=None)
    practising = set(house.order_by().values_list("pk", flat=True)) | all_of_them
    count = len(all_of_them)
    share = count * 100 > value_of(MASS_PERCENT) * len(practising)
    return count > value_of(MASS_DOCTORS) or (count >= FEWEST and share)


@transaction.atomic
def _hold(events: Sequence[PractitionerEvent], doctors: int, at: datetime) -> None:
    """One review for all of them; nothing is suspended before a person has said so."""
    text = f"HIS 一次变动将暂停 {doctors} 位医师的授权，超过医院参数的限额"
    review = open_mass_review(why=text, at=at)
    for event in events:
        EventReading.objects.create(
            event=event,
            trigger=trigger_of(event) or "",
            outcome=Outcome.HELD,
            read_at=at,
            review=review,
        )
    telling.held(review, doctors=doctors, at=at)


# --- one event ------------------------------------------------------------------------


def _read(event: PractitionerEvent, at: datetime) -> int:
    """Do what it asks for; 0 when another worker has done so."""
    try:
        with transaction.atomic():
            person = locked_practitioner(event.practitioner_id)
            reading = EventReading.objects.create(
                event=event, outcome=Outcome.NOTHING, read_at=at
            )
            _take(reading, meaning_of(event, person, at), person, system_account())
    except IntegrityError:
        if not EventReading.objects.filter(event=event).exists():
            raise
        return 0
    return 1


def _take(
    reading: EventReading, meaning: Meaning, person: Practitioner, by: User
) -> None:
    """Fill in what came of it, inside the transaction that claims the event."""
    trigger, lines = meaning.trigger, meaning.found.lines
    reading.trigger = trigger or ""
    if trigger is None or not lines:
        reading.outcome = Outcome.NOTHING
        reading.save()
        return
    event, at = reading.event, reading.read_at
    text = why(event, trigger)
    if meaning.effect is Effect.REMIND:
        reading.outcome = Outcome.REMINDED
        telling.happened(
            person,
            event_id=event.pk,
            trigger=trigger,
            why=text,
            at=at,
            former=former_department(event),
        )
        reading.save()
        return
    done = (
        suspended(meaning.found.to_suspend, trigger, text, by=by, at=at)
        if (meaning.suspends)
        else 0
    )
    review, is_new = open_review(person, trigger, lines, why=text, at=at)
    reading.outcome = Outcome.SUSPENDED if done else Outcome.REVIEW
    reading.review = review
    reading.save()
    if is_new or done:
        telling.reviewed(
            review,
            suspended=done,
            lines=len(lines),
            at=at,
            former=former_department(event),
        )


def suspended(
    lines: Sequence[GrantState], trigger: Trigger, text: str, *, by: User, at: datetime
) -> int:
    """Suspend the lines; one that has ended or changed meanwhile needs nothing."""
    done = 0
    for line in lines:
        try:
            suspend(
                state=line,
                by=by,
                at=at,
                reason_code=REASON_OF[trigger],
                reason=text,
            )
        except ActRefused:
            continue
        done += 1
    return done


# --- what a person has confirmed ------------------------------------------------------


def _do_confirmed(at: datetime) -> int:
    """Events of a mass change somebody has confirmed, one by one, in their name."""
    waiting = EventReading.objects.filter(
        outcome=Outcome.HELD, review__state=ReviewState.SUSPENDED
    )
    return sum(
        _confirmed(pk, at) for pk in waiting.order_by("pk").values_list("pk", flat=True)
    )


@transaction.atomic
def _confirmed(reading_id: int, at: datetime) -> int:
    mine = EventReading.objects.filter(pk=reading_id, outcome=Outcome.HELD)
    if not mine.update(outcome=Outcome.NOTHING, read_at=at):
        return 0
    reading = EventReading.objects.select_related(
        "event__practitioner", "review__concluded_by"
    ).get(pk=reading_id)
    mass = reading.review
    by = mass.concluded_by if mass else None
    if mass is None or by is None:
        raise RuntimeError("a confirmed review says by whom")
    person = locked_practitioner(reading.event.practitioner_id)
    meaning = meaning_of(reading.event, person, at)
    _take(reading, Meaning(meaning.trigger, Effect.SUSPEND, meaning.found), person, by)
    # It stays among those of the mass change; its own review is the doctor's.
    reading.review = mass
    reading.save()
    return 1
