"""State is what the events add up to; both times of the ledger are answered from them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permissions import services
from permissions.enums import EventKind, GrantStatus
from permissions.importers import load_catalogue
from permissions.models import Grant, GrantEvent, GrantState, Privilege
from permissions.queries.ledger import (
    POSSIBLE_IN,
    Span,
    fold,
    holds_at,
    privileges_of,
    status_at,
)
from permissions.services import ActRefused
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.outbox.models import Message
from tests.cast import make_practitioner
from tests.permissions.ledger import granted

START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPAN = Span(START, START + 10 * HOUR)
ACTS: dict[EventKind, Callable[..., GrantEvent]] = {
    EventKind.SUSPEND: services.suspend,
    EventKind.RESTORE: services.restore,
    EventKind.REVOKE: services.revoke,
    EventKind.VOID: services.void,
}


class Event(NamedTuple):
    kind: str
    effective_at: datetime
    recorded_at: datetime


def at(kind: EventKind, hour: int, recorded: int | None = None) -> Event:
    known = hour if recorded is None else recorded
    return Event(kind, START + hour * HOUR, START + known * HOUR)


GRANTED = at(EventKind.GRANT, 0)


@pytest.mark.parametrize(
    ("events", "hour", "known", "holds"),
    [
        ([GRANTED], 0, None, True),
        ([GRANTED], 9, None, True),
        ([GRANTED], 10, None, False),  # the end is exclusive
        ([GRANTED], -1, None, False),
        ([GRANTED, at(EventKind.SUSPEND, 3)], 2, None, True),
        ([GRANTED, at(EventKind.SUSPEND, 3)], 3, None, False),
        ([GRANTED, at(EventKind.SUSPEND, 3), at(EventKind.RESTORE, 5)], 5, None, True),
        ([GRANTED, at(EventKind.REVOKE, 4)], 3, None, True),
        ([GRANTED, at(EventKind.REVOKE, 4)], 4, None, False),
        ([GRANTED, at(EventKind.VOID, 4)], 3, None, False),  # never valid
        ([GRANTED, at(EventKind.VOID, 4)], 3, 3, True),  # not known yet
        ([GRANTED, at(EventKind.SUSPEND, 2, recorded=6)], 3, 5, True),
        ([GRANTED, at(EventKind.SUSPEND, 2, recorded=6)], 3, 6, False),
        ([at(EventKind.GRANT, 2, recorded=2)], 1, None, False),
        ([at(EventKind.GRANT, 0, recorded=5)], 3, 4, False),
        ([at(EventKind.GRANT, 0, recorded=5)], 3, 5, True),
    ],
)
def test_right_at_a_moment_as_known_at_a_moment(
    events: list[Event], hour: int, known: int | None, holds: bool
) -> None:
    known_at = None if known is None else START + known * HOUR
    moment = START + hour * HOUR
    assert holds_at(SPAN, events, at=moment, known_at=known_at) is holds


def test_no_event_is_no_status() -> None:
    assert fold([]) is None
    assert status_at([GRANTED], at=START, known_at=START - HOUR) is None


@given(st.lists(st.sampled_from(list(ACTS)), max_size=8))
def test_what_is_known_only_grows(kinds: list[EventKind]) -> None:
    """What was recorded later never changes what was known earlier."""
    events = [GRANTED] + [at(kind, n) for n, kind in enumerate(kinds, start=1)]
    for known in range(len(events)):
        until = events[: known + 1]
        moment = START + known * HOUR
        assert status_at(events, at=moment, known_at=moment) == status_at(
            until, at=moment
        )


@pytest.mark.django_db
def test_privileges_of_answers_both_times(
    lin: User, su: User, clock: time_machine.Traveller
) -> None:
    load_catalogue()
    surgeon = make_practitioner("1027", "陈景行")
    first = granted(lin, su, surgeon, "RX01")
    later = granted(lin, su, surgeon, "RX08", valid_to=date(2027, 1, 31))
    granted(lin, su, make_practitioner("1188", "王若谷"), "RX01")
    approved = START
    clock.move_to(START + 24 * HOUR)
    services.void(state=later, by=su, at=START + 24 * HOUR, reason="录错了医师工号")

    def codes(moment: datetime, known_at: datetime | None = None) -> list[str]:
        held = privileges_of(surgeon, moment, known_at)
        return [grant.privilege.code for grant in held]

    assert codes(approved) == ["RX01"]
    assert codes(approved, approved) == ["RX01", "RX08"]
    assert codes(approved - HOUR) == []
    assert codes(approved, approved - HOUR) == []
    assert privileges_of(surgeon, approved) == [first.grant]


class Step(NamedTuple):
    kind: EventKind
    hours: int


STEPS = st.lists(
    st.builds(Step, st.sampled_from(list(ACTS)), st.integers(1, 30)), max_size=7
)


@pytest.mark.django_db
@pytest.mark.slow
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(STEPS, st.integers(0, 5))
def test_state_is_the_fold_of_the_events_after_any_acts(
    lin: User, su: User, steps: list[Step], days: int
) -> None:
    """Whatever is tried, accepted or refused: state, events and messages agree."""
    number = Practitioner.objects.count()
    person = make_practitioner(f"7{number:05}", "陈景行")
    Privilege.objects.exists() or load_catalogue()
    moment = START
    state = granted(
        lin, su, person, "RX01", at=moment, valid_to=date(2026, 11, 23 + days)
    )
    for step in steps:
        moment += step.hours * HOUR
        before = GrantStatus(GrantState.objects.get(pk=state.pk).status)
        has_ended = state.valid_to is not None and state.valid_to <= moment
        allowed = before in POSSIBLE_IN[step.kind] and (
            step.kind is EventKind.VOID or not has_ended
        )
        try:
            ACTS[step.kind](
                state=state, by=su, at=moment, reason_code="19", reason="按规定办理变更"
            )
        except ActRefused:
            assert not allowed
        else:
            assert allowed

    now = GrantState.objects.get(pk=state.pk)
    events = list(GrantEvent.objects.filter(grant=state.grant_id).order_by("pk"))
    grant = Grant.objects.get(pk=state.grant_id)
    assert now.status == fold(events)
    assert now.last_event == events[-1]
    assert (now.valid_from, now.valid_to) == (grant.valid_from, grant.valid_to)
    assert (now.item_code, now.setting) == (grant.item_code, grant.setting)
    assert now.history.count() == len(events)
    sent = Message.objects.filter(stream=f"practitioner:{person.emp_no}").order_by("pk")
    assert [message.subject for message in sent] == [event.subject for event in events]
    assert [grant] * holds_at(
        Span(grant.valid_from, grant.valid_to), events, at=moment
    ) == privileges_of(person, moment)
