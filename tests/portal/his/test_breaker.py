"""The breaker against a model of what it promises."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from portal.his.breaker import FAILURES, REST_SECONDS, Breaker


def opened(at: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _failure in range(FAILURES):
        assert breaker.admits(at)
        breaker.failed(at)
    return breaker


def test_call_after_fewer_failures_is_admitted() -> None:
    breaker = Breaker(failures=3)
    breaker.failed(0)
    breaker.failed(0)
    assert breaker.admits(0)
    assert not breaker.is_open


def test_call_after_so_many_failures_is_refused_until_the_rest_is_over() -> None:
    breaker = opened(at=10.0)
    assert not breaker.admits(10.0)
    assert not breaker.admits(10.0 + REST_SECONDS - 0.01)
    assert breaker.admits(10.0 + REST_SECONDS)


def test_trial_is_one_call_only() -> None:
    breaker = opened()
    assert breaker.admits(REST_SECONDS)
    assert not breaker.admits(REST_SECONDS)
    assert not breaker.admits(100 * REST_SECONDS)


def test_trial_that_is_answered_admits_everybody() -> None:
    breaker = opened()
    breaker.admits(REST_SECONDS)
    breaker.answered()
    assert [breaker.admits(REST_SECONDS) for _call in range(5)] == [True] * 5


def test_trial_that_fails_begins_the_rest_again() -> None:
    breaker = opened()
    breaker.admits(REST_SECONDS)
    breaker.failed(2 * REST_SECONDS)
    assert not breaker.admits(3 * REST_SECONDS - 0.01)
    assert breaker.admits(3 * REST_SECONDS)


def test_trial_that_told_nothing_leaves_it_to_the_next() -> None:
    breaker = opened()
    breaker.admits(REST_SECONDS)
    breaker.told_nothing()
    assert breaker.is_open
    assert breaker.admits(REST_SECONDS)


def test_call_that_asks_is_admitted_always_and_answers_for_all() -> None:
    breaker = opened()
    assert breaker.admits(0.0, asks=True)
    assert not breaker.admits(0.0)
    breaker.answered()
    assert breaker.admits(0.0)


def test_one_answer_between_forgets_the_failures() -> None:
    breaker = Breaker(failures=2)
    for _round in range(5):
        breaker.failed(0)
        breaker.answered()
    assert breaker.admits(0)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["call", "ask", "answered", "failed", "told_nothing"]),
            st.floats(0, 3, allow_nan=False),
        ),
        max_size=60,
    )
)
def test_any_story_is_told_by_the_failures_in_a_row_and_the_last_of_them(
    story: list[tuple[str, float]],
) -> None:
    breaker = Breaker()
    now, failed, failed_at, is_tried = 0.0, 0, 0.0, False
    for event, later in story:
        now += later
        is_open = failed >= FAILURES
        assert breaker.is_open is is_open
        match event:
            case "call":
                may = not is_tried and now >= failed_at + REST_SECONDS
                assert breaker.admits(now) is (not is_open or may)
                is_tried = is_tried or (is_open and may)
            case "ask":
                assert breaker.admits(now, asks=True)
                is_tried = is_tried or is_open
            case "answered":
                breaker.answered()
                failed, is_tried = 0, False
            case "failed":
                breaker.failed(now)
                failed, failed_at, is_tried = failed + 1, now, False
            case "told_nothing":
                breaker.told_nothing()
                is_tried = False


def test_trial_is_given_to_one_of_many_threads() -> None:
    breaker = opened()
    gate = threading.Barrier(16)
    admitted: list[bool] = []

    def call() -> None:
        gate.wait()
        admitted.append(breaker.admits(REST_SECONDS))

    threads = [threading.Thread(target=call) for _thread in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(admitted) == [False] * 15 + [True]
