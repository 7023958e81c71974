"""Nobody is given a right whose prerequisite or exam is missing; who tells, and what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from permissions import services
from permissions.enums import EventKind, GrantKind
from permissions.models import GrantState, Training, TrainingRecord
from permissions.services.lines import Line
from permissions.services.readiness import readiness
from permissions.services.refusals_of_readiness import (
    PrerequisiteMissing,
    RegistrationOver,
    TrainingMissing,
)
from permissions.services.templates import keep_template
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.directory.models import Practitioner, PractitionerScope
from portal.parameters.registry import (
    PREREQUISITES_DECIDE,
    TRAINING_RECORDS_DECIDE,
    Parameter,
)
from portal.parameters.services import change
from tests.cast import make_practitioner
from tests.permissions.ledger import (
    REASON,
    TODAY,
    approve,
    granted,
    nothing_written,
    privilege,
    propose,
)

YEAR = date(2027, 11, 22)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]


@pytest.fixture
def doctor() -> Practitioner:
    return make_practitioner("1027", "陈景行", title_code="231")


def set_parameter(parameter: Parameter, value: int) -> None:
    change(parameter=parameter, value=value, by=None, reason="委员会决定")
    cache.clear()


def give(by: User, doctor: Practitioner, code: str, **line: Any) -> GrantState:
    given = {"valid_from": TODAY, "valid_to": YEAR, "kind": GrantKind.DIRECT, **line}
    grant = services.grant(
        practitioner=doctor,
        line=Line(privilege(code), **given),
        by=by,
        at=timezone.now(),
        reason=REASON,
    )
    return GrantState.objects.get(grant=grant)


def passed(by: User, doctor: Practitioner, course: str, **fields: Any) -> None:
    record = TrainingRecord(
        practitioner=doctor,
        training=Training.objects.get(code=course),
        **{"passed_on": date(2026, 3, 1), "score": 90, **fields},
    )
    with acting(by=by, reason="登记"):
        record.save()


MISSING = (
    "「限制使用级抗菌药物」须先有前提权限：AB01 非限制使用级抗菌药物，陈景行没有。"
    "先申请并取得前提权限，再办理这一项。"
)


def test_right_without_its_prerequisite_is_not_granted_and_leaves_nothing(
    lin: User, doctor: Practitioner
) -> None:
    with nothing_written(), pytest.raises(PrerequisiteMissing) as refused:
        give(lin, doctor, "AB02")
    assert (str(refused.value), refused.value.field) == (MISSING, "privilege")
    assert refused.value.missing == ("AB01",)


def test_proposal_may_wait_for_its_prerequisite_but_is_not_approved_without(
    lin: User, su: User, doctor: Practitioner
) -> None:
    asked = propose(lin, doctor, "AB02", valid_to=YEAR)
    with nothing_written(), pytest.raises(PrerequisiteMissing):
        approve(su, asked)
    give(lin, doctor, "AB01")
    assert approve(su, asked).privilege.code == "AB02"


@pytest.mark.parametrize(
    ("prerequisite", "begins", "is_granted"),
    [
        ({"valid_to": date(2027, 1, 1)}, date(2027, 1, 1), True),
        ({"valid_to": date(2027, 1, 1)}, date(2027, 1, 2), False),
        ({"valid_from": date(2026, 12, 1)}, date(2026, 12, 1), True),
        ({"valid_from": date(2026, 12, 1)}, date(2026, 11, 30), False),
    ],
)
def test_prerequisite_must_hold_on_the_day_the_right_begins(
    prerequisite: dict[str, Any],
    begins: date,
    is_granted: bool,
    lin: User,
    doctor: Practitioner,
) -> None:
    give(lin, doctor, "AB01", **prerequisite)
    if is_granted:
        give(lin, doctor, "AB02", valid_from=begins)
    else:
        with pytest.raises(PrerequisiteMissing):
            give(lin, doctor, "AB02", valid_from=begins)


def test_suspended_prerequisite_is_none(lin: User, doctor: Practitioner) -> None:
    state = give(lin, doctor, "AB01")
    services.suspend(
        state=state, by=lin, at=timezone.now(), reason_code="08", reason=REASON
    )
    with pytest.raises(PrerequisiteMissing):
        give(lin, doctor, "AB02")


def test_right_is_not_renewed_without_its_prerequisite(
    lin: User, su: User, doctor: Practitioner
) -> None:
    state = granted(lin, su, doctor, "AB02", valid_to=date(2027, 3, 1))
    renewal: dict[str, Any] = {"last_day": YEAR, "by": su, "reason": REASON}
    with nothing_written(), pytest.raises(PrerequisiteMissing):
        services.renew(state=state, at=timezone.now(), **renewal)
    give(lin, doctor, "AB01")
    services.renew(state=state, at=timezone.now(), **renewal)
    state.refresh_from_db()
    assert state.status == "ACTIVE"


def test_hospital_that_takes_over_old_rights_is_only_warned(
    lin: User, doctor: Practitioner
) -> None:
    set_parameter(PREREQUISITES_DECIDE, 0)
    [finding] = readiness(doctor, privilege("AB02"), begins=timezone.now())
    assert (finding.rule.id, finding.missing, finding.blocks) == (
        "G02",
        ("AB01",),
        False,
    )
    assert give(lin, doctor, "AB02").pk is not None


def test_downgrade_asks_for_no_prerequisite(
    lin: User, su: User, doctor: Practitioner
) -> None:
    state = granted(lin, su, doctor, "AB03", setting="INP", valid_to=YEAR)
    services.downgrade(
        state=state,
        to=[Line(privilege("AB02"), TODAY, YEAR, setting="INP")],
        by=su,
        at=timezone.now(),
        reason_code="12",
        reason=REASON,
    )
    held = GrantState.objects.filter(practitioner=doctor, status="ACTIVE")
    assert [one.privilege.code for one in held] == ["AB02"]


def test_template_gives_a_prerequisite_before_the_right_that_needs_it(
    lin: User, doctor: Practitioner
) -> None:
    template = keep_template(
        name="感染科副主任医师",
        lines=[Line(privilege(code), TODAY) for code in ("AB02", "AB01", "ND01")],
        by=lin,
        at=timezone.now(),
        reason="岗位模板：感染科",
    )
    found = services.from_template(template=template, target=doctor, at=timezone.now())
    told = {one.line.privilege.code: one.is_possible for one in found}
    assert told == {"AB02": True, "AB01": True, "ND01": False}

    given = services.give(
        target=doctor,
        lines=[one.line for one in found],
        by=lin,
        at=timezone.now(),
        reason=REASON,
    )
    assert [one.privilege.code for one in given.granted] == ["AB01", "AB02"]
    assert [one.line.privilege.code for one in given.skipped] == ["ND01"]


# --- training -------------------------------------------------------------------------


def test_exam_that_is_missing_refuses_where_the_records_are_kept_here(
    lin: User, doctor: Practitioner
) -> None:
    set_parameter(TRAINING_RECORDS_DECIDE, 1)
    with nothing_written(), pytest.raises(TrainingMissing) as refused:
        give(lin, doctor, "AB01")
    assert str(refused.value) == (
        "「非限制使用级抗菌药物」须考核合格：抗菌药物合理应用培训（年度），"
        "陈景行没有在有效期内的合格记录。参加培训考核，登记合格记录后再办理。"
    )
    passed(lin, doctor, "TR01")
    assert give(lin, doctor, "AB01").pk is not None


def test_course_that_is_only_to_be_attended_warns(
    lin: User, doctor: Practitioner
) -> None:
    set_parameter(TRAINING_RECORDS_DECIDE, 1)
    [finding] = readiness(doctor, privilege("BL01"), begins=timezone.now())
    assert (finding.rule.id, finding.missing, finding.blocks) == (
        "G03",
        ("TR04",),
        False,
    )
    assert give(lin, doctor, "BL01").pk is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"score": None},
        {"score": 59},
        {"score": 79, "pass_mark": 80},
        {"valid_to": TODAY - timedelta(days=1)},
        {"is_void": True},
    ],
    ids=["attended only", "failed", "failed by its own mark", "run out", "void"],
)
def test_record_that_is_no_passed_exam_in_force_does_not_count(
    fields: dict[str, Any], lin: User, doctor: Practitioner
) -> None:
    set_parameter(TRAINING_RECORDS_DECIDE, 1)
    passed(lin, doctor, "TR01", **fields)
    with pytest.raises(TrainingMissing):
        give(lin, doctor, "AB01")


# --- registration ---------------------------------------------------------------------


def test_registration_that_is_over_refuses_and_one_that_ends_first_is_told(
    lin: User, doctor: Practitioner
) -> None:
    doctor.license_valid_to = TODAY - timedelta(days=1)
    doctor.save()
    with nothing_written(), pytest.raises(RegistrationOver) as refused:
        give(lin, doctor, "RX01")
    assert str(refused.value).startswith("陈景行的执业注册至 2026-11-22 已到期。先办理")
    doctor.license_valid_to = date(2027, 6, 30)
    doctor.save()
    [told] = readiness(doctor, privilege("RX01"), begins=timezone.now())
    assert (told.rule.id, told.blocks) == ("P02", False)


def test_scope_that_does_not_fit_is_told(lin: User, doctor: Practitioner) -> None:
    PractitionerScope.objects.create(
        emp_no="1027", scope_code="A11", prac_org="本院", prac_category="1"
    )
    [told] = readiness(doctor, privilege("SG01"), begins=timezone.now())
    assert (told.rule.id, told.blocks) == ("P03", False)
    assert told.missing == ("A12", "A13", "A15", "A31")


@pytest.mark.parametrize(
    ("code", "item", "rules"),
    [
        ("SG04", "99.9999", [("S01", True)]),
        ("SG04", "50.3x00", [("S03", True)]),
        ("SG04", "11.6400x001", [("S05", False)]),
        ("RT01", "11.6400x001", []),
        ("SG04", "50.2205", []),
    ],
)
def test_procedure_is_asked_about_by_the_rules_of_the_check(
    code: str, item: str, rules: list[tuple[str, bool]], doctor: Practitioner
) -> None:
    found = readiness(doctor, privilege(code), begins=timezone.now(), item=item)
    assert [(one.rule.id, one.blocks) for one in found] == rules


# --- what would be left without a prerequisite ----------------------------------------


@pytest.mark.parametrize("act", [EventKind.REVOKE, EventKind.SUSPEND, EventKind.VOID])
def test_taking_a_prerequisite_lists_what_depends_on_it(
    act: EventKind, lin: User, doctor: Practitioner
) -> None:
    first = give(lin, doctor, "RX01", valid_to=None)
    for code in ("ND01", "SD02", "CN01"):
        give(lin, doctor, code)
    found = services.consequences([first], act, at=timezone.now())
    assert [one.privilege.code for one in found.dependants] == ["ND01", "SD02"]


def test_other_line_of_the_prerequisite_keeps_what_depends_on_it(
    lin: User, doctor: Practitioner
) -> None:
    first = give(lin, doctor, "AB01", setting="INP")
    give(lin, doctor, "AB01", setting="OUTP")
    give(lin, doctor, "AB02")
    ask: Callable[..., Any] = services.consequences
    assert ask([first], EventKind.REVOKE, at=timezone.now()).dependants == ()
    assert (
        ask([first], EventKind.RENEW, at=timezone.now(), last_day=YEAR).dependants == ()
    )
