"""What pages say of a message that waits, and for what."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from portal.desk.presenters_his import waits_for
from portal.outbox.backoff import STUCK_AFTER
from portal.outbox.models import Message, State
from portal.outbox.presenters import arrival
from portal.outbox.queries import shown
from tests.harness import assert_queries
from tests.portal.outbox.conftest import promise

pytestmark = pytest.mark.django_db
SOME_DAY = datetime(2026, 11, 26, tzinfo=UTC)
REASON = "前一条变更还没有被 HIS 接受；到 HIS 对接页处理后，这条自动送达"


def said_of(message: Message) -> tuple[str, str]:
    chain = arrival(shown().get(pk=message.pk))
    return str(chain.text), str(chain.why)


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ({"state": State.REJECTED, "last_code": "3001"}, "前一条 3001 待处理"),
        ({"state": State.UNKNOWN}, "前一条待处理"),
        ({"state": State.WAITING, "tries": STUCK_AFTER}, "前一条待处理"),
    ],
)
def test_message_behind_one_that_waits_for_a_person_says_so(
    first: dict[str, Any], words: str
) -> None:
    in_front, behind = promise("1001"), promise("1001")
    Message.objects.filter(pk=in_front.pk).update(due_at=None, **first)

    assert said_of(behind) == (words, REASON)


@pytest.mark.parametrize(
    "first",
    [
        {"state": State.WAITING},
        {"state": State.SENDING, "claim": uuid.uuid4(), "lease_until": SOME_DAY},
        {"state": State.CONFIRMED, "confirmed_at": SOME_DAY},
        {"state": State.STOPPED},
        {"state": State.DELIVERED, "mismatch": [["status", "1", "0"]]},
    ],
)
def test_message_behind_one_that_moves_by_itself_is_in_the_queue(
    first: dict[str, Any],
) -> None:
    in_front, behind = promise("1001"), promise("1001")
    Message.objects.filter(pk=in_front.pk).update(due_at=None, **first)

    assert said_of(behind) == ("排队中", "")


def test_message_that_takes_away_passes_a_rejected_one_and_says_nothing_of_it() -> None:
    in_front, behind = promise("1001"), promise("1001", op="SUSPEND")
    Message.objects.filter(pk=in_front.pk).update(state=State.REJECTED, due_at=None)

    assert said_of(behind) == ("排队中", "")


@pytest.mark.parametrize("op", ["ADD", "SUSPEND"])
def test_message_passed_by_one_nobody_knows_of_waits_for_its_result(op: str) -> None:
    passed, later, other = (
        promise("1001", op=op),
        promise("1001", op="REVOKE"),
        promise("1002"),
    )
    Message.objects.filter(pk=later.pk).update(state=State.UNKNOWN, due_at=None)

    assert said_of(passed) == (
        "等后一条的结果",
        "后一条变更还不知道是否写入 HIS；有结果后，这条自动送达",
    )
    assert said_of(other) == ("排队中", "")
    assert waits_for(shown().get(pk=passed.pk)) == "等后一条的结果"


@pytest.mark.parametrize(
    "later",
    [
        {"state": State.SENDING, "claim": uuid.uuid4(), "lease_until": SOME_DAY},
        {"state": State.REJECTED},
        {"state": State.CONFIRMED, "confirmed_at": SOME_DAY},
    ],
)
def test_message_before_one_whose_answer_is_known_soon_is_in_the_queue(
    later: dict[str, Any],
) -> None:
    before, after = promise("1001"), promise("1001", op="REVOKE")
    Message.objects.filter(pk=after.pk).update(due_at=None, **later)

    assert said_of(before) == ("排队中", "")


def test_message_of_another_stream_or_an_earlier_one_is_not_held_up() -> None:
    before, rejected, other = promise("1001"), promise("1001"), promise("1002")
    Message.objects.filter(pk=rejected.pk).update(state=State.REJECTED, due_at=None)

    assert said_of(before) == said_of(other) == ("排队中", "")


def test_what_holds_messages_up_is_read_in_the_same_query() -> None:
    for _n in range(3):
        promise("1001")
    Message.objects.filter(pk=Message.objects.earliest("id").pk).update(
        state=State.REJECTED, due_at=None
    )
    with assert_queries(1):
        texts = [str(arrival(message).text) for message in shown().order_by("id")]
    assert texts == ["拒收 ", "前一条待处理", "前一条待处理"]
