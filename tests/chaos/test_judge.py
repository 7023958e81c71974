"""The judge of a chaos run sees what it is there to see."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from tests.chaos.judge import CONFIRMED, STOPPED, Effect, Promised, Verdict, judge

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def change(
    number: int,
    state: str = CONFIRMED,
    *,
    takes: bool = False,
    stream: str = "1188",
    line: str = "RX01",
) -> Promised:
    return Promised(number, stream, (stream, line), takes, state)


def judged(
    promised: Sequence[Promised],
    effects: Sequence[int],
    refused: dict[int, int] | None = None,
    standing: Mapping[Hashable, int] | None = None,
) -> Verdict:
    """Effects one second apart; a refusal is given by its second."""
    happened = [
        Effect(number, NOON + timedelta(seconds=place))
        for place, number in enumerate(effects)
    ]
    if standing is None:
        standing = {one.line: one.number for one in promised if one.state == CONFIRMED}
    refusals = {
        number: NOON + timedelta(seconds=second)
        for number, second in (refused or {}).items()
    }
    return judge(promised, happened, refusals, standing)


def test_everything_once_and_in_order_is_well() -> None:
    found = judged([change(1), change(2), change(3, stream="1027")], [3, 1, 2])
    assert found.is_well
    assert found.figures == (0, 0, 0)


def test_confirmed_change_without_an_effect_is_lost_once() -> None:
    found = judged([change(1), change(2), change(3)], [1, 3])
    assert found.lost == {2}
    assert found.figures == (1, 0, 0)


def test_last_change_of_a_line_without_an_effect_is_lost_once() -> None:
    row_shows: dict[Hashable, int] = {("1188", "RX01"): 1}
    assert judged([change(1), change(2)], [1], standing=row_shows).figures == (1, 0, 0)


def test_change_our_books_do_not_have_is_lost() -> None:
    found = judged([change(1), change(2, state="")], [1])
    assert found.figures == (1, 0, 0)


def test_change_still_open_is_lost() -> None:
    assert judged([change(1, state="UNKNOWN")], []).figures == (1, 0, 0)


def test_row_that_shows_something_else_is_a_lost_change() -> None:
    assert judged([change(1)], [1], standing={("1188", "RX01"): -1}).lost == {1}
    assert judged([change(1)], [1], standing={}).figures == (1, 0, 0)


def test_second_effect_is_doubled_once() -> None:
    found = judged([change(1), change(2)], [1, 2, 1])
    assert found.doubled == {1: 1}
    assert found.figures == (0, 1, 0)


def test_effect_of_what_we_gave_up_is_doubled() -> None:
    found = judged([change(1, STOPPED), change(2)], [1, 2])
    assert found.figures == (0, 1, 0)


def test_effect_of_nobody_is_doubled() -> None:
    assert judged([change(1)], [1, 77]).figures == (0, 1, 0)


def test_effect_after_a_later_one_of_its_stream_is_disordered_once() -> None:
    found = judged([change(1), change(2), change(3)], [1, 3, 2], standing=None)
    assert found.disordered == {2}
    assert found.figures == (0, 0, 1)


def test_streams_do_not_wait_for_each_other() -> None:
    both = [change(1), change(2, stream="1027")]
    assert judged(both, [2, 1]).is_well


def test_given_up_without_a_later_word_is_lost() -> None:
    assert judged([change(1, STOPPED)], []).figures == (1, 0, 0)
    other = [change(1, STOPPED), change(2, line="AB02")]
    assert judged(other, [2]).figures == (1, 0, 0)


def test_given_up_for_a_later_word_of_its_line_is_well() -> None:
    assert judged([change(1, STOPPED), change(2)], [2]).is_well


def test_what_takes_away_may_pass_what_was_refused_and_what_waited_behind_it() -> None:
    three = [change(1), change(2, line="AB02"), change(3, takes=True, line="SG03")]
    assert judged(three, [3, 1, 2], refused={1: 0}).is_well


def test_what_takes_away_may_not_pass_before_the_refusal() -> None:
    two = [change(1), change(2, takes=True, line="AB02")]
    assert judged(two, [2, 1], refused={1: 5}).disordered == {1}
    assert judged(two, [2, 1]).disordered == {1}


def test_what_takes_away_may_not_pass_what_stood_before_the_refused_one() -> None:
    three = [change(1), change(2, line="AB02"), change(3, takes=True, line="SG03")]
    assert judged(three, [3, 1, 2], refused={2: 0}).disordered == {1}


def test_what_gives_may_pass_nothing() -> None:
    two = [change(1), change(2, line="AB02")]
    assert judged(two, [2, 1], refused={1: 0}).disordered == {1}
