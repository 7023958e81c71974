"""The verdict of a whole team, and who may instead."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from his_plugin.field.parts import PARTS
from portal.accounts.models import User
from portal.directory.models import Practitioner
from surgery.models import ApplicationMember, SurgeryApplication
from tests.cast import make_department, make_practitioner
from tests.harness import assert_queries
from tests.his_plugin.station import CHOLE, LIVER, ask, declaration, question
from tests.pages import CheckedClient
from tests.permissions.ledger import granted

UNTIL = date(2027, 11, 22)


@pytest.fixture
def shen(rights: Practitioner, lin: User, su: User) -> Practitioner:
    """沈, of the same department, may do grade 4 as well."""
    person = make_practitioner(
        "1190", "沈知行", title_code="231", department=rights.department
    )
    granted(lin, su, person, "SG04", item=LIVER, valid_to=UNTIL)
    return person


@pytest.fixture
def far(rights: Practitioner, lin: User, su: User) -> Practitioner:
    """温, of another department, may too."""
    person = make_practitioner(
        "1001",
        "温如岚",
        title_code="231",
        department=make_department("0402", "胃肠外科"),
    )
    granted(lin, su, person, "SG04", item=LIVER, valid_to=UNTIL)
    return person


def helped(*team: tuple[str, str], **changes: Any) -> dict[str, Any]:
    named = [{"emp_no": emp_no, "role": role} for emp_no, role in team]
    return question(team=named, **changes)


def test_everybody_is_judged_in_the_part_they_have(
    client: CheckedClient, token: str, shen: Practitioner
) -> None:
    make_practitioner("1305", "方若谷", department=shen.department)
    asked = helped(("1190", "SUPERVISE"), ("1305", "ASSIST"), procedures=[LIVER])
    verdict = ask(client, token, "check", asked).json()
    assert verdict["surgeon"] == {"emp_no": "1188", "name": "罗景文"}
    assert [one["code"] for one in verdict["procedures"]] == ["1G"]
    told = [
        (one["name"], one["role_label"], one["code"], one["lets_through"])
        for one in verdict["team"]
    ]
    assert told == [("沈知行", "带教", "0", True), ("方若谷", "助手", "1", False)]
    assert [one["label"] for one in verdict["team"]] == ["有此权限", "无权限"]
    assert [one["procedure"] for one in verdict["team"][0]["procedures"]] == [LIVER]


def test_severest_of_the_team_speaks_for_all(
    client: CheckedClient, token: str, shen: Practitioner
) -> None:
    make_practitioner("1305", "方若谷", department=shen.department)
    alone = ask(client, token, "check", question()).json()
    assert (alone["code"], alone["lets_through"], alone["team"]) == ("0", True, [])
    verdict = ask(client, token, "check", helped(("1305", "ASSIST"))).json()
    assert (verdict["code"], verdict["lets_through"]) == ("1", False)
    assert verdict["title"] == "罗景文可以主刀；未通过核对的还有方若谷"


def test_who_learns_may_beside_a_supervisor_who_may(
    client: CheckedClient, token: str, rights: Practitioner, lin: User, su: User
) -> None:
    learner = make_practitioner("1305", "方若谷", department=rights.department)
    granted(
        lin,
        su,
        learner,
        "SG03",
        item=CHOLE,
        role="OPERATE_SUPERVISED",
        valid_to=UNTIL,
    )
    alone = ask(client, token, "check", question(surgeon="1305")).json()
    led = helped(("1188", "SUPERVISE"), surgeon="1305")
    verdict = ask(client, token, "check", led).json()
    assert (alone["code"], alone["lets_through"]) == ("2S", False)
    assert (verdict["code"], verdict["lets_through"]) == ("2S", True)
    assert verdict["title"] == "方若谷可以在带教下主刀"


def test_others_who_may_come_with_their_load_nearest_first(
    client: CheckedClient, token: str, shen: Practitioner, far: Practitioner
) -> None:
    for number in ("SS1", "SS2"):
        body = declaration(surgeon="1190", procedures=[LIVER])
        ask(client, token, "declarations", body | {"application_no": number})
    next_day = {"application_no": "SS3", "planned_at": "2026-11-26T00:00"}
    ask(client, token, "declarations", body | next_day)
    asked = question(procedures=[CHOLE, LIVER])
    chole, liver = ask(client, token, "check", asked).json()["procedures"]
    assert chole["others"] == []
    assert liver["others"] == [
        {
            "emp_no": "1190",
            "name": "沈知行",
            "department": "肝胆胰外科",
            "load": 2,
            "words": "2 台",
        },
        {
            "emp_no": "1001",
            "name": "温如岚",
            "department": "胃肠外科",
            "load": 0,
            "words": "0 台",
        },
    ]


def test_at_most_five_others_are_named(
    client: CheckedClient, token: str, shen: Practitioner, lin: User, su: User
) -> None:
    for number in range(2001, 2007):
        person = make_practitioner(
            str(number), "何静姝", title_code="231", department=shen.department
        )
        granted(lin, su, person, "SG04", item=LIVER, valid_to=UNTIL)
    asked = question(procedures=[LIVER])
    [liver] = ask(client, token, "check", asked).json()["procedures"]
    assert [one["emp_no"] for one in liver["others"]] == [
        "1190",
        "2001",
        "2002",
        "2003",
        "2004",
    ]


def test_others_cost_the_same_however_many_may(
    client: CheckedClient, token: str, shen: Practitioner, far: Practitioner
) -> None:
    """Here the world is read anew for it; a portal that serves keeps it."""
    asked = helped(("1190", "ASSIST"), procedures=[LIVER, "99.9999"])
    with assert_queries(33):
        answer = ask(client, token, "check", asked)
    assert answer.status_code == 200


@pytest.mark.django_db(transaction=True)
def test_portal_that_serves_asks_ten_times_for_a_refused_check(
    client: CheckedClient, token: str, shen: Practitioner, far: Practitioner
) -> None:
    asked = helped(("1190", "ASSIST"), procedures=[LIVER, "99.9999"])
    ask(client, token, "check", asked)
    with assert_queries(10):
        answer = ask(client, token, "check", asked)
    assert answer.json()["procedures"][0]["others"] != []


@pytest.mark.parametrize(
    "team",
    [
        [("1188", "ASSIST")],
        [("1190", "ASSIST"), ("1190", "SUPERVISE")],
    ],
)
def test_nobody_stands_at_the_table_twice(
    team: list[tuple[str, str]], client: CheckedClient, token: str
) -> None:
    answer = ask(client, token, "check", helped(*team))
    assert (answer.status_code, answer.json()["field"]) == (400, "team")
    assert answer.json()["message"].startswith("同一位医师")


@pytest.mark.parametrize(
    "team",
    [[("", "ASSIST")], [("1190", "SURGEON")], [(str(n), "ASSIST") for n in range(9)]],
)
def test_team_that_makes_no_sense_is_refused(
    team: list[tuple[str, str]], client: CheckedClient, token: str
) -> None:
    answer = ask(client, token, "check", helped(*team))
    assert (answer.status_code, answer.json()["field"]) == (400, "team")


def test_check_says_what_the_operation_demands(
    client: CheckedClient, token: str
) -> None:
    demands = ask(client, token, "check", question(procedures=[LIVER])).json()[
        "demands"
    ]
    assert list(demands) != []
    assert set(demands) == {part.name for part in PARTS}
    assert demands["mdt"] == {"need": "must", "why": "四级手术须先完成多学科讨论"}
    assert demands["is_rescue"]["need"] == "no"


FULL = {
    "reoperation": "1",
    "first_operation": "SS26110901",
    "side": "R",
    "site": "右肝后叶",
    "is_mini": True,
    "technique": "2",
    "technique_text": "荧光导航",
    "team": [
        {"emp_no": "1190", "role": "SUPERVISE"},
        {"emp_no": "9", "role": "ASSIST"},
    ],
}


def test_everything_declared_is_kept_and_given_back(
    client: CheckedClient, token: str, shen: Practitioner
) -> None:
    ask(client, token, "declarations", declaration(procedures=[LIVER]) | FULL)
    row = SurgeryApplication.objects.get()
    lines = row.team.order_by("position").values_list("role", "emp_no", "name")
    assert list(lines) == [("SUPERVISE", "1190", "沈知行"), ("ASSIST", "9", "")]
    back = client.get(
        "/plugin/v1/declarations/SS26112301", HTTP_AUTHORIZATION=f"Bearer {token}"
    ).json()
    assert {name: back[name] for name in FULL} == FULL
    assert (back["preop_discussion"], back["mdt"]) == ("TL26112001", "MDT26112002")
    assert back["preop_discussed_at"].startswith("2026-11-20T08:00:00")
    assert (back["is_day"], back["reoperation_cause"]) == (False, "")


def test_helper_who_was_exchanged_stays_marked(
    client: CheckedClient, token: str, shen: Practitioner
) -> None:
    body = declaration(procedures=[LIVER]) | FULL
    ask(client, token, "declarations", body)
    ask(client, token, "declarations", body)
    assert ApplicationMember.objects.count() == 2
    other = {"emp_no": "10", "role": "ASSIST"}
    body["team"] = [FULL["team"][0], other]  # type: ignore[index]
    ask(client, token, "declarations", body)
    lines = ApplicationMember.objects.order_by("position")
    assert list(lines.values_list("position", "emp_no", "is_dropped")) == [
        (1, "1190", False),
        (2, "9", True),
        (3, "10", False),
    ]
    assert SurgeryApplication.objects.get().history.count() == 2


def test_what_the_operation_does_not_ask_for_is_not_kept(
    client: CheckedClient, token: str
) -> None:
    """Left over from a choice that was changed: it would only mislead."""
    left = {
        "reoperation_cause": "OTHER",
        "reoperation_reason": "术后出血",
        "first_operation": "SS1",
        "technique_text": "荧光导航",
    }
    answer = ask(client, token, "declarations", declaration() | left)
    assert answer.status_code == 200
    row = SurgeryApplication.objects.get()
    assert {name: getattr(row, name) for name in left} == dict.fromkeys(left, "")
