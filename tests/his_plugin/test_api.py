"""What a station's field may ask, and what it is told: tokens, checks, declarations."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.core import signing
from django.core.cache import cache
from django.utils import timezone

from his_plugin.api.doors import PerHolder
from his_plugin.field.tokens import issue
from his_plugin.models import LaunchNonce
from permissions.checks.codes import Code
from permissions.checks.engine import check
from permissions.checks.facts import Setting, Urgency
from permissions.models import GrantState
from permissions.services import suspend
from permissions.snapshot import facts_for
from portal.accounts.models import User
from portal.accounts.services import deactivate_user
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Practitioner
from surgery.enums import VerdictCode
from surgery.models import ApplicationProcedure, SurgeryApplication
from surgery.presenters import VERDICT_CHIPS
from tests.cast import make_department, make_practitioner
from tests.his_plugin.station import ORIGIN, ask, signed, token_of
from tests.pages import CheckedClient
from tests.permissions.ledger import granted

FORM = "application/x-www-form-urlencoded"
PLANNED = "2026-11-25T08:30"
CHOLE, LIVER, STOPPED, CORNEA = "51.2300", "50.2205", "50.3x00", "11.6400x001"


@pytest.fixture
def rights(catalogue: None, lin: User, su: User, luo: Practitioner) -> Practitioner:
    """罗 may do grade 2, and 51.2300 of grade 3 until the end of next year."""
    granted(lin, su, luo, "SG02", valid_to=date(2027, 11, 22))
    granted(lin, su, luo, "SG03", item=CHOLE, valid_to=date(2027, 11, 22))
    return luo


@pytest.fixture
def token(client: CheckedClient, rights: Practitioner) -> str:
    return token_of(client)


def question(**changes: Any) -> dict[str, Any]:
    return {
        "surgeon": "1188",
        "procedures": [CHOLE],
        "planned_at": PLANNED,
        "nature": "1",
        "is_rescue": False,
        **changes,
    }


def declaration(**changes: Any) -> dict[str, Any]:
    return question(
        application_no="SS26112301",
        is_planned="1",
        reoperation="0",
        reoperation_reason="",
        **changes,
    )


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
        "until": "2027-11-22",
        "reasons": ["罗景文有三级逐项主刀权"],
        "remedy": "",
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
    surgeon = Practitioner.objects.filter(emp_no=asked["surgeon"]).first()
    facts = facts_for(surgeon, asked["procedures"])
    urgency = Urgency.RESCUE if asked["is_rescue"] else Urgency.ROUTINE
    by_engine = check(
        surgeon=facts.surgeon,
        procedures=facts.procedures,
        moment=datetime.fromisoformat(f"{asked['planned_at']}+08:00"),
        urgency=urgency,
        setting=Setting.INPATIENT,
    )
    assert [one["code"] for one in verdict["procedures"]] == [
        finding.code.value for finding in by_engine.findings
    ]
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
        ({"nature": "9"}, "nature", "不是合法选项"),
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


# --- declarations ---------------------------------------------------------------------


def kept() -> list[list[dict[str, Any]]]:
    models: list[Any] = [
        SurgeryApplication,
        SurgeryApplication.history.model,
        ApplicationProcedure,
        ApplicationProcedure.history.model,
    ]
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_declaration_is_kept_with_the_verdict_as_it_stood(
    client: CheckedClient, token: str, rights: Practitioner
) -> None:
    answer = ask(
        client,
        token,
        "declarations",
        {
            **declaration(procedures=[CHOLE, LIVER]),
            "is_planned": "2",
            "reoperation": "2",
            "reoperation_reason": "术后出血",
        },
    )
    assert answer.status_code == 200
    row = SurgeryApplication.objects.get()
    assert answer.json()["declaration"] == row.pk
    assert answer.json()["verdict"]["code"] == "1G"
    assert (row.application_no, row.applicant, row.surgeon) == (
        "SS26112301",
        rights,
        rights,
    )
    assert (row.is_planned, row.nature, row.reoperation, row.reoperation_reason) == (
        "2",
        "1",
        "2",
        "术后出血",
    )
    assert row.planned_at.isoformat() == "2026-11-25T00:30:00+00:00"
    assert row.verdict_code == "1G"
    assert [one["code"] for one in row.verdict["procedures"]] == ["0", "1G"]
    assert row.verdict["procedures"][1]["reasons"][0] == "50.2205 需要四级逐项主刀权"
    assert "read_at" not in row.verdict
    lines = row.procedures.order_by("position").values_list("code", "name", "grade")
    assert list(lines) == [
        (CHOLE, "腹腔镜下胆囊切除术", 3),
        (LIVER, "腹腔镜下肝部分切除术", 4),
    ]
    version = row.history.get()
    assert version.history_user.staff_no == "1188"
    assert version.history_change_reason == "医生站申报"


def test_declaration_of_the_same_values_writes_nothing_new(
    client: CheckedClient, token: str, clock: time_machine.Traveller
) -> None:
    first = ask(client, token, "declarations", declaration())
    before = kept()
    clock.shift(timedelta(minutes=5))
    again = ask(client, token, "declarations", declaration())
    assert again.json()["declaration"] == first.json()["declaration"]
    assert kept() == before


def test_rescue_is_kept_as_an_override(client: CheckedClient, token: str) -> None:
    body = declaration(procedures=[LIVER], nature="2", is_rescue=True)
    verdict = ask(client, token, "declarations", body).json()["verdict"]
    assert (verdict["code"], verdict["lets_through"]) == ("8", True)
    assert verdict["title"] == "按急诊抢救放行，术后 24 小时内补登记"
    assert SurgeryApplication.objects.get().verdict_code == "8"


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"procedures": []}, "procedures", "请先选择拟行手术。"),
    ({"reoperation": "2"}, "reoperation_reason", "非计划再次手术须写明原因。"),
    (
        {"reoperation": "2", "reoperation_reason": "  "},
        "reoperation_reason",
        "须写明原因",
    ),
    ({"is_rescue": True}, "is_rescue", "只有急诊手术可以勾选抢救生命。"),
    ({"surgeon": "4711"}, "surgeon", "医师名册里没有这位主刀的工号。"),
]


@pytest.mark.parametrize(("changes", "field", "says"), REFUSED)
def test_declaration_that_is_refused_leaves_nothing(
    changes: dict[str, Any], field: str, says: str, client: CheckedClient, token: str
) -> None:
    answer = ask(client, token, "declarations", declaration() | changes)
    refusal = answer.json()
    assert (answer.status_code, refusal["code"], refusal["field"]) == (
        422,
        "REFUSED",
        field,
    )
    assert says in refusal["message"]
    assert kept() == [[], [], [], []]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"application_no": ""}, "application_no"),
        ({"application_no": "a" * 41}, "application_no"),
        ({"application_no": "a/b"}, "application_no"),
        ({"is_planned": "0"}, "is_planned"),
        ({"is_planned": None}, "is_planned"),
        ({"reoperation": "3"}, "reoperation"),
        ({"reoperation_reason": "长" * 201}, "reoperation_reason"),
    ],
)
def test_declaration_that_makes_no_sense_leaves_nothing(
    changes: dict[str, Any], field: str, client: CheckedClient, token: str
) -> None:
    answer = ask(client, token, "declarations", declaration() | changes)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert kept() == [[], [], [], []]


def other_department(client: CheckedClient) -> str:
    make_practitioner("2001", "何静姝", department=make_department("0402", "胃肠外科"))
    return token_of(client, u="2001", d="0402")


def test_declaration_of_another_department_is_not_changed(
    client: CheckedClient, token: str
) -> None:
    ask(client, token, "declarations", declaration())
    before = kept()
    answer = ask(
        client,
        other_department(client),
        "declarations",
        declaration() | {"is_planned": "2"},
    )
    assert (answer.status_code, answer.json()) == (
        422,
        {
            "code": "REFUSED",
            "message": "这张手术申请单由其他科室申报，不能修改。请由申请科室修改。",
            "field": "application_no",
        },
    )
    assert kept() == before


def reopen(client: CheckedClient, token: str, number: str) -> Any:
    return client.get(
        f"/plugin/v1/declarations/{number}", HTTP_AUTHORIZATION=f"Bearer {token}"
    )


def test_form_opened_again_gets_what_was_declared(
    client: CheckedClient, token: str
) -> None:
    assert reopen(client, token, "SS26112301").json() == {"declaration": None}
    ask(client, token, "declarations", declaration(procedures=[CHOLE, LIVER]))
    answer = reopen(client, token, "SS26112301")
    assert answer.json() == {
        "declaration": SurgeryApplication.objects.get().pk,
        "application_no": "SS26112301",
        "surgeon": "1188",
        "procedures": [CHOLE, LIVER],
        "planned_at": "2026-11-25T00:30:00+00:00",
        "is_planned": "1",
        "nature": "1",
        "is_rescue": False,
        "reoperation": "0",
        "reoperation_reason": "",
        "verdict_code": "1G",
        "declared_at": "2026-11-23T02:00:00+00:00",
    }


def test_form_of_another_department_is_not_found(
    client: CheckedClient, token: str
) -> None:
    ask(client, token, "declarations", declaration())
    answer = reopen(client, other_department(client), "SS26112301")
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert reopen(client, "", "SS26112301").status_code == 401
