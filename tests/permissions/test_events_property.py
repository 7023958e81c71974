"""No event is lost and none is done twice, however readers die and numbers come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permissions.models import EventCursor, EventReading, GrantEvent, GrantState
from permissions.services import changes, events, telling
from portal.accounts.models import User
from portal.directory.models import Practitioner, PractitionerEvent
from tests.cast import make_practitioner
from tests.permissions.event_acts import give, set_to

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.usefixtures("catalogue"),
]
DOCTORS = 3
# What happens next: an event is written, one with a lower number appears late, the
# reader runs, or runs and dies at its so-manieth step; or a day goes by.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("tell"), st.integers(0, DOCTORS - 1)),
        st.tuples(st.just("tell late"), st.integers(0, DOCTORS - 1)),
        st.tuples(st.just("read"), st.just(0)),
        st.tuples(st.just("die"), st.integers(0, 12)),
        st.tuples(st.just("wait"), st.just(0)),
    ),
    max_size=14,
)


class Killed(Exception):
    """The reader's process ended here."""


def dying_at(step: int) -> Any:
    """Every write of the reader counts as a step; at this one it dies."""
    steps: Iterator[int] = count()
    inside = EventReading.save, changes.suspend, telling.reviewed

    def counted(act: Any) -> Any:
        def perform(*args: Any, **given: Any) -> Any:
            if next(steps) == step:
                raise Killed
            done = act(*args, **given)
            if next(steps) == step:
                raise Killed
            return done

        return perform

    save, suspend, reviewed = map(counted, inside)
    return (
        patch.object(EventReading, "save", save),
        patch.object(events, "suspend", suspend),
        patch.object(telling, "reviewed", reviewed),
    )


@pytest.fixture
def doctors(lin: User) -> list[Practitioner]:
    set_to(lin, MASS_DOCTORS=500, MASS_PERCENT=100)
    found = [make_practitioner(f"7{number:03}", "陈景行") for number in range(DOCTORS)]
    for person in found:
        give(lin, person)
    return found


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_every_event_is_read_once_whatever_dies(
    doctors: list[Practitioner], steps: list[tuple[str, int]]
) -> None:
    with transaction.atomic():
        play(doctors, steps)
        transaction.set_rollback(True)


def play(doctors: list[Practitioner], steps: list[tuple[str, int]]) -> None:
    at = timezone.now()
    numbers = count(10_000, 10)
    # Numbers a pull took that has not committed yet, and when it began.
    begun: list[tuple[int, Any]] = []
    told: set[int] = set()
    gone: set[int] = set()
    for what, value in steps:
        if what in {"tell", "tell late"}:
            # No pull lies open for a day: one so old is dead, and its number unused.
            begun = [one for one in begun if at - one[1] < events.SETTLED]
            if what == "tell late" and begun:
                number, moment = begun.pop()
            else:
                number, moment = next(numbers), at
                begun.append((number - 5, at))
            leave(doctors[value], number, moment)
            told.add(number)
            gone.add(doctors[value].pk)
        elif what == "read":
            events.read_events(at=at)
        elif what == "die":
            die_reading(value, at)
        else:
            at += timedelta(hours=20)
    events.read_events(at=at)

    assert set(EventReading.objects.values_list("event", flat=True)) == told
    suspended = GrantEvent.objects.filter(kind="SUSPEND").order_by()
    once = list(suspended.values_list("grant__practitioner", flat=True))
    assert sorted(once) == sorted(gone)
    standing = GrantState.objects.filter(status="SUSPENDED").order_by()
    assert set(standing.values_list("practitioner", flat=True)) == gone
    assert EventCursor.objects.get().floor <= max(told, default=0)


def leave(person: Practitioner, number: int, at: Any) -> None:
    Practitioner.objects.filter(pk=person.pk).update(status="99")
    PractitionerEvent.objects.create(
        pk=number, practitioner=person, kind="STATUS", before="01", after="99", at=at
    )


def die_reading(step: int, at: Any) -> None:
    first, second, third = dying_at(step)
    with first, second, third:
        try:
            events.read_events(at=at)
        except Killed:
            return
