"""撤销续期: the line ends again when it did, on both axes, and the HIS is told."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from permissions import services
from permissions.enums import AssessmentResult, EventKind
from permissions.models import BookingHit, GrantEvent, GrantState
from permissions.presenters.acts import possible_acts
from permissions.queries.ledger import holding, privileges_of
from permissions.services import refusals, refusals_of_acts
from permissions.services.assessments import assess
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.outbox.models import Message
from portal.parameters.days import end_of, start_of
from portal.parameters.queries import value_of
from portal.parameters.registry import UNDO_HOURS
from surgery.enums import Grade
from tests.cast import make_practitioner
from tests.permissions.act_pages import book
from tests.permissions.ledger import REASON, TODAY, granted, nothing_written

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("catalogue", "prerequisites_warn"),
]
FORMER, LATER = date(2026, 12, 31), date(2028, 12, 31)
BETWEEN = start_of(date(2027, 6, 1))
MINUTE = timedelta(minutes=1)
LAST_MINUTE = start_of(FORMER + timedelta(days=1)) - MINUTE


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    return make_practitioner("1027", "陈景行", title_code="231")


@pytest.fixture
def state(lin: User, su: User, surgeon: Practitioner) -> GrantState:
    return granted(lin, su, surgeon, "SG02", valid_to=FORMER)


def renew(state: GrantState, by: User, last_day: date = LATER) -> GrantEvent:
    return services.renew(
        state=state, by=by, last_day=last_day, at=timezone.now(), reason=REASON
    )


def undo(event: GrantEvent, by: User, **given: Any) -> GrantEvent:
    said: dict[str, Any] = {"at": timezone.now(), "reason": "续错了医师", **given}
    return services.undo(event=event, by=by, **said)


def offered(state: GrantState) -> bool:
    state.refresh_from_db()
    hours = value_of(UNDO_HOURS)
    return "undo" in possible_acts(state, timezone.now(), undo_hours=hours)


def held(at: datetime, known_at: datetime | None = None) -> list[int]:
    return list(holding(at, known_at).values_list("pk", flat=True))


def test_undone_renewal_gives_the_former_end_back_and_tells_the_his(
    lin: User, su: User, state: GrantState
) -> None:
    event = renew(state, lin)
    assert offered(state)
    back = undo(event, su)
    assert (back.kind, back.undoes, back.until, back.by) == (
        *(EventKind.UNRENEW, event, None),
        su,
    )
    state.refresh_from_db()
    assert (state.status, state.valid_to, state.last_event) == (
        *("ACTIVE", end_of(FORMER)),
        back,
    )
    message = Message.objects.first()
    assert message is not None
    assert (message.payload["op"], message.payload["valid_to"]) == (
        *("UPDATE", "2026-12-31"),
    )
    assert not offered(state)


def test_what_was_known_between_renewal_and_undo_stays_known(
    lin: User,
    surgeon: Practitioner,
    state: GrantState,
    clock: time_machine.Traveller,
) -> None:
    clock.move_to(renewed := timezone.now() + timedelta(hours=1))
    event = renew(state, lin)
    clock.move_to(renewed + timedelta(hours=1))
    undo(event, lin)
    line = state.grant
    for known_at, lines in (
        (renewed - MINUTE, []),
        (renewed, [line]),
        (renewed + timedelta(hours=1) - MINUTE, [line]),
        (renewed + timedelta(hours=1), []),
        (None, []),
    ):
        assert privileges_of(surgeon, BETWEEN, known_at) == lines
        assert held(BETWEEN, known_at) == [one.pk for one in lines]
    assert privileges_of(surgeon, LAST_MINUTE) == [line]


def test_line_may_be_renewed_again_also_by_a_renewal_recorded_late(
    lin: User, surgeon: Practitioner, state: GrantState, clock: time_machine.Traveller
) -> None:
    first = timezone.now()
    event = renew(state, lin)
    clock.move_to(first + timedelta(hours=2))
    undo(event, lin)
    state.refresh_from_db()
    services.renew(
        state=state,
        by=lin,
        last_day=date(2027, 12, 31),
        at=timezone.now(),
        effective_at=first + timedelta(hours=1),
        reason=REASON,
    )
    state.refresh_from_db()
    assert state.valid_to == end_of(date(2027, 12, 31))
    assert privileges_of(surgeon, BETWEEN) == [state.grant]
    assert held(BETWEEN) == [state.grant_id]
    assert held(start_of(date(2028, 6, 1))) == []


def test_operation_booked_after_the_former_end_is_hit_and_one_before_is_not(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    near = TODAY + timedelta(days=10)
    state = granted(lin, su, surgeon, "SG03", item="51.2300", valid_to=near)
    event = renew(state, lin, TODAY + timedelta(days=200))
    book(lin, surgeon, "51.2300", Grade.THREE, 5)
    book(lin, surgeon, "51.2300", Grade.THREE, 20)
    state.refresh_from_db()
    foreseen = services.consequences([state], EventKind.UNRENEW, at=timezone.now())
    (lost,) = foreseen.booked
    assert lost.planned_at > start_of(near)
    undo(event, lin)
    assert BookingHit.objects.get().application_no == lost.application_no


def test_renewal_is_not_undone_after_the_former_end(
    lin: User, state: GrantState, clock: time_machine.Traveller
) -> None:
    clock.move_to(LAST_MINUTE)
    event = renew(state, lin)
    clock.move_to(LAST_MINUTE + 2 * MINUTE)
    with nothing_written(), pytest.raises(refusals_of_acts.CannotUndo) as refused:
        undo(event, lin)
    assert str(refused.value) == (
        "「续期」不能撤销。原到期日 2026-12-31 已过，不再延续的请取消。"
    )


def test_renewal_is_not_undone_twice_nor_is_its_undo(
    lin: User, state: GrantState
) -> None:
    event = renew(state, lin)
    back = undo(event, lin)
    with nothing_written(), pytest.raises(refusals.ChangedMeanwhile):
        undo(event, lin)
    with nothing_written(), pytest.raises(refusals_of_acts.CannotUndo) as twice:
        undo(back, lin)
    assert str(twice.value) == "「撤销续期」不能撤销。仍要续期的，请重新续期。"


def test_renewal_is_not_undone_once_assessed_or_late(
    lin: User, su: User, surgeon: Practitioner, clock: time_machine.Traveller
) -> None:
    state = granted(lin, su, surgeon, "SG04", item="50.2205", valid_to=FORMER)
    again = renew(state, lin, date(2027, 6, 30))
    assess(
        state=state,
        assessed_on=TODAY,
        result=AssessmentResult.PASS,
        doc_no="医务〔2026〕9号",
        note=REASON,
        by=lin,
        at=timezone.now(),
    )
    with nothing_written(), pytest.raises(refusals_of_acts.CannotUndo) as assessed:
        undo(again, lin)
    assert str(assessed.value) == (
        "「续期」不能撤销。续期后已登记能力评估，不再延续的请取消。"
    )
    clock.move_to(timezone.now() + timedelta(hours=25))
    with nothing_written(), pytest.raises(refusals_of_acts.TooLateToUndo):
        undo(again, lin)


def test_what_takes_a_renewal_back_names_it(lin: User, state: GrantState) -> None:
    with (
        pytest.raises(IntegrityError, match="grantevent_unrenews_something"),
        transaction.atomic(),
    ):
        GrantEvent.objects.create(
            grant=state.grant,
            kind=EventKind.UNRENEW,
            effective_at=timezone.now(),
            recorded_at=timezone.now(),
            by=lin,
            reason=REASON,
        )
