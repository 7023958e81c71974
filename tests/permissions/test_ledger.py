"""State is what the events add up to; both times of the ledger are answered from them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permissions import services
from permissions.enums import EventKind, GrantStatus, Setting
from permissions.importers import load_catalogue
from permissions.ledger import LineKey, Span, Standing, fold
from permissions.models import Grant, GrantEvent, GrantState, Privilege
from permissions.queries.ledger import difference, privileges_of
from permissions.services import ActRefused, Line
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import day_of
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
    until: datetime | None = None


def at(
    kind: EventKind, hour: int, recorded: int | None = None, until: int | None = None
) -> Event:
    known = hour if recorded is None else recorded
    end = None if until is None else START + until * HOUR
    return Event(kind, START + hour * HOUR, START + known * HOUR, end)


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
        ([GRANTED, at(EventKind.SUSPEND, 2, until=4)], 3, None, False),
        ([GRANTED, at(EventKind.SUSPEND, 2, until=4)], 4, None, True),
        ([GRANTED, at(EventKind.RENEW, 8, until=15)], 14, None, True),
        ([GRANTED, at(EventKind.RENEW, 8, until=15)], 15, None, False),
        ([GRANTED, at(EventKind.RENEW, 8, until=15)], 14, 7, False),
        ([GRANTED, at(EventKind.DOWNGRADE, 4)], 4, None, False),
        # A suspension recorded late stands before the restoration that followed it.
        (
            [GRANTED, at(EventKind.SUSPEND, 6), at(EventKind.SUSPEND, 2, 7, until=4)],
            5,
            None,
            True,
        ),
        ([at(EventKind.GRANT, 0, recorded=5)], 3, 4, False),
        ([at(EventKind.GRANT, 0, recorded=5)], 3, 5, True),
    ],
)
def test_right_at_a_moment_as_known_at_a_moment(
    events: list[Event], hour: int, known: int | None, holds: bool
) -> None:
    known_at = None if known is None else START + known * HOUR
    moment = START + hour * HOUR
    standing = fold(SPAN, events, known_at=known_at)
    assert (standing is not None and standing.holds_at(moment)) is holds


def test_no_event_is_no_standing() -> None:
    assert fold(SPAN, []) is None
    assert fold(SPAN, [GRANTED], known_at=START - HOUR) is None


def test_standing_says_since_when_and_until_when() -> None:
    suspended = at(EventKind.SUSPEND, 3, until=5)
    assert fold(SPAN, [GRANTED, suspended]) == Standing(
        SPAN,
        (
            (START + 3 * HOUR, GrantStatus.SUSPENDED),
            (START + 5 * HOUR, GrantStatus.ACTIVE),
        ),
        GrantStatus.SUSPENDED,
        changed_from=START + 3 * HOUR,
        suspended_until=START + 5 * HOUR,
    )


@given(st.lists(st.sampled_from(list(ACTS)), max_size=8))
def test_what_is_known_only_grows(kinds: list[EventKind]) -> None:
    """What was recorded later never changes what was known earlier."""
    events = [GRANTED] + [at(kind, n) for n, kind in enumerate(kinds, start=1)]
    for known in range(len(events)):
        until = events[: known + 1]
        moment = START + known * HOUR
        assert fold(SPAN, events, known_at=moment) == fold(SPAN, until)


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


@pytest.mark.django_db
def test_difference_names_what_came_and_what_ended_it(lin: User, su: User) -> None:
    load_catalogue()
    surgeon = make_practitioner("1027", "陈景行")
    kept = granted(lin, su, surgeon, "RX01")
    lost = granted(lin, su, surgeon, "ND01", valid_to=date(2028, 11, 22))
    ends = granted(lin, su, surgeon, "RX08", valid_to=date(2026, 11, 23))
    revoked = services.revoke(
        state=lost,
        by=su,
        at=START + HOUR,
        reason_code="05",
        reason="调离本院，取消权限",
    )
    later = START + 48 * HOUR
    come = granted(
        lin,
        su,
        surgeon,
        "RX02",
        at=later,
        setting=Setting.EMERGENCY,
        valid_from=date(2026, 11, 25),
    )

    found = difference(surgeon, START, later)

    assert found.gained == ((come.grant, come.last_event),)
    assert found.lost == ((ends.grant, None), (lost.grant, revoked))
    assert kept.grant not in {grant for grant, _why in found.lost}


class Step(NamedTuple):
    """An act tried some hours later, taking effect some hours back."""

    kind: EventKind
    hours: int
    back: int
    days: int


ALL_ACTS = (*ACTS, EventKind.RENEW, EventKind.GRANT)
STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(ALL_ACTS),
        st.integers(1, 30),
        st.sampled_from([0, 0, 0, 5, 40]),
        st.integers(0, 4),
    ),
    max_size=9,
)
SETTINGS = (Setting.ALL, Setting.OUTPATIENT, Setting.INPATIENT)


def do(step: Step, state: GrantState, moment: datetime, by: User) -> object:
    """One try of an act on a line, or of another line of the same right."""
    said: dict[str, Any] = {"by": by, "at": moment, "reason": "按规定办理变更"}
    day = day_of(moment) + timedelta(days=step.days)
    if step.kind is EventKind.GRANT:
        line = Line(
            privilege=state.privilege,
            valid_from=day - timedelta(days=step.back // 5),
            valid_to=day + timedelta(days=2),
            setting=SETTINGS[step.days % 3],
        )
        return services.grant(practitioner=state.practitioner, line=line, **said)
    if step.kind is EventKind.RENEW:
        return services.renew(state=state, last_day=day, **said)
    if step.kind is EventKind.VOID:
        return services.void(state=state, **said)
    effective = moment - step.back * HOUR if step.back else None
    more = {"last_day": day} if step.kind is EventKind.SUSPEND and step.days > 2 else {}
    return ACTS[step.kind](
        state=state, reason_code="19", effective_at=effective, **more, **said
    )


def must_be_sound(person: Practitioner) -> None:
    """State = fold(events), and no two lines of the same right at the same time."""
    occupied: list[tuple[LineKey, Span]] = []
    for state in GrantState.objects.filter(practitioner=person).order_by("pk"):
        events = list(GrantEvent.objects.filter(grant=state.grant_id).order_by("pk"))
        standing = fold(Grant.objects.get(pk=state.grant_id).span, events)
        assert standing is not None
        assert state.last_event == events[-1]
        assert (
            Standing(
                state.span,
                standing.turns,
                GrantStatus(state.status),
                state.changed_from,
                state.suspended_until,
            )
            == standing
        )
        assert state.ended_at == standing.ended_at
        assert state.history.count() == len(events)
        span = standing.occupied
        if span is not None:
            met = [o for o in occupied if o[0].meets(state.key) and o[1].meets(span)]
            assert met == []
            occupied.append((state.key, span))


@pytest.mark.django_db
@pytest.mark.slow
@settings(
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(STEPS, st.integers(0, 5))
def test_ledger_stays_sound_whatever_is_tried(
    lin: User, su: User, steps: list[Step], days: int
) -> None:
    """Accepted or refused: state is the fold, nothing overlaps, as-of agrees."""
    number = Practitioner.objects.count()
    person = make_practitioner(f"7{number:05}", "陈景行")
    Privilege.objects.exists() or load_catalogue()
    moment = START
    granted(lin, su, person, "RX01", at=moment, valid_to=date(2026, 11, 23 + days))
    for turn, step in enumerate(steps):
        moment += step.hours * HOUR
        states = list(GrantState.objects.filter(practitioner=person).order_by("pk"))
        with suppress(ActRefused):
            do(step, states[turn % len(states)], moment, su)
        must_be_sound(person)

    grants = list(Grant.objects.filter(practitioner=person).order_by("pk"))
    for back in (0, 7, 31):
        asked = moment - back * HOUR
        standings = [(one, fold(one.span, one.events.order_by("pk"))) for one in grants]
        held = [one for one, found in standings if found and found.holds_at(asked)]
        assert sorted(one.pk for one in privileges_of(person, asked)) == [
            one.pk for one in held
        ]
