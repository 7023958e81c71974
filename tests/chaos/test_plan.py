"""The changes and the faults of a run are the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable

from portal.his.messages import DoctorOpSave, OpGradeSave, PrivSave
from tests.chaos.faults import Fault, Injector
from tests.chaos.plan import Site, plan

SITE = Site(refusable=3, changed=6, procedures=2, with_items=True)


def test_same_seed_gives_the_same_changes() -> None:
    once, again = (list(plan(SITE, 300, 7)) for _time in range(2))
    assert once == again
    assert list(plan(SITE, 300, 8)) != once


def test_every_kind_of_change_is_promised_and_told_apart() -> None:
    changes = list(plan(SITE, 300, 7))
    assert {type(one.call) for one in changes} == {PrivSave, DoctorOpSave, OpGradeSave}
    assert [int(one.call.operator) for one in changes] == list(range(300))
    assert len({one.stream for one in changes}) == 11
    assert {one.takes_away for one in changes} == {True, False}


def injector(seed: int, happened: list[str], longest: float = 0) -> Injector:
    def noting(word: str) -> Callable[..., None]:
        return lambda *_luck: happened.append(word)

    faults = [
        Fault(name, name[0], noting(name), noting(f"{name} over"), longest)
        for name in ("down", "dead", "cut")
    ]
    return Injector(faults, random.Random(seed), every=10)


def test_every_fault_comes_once_before_any_comes_again() -> None:
    happened: list[str] = []
    made = injector(1, happened)
    for delivered in range(0, 60, 20):
        made.tick(0, delivered)
    assert sorted(happened) == ["cut", "dead", "down"]
    assert made.has_done_all


def test_same_seed_gives_the_same_faults() -> None:
    runs: list[list[str]] = [[], []]
    for happened in runs:
        made = injector(5, happened)
        for delivered in range(0, 2000, 20):
            made.tick(0, delivered)
    assert runs[0] == runs[1]
    assert len(runs[0]) > 20


def test_two_faults_of_one_part_never_stand_at_once() -> None:
    happened: list[str] = []
    made = injector(3, happened, longest=5)
    for second in range(200):
        made.tick(second, second * 20)
    made.calm()
    standing: set[str] = set()
    for word in happened:
        if word.endswith("over"):
            standing.remove(word[0])
        else:
            assert word[0] not in standing
            standing.add(word[0])
    assert standing == set()


def test_fault_comes_although_nothing_is_delivered_any_more() -> None:
    happened: list[str] = []
    made = injector(1, happened)
    for second in range(0, 100, 5):
        made.tick(second, 0)
    assert len(happened) == 4
