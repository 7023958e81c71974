"""The outbox against a small model: whatever comes in whatever order, 9.4 holds.

Hypothesis promises, delivers with every fault, lets workers die and be overtaken, moves
the clock, and acts as people do. The HIS in memory is the witness: at the moment of
each effect the books are held against the rule, and once all is calm its lines must
show our last word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from portal.accounts.models import User
from portal.his.messages import Answer
from portal.outbox import services
from portal.outbox.backoff import REREAD_SECONDS
from portal.outbox.delivery import deliver_due
from portal.outbox.models import FINAL, Message, State
from tests.cast import make_user
from tests.portal.outbox.memory_his import (
    Call,
    MemoryHis,
    grade_save,
    key_of,
    op_save,
    priv_save,
)

pytestmark = pytest.mark.django_db

QUICK = settings(
    max_examples=25,
    stateful_step_count=30,
    suppress_health_check=list(HealthCheck),
)
LEASE_SECONDS = 60
PEOPLE, LINES = ("1188", "1188", "1027"), ("RX01", "AB02")
FAULTS = ("", "down", "lost", "cut", "refuse", "killed", "killed late", "slow")
BASE = date(2026, 12, 1)
PROMISES = st.tuples(
    st.sampled_from(("priv", "priv", "op", "grade")),
    st.sampled_from(PEOPLE),
    st.sampled_from(LINES),
    st.sampled_from(("ADD", "UPDATE", "SUSPEND", "RESTORE", "REVOKE")),
    st.sampled_from((None, None, None, None, 1, 2)),
)


class Killed(BaseException):
    """SIGKILL, as far as Python can have one: nobody handles it."""


@dataclass
class WitnessHis(MemoryHis):
    """A HIS that looks into our books whenever something takes effect."""

    clock: Any = None
    wrongs_of_this: list[str] = field(default_factory=list)
    to_come: list[str] = field(default_factory=list)
    # Kept, not raised: the worker would take an error for a fault of the wire.
    wrongs: list[str] = field(default_factory=list)
    # What its views show while they lag behind.
    shown: dict[Any, Any] | None = None

    def doctor_privilege(self, message: Any) -> Any:
        return self._as_shown(super().doctor_privilege, message)

    def doctor_op(self, message: Any) -> Any:
        return self._as_shown(super().doctor_op, message)

    def op_grade(self, message: Any) -> Any:
        return self._as_shown(super().op_grade, message)

    def _as_shown(self, read: Any, message: Call) -> Any:
        line = read(message)
        return line if self.shown is None else self.shown.get(key_of(message))

    def _save(self, message: Call) -> Answer:
        fault = self.to_come.pop(0) if self.to_come else ""
        if fault == "killed":
            raise Killed
        # What is under way cannot wait for what has to go first only by then.
        wrongs = list(wrongs_of_going(message, timezone.now()))
        if fault == "slow":
            self._lose_the_lease()
        self.wrongs_of_this = wrongs
        self.save_faults = [fault] if fault in {"down", "lost", "cut", "refuse"} else []
        answer = super()._save(message)
        if fault == "killed late":
            raise Killed
        return answer

    def _lose_the_lease(self) -> None:
        """The call is under way for so long that another worker takes it over."""
        self.to_come.clear()
        self.clock.shift(LEASE_SECONDS + 1)
        work(self)

    def _answer(self, message: Call, fault: str) -> Any:
        before = len(self.effects)
        answer = super()._answer(message, fault)
        if len(self.effects) > before:
            self.wrongs += self.wrongs_of_this
            self.wrongs += wrongs_on_its_line(message, self.effects[:-1])
        return answer


def work(his: WitnessHis) -> None:
    """A worker of its own, one message at a time, until nothing is due."""
    deliver_due(gateway=his, batch=1, lanes=1)


# --- the rule of 9.4, said once more --------------------------------------------------


def row_of(call: Call) -> Message:
    return Message.objects.get(subject=f"test:{call.doc_no}")


def wrongs_of_going(call: Call, at: datetime) -> Iterator[str]:
    """What it went before against the rule."""
    row = row_of(call)
    before = Message.objects.filter(stream=row.stream, pk__lt=row.pk).order_by("pk")
    is_behind_rejected = False
    for earlier in before:
        if not is_passed_rightly(earlier, row, at, is_behind_rejected):
            yield f"{row} went before {earlier}"
        is_behind_rejected |= earlier.state == State.REJECTED


def is_passed_rightly(
    earlier: Message, row: Message, at: datetime, is_behind_rejected: bool
) -> bool:
    """Nothing is passed but what is over, what waits for its day, and by what takes a
    right away what was rejected and the givers behind it."""
    match earlier.state:
        case State.CONFIRMED | State.STOPPED:
            return True
        case State.DELIVERED:
            return earlier.due_at is None
        case State.REJECTED:
            return row.takes_away
        case State.WAITING:
            has_its_day = earlier.not_before > max(earlier.enqueued_at, at)
            gives = not earlier.takes_away
            return has_its_day or (row.takes_away and gives and is_behind_rejected)
    return False


def wrongs_on_its_line(call: Call, effects: list[Call]) -> Iterator[str]:
    """Later words of its line that it undid."""
    row = row_of(call)
    for other in map(row_of, {one for one in effects if type(one) is type(call)}):
        if other.line == row.line and other.pk > row.pk:
            yield f"{row} undid {other}"


# --- the machine ----------------------------------------------------------------------


class Outbox(RuleBasedStateMachine):
    clock: time_machine.Traveller
    officer: User

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.his = WitnessHis(clock=self.clock)
        self.count = self.set_back = 0
        self.over: dict[int, tuple[str, datetime | None]] = {}
        # A person gave up what may have taken effect: nobody knows its last word.
        self.doubtful: set[Hashable] = set()

    def teardown(self) -> None:
        try:
            self.drain()
            self.nothing_went_against_the_rule()
            self.assert_his_shows_our_last_words()
            self.assert_every_effect_once()
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    # --- what happens -------------------------------------------------------------

    @rule(promises=st.lists(PROMISES, min_size=1, max_size=4))
    def promise(self, promises: list[tuple[str, str, str, str, int | None]]) -> None:
        at = timezone.now()
        for *words, hours in promises:
            self.count += 1
            with transaction.atomic():
                services.enqueue(
                    message=self.call(*map(str, words)),
                    subject=f"test:{self.count}",
                    at=at,
                    not_before=at + timedelta(hours=hours) if hours else None,
                )

    def call(self, kind: str, emp_no: str, line: str, op: str) -> Call:
        """No two leave the same behind."""
        day, number = BASE + timedelta(days=self.count), str(self.count)
        if kind == "grade":
            return grade_save(effective_from=day, doc_no=number)
        if kind == "op":
            item = {"RX01": "9001", "AB02": "9002"}[line]
            return op_save(emp_no, op, his_item_id=item, valid_to=day, doc_no=number)
        return priv_save(
            emp_no, op, priv_code=line, valid_to=day, his_value=number, doc_no=number
        )

    @rule(faults=st.lists(st.sampled_from(FAULTS), max_size=4))
    def deliver(self, faults: list[str]) -> None:
        self.worked(faults, [])

    @rule(
        fault=st.sampled_from(("", "lost", "cut")),
        reads=st.lists(st.sampled_from(("", "down")), min_size=1, max_size=3),
    )
    def deliver_and_hardly_read_back(self, fault: str, reads: list[str]) -> None:
        self.worked([fault], reads)

    def worked(self, faults: list[str], read_faults: list[str]) -> None:
        self.his.to_come, self.his.read_faults = faults, read_faults
        try:
            work(self.his)
        except Killed:
            return
        finally:
            self.his.to_come, self.his.read_faults = [], []

    @rule(seconds=st.sampled_from((-30, 1, 5, LEASE_SECONDS + 1, 400, 3601)))
    def clock_moves(self, seconds: int) -> None:
        """Back by a minute at most, as a clock is set right; not by minutes."""
        if seconds < 0:
            self.set_back -= seconds
        if self.set_back <= LEASE_SECONDS or seconds > 0:
            self.clock.shift(seconds)

    @rule(code=st.sampled_from((*LINES, "9001", "51.2300", "", "")))
    def his_gets_worse_or_better(self, code: str) -> None:
        if not code:
            self.his.is_down = not self.his.is_down
        elif self.his.rejects.pop(code, None) is None:
            self.his.rejects[code] = "2003"

    @rule()
    def views_lag_behind_and_catch_up(self) -> None:
        """What is told meanwhile is left to a person as different, and is not."""
        self.his.shown = dict(self.his.lines)
        for seconds in (0, *REREAD_SECONDS):
            self.clock.shift(seconds + 1)
            self.worked([], [])
        self.his.shown = None

    @precondition(lambda self: self.count > 0)
    @rule(place=st.integers(0, 30), what=st.sampled_from(("retry", "retry", "stop")))
    def a_person_acts(self, place: int, what: str) -> None:
        message = self.picked(place)
        if what == "stop":
            self.give_up(message)
        else:
            self.act(services.retry, message)

    @rule(emp_no=st.sampled_from(PEOPLE))
    def plans_are_made_anew(self, emp_no: str) -> None:
        services.withdraw(
            streams=[f"practitioner:{emp_no}"],
            at=timezone.now(),
            concerns=lambda _call: True,
        )

    def picked(self, place: int) -> Message:
        found = list(Message.objects.order_by("pk"))
        return found[place % len(found)]

    def act(self, act: Any, message: Message) -> bool:
        """Whether it was possible; a refused one changes nothing."""
        before = Message.objects.filter(pk=message.pk).values().get()
        try:
            act(message=message, by=self.officer, at=timezone.now(), reason="核对过")
        except services.NotPossible:
            assert Message.objects.filter(pk=message.pk).values().get() == before
            return False
        return True

    def has_effect(self, message: Message) -> bool:
        return any(row_of(call).pk == message.pk for call in self.his.effects)

    # --- what always holds --------------------------------------------------------

    @invariant()
    def nothing_went_against_the_rule(self) -> None:
        assert self.his.wrongs == []

    @invariant()
    def no_two_of_a_stream_are_under_way(self) -> None:
        under_way = Message.objects.filter(state=State.SENDING).order_by("pk")
        streams = Counter(under_way.values_list("stream", flat=True))
        assert {stream for stream, count in streams.items() if count > 1} == set()

    @invariant()
    def nothing_final_changes(self) -> None:
        rows = Message.objects.filter(state__in=FINAL).order_by("pk")
        now = {
            pk: (state, at)
            for pk, state, at in rows.values_list("pk", "state", "confirmed_at")
        }
        assert {pk: now.get(pk) for pk in self.over} == self.over
        self.over = now

    # --- the end ------------------------------------------------------------------

    def drain(self) -> None:
        """The HIS is well, and people do what is left to them."""
        self.his.is_down = False
        self.his.rejects.clear()
        for _day in range(60):
            self.clock.shift(3601)
            work(self.his)
            left = list(Message.objects.exclude(state__in=FINAL).order_by("pk"))
            if not left:
                return
            for message in left:
                is_left = message.has_mismatch and message.is_settled
                is_left |= message.state in {State.REJECTED, State.UNKNOWN}
                if not self.act(services.retry, message) and is_left:
                    self.give_up(message)
        raise AssertionError(f"never calm: {left}")

    def give_up(self, message: Message) -> None:
        if self.act(services.stop, message) and self.has_effect(message):
            self.doubtful.add(message.line)

    def assert_his_shows_our_last_words(self) -> None:
        last = {
            message.line: message
            for message in Message.objects.filter(state=State.CONFIRMED).order_by("pk")
        }
        for line, message in last.items():
            if line not in self.doubtful:
                shown = message.of.read(self.his, message.call)
                assert message.of.differences(message.call, shown) == (), message

    def assert_every_effect_once(self) -> None:
        effects = Counter(row_of(call).pk for call in self.his.effects)
        assert [pk for pk, count in effects.items() if count > 1] == []
        confirmed = Message.objects.filter(state=State.CONFIRMED).order_by("pk")
        assert [one.pk for one in confirmed if one.pk not in effects] == []


@pytest.fixture
def machine(clock: time_machine.Traveller) -> type[Outbox]:
    class Here(Outbox):
        pass

    Here.clock = clock
    Here.officer = make_user("2031", "苏晓岚")
    return Here


def test_outbox_keeps_the_rule_whatever_happens(machine: type[Outbox]) -> None:
    run_state_machine_as_test(machine, settings=QUICK)
