"""As-of reads and the fold against a clerk who paints every hour of a calendar."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import count
from random import Random
from typing import Any

import pytest
from django.db import connection

from permissions.enums import GrantStatus
from permissions.importers import load_catalogue
from permissions.ledger import Span, fold, obstacle
from permissions.models import Grant, GrantEvent, Privilege
from permissions.queries.ledger import holding, privileges_of, roster
from portal.accounts.models import User
from portal.directory.models import Practitioner
from tests.cast import make_practitioner
from tests.permissions.paper import (
    HOURS,
    Act,
    Paper,
    histories,
    may_add,
    moment,
    random_act,
)

SEED = 20261123


class Event:
    """An act as the fold reads it."""

    def __init__(self, act: Act) -> None:
        self.kind = act.kind
        self.effective_at = act.effective_at
        self.recorded_at = act.recorded_at
        self.until = act.until_at


def span_of(paper: Paper) -> Span:
    last = None if paper.last is None else moment(paper.last)
    return Span(moment(paper.first), last)


def test_fold_of_ten_thousand_histories_is_what_the_clerk_painted() -> None:
    random = Random(SEED)
    late = voided = taken_back = 0
    for paper in histories(10_000, SEED):
        events = [Event(act) for act in paper.acts]
        late += any(act.recorded > act.effective for act in paper.acts)
        taken_back += any(act.kind == "UNRENEW" for act in paper.acts)
        voided += paper.acts[-1].kind == "VOID"
        for known in {HOURS, random.randrange(HOURS), paper.acts[-1].recorded}:
            calendar = paper.calendar(known)
            standing = fold(span_of(paper), events, known_at=moment(known))
            if standing is None:
                assert calendar is None
                continue
            told = "".join(
                "H" if standing.holds_at(moment(hour)) else "." for hour in range(HOURS)
            )
            assert calendar is not None
            assert told == calendar.replace("S", ".").replace("X", "."), paper
    assert taken_back > 300
    assert late > 3_000
    assert voided > 300


def test_what_may_happen_next_is_what_the_clerk_would_write_down() -> None:
    random = Random(SEED + 1)
    seen = {True: 0, False: 0}
    for paper in histories(10_000, SEED + 1):
        act = random_act(random, paper, paper.acts[-1].recorded + random.randrange(3))
        events = [Event(one) for one in paper.acts]
        found = obstacle(span_of(paper), events, Event(act))
        may = may_add(paper, act)
        assert (found is None) is may, (paper, act)
        seen[may] += 1
    assert min(seen.values()) > 1_000


def write_down(papers: list[Paper], by: User) -> dict[int, Paper]:
    """All histories in our tables, ten lines to a practitioner; by grant key."""
    privileges = list(Privilege.objects.order_by("pk")[:10])
    people = [
        make_practitioner(f"7{number:05}", "陈景行")
        for number in range((len(papers) + 9) // 10)
    ]
    grants = Grant.objects.bulk_create(
        Grant(
            practitioner=people[number // 10],
            privilege=privileges[number % 10],
            setting="ALL",
            valid_from=moment(paper.first),
            valid_to=None if paper.last is None else moment(paper.last),
            practitioner_name="陈景行",
            department_code="0301",
            department_name="肝胆外科",
            recorded_at=moment(paper.acts[0].recorded),
        )
        for number, paper in enumerate(papers)
    )
    keys = count(1)
    GrantEvent.objects.bulk_create(
        GrantEvent(
            pk=(key := next(keys)),
            undoes_id=key - 1 if act.kind == "UNRENEW" else None,
            grant=grant,
            kind=act.kind,
            effective_at=act.effective_at,
            recorded_at=act.recorded_at,
            until=act.until_at,
            by=by,
            reason="按规定办理",
        )
        for grant, paper in zip(grants, papers, strict=True)
        for act in paper.acts
    )
    return {grant.pk: paper for grant, paper in zip(grants, papers, strict=True)}


def ask_everything(papers: dict[int, Paper], questions: int) -> None:
    """Every line at random hours, as known at random hours and now."""
    random = Random(SEED + 2)
    for number in range(questions):
        hour, known = random.randrange(HOURS), random.randrange(HOURS)
        is_now = number % 3 == 0
        known_at = None if is_now else moment(known)
        expected = {
            pk
            for pk, paper in papers.items()
            if paper.holds(hour, HOURS if is_now else known)
        }
        assert {line.grant_id for line in roster(moment(hour), known_at)} == expected


@pytest.mark.django_db
@pytest.mark.slow
def test_as_of_reads_of_ten_thousand_histories_are_what_the_clerk_says(
    lin: User,
) -> None:
    load_catalogue()
    papers = write_down(histories(10_000, SEED), lin)
    ask_everything(papers, 40)

    random = Random(SEED + 3)
    for person in random.sample(list(Practitioner.objects.order_by("pk")), 60):
        hour, known = random.randrange(HOURS), random.randrange(HOURS)
        held = privileges_of(person, moment(hour), moment(known))
        theirs = Grant.objects.filter(practitioner=person).values_list("pk", flat=True)
        expected = {pk for pk in theirs if papers[pk].holds(hour, known)}
        assert {grant.pk for grant in held} == expected


def test_as_of_reads_compile_for_sql_server() -> None:
    """The backend's compiler is asked for the text; no server is."""
    from django.db.backends.base.base import BaseDatabaseWrapper

    with sql_server() as server:
        assert isinstance(server, BaseDatabaseWrapper)
        query = holding(moment(3), moment(9)).values_list("pk").query
        text, values = query.get_compiler(connection=server).as_sql()
    assert text.count("EXISTS") == 4
    assert text.startswith("SELECT ")
    assert {moment(3), moment(9)} <= set(values)


@contextmanager
def sql_server() -> Iterator[Any]:
    DatabaseWrapper: Any = import_module("mssql.base").DatabaseWrapper
    settings = connection.settings_dict | {"ENGINE": "mssql", "OPTIONS": {}}
    wrapper = DatabaseWrapper(settings, alias="default")
    wrapper.__dict__["sql_server_version"] = 2017
    yield wrapper


def test_an_ended_line_says_what_ended_it() -> None:
    acts = [Act("GRANT", 0, 0), Act("DOWNGRADE", 5, 6)]
    standing = fold(span_of(Paper(0, 20)), [Event(act) for act in acts])
    assert standing is not None
    assert (standing.status, standing.ended_at) == (GrantStatus.REVOKED, moment(5))
