"""Grades of procedures on their way: a stream per procedure, days and priority."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.outbox.comparison import Effect, effect_of_a_grade, is_stricter
from portal.outbox.delivery import Summary
from portal.outbox.models import Message, State
from portal.outbox.outcomes import Outcome
from portal.outbox.services import NotPossible, Promise, enqueue, enqueue_all, retry
from tests.portal.outbox.conftest import promise, state_of
from tests.portal.outbox.memory_his import MemoryHis, grade_save, line_of

pytestmark = pytest.mark.django_db
Deliver = Callable[[], Summary]
TODAY, LATER = date(2026, 11, 23), date(2026, 12, 1)


def promise_grade(proc_code: str = "51.2300", **changes: Any) -> Message:
    not_before = changes.pop("not_before", None)
    return enqueue(
        message=grade_save(proc_code, **changes),
        subject="surgery.procedure:1",
        at=timezone.now(),
        not_before=not_before,
    )


def planned(grade: str = "2", **changes: Any) -> Message:
    """A grade from December on."""
    later = timezone.now() + timedelta(days=8)
    return promise_grade(
        new_grade=grade, effective_from=LATER, not_before=later, **changes
    )


def test_grade_is_sent_read_back_and_confirmed(
    his: MemoryHis, deliver: Deliver
) -> None:
    message = promise_grade()

    assert deliver().tried == {Outcome.CONFIRMED: 1}

    assert (message.kind, message.stream) == ("OPGRADE_SAVE", "procedure:51.2300")
    assert state_of(message) == State.CONFIRMED
    assert his.effects == [grade_save(request_id=str(message.request_id))]
    assert his.calls == ["save", "read"]


def test_procedures_do_not_wait_for_each_other_nor_for_doctors(
    his: MemoryHis, deliver: Deliver
) -> None:
    his.rejects = {"51.2300": "2004", "RX01": "2003"}
    refused, other, right = promise_grade(), promise_grade("47.0901"), promise("1188")

    deliver()

    assert [state_of(one) for one in (refused, other, right)] == [
        State.REJECTED,
        State.CONFIRMED,
        State.REJECTED,
    ]


def test_what_makes_a_procedure_stricter_goes_first(
    his: MemoryHis, deliver: Deliver
) -> None:
    promise_grade("47.0901", old_grade="3", new_grade="2")
    promise_grade("50.3x00", old_grade="3", new_grade="4")
    promise_grade("06.2x00", op="VOID", old_grade="3", new_grade="0")

    deliver()

    assert [effect.proc_code for effect in his.effects] == [  # type: ignore[union-attr]
        "50.3x00",
        "06.2x00",
        "47.0901",
    ]


@pytest.mark.parametrize(
    ("old", "new", "op", "stricter"),
    [
        ("2", "3", "UPDATE", True),
        ("3", "2", "UPDATE", False),
        ("3", "3", "UPDATE", False),
        ("0", "1", "ADD", True),
        (None, "2", "UPDATE", True),
        ("4", "0", "VOID", True),
    ],
)
def test_higher_grade_or_none_at_all_is_stricter(
    old: str | None, new: str, op: str, stricter: bool
) -> None:
    message = grade_save(old_grade=old, new_grade=new, op=op)
    assert is_stricter(message) is stricter


def test_later_word_replaces_what_waits_or_was_rejected(
    his: MemoryHis, deliver: Deliver
) -> None:
    his.rejects = {"51.2300": "2004"}
    rejected = promise_grade()
    deliver()
    his.rejects = {}
    waiting, last = promise_grade(new_grade="2"), promise_grade(new_grade="3")

    deliver()

    assert [state_of(one) for one in (rejected, waiting, last)] == [
        State.STOPPED,
        State.STOPPED,
        State.CONFIRMED,
    ]
    assert waiting.last_text == "已由后来的变更取代"
    assert [effect.new_grade for effect in his.effects] == ["3"]  # type: ignore[union-attr]


def test_grade_of_today_leaves_the_one_of_december(
    his: MemoryHis, deliver: Deliver
) -> None:
    december, today = planned("2"), promise_grade(old_grade="3", new_grade="4")
    deliver()
    assert (state_of(december), state_of(today)) == (State.WAITING, State.CONFIRMED)

    Message.objects.filter(pk=december.pk).update(
        not_before=timezone.now(), due_at=timezone.now()
    )
    deliver()

    assert state_of(december) == State.CONFIRMED
    assert [effect.new_grade for effect in his.effects] == ["4", "2"]  # type: ignore[union-attr]


def test_second_plan_for_the_same_day_replaces_the_first() -> None:
    first, second = planned("2"), planned("4")

    assert [state_of(one) for one in (first, second)] == [State.STOPPED, State.WAITING]


def test_thousands_are_promised_at_once_and_undo_what_waited(
    django_assert_max_num_queries: Any,
) -> None:
    waiting = promise_grade("51.2300", new_grade="2")
    promises = [
        Promise(grade_save(f"{number:02}.1x00"), f"surgery.procedure:{number}")
        for number in range(99)
    ]

    with django_assert_max_num_queries(7):
        count = enqueue_all(
            [*promises, Promise(grade_save("51.2300"), "surgery.procedure:1")],
            at=timezone.now(),
        )

    assert count == 100
    assert state_of(waiting) == State.STOPPED
    assert Message.objects.filter(state=State.WAITING, takes_away=True).count() == 100
    row = Message.objects.get(stream="procedure:07.1x00")
    assert (
        row.payload == grade_save("07.1x00", request_id=str(row.request_id)).payload()
    )


def test_old_word_is_not_sent_again_after_a_later_one(
    his: MemoryHis, deliver: Deliver
) -> None:
    his.rejects = {"51.2300": "2004"}
    rejected = promise_grade(old_grade="3")
    deliver()
    his.rejects = {}
    Message.objects.filter(pk=rejected.pk).update(state=State.STOPPED)
    promise_grade(old_grade="3", new_grade="2")
    deliver()
    Message.objects.filter(pk=rejected.pk).update(state=State.REJECTED)

    with pytest.raises(NotPossible, match="后来的变更已经送达"):
        retry(
            message=Message.objects.get(pk=rejected.pk),
            by=None,  # type: ignore[arg-type]  # refused before anything is written
            at=timezone.now(),
            reason="再送一次",
        )


# --- lost answers ---------------------------------------------------------------------


def test_lost_answer_is_read_back_and_not_sent_again(
    his: MemoryHis, deliver: Deliver
) -> None:
    message = promise_grade()
    his.save_faults = ["lost"]

    deliver()

    assert state_of(message) == State.CONFIRMED
    assert his.calls == ["save", "read"]


@pytest.mark.parametrize(
    ("shown", "before", "effect"),
    [
        ("4", None, Effect.SHOWN),
        ("3", None, Effect.ABSENT),  # what it was told to change
        ("2", "2", Effect.ABSENT),  # what we last proved
        ("1", "2", Effect.UNCLEAR),  # another hand
        ("", None, Effect.ABSENT),
    ],
)
def test_read_back_after_a_lost_answer_says(
    shown: str, before: str | None, effect: Effect
) -> None:
    sent = grade_save(old_grade="3", new_grade="4")
    line = line_of(grade_save(new_grade=shown)) if shown else None
    earlier = grade_save(new_grade=before) if before else None

    assert effect_of_a_grade(sent, line, earlier) is effect  # type: ignore[arg-type]


def test_unclear_read_back_waits_for_a_person(his: MemoryHis, deliver: Deliver) -> None:
    message = promise_grade(old_grade="3")
    his.change_by_hand(grade_save(), grade="3")
    his.save_faults = ["cut"]
    his.read_faults = ["down"]
    deliver()
    his.change_by_hand(grade_save(), grade="1")
    Message.objects.filter(pk=message.pk).update(due_at=timezone.now())

    deliver()

    message.refresh_from_db()
    assert (message.state, message.due_at) == (State.UNKNOWN, None)
    assert message.mismatch == [{"field": "grade", "ours": "4", "theirs": "1"}]
    assert his.effects == []


def test_his_that_is_down_costs_nothing_but_time(
    his: MemoryHis, deliver: Deliver
) -> None:
    message = promise_grade()
    his.is_down = True
    deliver()
    assert state_of(message) == State.WAITING

    his.is_down = False
    Message.objects.filter(pk=message.pk).update(due_at=timezone.now())
    deliver()

    assert state_of(message) == State.CONFIRMED


@pytest.mark.parametrize(
    ("old_grade", "first_day", "effect"),
    [
        (None, None, Effect.ABSENT),
        ("4", None, Effect.ABSENT),
        ("3", None, Effect.SHOWN),
        (None, date(2026, 11, 23), Effect.SHOWN),
    ],
)
def test_grade_without_a_first_day_proves_a_lost_call_only_if_another_stood_before(
    old_grade: str | None, first_day: date | None, effect: Effect
) -> None:
    sent = grade_save(old_grade=old_grade)
    line = line_of(sent)._replace(effective_from=first_day)  # type: ignore[call-arg]
    assert effect_of_a_grade(sent, line, None) is effect  # type: ignore[arg-type]
