"""A HIS that spells codes its own way has the same procedures as our catalogue."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from portal.accounts.models import User
from portal.directory.models import HisProcedure, HisProcedureGrade
from portal.his.messages import OpGradeSave
from portal.outbox.models import Message
from surgery.outbound import Turn, tell_grades, why_not_told
from surgery.queries.grade_differences import Graded, differences, in_our_spelling
from surgery.queries.his_items import HisItem, his_items
from tests.harness import assert_queries
from tests.surgery.grades import catalogue, procedure

CHOLE, PANCREAS = "51.2300", "52.7x00"
SPELLINGS = ["512300", "５１．２３００", " 51.2300", "51.23 00"]
CROSSES = ["52.7X00", "52.7×00", "527x00", "52.7х00"]


def item(number: str, code: str, grade: str = "", **fields: Any) -> None:
    HisProcedure.objects.create(
        his_item_id=number, code_clinical=code, name="手术", is_enabled=True, **fields
    )
    if grade:
        HisProcedureGrade.objects.create(
            proc_code=code, grade=grade, effective_from=date(2026, 1, 1)
        )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "spelled"),
    [(CHOLE, one) for one in SPELLINGS] + [(PANCREAS, one) for one in CROSSES],
)
def test_item_is_found_in_any_spelling_and_named_in_the_one_of_the_his(
    code: str, spelled: str
) -> None:
    catalogue()
    item("9", spelled, "3")
    one = procedure(code)
    assert his_items([one]) == {one.pk: HisItem("9", spelled, "3")}
    assert why_not_told([one]) == {}


@pytest.mark.django_db
def test_grade_is_found_where_the_his_spells_it_otherwise_than_the_item() -> None:
    catalogue()
    item("9", "512300")
    HisProcedureGrade.objects.create(proc_code="５１．２３００", grade="2")
    one = procedure(CHOLE)
    assert his_items([one]) == {one.pk: HisItem("9", "512300", "2")}


@pytest.mark.django_db
def test_item_spelled_as_ours_comes_before_another_spelling() -> None:
    catalogue()
    item("1", "512300", "1")
    item("2", CHOLE, "3")
    one = procedure(CHOLE)
    assert his_items([one]) == {one.pk: HisItem("2", CHOLE, "3")}


@pytest.mark.django_db
def test_item_that_left_the_his_is_not_found_in_any_spelling() -> None:
    catalogue()
    item("9", "512300", missing_since=timezone.now())
    assert his_items([procedure(CHOLE)]) == {}


@pytest.mark.django_db
def test_his_is_told_in_its_own_spelling(lin: User) -> None:
    catalogue()
    item("9", "512300", "3")
    one = procedure(CHOLE)
    one.grade = 4
    at = timezone.now()
    told = tell_grades([Turn(one, 4, at.date())], by=lin, at=at, reason="年度调整")
    assert told == 1
    call = OpGradeSave.from_payload(Message.objects.get().payload)
    assert (call.proc_code, call.old_grade, call.new_grade) == ("512300", "3", "4")


@pytest.mark.django_db
def test_looking_for_spellings_takes_the_same_queries_for_all() -> None:
    catalogue()
    item("9", "512300", "3")
    item("8", "５２．７ｘ００")
    some = [procedure(CHOLE)]
    every = [procedure(code) for code in (CHOLE, PANCREAS, "41.5x00", "50.2205")]
    for asked in (some, every):
        with assert_queries(4):
            assert his_items(asked)


def test_spelling_is_no_difference_between_the_catalogues() -> None:
    ours = {CHOLE: Graded("3"), PANCREAS: Graded("4"), "41.5x00": Graded("0")}
    for first in SPELLINGS:
        for second in CROSSES:
            theirs = {first: Graded("3"), second: Graded("4")}
            assert list(differences(ours, in_our_spelling(theirs, ours))) == []


def test_second_spelling_of_one_code_is_a_line_too_many() -> None:
    ours = {CHOLE: Graded("3")}
    theirs = {"512300": Graded("2"), CHOLE: Graded("3")}
    (extra,) = differences(ours, in_our_spelling(theirs, ours))
    assert (extra.code, extra.kind, extra.theirs) == ("512300", "EXTRA", "2")


def test_code_we_do_not_have_stays_as_the_his_spells_it() -> None:
    theirs = {"999999": Graded("2")}
    assert in_our_spelling(theirs, {CHOLE}) == theirs
