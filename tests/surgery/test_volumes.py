"""How often who did what: every number equals a count by hand."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.parameters.days import ZONE
from surgery.codes import key
from surgery.models import CaseMember, CaseProcedure, CaseShare, PerformedCase
from surgery.queries.volumes import (
    BY_BOTH,
    BY_PROCEDURE,
    BY_SURGEON,
    COUNTS,
    cases_by_key,
    undated,
    volumes,
)
from surgery.sync.shares import keep_if_empty
from tests.harness import assert_queries
from tests.surgery.case_rows import (
    CHOLE,
    LIVER,
    MONDAY,
    SPLEEN,
    Theatre,
    local,
    pull,
)

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 17, 4, 0, tzinfo=UTC)
CODES = (CHOLE, LIVER, SPLEEN, "99.9999")
PEOPLE = ("1188", "1027", "1305", "nobody")


def found(by: tuple[str, ...] = BY_BOTH, **window: Any) -> dict[tuple[Any, ...], Any]:
    return {
        tuple(row[name] for name in by): tuple(row[name] for name in COUNTS)
        for row in volumes(by, **window)
    }


def test_case_counts_for_each_of_its_team_and_procedures() -> None:
    his = Theatre()
    his.case("1", CHOLE, SPLEEN, team={"1": "1188", "2": "1305"})
    his.case("2", CHOLE, reop_type="2", complication="04", death_flag="1")
    pull(his, NOON)

    assert found() == {
        ("1188", "1", CHOLE): (2, 1, 1, 1),
        ("1188", "1", SPLEEN): (1, 0, 0, 0),
        ("1305", "2", CHOLE): (1, 0, 0, 0),
        ("1305", "2", SPLEEN): (1, 0, 0, 0),
    }
    assert found(BY_SURGEON) == {
        ("1188", "1"): (2, 1, 1, 1),
        ("1305", "2"): (1, 0, 0, 0),
    }
    assert found(BY_PROCEDURE) == {(CHOLE,): (2, 1, 1, 1), (SPLEEN,): (1, 0, 0, 0)}


def test_same_procedure_on_two_lines_counts_once() -> None:
    his = Theatre()
    his.case("1", CHOLE, CHOLE)
    pull(his, NOON)

    assert found() == {("1188", "1", CHOLE): (1, 0, 0, 0)}


def test_canceled_withdrawn_and_undated_cases_do_not_count() -> None:
    his = Theatre()
    his.case("1", cancel_flag="1")
    his.case("2", op_start=None)
    his.case("3")
    pull(his, NOON)
    his.tables["V_YW_OPERATION"].pop()
    pull(his, NOON + timedelta(hours=1), whole=True)

    assert found() == {}
    assert undated() == 1


def test_line_that_left_the_his_does_not_count() -> None:
    his = Theatre()
    his.case("1", CHOLE, SPLEEN, team={"1": "1188", "2": "1305"})
    pull(his, NOON)
    his.tables["V_YW_OPERATION_ITEM"].pop()
    his.tables["V_YW_OPERATION_TEAM"].pop()
    pull(his, NOON + timedelta(hours=1), whole=True)

    assert found() == {("1188", "1", CHOLE): (1, 0, 0, 0)}


def test_case_without_lines_counts_for_the_surgeon_and_procedure_it_names() -> None:
    his = Theatre()
    his.case("1", LIVER, surgeon_no="1027")
    for name in ("V_YW_OPERATION_ITEM", "V_YW_OPERATION_TEAM"):
        his.tables[name].clear()
    pull(his, NOON)

    assert found() == {("1027", "", LIVER): (1, 0, 0, 0)}


@pytest.mark.parametrize(
    ("since", "before", "count"),
    [
        (MONDAY, None, 1),
        (MONDAY + timedelta(seconds=1), None, 0),
        (None, MONDAY, 0),
        (None, MONDAY + timedelta(seconds=1), 1),
    ],
)
def test_window_begins_with_the_incision_and_ends_before(
    since: datetime | None, before: datetime | None, count: int
) -> None:
    his = Theatre()
    his.case("1")
    pull(his, NOON)

    window: dict[str, Any] = {
        name: moment.replace(tzinfo=ZONE)
        for name, moment in (("since", since), ("before", before))
        if moment
    }
    assert len(found(**window)) == count


def planted(seed: int, count: int) -> tuple[list[Any], list[Any], list[Any]]:
    """Cases, procedures and members in every state, the same for the same seed."""
    dice = random.Random(seed)  # noqa: S311
    cases, items, team = [], [], []
    for number in range(count):
        op_id = f"{seed}-{number}"
        gone = NOON if dice.random() < 0.1 else None
        cases.append(
            PerformedCase(
                op_id=op_id,
                patient_id="7",
                op_start=NOON - timedelta(days=dice.randint(0, 30))
                if dice.random() < 0.95
                else None,
                proc_code=dice.choice(CODES),
                surgeon_no=dice.choice(PEOPLE),
                reoperation=dice.choice(["", "0", "1", "2"]),
                complication=dice.choice(["", "00", "00", "04", "99"]),
                is_dead=dice.choice([None, False, False, True]),
                is_canceled=dice.random() < 0.1,
                missing_since=gone,
            )
        )
        for place in range(dice.randint(0, 3)):
            items.append(
                CaseProcedure(
                    case_id=op_id,
                    item_no=place + 1,
                    code=dice.choice(CODES),
                    missing_since=NOON if dice.random() < 0.2 else None,
                )
            )
        for role in dice.sample("1235", dice.randint(0, 4)):
            team.append(
                CaseMember(
                    case_id=op_id,
                    role=role,
                    emp_no=dice.choice(PEOPLE),
                    missing_since=NOON if dice.random() < 0.2 else None,
                )
            )
    return cases, items, team


def keep(cases: list[Any], items: list[Any], team: list[Any]) -> None:
    PerformedCase.objects.bulk_create(cases)
    CaseProcedure.objects.bulk_create(items)
    CaseMember.objects.bulk_create(team)
    keep_if_empty()


def counted_by_hand(
    by: tuple[str, ...], cases: list[Any], items: list[Any], team: list[Any]
) -> dict[tuple[Any, ...], Any]:
    groups: dict[tuple[Any, ...], dict[str, Any]] = defaultdict(dict)
    for case in cases:
        if case.missing_since or case.is_canceled or case.op_start is None:
            continue
        codes = {
            one.code
            for one in items
            if one.case_id == case.op_id and one.missing_since is None
        } or {case.proc_code}
        people = {
            (one.emp_no, one.role)
            for one in team
            if one.case_id == case.op_id and one.missing_since is None
        } or {(case.surgeon_no, "")}
        for code in codes:
            for who, role in people:
                fields = {"who": who, "role": role, "code": code}
                groups[tuple(fields[name] for name in by)][case.op_id] = case
    return {
        key: (
            len(group),
            sum(one.complication not in {"", "00"} for one in group.values()),
            sum(one.reoperation == "2" for one in group.values()),
            sum(one.is_dead is True for one in group.values()),
        )
        for key, group in groups.items()
    }


@given(st.integers(0, 10_000), st.integers(0, 40))
@settings(max_examples=25)
def test_volumes_equal_a_count_by_hand(seed: int, count: int) -> None:
    cases, items, team = planted(seed, count)
    with transaction.atomic():
        keep(cases, items, team)
        for by in (BY_BOTH, BY_SURGEON, BY_PROCEDURE):
            assert found(by) == counted_by_hand(by, cases, items, team)
        transaction.set_rollback(True)


def test_volumes_take_one_query() -> None:
    keep(*planted(7, 60))
    with assert_queries(1):
        assert len(found()) > 20


def in_the_tables() -> tuple[list[Any], list[Any], list[Any]]:
    return (
        list(PerformedCase.objects.order_by("pk")),
        list(CaseProcedure.objects.order_by("pk")),
        list(CaseMember.objects.order_by("pk")),
    )


def one_day_in_the_his(his: Theatre, dice: random.Random, day: int) -> None:
    """Cases come, change and are canceled; lines of old ones come and go."""
    written = local(2026, 11, 17, 8, 0) + timedelta(days=day)
    for _nth in range(3):
        roles = dice.sample("1235", dice.randint(1, 4))
        his.case(
            str(dice.randint(1, 9)),
            *dice.choices(CODES, k=dice.randint(1, 3)),
            team={role: dice.choice(PEOPLE[:3]) for role in roles},
            cancel_flag=dice.choice("001"),
            op_start=dice.choice([MONDAY, MONDAY, None]),
            complication=dice.choice(["", "00", "04"]),
            last_modified=written,
        )
    for name in ("V_YW_OPERATION", "V_YW_OPERATION_ITEM", "V_YW_OPERATION_TEAM"):
        if len(his.tables[name]) > 4 and dice.random() < 0.5:
            his.tables[name].pop(dice.randrange(len(his.tables[name])))


@given(st.integers(0, 10_000))
@settings(max_examples=10)
def test_what_the_pulls_keep_equals_a_recomputation(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    his = Theatre()
    with transaction.atomic():
        for day in range(5):
            one_day_in_the_his(his, dice, day)
            pull(his, NOON + timedelta(days=day), whole=dice.random() < 0.7)
            for by in (BY_BOTH, BY_SURGEON, BY_PROCEDURE):
                assert found(by) == counted_by_hand(by, *in_the_tables())
        kept = list(CaseShare.objects.order_by("pk").values())
        CaseShare.objects.all().delete()
        keep_if_empty()
        again = list(CaseShare.objects.order_by("pk").values())
        assert as_rows(kept) == as_rows(again)
        transaction.set_rollback(True)


def as_rows(shares: list[Any]) -> set[tuple[Any, ...]]:
    return {
        tuple(value for name, value in sorted(one.items()) if name != "id")
        for one in shares
    }


def test_pull_that_is_given_up_leaves_the_shares_as_they_were() -> None:
    his = Theatre()
    his.case("1", CHOLE, team={"1": "1188"})
    pull(his, NOON)
    before = found()
    his.case("1", LIVER, team={"1": "1027"}, last_modified=local(2026, 11, 18, 8, 0))

    with transaction.atomic():
        pull(his, NOON + timedelta(days=1), whole=True)
        assert found() != before
        transaction.set_rollback(True)

    assert found() == before


def test_cases_of_a_procedure_are_counted_in_any_spelling_once() -> None:
    his = Theatre()
    his.case("1", CHOLE, team={"1": "1188", "2": "1305"})
    his.case("2", "５１.２３００")
    his.case("3", CHOLE, "512300")
    his.case("4", CHOLE, op_start=MONDAY - timedelta(days=400))
    his.case("5", LIVER)
    pull(his, NOON)

    with assert_queries(1):
        counted = cases_by_key(
            [key(CHOLE), key(SPLEEN)], since=NOON - timedelta(days=365)
        )
    assert counted == {"512300": 3}
