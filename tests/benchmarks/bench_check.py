"""The check in process: ours against what could answer the same question.

5,000 doctors × 12,000 procedures × 300,000 rules with validity, suspensions and class
rights. The limit is a hand-written look-up: two dictionaries and ``bisect``, which
answers a word and nothing else. Ours answers a verdict. Peers ask the same of an index
in SQLite and PostgreSQL, and of pycasbin. All take turns in short slices of one run.
"""

from __future__ import annotations

import gc
import os
import resource
import sqlite3
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
from typing import Any

import psycopg

from permissions.checks.engine import check
from permissions.checks.facts import Line, PersonFacts, ProcedureFacts, Status, Terms
from permissions.checks.question import Member, Part, Question, surgeon
from permissions.checks.world import World
from tests.benchmarks.result import Result
from tests.services import fresh_database, postgres_cluster

GOAL = 1.0
DOCTORS, PROCEDURES, RULES_EACH = 5_000, 12_000, 60
DAY_0 = datetime(2024, 1, 1, tzinfo=UTC)
# Each turn asks a part of the questions, so that both meet the same noise.
SLICES, QUESTIONS, PART = 35, 20_000, 4_000
SPECIALTIES = ("普外科", "骨科")
Asked = tuple[str, str, float]
Spans = tuple[list[float], list[float]]


@dataclass
class Hospital:
    """The same rules for everybody, and what is asked."""

    procedures: list[ProcedureFacts]
    people: list[PersonFacts]
    questions: list[Question]
    asked: list[Asked]


def hospital(seed: int = 1) -> Hospital:
    """Grants begin at midnight and last one or two years, as a committee gives them."""
    random = Random(seed)
    known: dict[Any, Terms] = {}

    def terms(privilege: str) -> Terms:
        start = DAY_0 + timedelta(days=7 * random.randrange(140))
        end = start + timedelta(days=random.choice([365, 730]))
        draw = random.random()
        status = Status.SUSPENDED if draw < 0.02 else Status.ACTIVE
        since = start + timedelta(days=90) if status is Status.SUSPENDED else None
        key = (privilege, start, end, status)
        return known.setdefault(key, Terms(privilege, start, end, status, since))

    procedures = [
        ProcedureFacts(
            f"{n // 100:02d}.{n:06d}", "手术", random.choice([1, 2, 3, 3, 4])
        )
        for n in range(PROCEDURES)
    ]
    graded = [one for one in procedures if one.grade > 2]
    people = []
    for number in range(DOCTORS):
        own = random.sample(graded, RULES_EACH - 3)
        lines = [Line(one.code, terms(f"SG0{one.grade}")) for one in own]
        lines += [Line("", terms(code)) for code in ("SG01", "SG02", "SG07")]
        people.append(PersonFacts(str(10_000 + number), lines=tuple(lines)))
    asked, questions = [], []
    for _ in range(QUESTIONS):
        person = random.choice(people)
        code = random.choice(person.lines[:-3]).item
        if random.random() < 0.4:
            code = random.choice(procedures).code
        at = DAY_0 + timedelta(days=random.randrange(1_400), hours=9)
        asked.append((person.emp_no, code, at.timestamp()))
        questions.append(surgeon(person.emp_no, [code], at))
    return Hospital(procedures, people, questions, asked)


