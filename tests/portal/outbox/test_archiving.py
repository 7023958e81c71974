"""The archive takes what is long settled, and never what the outbox still asks for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from permissions.outbound.wording import told_by
from portal.accounts.models import User
from portal.outbox import queries
from portal.outbox.archived import ArchivedMessage
from portal.outbox.archiving import Archived, archive
from portal.outbox.delivery import Summary
from portal.outbox.models import Attempt, Message, State
from portal.outbox.presenters import arrival
from portal.outbox.services import stop
from portal.outbox.trying import proved_before
from tests.portal.outbox.conftest import promise, state_of
from tests.portal.outbox.memory_his import MemoryHis

pytestmark = pytest.mark.django_db
Deliver = Callable[[], Summary]
Clock = time_machine.Traveller
ALL = 10**9


def put_away(*, counted: int = ALL, most: int | None = None) -> Archived:
    """Everything that was settled before now."""
    now = timezone.now()
    return archive(before=now, at=now, counted=counted, most=most)


@pytest.fixture
def told(deliver: Deliver, clock: Clock) -> list[Message]:
    """Wang's right was given, suspended and prolonged, given up, and given once more."""
    messages = [promise(op=op) for op in ("ADD", "SUSPEND", "RESTORE", "SUSPEND")]
    deliver()
    clock.shift(timedelta(days=800))
    return messages


def numbers(messages: list[Message]) -> list[int]:
    return [message.pk for message in messages]


def left() -> list[int]:
    return list(Message.objects.order_by("id").values_list("pk", flat=True))


def test_archive_keeps_the_last_word_of_each_kind_of_a_line(
    told: list[Message],
) -> None:
    other_line = promise(priv_code="AB02")

    assert put_away() == Archived(1, 1)

    add, suspend, restore, again = told
    assert left() == numbers([add, restore, again, other_line])
    assert list(ArchivedMessage.objects.values_list("pk", "month", "state")) == [
        (suspend.pk, "2026-11", "CONFIRMED")
    ]


def test_archived_message_keeps_everything_with_its_tries(told: list[Message]) -> None:
    suspend = Message.objects.get(pk=told[1].pk)
    tries = list(suspend.attempts.values("id", "outcome", "duration_ms", "code"))
    assert len(tries) == 1

    put_away()

    found = queries.found_message(suspend.pk)
    assert found is not None
    message, attempts = found
    for name in ("request_id", "payload", "stream", "subject", "confirmed_at", "tries"):
        assert getattr(message, name) == getattr(suspend, name), name
    assert [
        {name: getattr(one, name) for name in ("id", "outcome", "duration_ms", "code")}
        for one in attempts
    ] == tries
    assert attempts[0].started_at == datetime(2026, 11, 23, 2, tzinfo=UTC)
    assert not Attempt.objects.filter(message_id=suspend.pk).exists()


def test_archive_twice_does_nothing_more(told: list[Message]) -> None:
    put_away()
    before = left(), ArchivedMessage.objects.count()

    assert put_away() == Archived(0, 0)
    assert (left(), ArchivedMessage.objects.count()) == before


def test_archive_changes_nothing_of_what_is_proved_told_and_shown(
    told: list[Message], deliver: Deliver
) -> None:
    doubt = promise(op="REVOKE", subject="permissions.grantevent:99")
    Message.objects.filter(pk=doubt.pk).update(state=State.UNKNOWN)
    doubt.refresh_from_db()
    subject, at = told[1].subject, timezone.now()

    def seen() -> tuple[object, ...]:
        calls = [one.call for one in queries.promised(["1188"], at)["1188"]]
        shown = queries.arrivals_by_subject([subject])[subject]
        return proved_before(doubt), told_by(calls), type(shown).__name__

    before = seen()
    assert put_away().moved == 1
    assert seen() == before


def test_subject_whose_only_message_is_archived_is_still_shown(
    deliver: Deliver, clock: Clock
) -> None:
    promise(subject="permissions.grantevent:1", op="SUSPEND")
    promise(subject="permissions.grantevent:2", op="SUSPEND")
    deliver()
    clock.shift(timedelta(days=800))
    assert put_away().moved == 1

    found = queries.arrival_of(["permissions.grantevent:1", "no.such:1"])

    assert list(found) == ["permissions.grantevent:1"]
    shown = arrival(found["permissions.grantevent:1"])
    assert shown.dots == ("f", "f", "f")
    assert shown.text == "一致 2026-11-23"


def test_archive_stops_before_the_first_open_message_of_a_stream(
    his: MemoryHis, deliver: Deliver, clock: Clock
) -> None:
    first = promise(priv_code="AB02")
    his.rejects = {"AB02": "2004"}
    passed = [promise(op="SUSPEND"), promise(op="SUSPEND")]
    deliver()
    clock.shift(timedelta(days=800))
    assert [state_of(one) for one in (first, *passed)] == [
        *("REJECTED", "CONFIRMED", "CONFIRMED")
    ]

    assert put_away() == Archived(0, 0)
    assert left() == numbers([first, *passed])


def test_stopped_message_is_archived_once_its_line_was_confirmed_later(
    lin: User, deliver: Deliver, clock: Clock
) -> None:
    stopped = promise()
    stop(message=stopped, by=lin, at=timezone.now(), reason="人工处理")
    other_line = promise(priv_code="AB02")
    deliver()
    clock.shift(timedelta(days=800))

    # Nothing proves that the HIS has it: the lists still must find it.
    assert put_away() == Archived(0, 0)
    assert left() == numbers([stopped, other_line])

    later = promise()
    deliver()
    clock.shift(timedelta(days=800))

    assert put_away() == Archived(1, 1)
    assert left() == numbers([other_line, later])
    assert ArchivedMessage.objects.get().last_text == "人工处理"


def test_what_was_settled_since_stays(told: list[Message], deliver: Deliver) -> None:
    before = timezone.now() - timedelta(days=801)

    done = archive(before=before, at=timezone.now(), counted=ALL)

    assert done == Archived(0, 0)
    assert left() == numbers(told)


def test_tries_the_metrics_have_not_counted_hold_their_message_back(
    told: list[Message],
) -> None:
    last = Attempt.objects.get(message=told[1]).pk

    assert put_away(counted=last - 1) == Archived(0, 0)
    assert put_away(counted=last) == Archived(1, 1)


def test_run_that_is_cut_is_finished_by_the_next(
    deliver: Deliver, clock: Clock
) -> None:
    for emp_no in ("1001", "1002", "1003"):
        promise(emp_no, "SUSPEND")
        promise(emp_no, "SUSPEND")
    deliver()
    clock.shift(timedelta(days=800))

    assert put_away(most=2) == Archived(2, 2, is_cut=True)
    assert put_away(most=2) == Archived(1, 1)
    assert ArchivedMessage.objects.count() == len(left()) == 3
