"""The brute-force oracle of the ledger: a clerk with a calendar, hour by hour.

It knows nothing of the program's fold: for each line it paints every hour of a short
calendar, event by event, and reads the answer off. ``histories`` makes random lines with
acts and late-recorded acts, of which the impossible ones are left out by the same clerk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

START = datetime(2026, 11, 1, tzinfo=UTC)
HOURS = 40
FREE, HELD, STOPPED, GONE = ".", "H", "S", "X"


def moment(hour: int) -> datetime:
    return START + timedelta(hours=hour)


class Act(NamedTuple):
    """What happened, from which hour on, when it was written down, until when."""

    kind: str
    effective: int
    recorded: int
    until: int | None = None

    @property
    def effective_at(self) -> datetime:
        return moment(self.effective)

    @property
    def recorded_at(self) -> datetime:
        return moment(self.recorded)

    @property
    def until_at(self) -> datetime | None:
        return None if self.until is None else moment(self.until)


@dataclass
class Paper:
    """One line on paper: from which hour to which (None: open), and its acts."""

    first: int
    last: int | None
    acts: list[Act] = field(default_factory=list)

    def calendar(self, known: int) -> str | None:
        """One letter an hour, as known at an hour; None when not known yet."""
        acts = [act for act in self.acts if act.recorded <= known]
        return painted(self.first, self.last, acts) if acts else None

    def holds(self, hour: int, known: int) -> bool:
        calendar = self.calendar(known)
        return calendar is not None and calendar[hour] == HELD


def painted(first: int, last: int | None, acts: list[Act]) -> str:
    """Paint the hours: the span first, then each act over all hours that follow it."""
    if any(act.kind == "VOID" for act in acts):
        return FREE * HOURS
    acts = crossed_out(acts)
    ends = [last, *[act.until for act in acts if act.kind == "RENEW"]]
    end = HOURS if last is None else max(hour for hour in ends if hour is not None)
    hours = [HELD] * HOURS
    turning = [act for act in acts if act.kind not in {"GRANT", "RENEW"}]
    for hour in range(-HOURS, HOURS):
        for act in turning:
            if act.effective == hour:
                paint(hours, act)
    return "".join(
        letter if first <= hour < end else FREE for hour, letter in enumerate(hours)
    )


def crossed_out(acts: list[Act]) -> list[Act]:
    """The acts without renewals struck out again, and without the striking out."""
    struck = {place - 1 for place, act in enumerate(acts) if act.kind == "UNRENEW"} | {
        place for place, act in enumerate(acts) if act.kind == "UNRENEW"
    }
    return [act for place, act in enumerate(acts) if place not in struck]


def paint(hours: list[str], act: Act) -> None:
    letter = {"SUSPEND": STOPPED, "RESTORE": HELD}.get(act.kind, GONE)
    for hour in range(max(act.effective, 0), HOURS):
        is_over = act.until is not None and hour >= act.until
        hours[hour] = HELD if is_over else letter


def may_add(paper: Paper, new: Act) -> bool:
    """Would every act, in the order they took effect, find the line as it must be?"""
    if new.kind == "UNRENEW":
        return may_strike_out(paper, new)
    acts = [*crossed_out(paper.acts), new]
    turns = [act for act in acts if act.kind != "GRANT"]
    kinds = {act.kind for act in paper.acts}
    if "VOID" in kinds or (new.kind == "RENEW" and kinds & {"REVOKE", "DOWNGRADE"}):
        return False
    letter, until = HELD, None
    end = paper.last
    renewals = [act.until for act in acts if act.kind == "RENEW" and act.until]
    final = None if paper.last is None else max([paper.last, *renewals])
    for act in sorted(turns, key=lambda act: act.effective):
        if letter == STOPPED and until is not None and until <= act.effective:
            letter, until = HELD, None
        limit = end if act.kind == "RENEW" else final
        if not fits(act, letter, None if act.kind == "VOID" else limit):
            return False
        if act.kind == "RENEW":
            end = None if end is None else max(end, act.until or 0)
            continue
        letter = {"SUSPEND": STOPPED, "RESTORE": HELD}.get(act.kind, GONE)
        until = act.until if act.kind == "SUSPEND" else None
    return True


def may_strike_out(paper: Paper, new: Act) -> bool:
    """Only what was written last, a renewal, and while the end before it lies ahead."""
    if paper.acts[-1].kind != "RENEW":
        return False
    if paper.last is None:
        return True
    left = crossed_out(paper.acts[:-1])
    ends = [paper.last, *[act.until or 0 for act in left if act.kind == "RENEW"]]
    return max(ends) > new.effective


def fits(act: Act, letter: str, limit: int | None) -> bool:
    """Does the act find the hour as it must be, before the line's end?"""
    if letter == GONE or (limit is not None and limit <= act.effective):
        return False
    return letter != {"SUSPEND": STOPPED, "RESTORE": HELD}.get(act.kind)


KINDS = ("SUSPEND", "SUSPEND", "RESTORE", "RESTORE", "RENEW", "REVOKE", "DOWNGRADE")


def random_act(random: Random, paper: Paper, now: int) -> Act:
    kind = "VOID" if random.random() < 0.05 else random.choice(KINDS)
    if paper.acts[-1].kind == "RENEW" and random.random() < 0.4:
        return Act("UNRENEW", now, now)
    lateness = random.choice((0, 0, 0, 1, 3, 8))
    effective = now if kind == "VOID" else max(now - lateness, min(paper.first, now))
    until = None
    if kind == "SUSPEND" and random.random() < 0.4:
        until = effective + random.randint(1, 8)
    if kind == "RENEW":
        ends = [paper.last or 0, effective, *[act.until or 0 for act in paper.acts]]
        until = max(ends) + random.randint(1, 6)
    return Act(kind, effective, now, until)


def random_paper(random: Random) -> Paper:
    """A line and up to eight acts about it, some of them recorded late."""
    first = random.randint(0, 15)
    last = None if random.random() < 0.15 else first + random.randint(1, 20)
    now = first + random.choice((-5, 0, 0, 0, 2, 6))
    paper = Paper(first, last, [Act("GRANT", first, now)])
    for _turn in range(random.randint(0, 8)):
        now += random.randint(0, 6)
        if now >= HOURS - 2:
            break
        act = random_act(random, paper, now)
        if may_add(paper, act):
            paper.acts.append(act)
    return paper


def histories(count: int, seed: int) -> list[Paper]:
    random = Random(seed)
    return [random_paper(random) for _number in range(count)]