class ByHand:
    """The limit: licence, grade, item rules, suspensions, class rules per specialty;
    each a look-up and a bisect."""

    def __init__(self, of: Hospital) -> None:
        self.procedures = {
            one.code: (one.grade, SPECIALTIES[int(one.code[-1]) % 2])
            for one in of.procedures
        }
        self.licences = {one.emp_no: 4e9 for one in of.people}
        self.rules: dict[tuple[str, str], Spans] = {}
        self.classes: dict[tuple[str, str], dict[int, Spans]] = {}
        self.stops: dict[tuple[str, str], Spans] = {}
        for person in of.people:
            for item, terms in person.lines:
                self._take(person.emp_no, item, terms)

    def _take(self, emp_no: str, item: str, terms: Terms) -> None:
        span = ([terms.start], [terms.end])
        if item:
            self.rules[emp_no, item] = span
            if terms.status is Status.SUSPENDED:
                self.stops[emp_no, item] = ([terms.changed], [terms.end])
        else:
            if terms.status is Status.SUSPENDED:
                span = ([terms.start], [terms.changed])
            level = {"SG01": 1, "SG02": 2}.get(terms.privilege, 0)
            for specialty in SPECIALTIES:
                self.classes.setdefault((emp_no, specialty), {})[level] = span

    # Written out in one piece: every call would cost it a tenth.
    def check(self, emp_no: str, procedure: str, at: float) -> str:  # noqa: C901
        licence = self.licences.get(emp_no)
        if licence is None or at >= licence:
            return "7"
        found = self.procedures.get(procedure)
        if found is None:
            return "5"
        grade, specialty = found
        if grade > 2:
            stops = self.stops.get((emp_no, procedure))
            if stops is not None:
                place = bisect_right(stops[0], at) - 1
                if place >= 0 and at < stops[1][place]:
                    return "4"
            spans = self.rules.get((emp_no, procedure))
            if spans is None:
                return "1"
            place = bisect_right(spans[0], at) - 1
            if place < 0:
                return "1"
            return "0" if at < spans[1][place] else "3"
        levels = self.classes.get((emp_no, specialty))
        if levels is None:
            return "1"
        for level in (2, 1):
            spans = levels.get(level)
            if level >= grade and spans is not None:
                place = bisect_right(spans[0], at) - 1
                if place >= 0 and at < spans[1][place]:
                    return "0"
        return "1"


TABLE = """CREATE TABLE rule (emp text, item text, reach integer, starts double precision,
 ends double precision, stopped double precision)"""
INDEX = "CREATE INDEX rule_who ON rule (emp, item, starts, ends)"
ASK = """SELECT 1 FROM rule WHERE emp = {p} AND item = {p} AND reach >= {p}
 AND starts <= {p} AND ends > {p} AND (stopped IS NULL OR stopped > {p}) LIMIT 1"""


def sql_rows(of: Hospital) -> Iterator[tuple[Any, ...]]:
    for person in of.people:
        for item, terms in person.lines:
            reach = 0 if terms.privilege == "SG07" else int(terms.privilege[3])
            stopped = terms.changed if terms.status is Status.SUSPENDED else None
            row = (person.emp_no, item, reach, terms.start, terms.end, stopped)
            yield row


def sql_values(grades: dict[str, int], one: Asked) -> tuple[Any, ...]:
    """A question as the index is asked: the item's line, or the class' of its grade."""
    emp_no, code, at = one
    grade = grades[code]
    return (emp_no, code if grade > 2 else "", grade, at, at, at)


def in_sqlite(of: Hospital) -> Callable[[Sequence[Asked]], None]:
    link = sqlite3.connect(":memory:")
    link.execute(TABLE)
    link.executemany("INSERT INTO rule VALUES (?, ?, ?, ?, ?, ?)", sql_rows(of))
    link.execute(INDEX)
    link.execute("ANALYZE")
    grades, ask = {one.code: one.grade for one in of.procedures}, ASK.format(p="?")

    def run(asked: Sequence[Asked]) -> None:
        for one in asked:
            link.execute(ask, sql_values(grades, one)).fetchone()

    return run


@contextmanager
def in_postgresql(of: Hospital) -> Iterator[Callable[[Sequence[Asked]], None]]:
    with ExitStack() as stack:
        server = stack.enter_context(postgres_cluster())
        url = stack.enter_context(fresh_database(server))
        link = stack.enter_context(psycopg.connect(url, prepare_threshold=1))
        link.execute(TABLE)
        with link.cursor().copy("COPY rule FROM STDIN") as copy:
            for row in sql_rows(of):
                copy.write_row(row)
        link.execute(INDEX)
        link.execute("ANALYZE rule")
        link.commit()
        link.autocommit = True
        grades, ask = {one.code: one.grade for one in of.procedures}, ASK.format(p="%s")

        def run(asked: Sequence[Asked]) -> None:
            for one in asked:
                link.execute(ask, sql_values(grades, one)).fetchone()

        yield run


