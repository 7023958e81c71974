"""Many rows at once: each leaves the history row it would have left by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.models import F, QuerySet
from hypothesis import given
from hypothesis import strategies as st

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.acting import ActorMissing, acting
from portal.audit.bulk import in_few_words
from portal.audit.history import HistoryBypass
from surgery.models import Procedure
from tests.cast import make_user

pytestmark = pytest.mark.django_db


def procedures(count: int) -> list[Procedure]:
    return [
        Procedure(
            code=f"99.{number:04}",
            name=f"试验手术 {number}",
            initials="syss",
            category="1",
            grade=1 + number % 4,
        )
        for number in range(count)
    ]


@pytest.fixture
def su(db: None) -> User:
    return make_user("2031", "苏晓岚", Role.OFFICER)


@pytest.fixture
def three(su: User) -> QuerySet[Procedure]:
    with acting(by=su, reason="录入"):
        Procedure.objects.bulk_create(procedures(3))
    return Procedure.objects.filter(code__startswith="99.").order_by("code")


def told(procedure: Procedure) -> list[tuple[Any, ...]]:
    """History of one row, the oldest first, without its moments."""
    rows = procedure.history.order_by("history_id")
    return list(
        rows.values_list(
            "history_type", "grade", "name", "history_change_reason", "history_user"
        )
    )


def test_rows_created_at_once_each_have_their_history(
    su: User, three: QuerySet[Procedure]
) -> None:
    assert [told(one) for one in three] == [
        [("+", 1 + number, f"试验手术 {number}", "录入", su.pk)] for number in range(3)
    ]


def test_history_of_many_equals_history_of_one_by_one(
    su: User, three: QuerySet[Procedure]
) -> None:
    alone, together = procedures(4)[3], list(three)
    with acting(by=su, reason="录入"):
        alone.save()
        Procedure.objects.filter(pk=alone.pk).update(grade=2)
        for one in together:
            one.grade = 2
            one.save()

    same = ("history_type", "grade", "is_enabled", "specialty", "history_user")
    expected = list(alone.history.order_by("history_id").values_list(*same)[1:])
    for one in together:
        assert (
            list(one.history.order_by("history_id").values_list(*same)[1:]) == expected
        )


def test_update_tells_the_result_of_an_expression(
    su: User, three: QuerySet[Procedure]
) -> None:
    with acting(by=su, reason="整体上调一级"):
        changed = three.filter(grade__lt=3).update(grade=F("grade") + 1)

    assert changed == 2
    assert [told(one)[1:] for one in three] == [
        [("~", 2, "试验手术 0", "整体上调一级", su.pk)],
        [("~", 3, "试验手术 1", "整体上调一级", su.pk)],
        [],
    ]


def test_update_that_moves_rows_out_of_its_own_filter_tells_all_of_them(
    su: User, three: QuerySet[Procedure]
) -> None:
    with acting(by=su, reason="停用"):
        assert Procedure.objects.filter(is_enabled=True).update(is_enabled=False) == 3

    assert [len(told(one)) for one in three] == [2, 2, 2]


def test_bulk_update_tells_each_row_its_own_value(
    su: User, three: QuerySet[Procedure]
) -> None:
    rows = list(three)
    for number, row in enumerate(rows):
        row.name = f"改名 {number}"

    with acting(by=su, reason="改名"):
        Procedure.objects.bulk_update(rows, ["name"])

    assert [told(one)[-1][:3] for one in three] == [
        ("~", 1, "改名 0"),
        ("~", 2, "改名 1"),
        ("~", 3, "改名 2"),
    ]


def test_more_rows_than_a_statement_has_parameters_for_are_all_told(su: User) -> None:
    with acting(by=su, reason="导入"):
        Procedure.objects.bulk_create(procedures(2_300))
        Procedure.objects.filter(code__startswith="99.").update(specialty="普外科")

    rows = Procedure.history.filter(code__startswith="99.")
    assert rows.filter(history_type="+").count() == 2_300
    assert rows.filter(history_type="~", specialty="普外科").count() == 2_300


WRITES: Mapping[str, Callable[[QuerySet[Procedure]], Any]] = {
    "create": lambda rows: Procedure.objects.bulk_create(procedures(5)[3:]),
    "update": lambda rows: rows.update(grade=4),
    "bulk_update": lambda rows: Procedure.objects.bulk_update(list(rows), ["name"]),
}


@pytest.mark.parametrize("write", WRITES)
def test_without_an_actor_nothing_is_written(
    three: QuerySet[Procedure], write: str
) -> None:
    before = list(Procedure.history.values_list("history_id", flat=True))
    with pytest.raises(ActorMissing):
        WRITES[write](three)

    assert list(Procedure.history.values_list("history_id", flat=True)) == before
    assert [one.grade for one in three.all()] == [1, 2, 3]


def test_row_that_may_not_stand_leaves_neither_rows_nor_history(su: User) -> None:
    twice = procedures(2)
    twice[1].code = twice[0].code
    with acting(by=su, reason="导入"), pytest.raises(IntegrityError):
        Procedure.objects.bulk_create(twice)

    assert not Procedure.objects.filter(code__startswith="99.").exists()
    assert not Procedure.history.filter(code__startswith="99.").exists()


def test_merging_inserts_and_deletes_stay_refused(
    su: User, three: QuerySet[Procedure]
) -> None:
    with acting(by=su, reason="导入"):
        with pytest.raises(HistoryBypass):
            Procedure.objects.bulk_create(procedures(3), ignore_conflicts=True)
        with pytest.raises(HistoryBypass):
            three.delete()

    assert three.count() == 3


def test_secret_columns_are_not_copied_into_history(su: User) -> None:
    history = {field.attname for field in User.history.model._meta.fields}
    with acting(by=su, reason="改名"):
        User.objects.filter(pk=su.pk).update(name="苏晓岚二")

    assert "password" not in history
    last = User.history.filter(id=su.pk).latest("history_id")
    assert (last.name, last.history_type) == ("苏晓岚二", "~")


@given(st.sets(st.integers(1, 400)))
def test_conditions_name_exactly_the_rows_asked_for(keys: set[int]) -> None:
    named: list[int] = []
    for condition in in_few_words(list(keys), "default"):
        children: Any = condition.children
        [(lookup, value)] = children
        if lookup == "pk__range":
            named += range(value[0], value[1] + 1)
        else:
            named += value

    assert sorted(named) == sorted(keys)
