"""What a station's field may ask, and what it is told: tokens, checks, declarations."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.core import signing
from django.core.cache import cache
from django.utils import timezone

from his_plugin.api.doors import PerHolder
from his_plugin.models import LaunchNonce
from his_plugin.tokens import issue
from permissions.checks.codes import Code
from permissions.checks.engine import check
from permissions.checks.facts import Urgency
from permissions.checks.question import Member, Question
from permissions.models import GrantState
from permissions.services import suspend
from permissions.snapshot import world_for
from portal.accounts.models import User
from portal.accounts.services import deactivate_user
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Practitioner
from surgery.enums import VerdictCode
from surgery.presenters.declarations import VERDICT_CHIPS
from tests.cast import make_practitioner
from tests.harness import assert_queries
from tests.his_plugin.station import (
    CHOLE,
    CORNEA,
    LIVER,
    ORIGIN,
    STOPPED,
    ask,
    question,
    signed,
    token_of,
)
from tests.pages import CheckedClient

FORM = "application/x-www-form-urlencoded"


# --- session --------------------------------------------------------------------------


def test_session_gives_a_token_the_person_and_the_words(
    client: CheckedClient, luo: Practitioner
) -> None:
    answer = client.post(
        "/plugin/v1/session", urlencode(signed(page="field")), content_type=FORM
    )
    given = answer.json()
    assert answer.status_code == 200
    assert (given["expires_in"], given["user"]) == (
        900,
        {"emp_no": "1188", "name": "罗景文"},
    )
    assert given["options"]["is_planned"] == [["1", "计划"], ["2", "非计划"]]
    assert given["options"]["nature"] == [["1", "择期"], ["3", "限期"], ["2", "急诊"]]
    assert given["texts"]["is_planned"] == "是否计划手术"
    assert answer.headers["Cache-Control"] == "no-store"
    assert dict(answer.cookies) == {}
    event = AuditEvent.objects.get(kind=EventKind.LAUNCH)
    assert event.detail["page"] == "field"
    row = LaunchNonce.objects.get()
    assert (row.ticket_hash, row.patient) == ("", {})


def test_session_uses_the_link_up(client: CheckedClient, luo: Practitioner) -> None:
    body = urlencode(signed(page="field"))
    client.post("/plugin/v1/session", body, content_type=FORM)
    again = client.post("/plugin/v1/session", body, content_type=FORM)
    assert again.status_code == 403
    assert again.json() == {
        "code": "REPLAYED",
        "message": "链接已用过。每条链接只能打开一次，刷新或后退也算。请回到医生站重新点击「医务权限」。",
    }


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (lambda: urlencode(signed(page="my")), 400, "MALFORMED"),
        (lambda: urlencode(signed("another-key-000", page="field")), 403, "SIGNATURE"),
        (lambda: urlencode(signed(page="field", d="0402")), 403, "DEPARTMENT"),
        (lambda: urlencode(signed(page="field")) + "&u=1027", 400, "MALFORMED"),
        (lambda: "", 400, "MALFORMED"),
    ],
)
def test_session_refuses_what_a_launch_refuses(
    body: Any, status: int, code: str, client: CheckedClient, luo: Practitioner
) -> None:
    answer = client.post("/plugin/v1/session", body(), content_type=FORM)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert User.objects.count() == 0
    [event] = AuditEvent.objects.all()
    assert (event.kind, event.detail["code"]) == (EventKind.LAUNCH_REFUSED, code)


# --- tokens ---------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "status"), [(900, 200), (901, 401)])
def test_token_is_good_for_a_quarter_of_an_hour(
    seconds: int,
    status: int,
    client: CheckedClient,
    token: str,
    clock: time_machine.Traveller,
) -> None:
    clock.shift(seconds)
    answer = ask(client, token, "check", question())
    assert answer.status_code == status
    if status == 401:
        assert answer.json() == {
            "code": "TOKEN_EXPIRED",
            "message": "核对凭据已过期（15 分钟）。请刷新页面。",
        }


@pytest.mark.parametrize("given", ["", "x", "a:b:c", "x" * 600])
def test_token_nobody_was_given_is_refused(
    given: str, client: CheckedClient, rights: Practitioner
) -> None:
    answer = ask(client, given, "check", question())
    assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="field"'


def test_token_in_the_address_is_no_token(client: CheckedClient, token: str) -> None:
    answer = client.post(
        f"/plugin/v1/check?token={token}", question(), content_type="application/json"
    )
    assert answer.status_code == 401


def test_token_of_who_left_is_refused(
    client: CheckedClient, token: str, rights: Practitioner
) -> None:
    rights.status = "99"
    rights.save()
    assert ask(client, token, "check", question()).status_code == 401


def test_token_of_a_deactivated_user_is_refused(
    client: CheckedClient, token: str
) -> None:
    user = User.objects.get(staff_no="1188")
    deactivate_user(user=user, by=None, reason="测试")
    assert ask(client, token, "check", question()).status_code == 401


def test_token_signed_for_something_else_is_refused(
    client: CheckedClient, rights: Practitioner
) -> None:
    token_of(client)
    foreign = signing.dumps({"u": "1188", "s": "ZY"})
    assert ask(client, foreign, "check", question()).status_code == 401
    assert (
        ask(client, issue(emp_no="1188", station="ZY"), "check", question()).status_code
        == 200
    )


# --- check ----------------------------------------------------------------------------


def test_check_answers_in_codes_and_words(client: CheckedClient, token: str) -> None:
    answer = ask(client, token, "check", question(procedures=[CHOLE, LIVER]))
    verdict = answer.json()
    assert answer.status_code == 200
    assert verdict["title"] == "罗景文现在不能主刀：1 项未通过核对"
    assert (verdict["code"], verdict["label"], verdict["tone"]) == (
        "1G",
        "越级需审批",
        "warn",
    )
    assert verdict["lets_through"] is False
    assert verdict["data_time"] == "授权数据 2026-11-23 10:00:00"
    assert verdict["hint"].startswith("抢救生命且现场无人有权时")
    chole, liver = verdict["procedures"]
    assert chole == {
        "procedure": CHOLE,
        "name": "腹腔镜下胆囊切除术",
        "grade": 3,
        "grade_label": "三级",
        "code": "0",
        "label": "可主刀",
        "tone": "ok",
        "icon": "circle-check",
        "needed": 3,
        "held": 3,
        "missing": "",
        "until": "2027-11-22",
        "reasons": ["罗景文有三级逐项主刀权"],
        "remedy": "",
        "rule": "S06",
        "source": "REG01 GR06",
        "others": [],
    }
    assert (liver["code"], liver["needed"], liver["held"], liver["until"]) == (
        "1G",
        4,
        3,
        None,
    )
    assert liver["reasons"] == [
        "50.2205 需要四级逐项主刀权",
        "罗景文现有手术权最高三级",
    ]
    assert liver["missing"] == "SG04 四级手术权限（逐项） 50.2205"
    assert liver["remedy"].startswith("改由有权限的医师主刀")


CASES: list[tuple[str, dict[str, Any], str]] = [
    ("in force", {}, "0"),
    ("two, the severest speaks", {"procedures": [CHOLE, LIVER]}, "1G"),
    ("above, in an emergency", {"procedures": [LIVER], "nature": "2"}, "1G"),
    (
        "above, to save a life",
        {"procedures": [LIVER], "nature": "2", "is_rescue": True},
        "8",
    ),
    ("stopped here", {"procedures": [STOPPED]}, "6"),
    ("restricted", {"procedures": [CORNEA]}, "6"),
    (
        "stopped, to save a life",
        {"procedures": [STOPPED], "nature": "2", "is_rescue": True},
        "6",
    ),
    ("not in the catalogue", {"procedures": ["99.9999"]}, "5"),
    ("unknown surgeon", {"surgeon": "4711"}, "7"),
    ("another surgeon without rights", {"surgeon": "1305"}, "1"),
    ("after the end", {"planned_at": "2027-11-23T00:00"}, "3"),
    ("on the last day", {"planned_at": "2027-11-22T23:59"}, "0"),
    ("before the start", {"planned_at": "2026-11-22T23:59"}, "1"),
    ("moment with a blank", {"planned_at": "2026-11-25 08:30"}, "0"),
    ("in the outpatient setting", {"setting": "OUTP"}, "0"),
]


@pytest.mark.parametrize(
    ("changes", "code"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_check_says_what_the_engine_says(
    changes: dict[str, Any],
    code: str,
    client: CheckedClient,
    token: str,
    rights: Practitioner,
) -> None:
    make_practitioner("1305", "方若谷", department=rights.department)
    asked = question(**changes)
    verdict = ask(client, token, "check", asked).json()
    assert verdict["code"] == code
    assert verdict["lets_through"] is Code(code).lets_through
    by_hand = Question(
        team=(Member(asked["surgeon"]),),
        moment=datetime.fromisoformat(f"{asked['planned_at']}+08:00"),
        procedures=tuple(asked["procedures"]),
        urgency=Urgency.RESCUE if asked["is_rescue"] else Urgency.ROUTINE,
    )
    by_engine = check(by_hand, world_for(by_hand))
    assert [one["code"] for one in verdict["procedures"]] == list(by_engine.codes)
    assert all(
        "%(" not in text for one in verdict["procedures"] for text in one["reasons"]
    )


def test_check_of_a_suspended_right_says_so(
    client: CheckedClient, token: str, su: User
) -> None:
    state = GrantState.objects.get(item_code=CHOLE)
    suspend(
        state=state, by=su, at=timezone.now(), reason_code="08", reason="按规定办理"
    )
    verdict = ask(client, token, "check", question()).json()
    [finding] = verdict["procedures"]
    assert (verdict["code"], verdict["hint"]) == ("4", "")
    assert finding["reasons"] == [
        "51.2300 需要三级逐项主刀权",
        "该项主刀权已暂停",
    ]
    assert finding["remedy"] == "改由有该项主刀权的医师主刀"


def test_check_takes_fifteen_queries(client: CheckedClient, token: str) -> None:
    """Inside the transaction of a test; a portal that serves keeps the ledger."""
    with assert_queries(15):
        answer = ask(client, token, "check", question(procedures=[CHOLE]))
    assert answer.status_code == 200


def test_every_code_has_words_in_both_rooms() -> None:
    assert {one.value: str(one.label) for one in VerdictCode} == {
        one.value: one.label for one in Code
    }
    assert {code: chip.tone for code, chip in VERDICT_CHIPS.items()} == {
        one.value: one.tone for one in Code
    }


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"surgeon": ""}, "surgeon", "该字段不能为空。"),
        ({"surgeon": "1" * 21}, "surgeon", "输入值不匹配要求的模式。"),
        ({"procedures": []}, "procedures", "至少"),
        ({"procedures": [f"{n}" for n in range(11)]}, "procedures", "10"),
        ({"procedures": ["a" * 33]}, "procedures", "模式"),
        ({"procedures": "51.2300"}, "procedures", "列表"),
        ({"planned_at": "明天"}, "planned_at", "格式"),
        ({"planned_at": "1900-01-01T00:00"}, "planned_at", "合理范围"),
        ({"planned_at": "0001-01-01T00:00"}, "planned_at", "合理范围"),
        ({"planned_at": "9999-12-31T23:59"}, "planned_at", "合理范围"),
        ({"procedures": ["\u202e51.2300"]}, "procedures", "看不见的字符"),
        ({"nature": "9"}, "nature", "不是合法选项"),
        ({"nature": "\ud800"}, "nature", "不是合法选项"),
        ({"is_rescue": True}, "is_rescue", "只有急诊手术可以勾选抢救生命。"),
        ({"setting": "HOME"}, "setting", "不是合法选项"),
    ],
)
def test_check_that_makes_no_sense_is_refused_with_the_field(
    changes: dict[str, Any], field: str, says: str, client: CheckedClient, token: str
) -> None:
    answer = ask(client, token, "check", question(**changes))
    refusal = answer.json()
    assert answer.status_code == 400
    assert (refusal["code"], refusal["field"]) == ("INVALID", field)
    assert says in refusal["message"]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        ("{", "application/json", 400, "NOT_UNDERSTOOD"),
        ("[]", "application/json", 400, "INVALID"),
        ("[" * 16000, "application/json", 400, "NOT_UNDERSTOOD"),
        ("a=1", FORM, 415, "NOT_UNDERSTOOD"),
        ("x" * 20000, "application/json", 413, "TOO_LONG"),
    ],
)
def test_body_that_cannot_be_read_is_refused_as_json(
    body: str,
    content_type: str,
    status: int,
    code: str,
    client: CheckedClient,
    token: str,
) -> None:
    answer: Any = client.generic(
        "POST",
        "/plugin/v1/check",
        body,
        content_type=content_type,
        HTTP_AUTHORIZATION=f"Bearer {token}",
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_asking_too_often_is_refused_for_a_while(
    client: CheckedClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PerHolder, "rate", "2/min")
    cache.clear()
    statuses = [ask(client, token, "check", question()).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    refusal = ask(client, token, "check", question())
    assert refusal.json() == {
        "code": "TOO_MANY",
        "message": "核对过于频繁。请稍候再试。",
    }
    assert refusal.headers["Retry-After"] == "61"


# --- other origins --------------------------------------------------------------------


@pytest.fixture
def _station(settings: Any) -> None:
    settings.STATION_ORIGINS = [ORIGIN]
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]


@pytest.mark.usefixtures("_station")
@pytest.mark.parametrize(
    ("origin", "allowed"), [(ORIGIN, ORIGIN), ("http://elsewhere", None)]
)
def test_only_a_stations_page_may_read_the_answer(
    origin: str, allowed: str | None, client: CheckedClient, token: str
) -> None:
    asked: Any = client.options(
        "/plugin/v1/check",
        HTTP_ORIGIN=origin,
        HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST",
        HTTP_ACCESS_CONTROL_REQUEST_HEADERS="authorization,content-type",
    )
    assert asked.headers.get("Access-Control-Allow-Origin") == allowed
    answer = client.post(
        "/plugin/v1/check",
        question(),
        content_type="application/json",
        HTTP_AUTHORIZATION=f"Bearer {token}",
        HTTP_ORIGIN=origin,
    )
    assert answer.headers.get("Access-Control-Allow-Origin") == allowed
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.usefixtures("_station")
def test_pages_of_the_portal_are_read_by_no_other_origin(
    client: CheckedClient, luo: Practitioner
) -> None:
    answer = client.get("/my/", HTTP_ORIGIN=ORIGIN)
    assert "Access-Control-Allow-Origin" not in answer.headers
