"""What a preview says of many lines is what the acts then do, with few queries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from permissions import services
from permissions.enums import EventKind
from permissions.models import GrantState
from permissions.queries.grants import states_by_id
from permissions.services.refusals import ActRefused
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import start_of
from surgery.enums import Grade
from tests.cast import make_practitioner
from tests.harness import assert_queries
from tests.permissions.act_pages import WHY, book
from tests.permissions.ledger import REASON, TODAY, granted

pytestmark = pytest.mark.usefixtures("catalogue")
DAY = timedelta(days=1)
ACTS: dict[EventKind, Callable[..., object]] = {
    EventKind.RENEW: services.renew,
    EventKind.SUSPEND: partial(services.suspend, reason_code="08"),
    EventKind.RESTORE: services.restore,
    EventKind.REVOKE: partial(services.revoke, reason_code="05"),
}


def all_kinds_of_lines(lin: User, su: User, wang: User) -> list[GrantState]:
    """Lines in every state, with others in the way, some of the officer's own."""
    surgeon = make_practitioner("1027", "陈景行", title_code="231")
    gone = make_practitioner("1301", "周小满", title_code="234")
    said: dict[str, Any] = {"by": su, "at": timezone.now(), "reason": WHY}
    granted(lin, su, surgeon, "RX01")
    granted(lin, su, surgeon, "SG02", valid_to=date(2026, 12, 31))
    # Next year's line begins where this one ends: no room to renew into.
    granted(lin, su, surgeon, "ND03", valid_to=date(2026, 12, 31))
    granted(
        lin,
        su,
        surgeon,
        "ND03",
        valid_from=date(2027, 1, 1),
        valid_to=date(2027, 12, 31),
    )
    paused = granted(lin, su, surgeon, "RX08", valid_to=date(2027, 6, 30))
    services.suspend(state=paused, reason_code="08", **said)
    short = granted(lin, su, surgeon, "SG03", item="51.2300", valid_to=TODAY + 9 * DAY)
    services.suspend(state=short, reason_code="06", last_day=TODAY, **said)
    ended = granted(lin, su, surgeon, "SG07", valid_to=date(2027, 6, 30))
    services.revoke(state=ended, reason_code="17", **said)
    wrong = granted(lin, su, gone, "RX05")
    services.void(state=wrong, **said)
    # Taken for cause; the lower level that stayed is not barred, an equal one is.
    low = granted(lin, su, surgeon, "AB01", valid_to=date(2027, 3, 1))
    high = granted(lin, su, surgeon, "AB02", valid_to=date(2027, 3, 1))
    services.revoke(state=high, reason_code="12", **said)
    assert low.practitioner_id == surgeon.pk
    granted(lin, su, gone, "SG01", valid_to=date(2027, 3, 1))
    Practitioner.objects.filter(pk=gone.pk).update(status="LEFT")
    assert wang.practitioner is not None
    granted(su, lin, wang.practitioner, "SG02", valid_to=date(2027, 3, 1))
    return states_by_id(GrantState.objects.values_list("pk", flat=True))


@pytest.mark.parametrize("kind", ACTS)
def test_foreseen_refusals_are_those_of_the_acts(
    kind: EventKind, lin: User, su: User, wang: User, clock: time_machine.Traveller
) -> None:
    """The oracle: each act is tried for real; no two are about the same right."""
    states = all_kinds_of_lines(lin, su, wang)
    clock.move_to(start_of(TODAY + 2 * DAY) + timedelta(hours=9))
    days: dict[EventKind, date] = {EventKind.RENEW: date(2027, 9, 30)}
    at, last_day = timezone.now(), days.get(kind)
    foreseen = services.refused_ahead(states, kind, by=wang, at=at, last_day=last_day)
    tried = {}
    for state in states:
        given: dict[str, Any] = {"last_day": last_day} if last_day else {}
        try:
            ACTS[kind](state=state, by=wang, at=at, reason=REASON, **given)
        except ActRefused as refusal:
            tried[state.pk] = str(refusal)
    assert {pk: str(why) for pk, why in foreseen.items()} == tried
    assert 0 < len(tried) < len(states)


@pytest.mark.usefixtures("prerequisites_warn")
@pytest.mark.parametrize("count", [5, 60])
def test_foreseeing_takes_as_many_queries_for_many_lines_as_for_few(
    count: int, lin: User, su: User
) -> None:
    for number in range(count):
        person = make_practitioner(f"5{number:03}", "陈景行", title_code="231")
        granted(lin, su, person, "SG02", valid_to=date(2027, 3, 1))
        book(lin, person, "86.2200", Grade.TWO, 2)
    states = states_by_id(GrantState.objects.values_list("pk", flat=True))
    at: datetime = timezone.now()
    longest = {state.pk: date(2027, 9, 30) for state in states}
    with assert_queries(12):
        refused = services.refused_ahead(
            states, EventKind.RENEW, by=lin, at=at, last_day=longest
        )
    assert refused == {}
    with assert_queries(8):
        found = services.consequences(states, EventKind.SUSPEND, at=at)
    assert (len(found.his), len(found.booked)) == (count, count)
