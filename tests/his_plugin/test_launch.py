"""The signed link of a station: who gets in, who does not, and what either leaves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.utils import timezone

from his_plugin.models import LaunchNonce
from portal.accounts.capabilities import Capability, Role
from portal.accounts.models import RoleAssignment, User
from portal.accounts.sessions import LAUNCHED
from portal.audit.acting import acting
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Practitioner
from portal.his.contract.launch import (
    VECTOR_KEY,
    VECTOR_PARAMETERS,
    sign,
    signing_text,
)
from portal.parameters.registry import LAUNCH_WINDOW_SECONDS
from tests.cast import make_user, sign_in
from tests.harness import assert_queries
from tests.his_plugin.station import link, signed, stamp
from tests.pages import CheckedClient


def events(kind: EventKind) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(kind=kind).order_by("pk"))


# --- in -------------------------------------------------------------------------------


def test_launch_leads_to_own_privileges_without_signature_or_ticket_in_the_address(
    client: CheckedClient, luo: Practitioner
) -> None:
    ticket = client.get(link(signed()))
    assert ticket.status_code == 302
    assert ticket.headers["Location"].startswith("/sso/enter?ticket=")
    assert (ticket.headers["Cache-Control"], ticket.headers["Referrer-Policy"]) == (
        "no-store",
        "no-referrer",
    )
    entered = client.get(ticket.headers["Location"])
    assert (entered.status_code, entered.headers["Location"]) == (302, "/my/")
    assert entered.headers["Referrer-Policy"] == "no-referrer"
    page = client.get("/my/")
    assert page.status_code == 200
    # Without it the browser would post 退出 with Origin: null, and be refused.
    assert page.headers["Referrer-Policy"] == "same-origin"
    text = page.content.decode()
    assert "罗景文" in text
    assert "由住院医生站打开" in text
    assert "当前患者 病人ID P0001 就诊ID V0001（只读）" in text
    assert client.session[LAUNCHED] == "ZY"


def test_launch_is_logged_with_codes_and_without_the_patient(
    client: CheckedClient, luo: Practitioner
) -> None:
    client.get(link(signed()))
    [event] = events(EventKind.LAUNCH)
    assert event.by == User.objects.get(staff_no="1188")
    assert (event.subject_type, event.subject_id) == ("practitioner", str(luo.pk))
    patient = event.detail.pop("patient")
    assert len(patient) == 16
    assert event.detail == {
        "code": "OK",
        "app": "YW",
        "method": "LINK",
        "station": "ZY",
        "page": "my",
    }
    kept = str(list(AuditEvent.objects.order_by("pk").values()))
    assert "P0001" not in kept
    assert "V0001" not in kept


def test_patient_context_is_kept_until_the_ticket_is_used_and_not_longer(
    client: CheckedClient, luo: Practitioner
) -> None:
    ticket = client.get(link(signed()))
    assert LaunchNonce.objects.get().patient == {"pid": "P0001", "vid": "V0001"}
    client.get(ticket.headers["Location"])
    row = LaunchNonce.objects.get()
    assert (row.patient, row.ticket_hash) == ({}, "")


def test_launch_by_form_fields_is_the_same(
    client: CheckedClient, luo: Practitioner
) -> None:
    csrf_checking = CheckedClient(enforce_csrf_checks=True)
    page = csrf_checking.post("/sso/launch", signed(), follow=True)
    assert [url for url, _status in page.redirect_chain][-1] == "/my/"
    assert page.status_code == 200


def test_launch_without_patient_and_page_opens_own_privileges(
    client: CheckedClient, luo: Practitioner
) -> None:
    page = client.get(
        link(signed(pid=None, vid=None, page=None, n=None, st="MZ")), follow=True
    )
    text = page.content.decode()
    assert "由门诊医生站打开" in text
    assert "当前患者" not in text
    [event] = events(EventKind.LAUNCH)
    assert "patient" not in event.detail


def test_first_launch_makes_the_user_once_with_the_doctors_role_alone(
    client: CheckedClient, luo: Practitioner
) -> None:
    client.get(link(signed()), follow=True)
    CheckedClient().get(link(signed()), follow=True)
    user = User.objects.get()
    assert (user.staff_no, user.name, user.office) == ("1188", "罗景文", "肝胆胰外科")
    assert user.practitioner == luo
    assert not user.has_usable_password()
    assert user.roles == {Role.DOCTOR}
    assert RoleAssignment.objects.count() == 1
    assert len(events(EventKind.USER_CREATED)) == 1
    assert len(events(EventKind.LAUNCH)) == 2


def test_first_launch_of_who_has_an_account_links_it(
    client: CheckedClient, luo: Practitioner
) -> None:
    officer = make_user("1188", "罗景文", Role.OFFICER)
    client.get(link(signed()), follow=True)
    officer = User.objects.get(pk=officer.pk)
    assert officer.practitioner == luo
    assert officer.roles == {Role.OFFICER, Role.DOCTOR}


# --- a launched session ---------------------------------------------------------------

OTHER_PAGES = [
    "/privileges/",
    "/applications/",
    "/doctors/",
    "/doctors/1188/",
    "/declarations/",
    "/components",
    "/accounts/profile",
    "/accounts/password",
]


def test_launched_session_opens_own_privileges_and_nothing_else(
    client: CheckedClient, luo: Practitioner
) -> None:
    make_user("1188", "罗景文", Role.OFFICER, Role.OFFICE_HEAD, practitioner=luo)
    page: Any = client.get(link(signed()), follow=True)
    assert page.wsgi_request.capabilities == {Capability.VIEW_OWN_PRIVILEGES}
    answers = {url: client.get(url).status_code for url in OTHER_PAGES}
    assert answers == dict.fromkeys(OTHER_PAGES, 403)


def test_leaving_ends_the_session_and_shows_no_login_page(
    client: CheckedClient, luo: Practitioner
) -> None:
    client.get(link(signed()), follow=True)
    page = client.post("/my/leave/")
    assert "已退出" in page.content.decode()
    assert "sessionid" not in client.cookies or client.cookies["sessionid"].value == ""
    assert client.get("/my/").status_code == 302
    assert [event.detail for event in events(EventKind.LOGOUT)] == [{"code": "ASKED"}]


def test_launch_takes_the_place_of_a_portal_session_in_this_browser(
    client: CheckedClient, luo: Practitioner, lin: User
) -> None:
    sign_in(client, lin)
    client.get(link(signed()), follow=True)
    assert client.get("/privileges/").status_code == 403


def test_stations_may_frame_the_page_and_nobody_else(
    client: CheckedClient, luo: Practitioner, settings: Any
) -> None:
    settings.STATION_ORIGINS = ["http://his.hospital"]
    page = client.get(link(signed()), follow=True)
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self' http://his.hospital" in policy
    assert "script-src 'self'" in policy
    refused = client.get(link(signed(u="0000"))).headers["Content-Security-Policy"]
    assert "frame-ancestors 'self' http://his.hospital" in refused


# --- refused --------------------------------------------------------------------------

REFUSED: list[tuple[str, Any, str, int, str]] = [
    ("wrong key", lambda: signed("another-key-000"), "SIGNATURE", 403, "签名不符"),
    ("no sign", lambda: signed() | {"sign": ""}, "MALFORMED", 400, "参数缺失"),
    (
        "sign in capitals",
        lambda: signed() | {"sign": "A" * 64},
        "MALFORMED",
        400,
        "格式",
    ),
    ("short sign", lambda: signed() | {"sign": "ab"}, "MALFORMED", 400, "格式"),
    ("another doctor", lambda: signed() | {"u": "1027"}, "SIGNATURE", 403, "改动过"),
    ("another patient", lambda: signed() | {"pid": "P2"}, "SIGNATURE", 403, "改动过"),
    ("another page", lambda: signed(page="home"), "MALFORMED", 400, "格式不对"),
    ("the field's page", lambda: signed(page="field"), "MALFORMED", 400, "格式不对"),
    ("another station", lambda: signed(st="HS"), "MALFORMED", 400, "格式不对"),
    ("unknown app", lambda: signed(app="XX"), "UNKNOWN_APP", 403, "没有在本系统登记"),
    ("no doctor", lambda: signed(u=None), "MALFORMED", 400, "参数缺失"),
    ("no department", lambda: signed(d=""), "MALFORMED", 400, "参数缺失"),
    ("no nonce", lambda: signed(nonce=None), "MALFORMED", 400, "参数缺失"),
    ("short nonce", lambda: signed(nonce="ab12"), "MALFORMED", 400, "格式不对"),
    ("long nonce", lambda: signed(nonce="a" * 65), "MALFORMED", 400, "格式不对"),
    ("nonce no hex", lambda: signed(nonce="z" * 16), "MALFORMED", 400, "格式不对"),
    ("long name", lambda: signed(n="罗" * 65), "MALFORMED", 400, "格式不对"),
    ("line in a name", lambda: signed(n="罗\n景文"), "MALFORMED", 400, "格式不对"),
    (
        "a day that is none",
        lambda: signed(ts="20261399000000"),
        "MALFORMED",
        400,
        "格式",
    ),
    ("short time", lambda: signed(ts="20261123"), "MALFORMED", 400, "格式不对"),
    ("a parameter more", lambda: signed(admin="1"), "MALFORMED", 400, "格式不对"),
    ("unknown doctor", lambda: signed(u="4711"), "UNKNOWN_PERSON", 403, "没有这个工号"),
    ("another department", lambda: signed(d="0402"), "DEPARTMENT", 403, "科室不同"),
]


@pytest.mark.parametrize(
    ("make", "code", "status", "says"),
    [row[1:] for row in REFUSED],
    ids=[row[0] for row in REFUSED],
)
def test_launch_that_is_wrong_leaves_one_line_in_the_log_and_nothing_else(
    make: Any,
    code: str,
    status: int,
    says: str,
    client: CheckedClient,
    luo: Practitioner,
) -> None:
    page = client.get(link(make()))
    assert_refused(page, code, status, says)


def assert_refused(page: Any, code: str, status: int, says: str) -> None:
    assert page.status_code == status
    text = page.content.decode()
    assert says in text
    assert f"原因 {code}" in text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "sessionid" not in page.cookies
    [event] = AuditEvent.objects.all()
    assert (event.kind, event.is_ok, event.by) == (
        EventKind.LAUNCH_REFUSED,
        False,
        None,
    )
    assert event.detail["code"] == code
    assert Session.objects.count() == 0
    assert User.objects.count() == 0
    assert LaunchNonce.objects.count() == 0


def test_repeated_parameter_is_refused(
    client: CheckedClient, luo: Practitioner
) -> None:
    page = client.get(link(signed()) + "&u=1027")
    assert_refused(page, "MALFORMED", 400, "重复")


@pytest.mark.parametrize("seconds", [-120, -119, 0, 119, 120])
def test_launch_within_the_window_is_let_in(
    seconds: int, client: CheckedClient, luo: Practitioner
) -> None:
    ts = stamp(timezone.now() + timedelta(seconds=seconds))
    assert client.get(link(signed(ts=ts))).status_code == 302


@pytest.mark.parametrize(
    ("seconds", "code", "says"),
    [
        (-121, "EXPIRED", "链接签发后超过 2 分钟。"),
        (121, "CLOCK_AHEAD", "比本系统晚了超过 2 分钟"),
    ],
)
def test_launch_outside_the_window_is_refused(
    seconds: int, code: str, says: str, client: CheckedClient, luo: Practitioner
) -> None:
    ts = stamp(timezone.now() + timedelta(seconds=seconds))
    assert_refused(client.get(link(signed(ts=ts))), code, 403, says)


def test_the_window_is_the_hospitals_parameter() -> None:
    assert (LAUNCH_WINDOW_SECONDS.default, LAUNCH_WINDOW_SECONDS.maximum) == (120, 300)


def test_launch_of_who_does_not_practise_is_refused(
    client: CheckedClient, luo: Practitioner
) -> None:
    luo.status = "99"
    luo.save()
    page = client.get(link(signed()))
    assert_refused(page, "NOT_PRACTISING", 403, "在岗状态")
    assert AuditEvent.objects.get().subject_id == str(luo.pk)


def test_launch_of_a_deactivated_user_is_refused(
    client: CheckedClient, luo: Practitioner
) -> None:
    make_user("1188", "罗景文", practitioner=luo, is_active=False)
    page = client.get(link(signed()))
    assert page.status_code == 403
    assert "账户已停用" in page.content.decode()
    assert RoleAssignment.objects.count() == 0
    assert [e.detail["code"] for e in events(EventKind.LAUNCH_REFUSED)] == [
        "USER_INACTIVE"
    ]


def test_launch_after_the_role_was_taken_away_is_refused(
    client: CheckedClient, luo: Practitioner
) -> None:
    user = make_user("1188", "罗景文", Role.DOCTOR, practitioner=luo)
    with acting(by=None, reason="测试"):
        role = user.role_assignments.get()
        role.state = RoleAssignment.State.ENDED
        role.save()
    page = client.get(link(signed()))
    assert page.status_code == 403
    assert "角色已收回" in page.content.decode()
    assert LaunchNonce.objects.count() == 0


def test_account_of_somebody_else_with_this_staff_number_is_not_opened(
    client: CheckedClient, luo: Practitioner, wang_of_another_number: Practitioner
) -> None:
    make_user("1188", "王若谷", Role.DOCTOR, practitioner=wang_of_another_number)
    page = client.get(link(signed()))
    assert page.status_code == 403
    assert Session.objects.count() == 0


@pytest.fixture
def wang_of_another_number(luo: Practitioner) -> Practitioner:
    other = Practitioner.objects.get(pk=luo.pk)
    other.pk, other.emp_no, other.his_emp_id = None, "2188", "H2188"
    other._state.adding = True
    other.save()
    return other


def test_link_used_twice_is_refused_whoever_sends_it(
    client: CheckedClient, luo: Practitioner
) -> None:
    used = link(signed())
    client.get(used, follow=True)
    again = CheckedClient().get(used)
    assert again.status_code == 403
    assert "每条链接只能打开一次" in again.content.decode()
    assert [e.detail["code"] for e in events(EventKind.LAUNCH_REFUSED)] == ["REPLAYED"]
    assert len(events(EventKind.LAUNCH)) == 1
    assert Session.objects.count() == 1


def test_nonce_in_other_letters_is_the_same_nonce(
    client: CheckedClient, luo: Practitioner
) -> None:
    client.get(link(signed(nonce="abcdef0123456789")))
    again = client.get(link(signed(nonce="ABCDEF0123456789")))
    assert "REPLAYED" in again.content.decode()


def test_refused_launch_leaves_a_portal_session_as_it_is(
    client: CheckedClient, luo: Practitioner, lin: User
) -> None:
    sign_in(client, lin)
    before = client.session.session_key
    client.get(link(signed("another-key-000")))
    assert client.get("/privileges/").status_code == 200
    assert client.session.session_key == before


def test_nonces_are_kept_for_a_day(
    client: CheckedClient, luo: Practitioner, clock: time_machine.Traveller
) -> None:
    client.get(link(signed()))
    clock.shift(timedelta(hours=24))
    client.get(link(signed()))
    assert LaunchNonce.objects.count() == 2
    clock.shift(timedelta(seconds=1))
    client.get(link(signed()))
    assert LaunchNonce.objects.count() == 2


def test_ticket_opens_one_session(client: CheckedClient, luo: Practitioner) -> None:
    where = client.get(link(signed())).headers["Location"]
    client.get(where)
    again = CheckedClient().get(where)
    assert again.status_code == 403
    assert "进入凭据只能用一次" in again.content.decode()
    assert Session.objects.count() == 1
    assert [e.detail["code"] for e in events(EventKind.LAUNCH_REFUSED)] == ["TICKET"]


@pytest.mark.parametrize(("seconds", "status"), [(60, 302), (61, 403)])
def test_ticket_is_good_for_a_minute(
    seconds: int,
    status: int,
    client: CheckedClient,
    luo: Practitioner,
    clock: time_machine.Traveller,
) -> None:
    where = client.get(link(signed())).headers["Location"]
    clock.shift(seconds)
    assert client.get(where).status_code == status


@pytest.mark.parametrize("ticket", ["", "x", "?", "a" * 5000])
@pytest.mark.django_db
def test_ticket_nobody_was_given_is_refused(ticket: str, client: CheckedClient) -> None:
    answer = client.get("/sso/enter?" + urlencode({"ticket": ticket}))
    assert answer.status_code == 403
    assert Session.objects.count() == 0


def test_other_methods_do_not_use_a_link_up(
    client: CheckedClient, luo: Practitioner
) -> None:
    where = link(signed())
    assert client.head(where).status_code == 405
    assert client.put(where).status_code == 405
    assert LaunchNonce.objects.count() == 0


def test_launch_asks_the_database_little(
    client: CheckedClient, luo: Practitioner
) -> None:
    client.get(link(signed()), follow=True)
    with assert_queries(12):
        client.get(link(signed()))


def test_signature_is_that_of_the_contract() -> None:
    assert signing_text(VECTOR_PARAMETERS).startswith("app=YW&d=0401&n=%E9%99%88")
    assert sign(VECTOR_PARAMETERS, VECTOR_KEY) == (
        "d4c4f248615277e9024eb851e7149d0fed9a3b2c58a0188ef3aa2b0dc570c48d"
    )
