"""Personal certificates: kept with history, counted in checks, told when they end."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone

from permissions.checks.engine import check
from permissions.checks.findings import Finding
from permissions.checks.question import DrugOrder, Member, Part, Question
from permissions.enums import ReasonCode
from permissions.models import GrantEvent, PersonalCertificate, Reminder, Review
from permissions.services.certificates import (
    Issued,
    note_lapsed_certificates,
    record_certificate,
    void_certificate,
)
from permissions.services.refusals import ActRefused
from permissions.services.refusals_of_readiness import CertificateMissing
from permissions.services.reminders import remind
from permissions.snapshot import world_for
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.directory.models import Drug, Practitioner, PractitionerEvent
from portal.notices.models import Notice
from tests.cast import make_department, make_practitioner, make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.event_acts import give, outcomes, read, set_to, statuses
from tests.permissions.ledger import nothing_written

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
HTMX: dict[str, Any] = {"headers": {"HX-Request": "true"}}
WHY = "医师交来证书原件，已核对"
LONG = "阿卜杜热合曼·买买提吐尔逊"
TODAY = date(2026, 11, 23)


@pytest.fixture
def doctor() -> Practitioner:
    for number in range(30):
        make_practitioner(f"6{number:03}", "同事")
    return make_practitioner("1188", LONG, title_code="232")


def kept(by: User, doctor: Practitioner, **fields: Any) -> PersonalCertificate:
    given = {
        "kind": "RADIATION",
        "number": "粤卫放 0188",
        "issued_on": date(2024, 11, 1),
        **fields,
    }
    return record_certificate(
        practitioner=doctor,
        issued=Issued(**given),
        by=by,
        at=timezone.now(),
        reason=WHY,
    )


def counts() -> tuple[int, int]:
    return PersonalCertificate.objects.count(), PersonalCertificate.history.count()


# --- keeping --------------------------------------------------------------------------


def test_record_keeps_who_and_why(lin: User, doctor: Practitioner) -> None:
    record = kept(lin, doctor, issuer=" 省卫生健康委 ", valid_to=date(2026, 12, 31))
    assert (record.number, record.issuer) == ("粤卫放 0188", "省卫生健康委")
    [told] = PersonalCertificate.history.all()
    assert (told.history_user, told.history_change_reason) == (lin, WHY)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"issued_on": date(2026, 11, 24)}, "issued_on", "不能晚于今天 2026-11-23"),
        ({"valid_to": date(2024, 10, 31)}, "valid_to", "有效期不能早于发证日期"),
        ({"number": "  "}, "number", "填写证书编号"),
        ({"kind": "LICENSE"}, "kind", "由 HIS 提供"),
    ],
)
def test_certificate_that_cannot_be_leaves_nothing(
    fields: dict[str, Any], field: str, words: str, lin: User, doctor: Practitioner
) -> None:
    with pytest.raises(ActRefused, match=words) as refused:
        kept(lin, doctor, **fields)
    assert (refused.value.field, counts()) == (field, (0, 0))


def test_own_certificate_is_for_somebody_else_to_keep(
    lin: User, doctor: Practitioner
) -> None:
    lin.practitioner = doctor
    with pytest.raises(ActRefused):
        kept(lin, doctor)
    assert counts() == (0, 0)


def test_same_certificate_is_kept_once_unless_void(
    lin: User, doctor: Practitioner
) -> None:
    record = kept(lin, doctor)
    with pytest.raises(ActRefused, match="这张证书已登记"):
        kept(lin, doctor)
    void_certificate(record=record, by=lin, at=timezone.now(), reason=WHY)
    kept(lin, doctor)
    with pytest.raises(ActRefused, match="已经作废"):
        void_certificate(record=record, by=lin, at=timezone.now(), reason=WHY)
    assert counts() == (2, 3)


def test_database_forbids_an_end_before_the_beginning(
    lin: User, doctor: Practitioner
) -> None:
    record = kept(lin, doctor)
    record.valid_to = date(2020, 1, 1)
    with (
        pytest.raises(IntegrityError, match="personalcertificate_ends_after"),
        transaction.atomic(),
        acting(by=lin, reason=WHY),
    ):
        record.save()


def certificates_decide(by: User) -> None:
    set_to(by, CERTIFICATES_DECIDE=1)
    cache.clear()


# --- counting -------------------------------------------------------------------------


def iodine(days: int = 0) -> list[Finding]:
    """What stands in the way of a radioactive drug, so many days from now."""
    question = Question(
        team=(Member("1188", Part.PRESCRIBER),),
        moment=timezone.now() + timedelta(days=days),
        drug=DrugOrder("R1"),
    )
    return [
        one
        for one in check(question, world_for(question)).blocking
        if one.rule.id == "D05"
    ]


@pytest.mark.django_db(transaction=True)
def test_certificate_counts_from_the_next_question_on_until_it_ends(
    lin: User, doctor: Practitioner
) -> None:
    Drug.objects.create(
        drug_id="R1",
        drug_code="R1",
        generic_name="碘[131I]化钠",
        drug_type="1",
        antibiotic_level="0",
        psych_class="0",
        antitumor_level="0",
        is_narcotic=False,
        is_toxic=False,
        is_radioactive=True,
        is_enabled=True,
        row_hash="r",
    )
    give(lin, doctor, "RX01")
    give(lin, doctor, "ND05")
    assert iodine() == []
    certificates_decide(lin)
    assert sorted(one.missing for one in iodine()) == [("RADIATION",), ("SPECIMEN",)]
    kept(lin, doctor, kind="SPECIMEN", number="留样 1188")
    record = kept(lin, doctor, valid_to=TODAY + timedelta(days=30))
    assert (iodine(), iodine(days=30)) == ([], [])
    assert [one.missing for one in iodine(days=31)] == [("RADIATION",)]
    void_certificate(record=record, by=lin, at=timezone.now(), reason=WHY)
    assert [one.missing for one in iodine()] == [("RADIATION",)]


def test_right_is_not_given_without_the_certificate_and_leaves_nothing(
    lin: User, doctor: Practitioner
) -> None:
    give(lin, doctor, "RX01")
    certificates_decide(lin)
    with nothing_written(), pytest.raises(CertificateMissing) as refused:
        give(lin, doctor, "ND05")
    assert str(refused.value) == (
        f"「放射性药品使用权」须持证：放射工作人员证，{LONG}没有在有效期内的证书记录。"
        "取得或延续证书，登记后再办理。"
    )
    kept(lin, doctor)
    give(lin, doctor, "ND05")


# --- ending ---------------------------------------------------------------------------


def note() -> int:
    return note_lapsed_certificates(at=timezone.now())


def ended(lin: User, doctor: Practitioner, **fields: Any) -> PersonalCertificate:
    return kept(lin, doctor, valid_to=TODAY - timedelta(days=1), **fields)


def test_lapse_is_told_once_and_suspends_what_needs_it(
    lin: User, doctor: Practitioner
) -> None:
    give(lin, doctor, "RX01")
    give(lin, doctor, "ND05")
    ended(lin, doctor)
    assert (note(), note()) == (1, 0)
    event = PractitionerEvent.objects.get()
    assert (event.kind, event.after) == ("CERTIFICATE", "RADIATION 2026-11-22")

    assert read() == 1
    assert outcomes() == [("CERTIFICATE", "SUSPENDED")]
    assert statuses() == ["ACTIVE", "SUSPENDED"]
    told = GrantEvent.objects.get(kind="SUSPEND")
    assert (told.reason_code, told.reason) == (
        ReasonCode.R13,
        "证书到期：放射工作人员证有效期至 2026-11-22",
    )
    assert Review.objects.get().trigger == "CERTIFICATE"


@pytest.mark.parametrize(("effect", "outcome"), [(0, "REMINDED"), (1, "REVIEW")])
def test_parameter_says_what_a_lapse_does(
    effect: int, outcome: str, lin: User, doctor: Practitioner
) -> None:
    set_to(lin, EVENT_CERTIFICATE=effect)
    give(lin, doctor, "ND05")
    ended(lin, doctor)
    note()
    read()
    assert (outcomes(), statuses()) == ([("CERTIFICATE", outcome)], ["ACTIVE"])


def test_renewed_certificate_is_no_lapse(lin: User, doctor: Practitioner) -> None:
    ended(lin, doctor)
    kept(lin, doctor, number="粤卫放 0999", valid_to=TODAY + timedelta(days=700))
    kept(lin, doctor, kind="GCP", valid_to=TODAY)
    assert note() == 0


def test_lapse_read_after_the_renewal_touches_nothing(
    lin: User, doctor: Practitioner
) -> None:
    give(lin, doctor, "ND05")
    ended(lin, doctor)
    note()
    kept(lin, doctor, number="粤卫放 0999")
    assert read() == 1
    assert (outcomes(), statuses()) == ([("CERTIFICATE", "NOTHING")], ["ACTIVE"])


def test_nothing_is_told_of_who_left_or_of_what_is_void(
    lin: User, doctor: Practitioner
) -> None:
    gone = make_practitioner("1199", "离岗者", status="99")
    ended(lin, gone)
    void_certificate(record=ended(lin, doctor), by=lin, at=timezone.now(), reason=WHY)
    assert note() == 0


def test_coming_end_is_told_at_each_stage_once(lin: User, doctor: Practitioner) -> None:
    make_user("3001", "主任", "DEPARTMENT_HEAD", departments=["0301"])  # type: ignore[arg-type]
    give(lin, doctor, "ND05")
    kept(lin, doctor, valid_to=TODAY + timedelta(days=30))
    assert (remind(at=timezone.now()), remind(at=timezone.now())) == (1, 0)
    row = Reminder.objects.get()
    assert (row.kind, row.due_on, row.stage) == ("CERT", TODAY + timedelta(days=30), 30)
    assert set(Notice.objects.values_list("kind", "title")) == {
        ("CERT", f"{LONG}（工号 1188）1 项授权所需证书即将到期"),
        ("CERT", "今日提醒：1 项授权所需证书到期"),
    }


# --- pages ----------------------------------------------------------------------------


def test_page_adds_refuses_and_voids(
    client: CheckedClient, lin: User, doctor: Practitioner
) -> None:
    sign_in(client, lin)
    assert "个人证书" in client.get("/doctors/1188/").text
    url = "/doctors/1188/certificates/new/"
    given = {"kind": "RADIATION", "number": "粤 1", "issued_on": "2026-03-01"}
    assert "放射工作人员证" in client.get(url, **HTMX).text
    refused = client.post(
        url, given | {"valid_to": "2025-01-01", "reason": WHY}, **HTMX
    )
    assert (refused.status_code, counts()) == (422, (0, 0))
    assert 'value="粤 1"' in refused.text
    assert client.post(url, given | {"reason": WHY}, **HTMX).status_code == 200
    record = PersonalCertificate.objects.get()
    with assert_queries(7):
        shown = client.get("/doctors/1188/certificates/", **HTMX).text
    assert "粤 1" in shown
    void = f"/certificates/{record.pk}/void/"
    assert "放射工作人员证" in client.get(void, **HTMX).text
    assert client.post(void, {"reason": WHY}, **HTMX).status_code == 200
    assert "作废" in client.get("/doctors/1188/certificates/", **HTMX).text
    record.refresh_from_db()
    assert record.is_void


def test_list_shows_what_ends_soon_within_the_budget(
    client: CheckedClient, lin: User, doctor: Practitioner
) -> None:
    sign_in(client, lin)
    assert "没有符合条件的证书" in client.get("/certificates/").text
    for number in range(50):
        kept(lin, doctor, number=f"粤 {number}", valid_to=TODAY + timedelta(number + 1))
    with assert_queries(9):
        assert "粤 19" in client.get("/certificates/").text
    assert "粤 19" in client.get("/certificates/?view=soon").text
    assert "没有符合条件的证书" in client.get("/certificates/?view=ended").text


def test_other_departments_and_who_may_not_change_are_refused(
    client: CheckedClient, chen: User, lin: User, doctor: Practitioner
) -> None:
    other = make_practitioner(
        "1300", "骨科医师", department=make_department("0405", "骨科")
    )
    mine, foreign = kept(lin, doctor), kept(lin, other, number="粤 骨 1")
    sign_in(client, chen)
    shown = client.get("/doctors/1188/certificates/", **HTMX).text
    assert ("粤卫放 0188" in shown, "/void/" in shown) == (True, False)
    assert "粤 骨 1" not in client.get("/certificates/?view=all").text
    before = counts()
    for url in ("/doctors/1188/certificates/new/", f"/certificates/{mine.pk}/void/"):
        assert client.post(url, {"reason": WHY}, **HTMX).status_code == 403
    assert client.get("/doctors/1300/certificates/", **HTMX).status_code == 403
    assert foreign.is_void is False
    assert counts() == before


def test_log_tells_of_a_certificate_and_opens_it(
    client: CheckedClient, lin: User, doctor: Practitioner
) -> None:
    kept(lin, doctor)
    sign_in(client, lin)
    shown = client.get("/log/?kind=CERTIFICATE_CHANGED").text
    assert LONG in shown
    number = PersonalCertificate.history.get().history_id
    assert "粤卫放 0188" in client.get(f"/log/TC{number}/").text
