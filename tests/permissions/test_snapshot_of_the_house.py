"""How the hospital judges, in memory: rules, parameters, drugs, registrations, courses.

Whatever is committed counts from the next question on, with the stamp and without.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from permissions.checks.codes import Code
from permissions.checks.engine import Verdict, check
from permissions.checks.facts import Setting
from permissions.checks.question import DrugOrder, Member, Part, Question
from permissions.models import Privilege, RuleSetting, Training, TrainingRecord
from permissions.queries.reviews import assessed_states
from permissions.services import renew
from permissions.services.assessments import assess, due_on
from permissions.snapshot import KEPT, whole_world, world_for
from permissions.snapshot.house import scopes_by_grade
from portal.accounts.models import User
from portal.audit import stamp as stamps
from portal.audit.acting import acting
from portal.audit.stamp import changing
from portal.directory.models import Drug, Practitioner, PractitionerScope, SyncRun
from portal.parameters.days import day_of, last_day_of, start_of
from portal.parameters.registry import (
    OPERATE_IMPLIES_ORDER,
    TRAINING_RECORDS_DECIDE,
    Parameter,
)
from portal.parameters.services import change
from surgery.enums import Grade
from tests.cast import make_practitioner
from tests.permissions.ledger import granted, make_procedure

CHOLE, LOBE = "51.2300", "50.2205"
END = date(2027, 11, 22)


@pytest.fixture(params=["stamp", "no stamp"])
def _with_and_without_stamp(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = stamps.Stamp(str(tmp_path / "stamp")) if request.param == "stamp" else None
    monkeypatch.setattr("portal.audit.stamp.stamp", lambda: made)
    monkeypatch.setattr("permissions.snapshot.keeping.stamp", lambda: made)


pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("_with_and_without_stamp"),
]


@pytest.fixture
def doctor(catalogue: None) -> Practitioner:
    return make_practitioner("1305", "方若谷")


def asked(*procedures: str, part: Part = Part.SURGEON, **more: Any) -> Verdict:
    given: dict[str, Any] = {"moment": timezone.now(), **more}
    question = Question((Member("1305", part),), procedures=procedures, **given)
    return check(question, world_for(question))


def set_rule(rule: str, mode: str, **words: str) -> None:
    row = RuleSetting.objects.filter(rule=rule).first() or RuleSetting(rule=rule)
    row.mode = mode
    for name, text in words.items():
        setattr(row, name, text)
    with acting(by=None, reason="委员会决定"):
        row.save()


def set_parameter(parameter: Parameter, value: int) -> None:
    change(parameter=parameter, value=value, by=None, reason="委员会决定")
    cache.clear()


def pulled(view: str, write: Callable[[], object]) -> None:
    """As a pull writes: the rows under the stamp, the run with them."""
    now = timezone.now()
    with transaction.atomic():
        with changing():
            write()
        SyncRun.objects.create(
            view=view, started_at=now, ended_at=now, state=SyncRun.State.TAKEN
        )


def drug(code: str, **fields: Any) -> Drug:
    given = {"antibiotic_level": "0", "psych_class": "0", "antitumor_level": "0"}
    flags = dict.fromkeys(("is_narcotic", "is_toxic", "is_radioactive"), False)
    return Drug.objects.create(
        **{
            "drug_id": f"{code}-1",
            "drug_code": code,
            "generic_name": "药品",
            "drug_type": "1",
            "is_enabled": True,
            "row_hash": code,
            **given,
            **flags,
            **fields,
        }
    )


def test_rule_that_is_set_otherwise_counts_from_the_next_question_on(
    doctor: Practitioner, lin: User, su: User
) -> None:
    granted(lin, su, doctor, "SG04", item=LOBE, valid_to=END)
    seen = [asked(LOBE, mdt_id="").passes]
    set_rule("S14", "SUGGEST", text="四级手术先做多学科讨论", remedy="先约讨论")
    verdict = asked(LOBE, mdt_id="")
    seen.append(verdict.passes)
    [told] = verdict.conditions
    set_rule("S14", "OFF")

    assert seen == [False, True]
    assert (told.rule.text, told.remedy) == ("四级手术先做多学科讨论", "先约讨论")
    assert asked(LOBE, mdt_id="").conditions == ()


def test_parameter_says_whether_the_right_to_operate_is_one_to_order(
    doctor: Practitioner, lin: User, su: User
) -> None:
    granted(lin, su, doctor, "SG03", item=CHOLE, valid_to=END)
    seen = [asked(CHOLE, part=Part.ORDERER).code]
    set_parameter(OPERATE_IMPLIES_ORDER, 0)
    seen.append(asked(CHOLE, part=Part.ORDERER).code)
    set_parameter(OPERATE_IMPLIES_ORDER, 1)
    seen.append(asked(CHOLE, part=Part.ORDERER).code)

    assert seen == [Code.ALLOWED, Code.NO_RIGHT, Code.ALLOWED]


def prescribed(code: str, **more: Any) -> Verdict:
    return asked(part=Part.PRESCRIBER, drug=DrugOrder(code), **more)


def test_drug_that_is_regraded_or_stopped_counts_from_the_next_question_on(
    doctor: Practitioner, lin: User, su: User
) -> None:
    granted(lin, su, doctor, "RX01")
    pulled("V_YW_DRUG", lambda: drug("D1"))
    seen = [prescribed("D1").code]
    row = Drug.objects.get()
    row.antibiotic_level = "2"
    pulled("V_YW_DRUG", row.save)
    seen.append(prescribed("D1").code)
    row.is_enabled = False
    pulled("V_YW_DRUG", row.save)
    seen.append(prescribed("D1").code)

    assert seen == [Code.ALLOWED, Code.NO_RIGHT, Code.NOT_DONE_HERE]


def test_of_products_with_one_code_the_strictest_counts(
    doctor: Practitioner, lin: User, su: User
) -> None:
    granted(lin, su, doctor, "RX01")
    drug("D1", is_narcotic=True)
    drug("D1", drug_id="D1-2", antibiotic_level="3", is_enabled=False)
    drug("B1", drug_type="5", generic_name="人血白蛋白")

    broken = {
        one.rule.id for one in prescribed("D1", setting=Setting.OUTPATIENT).orders
    }
    assert broken == {"A01", "A04", "N01"}
    [told] = prescribed("B1").conditions
    assert (told.rule.id, told.missing) == ("K01", ("SD04",))


def test_course_that_is_passed_and_voided_counts_from_the_next_question_on(
    doctor: Practitioner, lin: User, su: User
) -> None:
    granted(lin, su, doctor, "RX01")
    granted(lin, su, doctor, "AB01", valid_to=END)
    drug("D1", antibiotic_level="1")
    seen = [prescribed("D1").code]
    set_parameter(TRAINING_RECORDS_DECIDE, 1)
    seen.append(prescribed("D1").code)
    record = TrainingRecord(
        practitioner=doctor,
        training=Training.objects.get(code="TR01"),
        passed_on=date(2026, 3, 1),
        valid_to=date(2027, 2, 28),
        score=92,
    )
    with acting(by=lin, reason="登记"):
        record.save()
    seen.append(prescribed("D1").code)
    seen.append(prescribed("D1", moment=timezone.now() + timedelta(days=98)).code)
    record.is_void = True
    with acting(by=lin, reason="录错"):
        record.save()
    seen.append(prescribed("D1").code)

    no = Code.NO_RIGHT
    assert seen == [Code.ALLOWED, no, Code.ALLOWED, no, no]


def scope(code: str, **fields: Any) -> PractitionerScope:
    return PractitionerScope.objects.create(
        **{
            "emp_no": "1305",
            "scope_code": code,
            "prac_org": "本院",
            "prac_category": "1",
            "row_hash": code,
            **fields,
        }
    )


def test_registered_scope_counts_for_operations_of_the_grade_the_catalogue_limits(
    doctor: Practitioner, lin: User, su: User
) -> None:
    make_procedure("47.0901", "阑尾切除术", Grade.TWO)
    granted(lin, su, doctor, "SG02", valid_to=END)
    granted(lin, su, doctor, "SG03", item=CHOLE, valid_to=END)
    seen = [asked("47.0901").code]
    pulled("V_YW_DOCTOR_SCOPE", lambda: scope("A11"))
    seen.append(asked("47.0901").code)
    pulled("V_YW_DOCTOR_SCOPE", lambda: scope("A12", valid_to=date(2026, 11, 30)))
    seen.append(asked("47.0901").code)
    seen.append(asked("47.0901", moment=timezone.now() + timedelta(days=8)).code)

    out = Code.OUT_OF_SCOPE
    assert seen == [Code.ALLOWED, out, Code.ALLOWED, out]
    assert asked(CHOLE).code is Code.ALLOWED
    surgical = frozenset({"A12", "A13", "A15", "A31"})
    assert scopes_by_grade() == {
        1: surgical,
        2: surgical,
        3: frozenset(),
        4: frozenset(),
    }


def test_campus_asks_for_the_institution_the_setting_names(
    doctor: Practitioner, lin: User, su: User, settings: Any
) -> None:
    granted(lin, su, doctor, "SG03", item=CHOLE, valid_to=END)
    scope("A12")
    settings.CAMPUS_INSTITUTIONS = {"本部": "本院", "东院区": "云溪东方医院"}

    assert asked(CHOLE, campus="本部").code is Code.ALLOWED
    assert asked(CHOLE, campus="东院区").code is Code.OUT_OF_SCOPE
    assert asked(CHOLE, campus="北院区").code is Code.ALLOWED
    beside = scope("A12", prac_org="云溪东方医院", valid_to=date(2026, 12, 1))
    KEPT.forget()
    assert asked(CHOLE, campus="东院区").code is Code.ALLOWED
    later = timezone.now() + timedelta(days=9)
    assert beside.valid_to is not None
    assert asked(CHOLE, campus="东院区", moment=later).code is Code.OUT_OF_SCOPE


def test_assessment_is_due_a_year_after_the_grant_and_a_renewal_is_none(
    doctor: Practitioner, lin: User, su: User
) -> None:
    state = granted(lin, su, doctor, "SG04", item=LOBE, valid_to=date(2027, 11, 22))
    set_rule("S13", "MUST")
    last, after = timezone.now() + timedelta(days=365), timezone.now() + timedelta(days=366)  # fmt: skip
    [person] = KEPT.world().people.values()
    [line] = person.facts.lines
    assert line.terms.assessment_due == start_of(date(2027, 11, 24))
    renew(
        state=state,
        last_day=date(2028, 11, 22),
        by=su,
        at=timezone.now(),
        reason="续期一年，评估表另报",
    )
    assert asked(LOBE, moment=last).code is Code.ALLOWED
    set_rule("S13", "SUGGEST")

    verdict = asked(LOBE, moment=after)
    assert verdict.code is Code.ALLOWED
    assert [one.rule.id for one in verdict.conditions] == ["S13"]
    set_rule("S13", "MUST")
    assert asked(LOBE, moment=after).code is Code.SUSPENDED
    assess(
        state=state,
        assessed_on=date(2026, 11, 23),
        result="PASS",
        doc_no="评〔2026〕3号",
        note="续期时一并评估",
        by=su,
        at=timezone.now(),
    )
    assert asked(LOBE, moment=last).code is Code.ALLOWED
    assert asked(LOBE, moment=after).code is Code.SUSPENDED


def test_engine_and_lists_name_the_same_last_day_whatever_was_recorded(
    doctor: Practitioner, lin: User, su: User
) -> None:
    """Renewed, assessed shorter than the catalogue allows, failed after that."""
    state = granted(lin, su, doctor, "SG04", item=LOBE, valid_to=date(2027, 11, 22))

    def last_days() -> tuple[date, date | None]:
        row = assessed_states(timezone.now()).get(pk=state.pk)
        [person] = KEPT.world().people.values()
        due = last_day_of(person.facts.lines[0].terms.assessment_due)
        return due_on(row, row.last_due), due

    def assessed(on: int, result: str, next_due: date | None = None) -> None:
        with time_machine.travel(timezone.now() + timedelta(days=on), tick=False):
            assess(
                state=state,
                assessed_on=day_of(timezone.now()),
                result=result,
                doc_no="评〔2026〕3号",
                note="按评估表逐项评分",
                by=su,
                at=timezone.now(),
                next_due=next_due,
            )

    assert set(last_days()) == {date(2027, 11, 23)}
    at = timezone.now()
    renew(
        state=state,
        last_day=date(2028, 11, 22),
        by=su,
        at=at,
        reason="续期一年，评估表另报",
    )
    assert set(last_days()) == {date(2027, 11, 23)}
    assessed(1, "CONDITIONAL", date(2027, 2, 1))
    assert set(last_days()) == {date(2027, 2, 1)}
    assessed(2, "FAIL")
    assert last_days()[1] == date(2027, 2, 1)


def test_catalogue_entry_that_is_changed_counts_from_the_next_question_on(
    doctor: Practitioner, lin: User, su: User
) -> None:
    granted(lin, su, doctor, "SG03", item=CHOLE, valid_to=END)
    set_rule("S13", "MUST")
    later = timezone.now() + timedelta(days=200)
    seen = [asked(CHOLE, moment=later).code]
    entry = Privilege.objects.get(code="SG03")
    entry.assessment_months = 6
    with acting(by=None, reason="委员会决定"):
        entry.save()
    seen.append(asked(CHOLE, moment=later).code)

    assert seen == [Code.ALLOWED, Code.SUSPENDED]


def test_rolled_back_rule_was_never_set_but_counts_inside(
    doctor: Practitioner, lin: User, su: User
) -> None:
    granted(lin, su, doctor, "SG04", item=LOBE, valid_to=END)
    assert not asked(LOBE, mdt_id="").passes
    with transaction.atomic():
        set_rule("S14", "OFF")
        assert asked(LOBE, mdt_id="").passes
        transaction.set_rollback(True)
    assert not asked(LOBE, mdt_id="").passes


def told(whole: bool, *procedures: str, **more: Any) -> Verdict:
    """Asked in a world of everybody, or in that of the team."""
    given: dict[str, Any] = {"moment": timezone.now(), "mdt_id": "", **more}
    part = Part.PRESCRIBER if "drug" in given else Part.SURGEON
    question = Question((Member("1305", part),), procedures=procedures, **given)
    return check(question, whole_world() if whole else world_for(question))


def test_everybody_inside_a_transaction_is_judged_as_the_hospital_judges(
    doctor: Practitioner, lin: User, su: User
) -> None:
    """Rules, parameters, drugs and registrations count as outside of it, and what was
    written inside already does."""
    make_procedure("47.0901", "阑尾切除术", Grade.TWO)
    granted(lin, su, doctor, "SG02", valid_to=END)
    granted(lin, su, doctor, "SG04", item=LOBE, valid_to=END)
    granted(lin, su, doctor, "RX01")
    granted(lin, su, doctor, "AB01", valid_to=END)
    drug("D1", antibiotic_level="1")
    scope("A11")
    set_parameter(TRAINING_RECORDS_DECIDE, 1)
    set_rule("S14", "OFF")

    def answers(*, whole: bool) -> list[tuple[Code, bool]]:
        found = [told(whole, LOBE), told(whole, "47.0901")]
        found.append(told(whole, drug=DrugOrder("D1")))
        return [(one.code, one.passes) for one in found]

    outside = [(Code.ALLOWED, True), (Code.OUT_OF_SCOPE, False), (Code.NO_RIGHT, False)]
    assert answers(whole=True) == outside
    with transaction.atomic():
        assert answers(whole=True) == answers(whole=False) == outside
        set_parameter(TRAINING_RECORDS_DECIDE, 0)
        set_rule("S14", "MUST")
        inside = answers(whole=True)
        assert inside == answers(whole=False)
        assert [passes for _code, passes in inside] == [False, False, True]
        transaction.set_rollback(True)
    cache.clear()
    assert answers(whole=True) == outside
