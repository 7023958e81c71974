"""Lanes work while the caller claims, and nothing is tried twice or forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, date, datetime
from threading import Event, current_thread, main_thread
from typing import Any

import pytest

from portal.his.messages import DoctorOpSet
from portal.outbox import lanes as lanes_module
from portal.outbox.kinds import kind_of
from portal.outbox.lanes import CHUNK, Lanes
from portal.outbox.models import Message, State
from portal.outbox.outcomes import Outcome, Tried
from tests.portal.outbox.memory_his import priv_save

SOME_DAY = datetime(2026, 11, 26, tzinfo=UTC)


def confirm(messages: Sequence[Message]) -> list[tuple[Message, Tried]]:
    """One of them, as a transport does that is told one by one."""
    return [(messages[0], Tried(Outcome.CONFIRMED, SOME_DAY, 1))]


def confirm_seven(messages: Sequence[Message]) -> list[tuple[Message, Tried]]:
    return [(one, Tried(Outcome.CONFIRMED, SOME_DAY, 1)) for one in messages[:7]]


class Feed:
    """Gives batches; notes how many messages were written when it was asked."""

    def __init__(self, *sizes: int) -> None:
        self._batches = [
            [
                Message(pk=1000 * n + i, kind="PRIV_SAVE", state=State.SENDING)
                for i in range(size)
            ]
            for n, size in enumerate(sizes)
        ]
        self.all = [message.pk for batch in self._batches for message in batch]
        self.asked_at: list[int] = []
        self.written: list[int] = []

    def __call__(self) -> list[Message]:
        self.asked_at.append(len(self.written))
        return self._batches.pop(0) if self._batches else []

    def drain(self, lanes: Lanes) -> None:
        for group in lanes.run(self):
            self.written += [message.pk for message, _tried in group]
        lanes.close()


WHOLE_SET = DoctorOpSet("", "1188", date(2026, 11, 23), (), "", "", "2031")


def one(state: State, of: Any = None, **fields: Any) -> Message:
    call = of or priv_save()
    kind, payload = kind_of(call).name, call.payload()
    return Message(pk=1, kind=kind, payload=payload, state=state, **fields)


@pytest.mark.parametrize(
    ("message", "is_renewed"),
    [
        (one(State.SENDING), False),
        (one(State.DELIVERED), False),
        (one(State.SENDING, reads_first=True), False),
        (one(State.UNKNOWN), False),
        (one(State.SENDING, WHOLE_SET), True),
        (one(State.DELIVERED, WHOLE_SET), True),
    ],
)
def test_one_alone_that_may_take_many_calls_has_its_lease_renewed(
    message: Message, is_renewed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes_module, "PATIENCE_SECONDS", 0.01)
    renewed, feeds = Event(), [[message], []]

    def slow(messages: Sequence[Message]) -> list[tuple[Message, Tried]]:
        """Ends at the first renewal; without a lane of its own none can come."""
        if current_thread() is not main_thread():
            assert renewed.wait(30)
        return confirm(messages)

    lanes = Lanes(1, slow, nullcontext)
    done = list(lanes.run(lambda: feeds.pop(0) if feeds else [], renewed.set))
    lanes.close()

    assert [row.pk for group in done for row, _tried in group] == [1]
    assert renewed.is_set() is is_renewed


def test_last_of_many_has_its_lease_renewed_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its lease is no longer new."""
    monkeypatch.setattr(lanes_module, "PATIENCE_SECONDS", 0.01)
    first, last = one(State.SENDING), one(State.SENDING)
    first.pk, feeds, renewed = 2, [[first, last], []], Event()

    def slow(messages: Sequence[Message]) -> list[tuple[Message, Tried]]:
        if messages[0].pk == 1:
            assert current_thread() is not main_thread()
            assert renewed.wait(30)
        return confirm(messages)

    monkeypatch.setattr(lanes_module, "CHUNK_SECONDS", -1)
    lanes = Lanes(1, slow, nullcontext)
    done = list(lanes.run(lambda: feeds.pop(0) if feeds else [], renewed.set))
    lanes.close()

    assert [row.pk for group in done for row, _tried in group] == [2, 1]


def test_everything_fed_is_tried_once() -> None:
    feed = Feed(3 * CHUNK, 1, 2 * CHUNK, 0)
    feed.drain(Lanes(2, confirm, nullcontext))
    assert sorted(feed.written) == sorted(feed.all)


def test_everything_fed_is_tried_once_where_some_are_tried_together() -> None:
    feed = Feed(3 * CHUNK, 1, 2 * CHUNK, 0)
    feed.drain(Lanes(2, confirm_seven, nullcontext))
    assert sorted(feed.written) == sorted(feed.all)


def test_next_batch_is_asked_for_before_the_last_one_is_written() -> None:
    feed = Feed(4 * CHUNK, CHUNK)
    feed.drain(Lanes(2, confirm, nullcontext))
    assert feed.asked_at[0] == 0
    assert feed.asked_at[1] < 4 * CHUNK


def test_feed_that_had_nothing_is_asked_once_more_when_all_is_written() -> None:
    feed = Feed(3 * CHUNK)
    feed.drain(Lanes(2, confirm, nullcontext))
    assert len(feed.asked_at) == 3
    assert feed.asked_at[2] == len(feed.all)


def test_single_message_is_tried_by_the_caller_itself() -> None:
    feed = Feed(1)
    lanes = Lanes(2, confirm, nullcontext)
    feed.drain(lanes)
    assert (feed.written, lanes._pool) == (feed.all, None)


def test_lanes_that_were_stopped_ask_for_nothing_more() -> None:
    feed = Feed(2 * CHUNK, CHUNK)
    lanes = Lanes(1, confirm, nullcontext)
    for group in lanes.run(feed):
        feed.written += [message.pk for message, _tried in group]
        lanes.stop()
    lanes.close()
    assert feed.asked_at == [0]
    assert CHUNK <= len(feed.written) <= 2 * CHUNK


def test_caller_is_called_while_a_lane_is_in_a_long_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that a claim is prolonged for as long as its messages are under way."""
    monkeypatch.setattr(lanes_module, "PATIENCE_SECONDS", 0.01)
    is_kept = Event()

    def slow(messages: Sequence[Message]) -> list[tuple[Message, Tried]]:
        assert is_kept.wait(20)
        return confirm(messages)

    lanes = Lanes(2, slow, nullcontext)
    groups = list(lanes.run(Feed(2), is_kept.set))
    lanes.close()

    assert sum(map(len, groups)) == 2
