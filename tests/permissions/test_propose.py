"""What may be asked for; what may not leaves nothing behind."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from permissions.enums import Setting
from permissions.forms import ProposeForm
from permissions.models import Application
from permissions.presenters.precheck import precheck
from permissions.services import refusals
from permissions.services.rules import latest_last_day, months_after
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.directory.models import Practitioner, PractitionerStatus
from portal.outbox.models import Message
from portal.parameters.days import start_of
from portal.ui.elements import Note
from tests.cast import make_practitioner
from tests.permissions.ledger import (
    REASON,
    TODAY,
    granted,
    nothing_written,
    privilege,
    propose,
)

pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    """王, a deputy chief physician."""
    return make_practitioner("1188", "王若谷")


def test_propose_keeps_the_terms_with_actor_reason_and_time(
    lin: User, surgeon: Practitioner
) -> None:
    application = propose(
        lin, surgeon, "SG04", item=" 50.2205 ", valid_to=date(2027, 11, 22)
    )
    kept = Application.objects.get()
    assert kept == application
    assert (kept.item_code, kept.item_name, kept.item_grade) == (
        "50.2205",
        "腹腔镜下肝部分切除术",
        4,
    )
    assert (kept.valid_from, kept.valid_to) == (
        start_of(TODAY),
        start_of(date(2027, 11, 23)),
    )
    assert (kept.state, kept.proposed_by, kept.proposed_at) == (
        "SUBMITTED",
        lin,
        timezone.now(),
    )
    history = kept.history.get()
    assert (history.history_user, history.history_change_reason) == (lin, REASON)
    assert Message.objects.count() == 0


REFUSED: list[tuple[str, dict[str, Any], type[refusals.ActRefused], str, str]] = [
    (
        "SG04",
        {"item": "50.2205", "valid_to": date(2027, 11, 23)},
        refusals.LastsTooLong,
        "valid_to",
        "四级手术最长 12 个月，最晚 2027-11-22。",
    ),
    (
        "SG03",
        {
            "item": "51.2300",
            "valid_from": date(2026, 12, 1),
            "valid_to": date(2029, 11, 30),
        },
        refusals.LastsTooLong,
        "valid_to",
        "三级手术最长 24 个月，最晚 2028-11-30。",
    ),
    (
        "AB02",
        {"valid_to": None},
        refusals.LastsTooLong,
        "valid_to",
        "「限制使用级抗菌药物」最长 12 个月，最晚 2027-11-22。",
    ),
    (
        "RX01",
        {"valid_from": date(2026, 11, 22)},
        refusals.StartsInPast,
        "valid_from",
        "不能早于今天 2026-11-23。",
    ),
    (
        "RX01",
        {"valid_from": date(2026, 12, 2), "valid_to": date(2026, 12, 1)},
        refusals.EndsBeforeStart,
        "valid_to",
        "到期日期不能早于生效日期。",
    ),
    (
        "SG04",
        {"item": "", "valid_to": date(2027, 11, 22)},
        refusals.ItemMissing,
        "item",
        "这项权限逐项授权，选择一项手术或操作。",
    ),
    (
        "RX01",
        {"item": "51.2300"},
        refusals.ItemNotAsked,
        "item",
        "这项权限不分项目，不选手术。",
    ),
    (
        "SG04",
        {"item": "99.9999", "valid_to": date(2027, 11, 22)},
        refusals.ItemUnknown,
        "item",
        "手术目录中没有 99.9999。",
    ),
    (
        "SG04",
        {"item": "50.3x00", "valid_to": date(2027, 11, 22)},
        refusals.ItemDisabled,
        "item",
        "50.3x00 已停用，不能授权。",
    ),
    (
        "SG04",
        {"item": "51.2300", "valid_to": date(2027, 11, 22)},
        refusals.ItemOfOtherGrade,
        "item",
        "51.2300 是三级手术，这项权限只用于四级手术。",
    ),
    (
        "RT01",
        {"item": "50.2205", "valid_to": date(2027, 11, 22)},
        refusals.ItemNotRestricted,
        "item",
        "50.2205 不是限制类技术，按手术级别授权。",
    ),
    (
        "RX02",
        {"setting": Setting.OUTPATIENT},
        refusals.SettingNotAllowed,
        "setting",
        "「急诊处方权」只能用于「急诊」。",
    ),
    (
        "RX01",
        {"reason": "考核合格"},
        refusals.ReasonTooShort,
        "reason",
        "至少 5 个字，现有 4 个。写明依据和经过。",
    ),
    (
        "RX01",
        {"reason": "长" * 201},
        refusals.ReasonTooLong,
        "reason",
        "最多 200 个字，现有 201 个。",
    ),
]


@pytest.mark.parametrize(("code", "given", "refusal", "field", "words"), REFUSED)
def test_propose_of_what_may_not_be_is_refused(
    code: str,
    given: dict[str, Any],
    refusal: type[refusals.ActRefused],
    field: str,
    words: str,
    lin: User,
    surgeon: Practitioner,
) -> None:
    with nothing_written(), pytest.raises(refusal) as refused:
        propose(lin, surgeon, code, **given)
    assert (refused.value.field, str(refused.value)) == (field, words)


def test_propose_below_a_hard_title_rule_is_refused(lin: User) -> None:
    resident = make_practitioner("1305", "方若谷", title_code="234")
    with nothing_written(), pytest.raises(refusals.TitleTooLow) as refused:
        propose(lin, resident, "AB02", valid_to=date(2027, 11, 22))
    assert refused.value.field == "privilege"
    assert str(refused.value) == "「限制使用级抗菌药物」须主治医师及以上，现为医师。"


def notes_of(doctor: Practitioner, code: str, **given: str) -> list[tuple[str, str]]:
    """Tone and text of what the pre-check says of the rules."""
    asked = {"practitioner": doctor.emp_no, "privilege": code, **given}
    notes = [one for one in precheck(asked).notes if isinstance(one, Note)]
    return [(one.tone, str(one.text)) for one in notes if one.tone != "info"]


def test_propose_below_a_soft_title_rule_is_noted_and_accepted(lin: User) -> None:
    resident = make_practitioner("1305", "方若谷", title_code="234")
    assert notes_of(resident, "CN01") == [
        (
            "warn",
            "G01 职称须达到权限字典的要求：须主治医师及以上，现为医师。"
            "取得相应职称并聘任后再申请（权限字典；2.5-4）",
        )
    ]
    application = propose(lin, resident, "CN01", valid_to=date(2027, 11, 22))
    assert application.state == "SUBMITTED"


def test_license_that_ends_before_the_right_is_noted(surgeon: Practitioner) -> None:
    surgeon.license_valid_to = date(2027, 6, 30)
    surgeon.save()
    words = (
        "P02 执业注册须在有效期内：王若谷的执业注册至 2027-06-30，早于授权到期日期。"
        "先办理执业注册延续；或改由其他医师承担（REG11、REG12；2.5-1）"
    )
    assert notes_of(surgeon, "RX01") == [("warn", words)]
    assert notes_of(surgeon, "RX01", valid_to="2027-07-01") == [("warn", words)]
    assert notes_of(surgeon, "RX01", valid_to="2027-06-30") == []


def test_who_is_not_in_post_is_told_with_a_step_that_fits_granting(
    surgeon: Practitioner,
) -> None:
    surgeon.status = "05"
    surgeon.save()
    assert notes_of(surgeon, "RX01") == [
        (
            "bad",
            "P01 医师须在岗，且在本院医师名册内：王若谷在 HIS 中不在岗。"
            "改由在岗的医师承担；在岗状态有误的先在 HIS 更正（REG11 执业注册；2.5-1）",
        )
    ]


def test_restricted_technique_by_grade_is_noted(surgeon: Practitioner) -> None:
    [(tone, words)] = notes_of(surgeon, "SG04", item="11.6400x001")
    assert (tone, words.split("：")[0]) == (
        "warn",
        "S05 限制类技术须有单独授权，手术级别权不能代替",
    )
    assert "11.6400x001 是限制类技术" in words
    assert notes_of(surgeon, "RT01", item="11.6400x001") == []


@pytest.mark.parametrize(("item", "rule"), [("99.9999", "S01"), ("50.3x00", "S03")])
def test_procedure_that_may_not_be_granted_is_told_by_its_rule(
    item: str, rule: str, surgeon: Practitioner
) -> None:
    [(tone, words)] = notes_of(surgeon, "SG04", item=item)
    assert (tone, words[:3]) == ("bad", rule)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (PractitionerStatus.LEFT, "王若谷在 HIS 中的状态为「离职」，不能授权。"),
        (PractitionerStatus.SUSPENDED, "王若谷在 HIS 中的状态为「停职」，不能授权。"),
    ],
)
def test_propose_for_who_does_not_practise_is_refused(
    status: PractitionerStatus, words: str, lin: User, surgeon: Practitioner
) -> None:
    surgeon.status = status
    surgeon.save()
    with nothing_written(), pytest.raises(refusals.PractitionerNotPractising) as found:
        propose(lin, surgeon, "RX01")
    assert (found.value.field, str(found.value)) == ("practitioner", words)


def test_propose_for_who_vanished_from_the_his_is_refused(
    lin: User, surgeon: Practitioner
) -> None:
    surgeon.missing_since = timezone.now()
    surgeon.save()
    with nothing_written(), pytest.raises(refusals.PractitionerNotPractising) as found:
        propose(lin, surgeon, "RX01")
    assert str(found.value) == "王若谷在 HIS 中的状态为「已不在医生字典」，不能授权。"


def test_propose_of_a_disabled_privilege_is_refused(
    lin: User, surgeon: Practitioner
) -> None:
    entry = privilege("RX01")
    entry.is_enabled = False
    with acting(by=lin, reason="停用"):
        entry.save()
    with nothing_written(), pytest.raises(refusals.PrivilegeDisabled) as refused:
        propose(lin, surgeon, "RX01")
    assert str(refused.value) == "「普通处方权」已停用，不能新增授权。"


def test_second_open_application_is_refused(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    propose(lin, surgeon, "RX01")
    with nothing_written(), pytest.raises(refusals.OpenApplicationExists):
        propose(su, surgeon, "RX01")


def test_second_open_application_is_forbidden_by_the_database(
    lin: User, surgeon: Practitioner
) -> None:
    first = propose(lin, surgeon, "RX01")
    first.pk = None
    first._state.adding = True
    with (
        pytest.raises(IntegrityError, match="UNIQUE constraint failed"),
        transaction.atomic(),
        acting(by=lin, reason="绕过"),
    ):
        first.save()


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 12, 31), date(2027, 1, 31)),
        (date(2026, 11, 23), None),
        (date(2026, 12, 1), date(2026, 12, 2)),
    ],
)
def test_propose_of_days_already_granted_is_refused(
    first: date, last: date | None, lin: User, su: User, surgeon: Practitioner
) -> None:
    granted(lin, su, surgeon, "RX01", valid_to=date(2026, 12, 31))
    with nothing_written(), pytest.raises(refusals.GrantOverlaps) as refused:
        propose(lin, surgeon, "RX01", valid_from=first, valid_to=last)
    assert str(refused.value) == (
        "同一医师、权限、项目和场合已有授权，2026-11-23 至 2026-12-31，日期重叠。"
    )


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 11, 23), 12, date(2027, 11, 23)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 12, 1), 24, date(2028, 12, 1)),
        (date(9998, 12, 31), 12, date(9999, 12, 31)),
        (date(9998, 12, 31), 24, date(9999, 12, 31)),
    ],
)
def test_months_are_counted_by_the_calendar(
    day: date, months: int, expected: date
) -> None:
    assert months_after(day, months) == expected


def test_long_privilege_has_no_latest_day() -> None:
    assert latest_last_day(privilege("RX01"), TODAY) is None
    assert latest_last_day(privilege("SG04"), TODAY) == date(2027, 11, 22)


@pytest.mark.parametrize("field", ["valid_from", "valid_to"])
def test_form_takes_no_day_beyond_the_calendar_of_people(
    surgeon: Practitioner, field: str
) -> None:
    given = {"valid_from": "2026-11-23", "valid_to": "", field: "9999-12-31"}

    form = ProposeForm(given)

    assert "2999-12-31" in form.errors[field][0]
