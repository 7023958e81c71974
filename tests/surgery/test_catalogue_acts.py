"""Entries added, changed, put out of use and into it; criteria worded anew."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.refusing import ActRefused, ReasonTooLong, ReasonTooShort
from portal.outbox.models import Message
from surgery.enums import Chapter, Grade, Source
from surgery.importers import load_seed_procedures
from surgery.models import GradeText, Procedure
from surgery.queries.catalogue import last_change_of
from surgery.queries.grades import grade_dictionary
from surgery.queries.search import search
from surgery.services import refusals
from surgery.services.grades import set_criteria
from surgery.services.procedures import (
    add_procedure,
    change_procedure,
    recall_switch,
    switch_due,
    switch_procedure,
)
from tests.cast import lin, make_department
from tests.surgery.catalogue_acts import (
    CHOLE,
    LIVER,
    REASON,
    attributes,
    day,
    names_of,
    new,
    places_of,
    procedure,
    rows_written,
    today,
)

__all__ = ["lin"]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def catalogue(db: None) -> None:
    load_seed_procedures()
    make_department("0401", "肝胆胰外科")
    make_department("0302", "胃肠外科")


def added(by: User, code: str = "51.2301", **given: Any) -> Procedure:
    asked: dict[str, Any] = {"effective_from": today(), "reason": REASON, **given}
    return add_procedure(
        code=code,
        attributes=asked.pop("attributes", new()),
        by=by,
        at=timezone.now(),
        **asked,
    )


def changed(by: User, code: str = CHOLE, **given: Any) -> Procedure:
    how = {name: given.pop(name) for name in ("reason", "seen") if name in given}
    return change_procedure(
        procedure=procedure(code),
        attributes=attributes(code, **given),
        by=by,
        at=timezone.now(),
        **{"reason": REASON, **how},
    )


def switched(by: User, code: str = CHOLE, **given: Any) -> Procedure:
    asked: dict[str, Any] = {"is_enabled": False, "on": today(), "reason": REASON}
    return switch_procedure(
        procedure=procedure(code), by=by, at=timezone.now(), **{**asked, **given}
    )


# --- new ------------------------------------------------------------------------------


def test_new_entry_is_ungraded_in_use_and_found_at_once(lin: User) -> None:
    made = added(
        lin,
        "51.2301",
        attributes=new(aliases=("残余胆囊摘除",), departments=("0401",)),
    )
    entry = procedure("51.2301")
    assert (entry.grade, entry.is_enabled, entry.source, entry.chapter) == (
        Grade.UNGRADED,
        True,
        Source.HOSPITAL,
        Chapter.DIGESTIVE,
    )
    assert (entry.effective_from, entry.effective_to) == (today(), None)
    assert (names_of("51.2301"), places_of("51.2301")) == (("残余胆囊摘除",), ("0401",))
    assert [one.pk for one in search("残余胆囊摘除")] == [made.pk]
    [told] = made.history.all()
    assert (told.history_type, told.history_user, told.history_change_reason) == (
        "+",
        lin,
        REASON,
    )


def test_new_entry_is_kept_as_the_list_writes_codes(lin: User) -> None:
    assert added(lin, "５１.2301Ｘ００１").code == "51.2301x001"


def test_new_entry_for_a_day_ahead_waits_for_it(lin: User) -> None:
    added(lin, effective_from=day(3))
    assert procedure("51.2301").is_enabled is False
    assert switch_due(at=timezone.now() + timedelta(days=2)) == 0
    assert switch_due(at=timezone.now() + timedelta(days=3)) == 1
    assert procedure("51.2301").is_enabled is True


REFUSED_NEW = [
    ("code of no list", {"code": "51.2"}, refusals.CodeMalformed, "code"),
    ("code in use", {"code": "51.2300"}, refusals.CodeTaken, "code"),
    ("code in use, spelled else", {"code": "52.7×00"}, refusals.CodeTaken, "code"),
    ("short reason", {"reason": "补充"}, ReasonTooShort, "reason"),
    ("long reason", {"reason": "补" * 201}, ReasonTooLong, "reason"),
    (
        "unknown department",
        {"attributes": new(departments=("9999",))},
        refusals.DepartmentUnknown,
        "departments",
    ),
]


@pytest.mark.parametrize(
    ("given", "refusal", "field"),
    [case[1:] for case in REFUSED_NEW],
    ids=[case[0] for case in REFUSED_NEW],
)
def test_refused_new_entry_leaves_nothing(
    lin: User,
    given: dict[str, Any],
    refusal: type[ActRefused],
    field: str,
) -> None:
    before = rows_written()
    with pytest.raises(refusal) as refused:
        added(lin, **given)
    assert refused.value.field == field
    assert rows_written() == before
    assert Procedure.objects.count() == 94
    assert not Message.objects.exists()


# --- changed --------------------------------------------------------------------------


def test_changed_attributes_are_one_row_of_history(lin: User) -> None:
    entries, aliases, places = rows_written()
    changed(lin, code_insurance="51.2300", is_day_surgery=True, site="胆囊")
    entry = procedure()
    assert (entry.code_insurance, entry.is_day_surgery, entry.site) == (
        "51.2300",
        True,
        "胆囊",
    )
    assert entry.grade == Grade.THREE
    assert rows_written() == (entries + 1, aliases, places)
    told = entry.history.first()
    assert (told.history_user, told.history_change_reason) == (lin, REASON)


def test_aliases_and_departments_are_kept_exactly(lin: User) -> None:
    changed(lin, aliases=("LC", "腔镜胆囊"), departments=("0401", "0302"))
    entries, aliases, places = rows_written()
    changed(lin, aliases=("腔镜胆囊",), departments=("0401",))
    assert (names_of(CHOLE), places_of(CHOLE)) == (("腔镜胆囊",), ("0401",))
    # Two rows were marked, none was deleted, the entry itself is the same.
    assert rows_written() == (entries, aliases + 1, places + 1)
    assert [one.code for one in search("LC")] == ["65.2501"]
    changed(lin, aliases=("腔镜胆囊", "LC"))
    assert sorted(names_of(CHOLE)) == ["LC", "腔镜胆囊"]
    assert [one.code for one in search("LC")] == [CHOLE, "65.2501"]


def test_own_name_is_no_alias(lin: User) -> None:
    changed(lin, aliases=("腹腔镜下胆囊切除术", "LC"))
    assert names_of(CHOLE) == ("LC",)


def test_change_of_nothing_is_refused(lin: User) -> None:
    before = rows_written()
    with pytest.raises(refusals.NothingChanged):
        changed(lin)
    assert rows_written() == before


def test_change_of_what_another_has_changed_is_refused(lin: User) -> None:
    seen = last_change_of(procedure())
    changed(lin, site="胆囊")
    before = rows_written()
    with pytest.raises(refusals.ChangedMeanwhile):
        changed(lin, site="肝", seen=seen)
    assert procedure().site == "胆囊"
    assert rows_written() == before


def test_refused_department_takes_back_the_whole_change(lin: User) -> None:
    before = rows_written()
    with pytest.raises(refusals.DepartmentUnknown):
        changed(lin, site="胆囊", aliases=("LC",), departments=("9999",))
    assert (procedure().site, names_of(CHOLE)) == ("", ())
    assert rows_written() == before
    assert [one.code for one in search("LC")] == ["65.2501"]


# --- out of use and into it -----------------------------------------------------------


def test_entry_goes_out_of_use_today_and_comes_back(lin: User) -> None:
    switched(lin)
    off = procedure()
    assert (off.is_enabled, off.effective_to) == (False, today())
    switched(lin, is_enabled=True, on=day(-1))
    on = procedure()
    assert (on.is_enabled, on.effective_from, on.effective_to) == (True, day(-1), None)
    assert switch_due(at=timezone.now()) == 0


def test_entry_meant_to_come_back_ahead_keeps_its_end_until_that_day(
    lin: User,
) -> None:
    switched(lin)
    switched(lin, is_enabled=True, on=day(3))
    waits = procedure()
    assert waits.is_enabled is False
    assert (waits.effective_from, waits.effective_to) == (day(3), today())
    assert switch_due(at=timezone.now() + timedelta(days=2)) == 0
    assert procedure().effective_to == today()
    assert switch_due(at=timezone.now() + timedelta(days=3)) == 1
    back = procedure()
    assert back.is_enabled is True
    assert (back.effective_from, back.effective_to) == (day(3), None)
    assert switch_due(at=timezone.now() + timedelta(days=3)) == 0


def test_recall_of_a_coming_back_gives_both_days_again(lin: User) -> None:
    switched(lin, is_enabled=False)
    switched(lin, is_enabled=True, on=day(-1))
    switched(lin, on=today())
    switched(lin, is_enabled=True, on=day(4))
    recalled(lin)
    one = procedure()
    assert (one.effective_from, one.effective_to) == (day(-1), today())
    assert switch_due(at=timezone.now() + timedelta(days=9)) == 0


def test_recall_after_the_day_was_moved_does_not_bring_it_back_by_the_first_day(
    lin: User,
) -> None:
    switched(lin)
    began = procedure().effective_from
    switched(lin, is_enabled=True, on=day(4))
    switched(lin, is_enabled=True, on=day(9))
    recalled(lin, at=timezone.now() + timedelta(days=5))
    one = procedure()
    assert (one.effective_from, one.effective_to) == (began, today())
    assert switch_due(at=timezone.now() + timedelta(days=20)) == 0
    assert procedure().is_enabled is False


def test_entry_meant_to_end_ahead_ends_on_its_day_by_the_system(lin: User) -> None:
    switched(lin, on=day(2))
    assert procedure().is_enabled is True
    assert switch_due(at=timezone.now() + timedelta(days=1)) == 0
    assert switch_due(at=timezone.now() + timedelta(days=2)) == 1
    assert switch_due(at=timezone.now() + timedelta(days=2)) == 0
    assert procedure().is_enabled is False
    told = procedure().history.first()
    assert (told.history_user, told.history_change_reason) == (
        None,
        "到了定好的启用、停用日期",
    )


def recalled(by: User, code: str = CHOLE, **given: Any) -> Procedure:
    said = {"reason": "委员会改变了决定，不再停用", "at": timezone.now(), **given}
    return recall_switch(procedure=procedure(code), by=by, **said)


def test_end_ahead_is_taken_back_and_the_history_tells_both(lin: User) -> None:
    switched(lin, on=day(3))
    recalled(lin)
    one = procedure()
    assert (one.is_enabled, one.effective_to) == (True, None)
    assert switch_due(at=timezone.now() + timedelta(days=9)) == 0
    last, before = procedure().history.order_by("-history_id")[:2]
    assert (before.effective_to, last.effective_to) == (day(3), None)
    assert (last.history_user, last.history_change_reason) == (
        lin,
        "委员会改变了决定，不再停用",
    )


def test_end_ahead_moves_to_another_day(lin: User) -> None:
    switched(lin, on=day(3))
    switched(lin, on=day(5))
    assert switch_due(at=timezone.now() + timedelta(days=4)) == 0
    assert switch_due(at=timezone.now() + timedelta(days=5)) == 1
    assert procedure().is_enabled is False


def test_end_ahead_moves_to_today_and_holds_at_once(lin: User) -> None:
    switched(lin, on=day(3))
    switched(lin, on=today())
    one = procedure()
    assert (one.is_enabled, one.effective_to) == (False, today())


def test_end_ahead_does_not_move_to_its_own_day(lin: User) -> None:
    switched(lin, on=day(3))
    before = rows_written()
    with pytest.raises(refusals.NothingChanged):
        switched(lin, on=day(3))
    assert rows_written() == before


def test_beginning_ahead_is_taken_back_and_the_entry_stays_out_of_use(
    lin: User,
) -> None:
    switched(lin)
    switched(lin, is_enabled=True, on=day(4))
    recalled(lin)
    assert switch_due(at=timezone.now() + timedelta(days=9)) == 0
    one = procedure()
    assert (one.is_enabled, one.effective_from) == (False, None)


@pytest.mark.parametrize("state", ["in use", "out of use", "reached"])
def test_nothing_ahead_is_nothing_to_take_back(lin: User, state: str) -> None:
    at = timezone.now()
    if state == "out of use":
        switched(lin)
    if state == "reached":
        switched(lin, on=day(2))
        at += timedelta(days=2)
    before = rows_written()
    with pytest.raises(refusals.NothingAhead):
        recalled(lin, at=at)
    assert rows_written() == before


def test_taking_back_asks_for_a_reason_and_for_what_was_seen(lin: User) -> None:
    switched(lin, on=day(3))
    before = rows_written()
    with pytest.raises(ReasonTooShort):
        recalled(lin, reason="好")
    with pytest.raises(refusals.ChangedMeanwhile):
        recalled(lin, seen=0)
    assert rows_written() == before


def test_switch_of_what_is_so_already_is_refused(lin: User) -> None:
    before = rows_written()
    with pytest.raises(refusals.AlreadySo):
        switched(lin, is_enabled=True)
    assert rows_written() == before


def test_entry_cannot_end_before_it_begins(lin: User) -> None:
    switched(lin, LIVER)
    switched(lin, LIVER, is_enabled=True)
    before = rows_written()
    with pytest.raises(refusals.EndsBeforeStart) as refused:
        switched(lin, LIVER, on=today())
    assert str(today()) in str(refused.value)
    assert procedure(LIVER).is_enabled is True
    assert rows_written() == before


# --- the grade dictionary -------------------------------------------------------------


def test_dictionary_has_five_grades_with_criteria(lin: User) -> None:
    found = grade_dictionary()
    assert [(one.grade, one.in_use) for one in found] == [
        (Grade.FOUR, 30),
        (Grade.THREE, 32),
        (Grade.TWO, 20),
        (Grade.ONE, 12),
        (Grade.UNGRADED, 0),
    ]
    assert all(one.criteria and one.row is None for one in found)


def test_criteria_are_worded_anew_and_the_first_words_stay_in_history(
    lin: User,
) -> None:
    words = "风险高、难度大，或重大伦理风险；本院另含所有机器人手术。"
    set_criteria(
        grade=Grade.FOUR, criteria=words, by=lin, at=timezone.now(), reason=REASON
    )
    assert grade_dictionary()[0].criteria == words
    first, second = GradeText.history.order_by("history_id")
    assert (first.history_user, second.history_user) == (None, lin)
    assert (first.criteria != words, second.criteria) == (True, words)


@pytest.mark.parametrize(
    ("criteria", "reason", "refusal"),
    [
        ("  ", REASON, refusals.CriteriaMissing),
        ("新的判定标准", "短", ReasonTooShort),
    ],
)
def test_refused_wording_leaves_nothing(
    lin: User, criteria: str, reason: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        set_criteria(
            grade=Grade.ONE, criteria=criteria, by=lin, at=timezone.now(), reason=reason
        )
    assert not GradeText.objects.exists()
    assert not GradeText.history.exists()


def test_same_words_again_are_refused(lin: User) -> None:
    words = grade_dictionary()[0].criteria
    with pytest.raises(refusals.NothingChanged):
        set_criteria(
            grade=Grade.FOUR, criteria=words, by=lin, at=timezone.now(), reason=REASON
        )
    assert not GradeText.objects.exists()
