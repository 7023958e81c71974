"""What the field declares is kept with its verdict; what is refused leaves nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from portal.directory.models import Practitioner
from portal.outbox.models import Message
from surgery.models import ApplicationMember, ApplicationProcedure, SurgeryApplication
from tests.cast import make_department, make_practitioner
from tests.his_plugin.station import CHOLE, CORNEA, LIVER, ask, declaration, token_of
from tests.pages import CheckedClient


def kept() -> list[list[dict[str, Any]]]:
    models: list[Any] = [
        SurgeryApplication,
        SurgeryApplication.history.model,
        ApplicationProcedure,
        ApplicationProcedure.history.model,
        ApplicationMember,
        ApplicationMember.history.model,
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
            "reoperation_cause": "BLEEDING",
            "reoperation_reason": "术后出血",
            "first_operation": "SS26110901",
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


AGAIN = {
    "reoperation": "2",
    "reoperation_cause": "BLEEDING",
    "reoperation_reason": "术后出血",
    "first_operation": "SS26110901",
}
REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"procedures": []}, "procedures", "请先选择拟行手术。"),
    ({"reoperation": "2"}, "reoperation_cause", "请选择再次手术原因分类："),
    (AGAIN | {"reoperation_reason": ""}, "reoperation_reason", "须写明原因。"),
    (AGAIN | {"reoperation_reason": "  "}, "reoperation_reason", "须写明原因。"),
    (AGAIN | {"first_operation": ""}, "first_operation", "请填写首次手术："),
    (AGAIN | {"first_operation": "SS26112301"}, "first_operation", "不能是本次申请"),
    ({"preop_discussion": ""}, "preop_discussion", "请填写术前讨论编号：三、四级"),
    ({"preop_discussed_at": None}, "preop_discussed_at", "请填写术前讨论时间："),
    ({"preop_discussed_at": ""}, "preop_discussed_at", "请填写术前讨论时间："),
    (
        {"preop_discussed_at": "2026-11-23T10:01"},
        "preop_discussed_at",
        "术前讨论时间不能晚于现在。",
    ),
    (
        {"planned_at": "2026-11-20T16:00"},
        "preop_discussed_at",
        "术前讨论时间须早于手术时间。",
    ),
    ({"procedures": [LIVER], "mdt": ""}, "mdt", "请填写MDT 编号：四级手术须先"),
    ({"procedures": [CORNEA]}, "technique", "请选择技术类别：所选手术属限制类技术"),
    ({"procedures": [CORNEA], "technique": "2"}, "technique_text", "须写明技术名称"),
    (
        {"procedures": [CORNEA], "technique": "2", "technique_text": "角膜移植"},
        "technique",
        "请改选技术类别：",
    ),
    ({"is_day": True}, "is_day", "不能按日间手术申报："),
    ({"is_rescue": True}, "is_rescue", "只有急诊手术可以勾选抢救生命。"),
    ({"surgeon": "4711"}, "surgeon", "医师名册里没有这位主刀的工号。"),
]


@pytest.mark.parametrize(("changes", "field", "says"), REFUSED)
def test_declaration_that_is_refused_leaves_nothing(
    changes: dict[str, Any], field: str, says: str, client: CheckedClient, token: str
) -> None:
    sent = Message.objects.count()
    answer = ask(client, token, "declarations", declaration() | changes)
    refusal = answer.json()
    assert (answer.status_code, refusal["code"], refusal["field"]) == (
        422,
        "REFUSED",
        field,
    )
    assert says in refusal["message"]
    assert kept() == [[]] * 6
    assert Message.objects.count() == sent


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
        ({"reoperation_cause": "X"}, "reoperation_cause"),
        ({"first_operation": "a" * 41}, "first_operation"),
        ({"side": "X"}, "side"),
        ({"site": "长" * 61}, "site"),
        ({"technique": "3"}, "technique"),
        ({"technique_text": "长" * 101}, "technique_text"),
        ({"preop_discussion": "a" * 41}, "preop_discussion"),
        ({"preop_discussed_at": "昨天"}, "preop_discussed_at"),
        ({"mdt": "a" * 41}, "mdt"),
        ({"planned_at": "0001-01-01T00:00"}, "planned_at"),
        ({"preop_discussed_at": "0001-01-01T00:00"}, "preop_discussed_at"),
        ({"preop_discussed_at": "9999-12-31T23:59:59-14:00"}, "preop_discussed_at"),
        ({"preop_discussed_at": "1899-12-31T08:00"}, "preop_discussed_at"),
        ({"site": "左\u202e右"}, "site"),
        ({"mdt": "MDT\x07"}, "mdt"),
        ({"procedures": ["51\u200b.2300"]}, "procedures"),
    ],
)
def test_declaration_that_makes_no_sense_leaves_nothing(
    changes: dict[str, Any], field: str, client: CheckedClient, token: str
) -> None:
    answer = ask(client, token, "declarations", declaration() | changes)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert kept() == [[]] * 6


@pytest.mark.parametrize("setting", ["OUTP", "EMER"])
def test_inpatient_station_escapes_no_discussion_by_the_setting_it_sends(
    setting: str, client: CheckedClient, token: str
) -> None:
    body = declaration(setting=setting) | {"preop_discussion": ""}
    answer = ask(client, token, "declarations", body)
    assert (answer.status_code, answer.json()["field"]) == (422, "preop_discussion")
    assert kept() == [[]] * 6

    outpatient = token_of(client, st="MZ")
    assert ask(client, outpatient, "declarations", body).status_code == 200


def test_words_on_several_lines_are_kept_on_one(
    client: CheckedClient, token: str
) -> None:
    ask(client, token, "declarations", declaration(site=" 肝右叶\r\n近膈顶\u3000处 "))
    assert SurgeryApplication.objects.get().site == "肝右叶 近膈顶 处"


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
        "reoperation_cause": "",
        "first_operation": "",
        "is_day": False,
        "side": "",
        "site": "",
        "is_mini": False,
        "technique": "",
        "technique_text": "",
        "preop_discussion": "TL26112001",
        "preop_discussed_at": "2026-11-20T08:00:00+00:00",
        "mdt": "MDT26112002",
        "team": [],
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