CASBIN = """
[request_definition]
r = sub, obj, at
[policy_definition]
p = sub, obj, starts, ends
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.sub == p.sub && r.obj == p.obj && holds(r.at, p.starts, p.ends)
"""


def in_casbin(of: Hospital, rules: int) -> Callable[[Sequence[Asked]], None]:
    """Plain pycasbin walks over every policy; it gets so many, the first ones."""
    import casbin

    model = casbin.Model()
    model.load_model_from_text(CASBIN)
    enforcer = casbin.Enforcer(model)
    enforcer.add_function("holds", lambda at, a, b: float(a) <= at < float(b))
    for person in of.people[: rules // RULES_EACH]:
        for item, terms in person.lines:
            if item:
                enforcer.get_model().add_policy(
                    "p", "p", [person.emp_no, item, str(terms.start), str(terms.end)]
                )

    def run(asked: Sequence[Asked]) -> None:
        for emp_no, code, at in asked:
            enforcer.enforce(emp_no, code, at)

    return run


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


def agree(of: Hospital, world: World, by_hand: ByHand) -> None:
    """Both let the same through, or the comparison says nothing."""
    for question, one in zip(of.questions, of.asked, strict=True):
        ours = check(question, world).code.value
        if (ours == "0") is not (by_hand.check(*one) == "0"):
            raise RuntimeError(f"{one}: {ours} and {by_hand.check(*one)}")


def teams(of: Hospital) -> list[Question]:
    """Surgeon, two assistants, anesthetist and orderer × three procedures."""
    random, parts = Random(2), [Part.SURGEON, Part.FIRST_ASSISTANT]
    parts += [Part.SECOND_ASSISTANT, Part.ANESTHETIST, Part.ORDERER]
    numbers = [person.emp_no for person in of.people[:500]]
    codes = [one.code for one in of.procedures]
    return [
        Question(
            tuple(Member(random.choice(numbers), part) for part in parts),
            DAY_0 + timedelta(days=random.randrange(1_400)),
            tuple(random.sample(codes, 3)),
        )
        for _ in range(2_000)
    ]


def memory_mb() -> float:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


@dataclass
class Figures:
    """What one run measured: µs a check of each, by slice, and single figures."""

    slices: dict[str, list[float]]
    built: float
    memory: float
    p99: float
    p99_limit: float
    team: float
    findings: float
    question: float
    patch: float

    def median(self, name: str) -> float:
        return median(self.slices[name])

    @property
    def ratio(self) -> float:
        pairs = zip(self.slices["limit"], self.slices["ours"], strict=True)
        return median(limit / ours for limit, ours in pairs)


def compared(of: Hospital, world: World, by_hand: ByHand) -> dict[str, list[float]]:
    """All take turns; the slow ones get fewer questions."""

    def ours(first: int) -> None:
        for question in of.questions[first : first + PART]:
            check(question, world)

    def limit(first: int) -> None:
        for emp_no, code, at in of.asked[first : first + PART]:
            by_hand.check(emp_no, code, at)

    few = of.asked[:200]
    slices: dict[str, list[float]] = {}
    with in_postgresql(of) as postgresql:
        sqlite, casbin = in_sqlite(of), in_casbin(of, 3_000)
        turns: tuple[tuple[str, Callable[[int], object], int], ...] = (
            ("limit", limit, PART),
            ("ours", ours, PART),
            ("sqlite", lambda _first: sqlite(few), len(few)),
            ("postgresql", lambda _first: postgresql(few), len(few)),
            ("casbin", lambda _first: casbin(few[:3]), 3),
        )
        for turn in range(SLICES + 1):
            for name, work, count in turns:
                first = turn * PART % QUESTIONS
                took = seconds(lambda: work(first)) / count * 1e6  # noqa: B023
                if turn:  # in the first, caches and plans are made
                    slices.setdefault(name, []).append(took)
    return slices


def measured() -> Figures:
    of = hospital()
    gc.collect()
    before = memory_mb()
    begin = time.perf_counter()
    world = World(people=of.people, procedures=of.procedures)
    built = time.perf_counter() - begin
    for question in of.questions:
        check(question, world)
    memory = memory_mb() - before
    by_hand = ByHand(of)
    agree(of, world, by_hand)
    gc.collect()
    gc.freeze()
    slices = compared(of, world, by_hand)
    each = [_us(lambda q=one: check(q, world)) for one in of.questions]  # type: ignore[misc]
    asked = teams(of)
    for question in asked:
        check(question, world)
    rounds = [_cpu_us(lambda: [check(one, world) for one in asked]) for _ in range(7)]
    some = of.questions[:2_000]
    at = DAY_0 + timedelta(days=3)
    return Figures(
        slices=slices,
        built=built,
        memory=memory,
        p99=percentile(each, 0.99),
        p99_limit=percentile(
            [_us(lambda q=one: by_hand.check(*q)) for one in of.asked],  # type: ignore[misc]
            0.99,
        ),
        team=median(rounds) / len(asked),
        findings=_us(lambda: [check(one, world).findings for one in some]) / len(some),
        question=_us(lambda: [surgeon(e, [c], at) for e, c, _at in of.asked[:2_000]])
        / 2_000,
        patch=median(
            _us(lambda p=one: _patched(world, p))  # type: ignore[misc]
            for one in of.people[:200]
        ),
    )


def main(size: str) -> Result:
    """``small``: 20,000 questions in 7 slices; ``full`` asks the oracle 100,000."""
    found = measured()
    questions, wrong = _against_oracle(100_000 if size == "full" else 20_000)

    def row(name: str, key: str) -> tuple[str, str, str, str]:
        took = found.median(key)
        ratio = found.ratio if key == "ours" else found.median("limit") / took
        return (name, f"{1e6 / took:,.0f}", f"{took:,.2f}", f"{ratio:.3g}")

    return Result(
        name="check",
        columns=("one doctor × one procedure, in process", "checks/s", "µs", "ratio"),
        rows=(
            row("dict + bisect, hand written: a word (limit)", "limit"),
            row("ours: a verdict", "ours"),
            row("SQLite, indexed, in memory", "sqlite"),
            row("psycopg, indexed, prepared", "postgresql"),
            row("pycasbin, 3,000 of the 300,000 rules", "casbin"),
        ),
        figure=found.ratio,
        goal=GOAL,
        notes=(
            f"{DOCTORS:,} doctors × {PROCEDURES:,} procedures × "
            f"{DOCTORS * RULES_EACH:,} rules, {QUESTIONS:,} questions 7 times "
            f"after a warm-up, in {SLICES} slices taking turns",
            f"p99 of one check, timer included, {found.p99:.1f} µs (goal 5; of the limit "
            f"{found.p99_limit:.1f}); a team of 5 × 3 procedures {found.team:.1f} µs CPU "
            "(goal 20)",
            f"ours {found.median('casbin') / found.median('ours'):,.0f} × pycasbin, which "
            "has a hundredth of the rules (goal 200)",
            f"memory of the world with what was asked compiled {found.memory:.0f} MB (goal "
            f"150); built from facts in {found.built:.2f} s; one doctor replaced and asked "
            f"again {found.patch / 1000:.2f} ms (goal 5)",
            f"outside the figure: making a question {found.question:.1f} µs, all findings "
            f"with their reasons {found.findings:.0f} µs",
            f"against the oracle: {questions:,} questions, {wrong} mismatches",
        ),
    )


def _us(work: Callable[[], object]) -> float:
    return seconds(work) * 1e6


def _cpu_us(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return (time.process_time() - begin) * 1e6


def _patched(world: World, person: PersonFacts) -> None:
    world.put(person)
    check(surgeon(person.emp_no, [person.lines[0].item], DAY_0), world)


def _against_oracle(count: int) -> tuple[int, int]:
    from tests.permissions.checks.test_oracle import mismatches

    found, _seen = mismatches(count, seed=os.getpid())
    return count, len(found)
