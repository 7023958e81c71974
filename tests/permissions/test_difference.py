"""What changed between two days: of one doctor, of a procedure, of a department."""

from __future__ import annotations

from datetime import date, datetime
from random import Random
from typing import Any

import pytest
from django.db import connection

from permissions import services
from permissions.enums import EventKind
from permissions.importers import load_catalogue
from permissions.models import Grant, GrantEvent
from permissions.queries.grants import grant_states, standing_of
from permissions.queries.ledger import (
    Difference,
    difference,
    difference_for,
    difference_in,
)
from permissions.queries.lines import IN_FORCE, lines_at
from portal.accounts.models import User
from portal.directory.models import Practitioner
from tests.cast import make_department, make_practitioner
from tests.harness import assert_queries
from tests.permissions.ledger import granted
from tests.permissions.paper import HOURS, Paper, histories, moment
from tests.permissions.test_ledger_oracle import SEED, write_down

ITEMS = ("51.2300", "50.2205", "41.5x00")
PLACES = ("0401", "0402", "0412")


@pytest.fixture
def papers(lin: User) -> dict[int, Paper]:
    """Random histories of 40 doctors over three procedures and three departments."""
    load_catalogue()
    found = write_down(histories(400, SEED), lin)
    with connection.cursor() as cursor:
        for pk in found:
            cursor.execute(
                "UPDATE permissions_grant SET item_kind = 'PROCEDURE',"
                " item_code = %s, department_code = %s WHERE id = %s",
                [ITEMS[pk % 3], PLACES[pk % 5 % 3], pk],
            )
    return found


def told(found: Difference) -> tuple[dict[int, int | None], dict[int, int | None]]:
    """Grant → what began it, grant → what ended it, by keys."""
    gained = {grant.pk: why.pk if why else None for grant, why in found.gained}
    lost = {grant.pk: why.pk if why else None for grant, why in found.lost}
    return gained, lost


def asked(random: Random) -> tuple[datetime, datetime, datetime | None]:
    """Two hours, and as known at which."""
    first, second = sorted(random.sample(range(HOURS), 2))
    known = None if random.random() < 0.3 else moment(random.randrange(HOURS))
    return moment(first), moment(second), known


def test_changes_of_procedures_and_departments_are_those_of_their_doctors(
    papers: dict[int, Paper],
) -> None:
    random = Random(SEED + 7)
    people = list(Practitioner.objects.order_by("pk"))
    of = {one.pk: one for one in Grant.objects.order_by("pk")}
    changes = 0
    for _turn in range(6):
        first, second, known = asked(random)
        gained: dict[int, int | None] = {}
        lost: dict[int, int | None] = {}
        for person in people:
            came, gone = told(difference(person, first, second, known))
            gained |= came
            lost |= gone
        changes += len(gained) + len(lost)
        for item in ITEMS:
            both = told(difference_for(item, first, second, known))
            for found, whole in zip(both, (gained, lost), strict=True):
                mine = {pk: y for pk, y in whole.items() if of[pk].item_code == item}
                assert found == mine, (item, first, second, known)
        for place in PLACES:
            both = told(difference_in(place, first, second, known))
            for found, whole in zip(both, (gained, lost), strict=True):
                mine = {
                    pk: y for pk, y in whole.items() if of[pk].department_code == place
                }
                assert found == mine, (place, first, second, known)
    assert changes > 300


def test_what_changed_is_what_the_clerk_painted_and_why_is_an_act_in_between(
    papers: dict[int, Paper],
) -> None:
    random = Random(SEED + 8)
    events = {one.pk: one for one in GrantEvent.objects.order_by("pk")}
    reasons: dict[str, int] = {}
    for _turn in range(30):
        hours = sorted(random.sample(range(HOURS), 2))
        first, second = map(moment, hours)
        gained, lost = told(difference_for(ITEMS[0], first, second))
        mine = {pk: one for pk, one in papers.items() if pk % 3 == 0}
        held = [
            {pk for pk, paper in mine.items() if paper.holds(hour, HOURS)}
            for hour in hours
        ]
        assert set(gained) == held[1] - held[0]
        assert set(lost) == held[0] - held[1]
        for pk, why in gained.items():
            kind = events[why].kind if why else "ITSELF"
            reasons[kind] = reasons.get(kind, 0) + 1
            if why:
                assert first < events[why].effective_at <= second
            else:
                # A suspension that ended by its date, and nothing else.
                assert papers[pk].calendar(HOURS) is not None
                assert "SUSPEND" in {act.kind for act in papers[pk].acts}
        for why in filter(None, lost.values()):
            assert events[why].effective_at <= second
    assert set(reasons) == {EventKind.GRANT, EventKind.RESTORE, "ITSELF"}


def test_difference_takes_four_queries_whatever_its_size(
    papers: dict[int, Paper],
) -> None:
    with assert_queries(4):
        found = difference_in("0401", moment(5), moment(30))
    assert len(found.gained) + len(found.lost) > 20


def test_line_stands_at_a_moment_as_the_list_says_it_stands_now(
    papers: dict[int, Paper],
) -> None:
    random = Random(SEED + 9)
    for _turn in range(10):
        hour, known = random.randrange(HOURS), random.randrange(HOURS)
        found = {line.terms.pk: line for line in lines_at(moment(hour), moment(known))}
        for pk, paper in papers.items():
            if paper.calendar(known) is None:
                assert pk not in found
                continue
            assert (found[pk].standing in IN_FORCE) is paper.holds(hour, known), paper


def test_standing_now_is_the_one_lists_read_from_states(
    catalogue: None, lin: User, su: User
) -> None:
    surgeon = make_practitioner("1027", "陈景行", department=make_department("0401"))
    item: dict[str, Any] = {"item": "51.2300", "valid_to": date(2028, 11, 22)}
    kept = granted(lin, su, surgeon, "SG03", **item)
    paused = granted(lin, su, surgeon, "SG03", role="ASSIST", **item)
    gone = granted(lin, su, surgeon, "SG03", role="SUPERVISE", **item)
    soon = granted(lin, su, surgeon, "RX01", valid_to=date(2026, 12, 1))
    ends = date(2028, 11, 22)
    later = granted(
        lin, su, surgeon, "MR01", valid_from=date(2026, 12, 1), valid_to=ends
    )
    void = granted(lin, su, surgeon, "CN01", valid_to=ends)
    for state, act in ((paused, services.suspend), (gone, services.revoke)):
        act(
            state=state,
            by=su,
            at=state.last_event.recorded_at,
            reason_code="08",
            reason="年度评估未提交",
        )
    services.void(
        state=void, by=su, at=void.last_event.recorded_at, reason="录入时选错医师"
    )
    now = kept.last_event.recorded_at
    found = {line.terms.pk: line.standing for line in lines_at(now)}
    states = list(grant_states().order_by("pk"))
    assert found == {one.grant_id: standing_of(one, now) for one in states}
    assert len(set(found.values())) == 6
    assert found[soon.grant_id] == "EXPIRING"
    assert found[later.grant_id] == "FUTURE"
