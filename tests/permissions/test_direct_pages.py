"""直接授权: the drawer asks what the privilege asks, checks while one types, grants."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from permissions.models import Application, Grant, GrantState
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.outbox.models import Message
from portal.parameters.days import end_of
from tests.cast import make_practitioner, make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.act_pages import HTMX, LIST, told
from tests.permissions.ledger import TODAY, granted, nothing_written

pytestmark = pytest.mark.usefixtures("catalogue")
NEW = "/privileges/new/"
ALWAYS = {
    *("practitioner", "privilege", "kind", "setting", "campus", "valid_from"),
    *("valid_to", "conditions", "evidence", "doc_no", "reason"),
}
SURGICAL = {
    "practitioner": "1027",
    "privilege": "SG04",
    "kind": "DIRECT",
    "item": "50.2205",
    "role": "OPERATE",
    "setting": "ALL",
    "side": "LEFT",
    "campus": "东院",
    "valid_from": str(TODAY),
    "valid_to": "2027-11-22",
    "conditions": "须有二线医师在场",
    "evidence": "委员会纪要第 3 号",
    "doc_no": "云医务〔2026〕88号",
    "reason": "委员会已有结论，按文号直接授权",
}


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    return make_practitioner("1027", "陈景行", title_code="231")


@pytest.fixture
def lin_in(client: CheckedClient, lin: User, surgeon: Practitioner) -> CheckedClient:
    sign_in(client, lin)
    return client


def saved(client: CheckedClient, **given: Any) -> Any:
    return client.post(NEW, {**SURGICAL, **given}, **HTMX)


def checked(client: CheckedClient, **given: Any) -> Any:
    return client.post(f"{NEW}precheck/", {**SURGICAL, **given}, **HTMX)


def notes(answer: Any) -> list[tuple[str, str]]:
    found = answer.context["precheck"].notes
    return [(note.tone, str(note.text)) for note in found]


@pytest.mark.parametrize(
    ("given", "more"),
    [
        ({}, set()),
        ({"privilege": "RX01"}, set()),
        ({"privilege": "RX01", "kind": "ONE_PATIENT"}, {"visit_no"}),
        ({"privilege": "SG02"}, {"role", "side"}),
        ({"privilege": "SG04"}, {"item", "role", "side"}),
        ({"privilege": "TC03"}, {"item_kind", "item", "role", "side"}),
        (
            {"privilege": "TC03", "item_kind": "DRUG"},
            {"item_kind", "item", "item_name"},
        ),
    ],
)
def test_only_fields_the_privilege_asks_for_are_there(
    given: dict[str, str], more: set[str], lin_in: CheckedClient
) -> None:
    answer = lin_in.post(f"{NEW}fields/", {"kind": "DIRECT", **given}, **HTMX)
    assert set(answer.context["form"].fields) == ALWAYS | more
    # What is not filled in yet is no error yet.
    assert "help err" not in answer.content.decode()


def test_setting_is_no_choice_where_the_catalogue_knows_one_alone(
    lin_in: CheckedClient,
) -> None:
    answer = lin_in.post(f"{NEW}fields/", {"privilege": "AB03"}, **HTMX)
    assert answer.context["form"].fields["setting"].choices == [("INP", "住院")]


def test_direct_grant_keeps_every_term_and_tells_the_his(
    lin_in: CheckedClient, lin: User
) -> None:
    answer = saved(lin_in)
    assert "已授权 1 项" in told(answer)
    assert "yw:changed" in answer.headers["HX-Trigger-After-Settle"]
    grant = Grant.objects.get()
    kept = ("kind", "item_code", "role", "side", "campus", "conditions", "evidence")
    assert [getattr(grant, name) for name in kept] == [
        "DIRECT",
        "50.2205",
        "OPERATE",
        "LEFT",
        "东院",
        "须有二线医师在场",
        "委员会纪要第 3 号",
    ]
    assert grant.valid_to == end_of(date(2027, 11, 22))
    state = GrantState.objects.get()
    assert (state.last_event.by, state.last_event.reason) == (lin, SURGICAL["reason"])
    told_rows = [
        (one.kind, one.payload["op"]) for one in Message.objects.order_by("pk")
    ]
    assert told_rows == [("DOCTOR_OP_SAVE", "ADD"), ("DOCTOR_OP_SAVE", "ADD")]
    assert Application.objects.count() == 0
    row = lin_in.get(LIST).context["list"].rows[0]
    acts = [str(act.label) for act in row.acts]
    assert acts == ["续期", "暂停", "降级", "撤销", "取消", "作废"]


def test_one_patient_is_for_one_visit_and_not_told_to_the_his(
    lin_in: CheckedClient,
) -> None:
    one = {"kind": "ONE_PATIENT", "visit_no": "ZY20261123001", "valid_to": "2026-12-05"}
    check = checked(lin_in, **one)
    why = "单例授权，HIS 分不出一次就诊，不推送；由本系统核对。"
    assert ("info", why) in notes(check)
    assert check.context["precheck"].to == "保存后由本系统核对，不送 HIS"
    assert saved(lin_in, **one).status_code == 200
    assert Grant.objects.get().visit_no == "ZY20261123001"
    assert Message.objects.count() == 0


def test_drug_is_granted_by_code_and_name(lin_in: CheckedClient) -> None:
    drug = {
        "privilege": "TC03",
        "item_kind": "DRUG",
        "item": "D0042",
        "item_name": "安宫牛黄丸",
        "valid_to": "2027-06-30",
    }
    assert [tone for tone, _text in notes(checked(lin_in, **drug))].count("bad") == 0
    assert saved(lin_in, **drug).status_code == 200
    grant = Grant.objects.get()
    assert (grant.item_kind, grant.item_code, grant.item_name, grant.role) == (
        "DRUG",
        "D0042",
        "安宫牛黄丸",
        "",
    )


REFUSED: list[tuple[dict[str, str], dict[str, list[str]]]] = [
    ({"reason": "短"}, {"reason": ["至少 5 个字，现有 1 个。写明依据和经过。"]}),
    ({"practitioner": "0000"}, {"practitioner": ["没有这位医师。"]}),
    ({"privilege": "ZZ99"}, {"privilege": ["没有这项权限。"]}),
    ({"item": ""}, {"item": ["该字段是必填项。"]}),
    ({"item": "99.99"}, {"item": ["手术目录中没有 99.99。"]}),
    (
        {"valid_to": "2027-12-01"},
        {"valid_to": ["四级手术最长 12 个月，最晚 2027-11-22。"]},
    ),
    ({"kind": "TEMPORARY", "valid_to": ""}, {"valid_to": ["该字段是必填项。"]}),
    (
        {"valid_from": "2026-10-01"},
        {"valid_from": ["最早补记到 2026-10-24。更早的决定请按申请流程办理。"]},
    ),
    ({"kind": "ONE_PATIENT"}, {"visit_no": ["该字段是必填项。"]}),
    ({"kind": "FIRST"}, {"kind": ["选择一个有效的选项。 FIRST 不在可用的选项中。"]}),
]


@pytest.mark.parametrize(("given", "errors"), REFUSED)
def test_what_cannot_be_granted_is_refused_at_its_field_and_leaves_nothing(
    given: dict[str, str], errors: dict[str, list[str]], lin_in: CheckedClient
) -> None:
    with nothing_written():
        answer = saved(lin_in, **given)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert form.errors == errors
    assert form["evidence"].value() == "委员会纪要第 3 号"


def test_check_names_everything_in_the_way_while_one_types(
    lin_in: CheckedClient, lin: User, su: User, surgeon: Practitioner
) -> None:
    fine = checked(lin_in)
    changes = fine.context["precheck"].preview.changes
    assert [(one.field, one.before, one.after) for one in changes] == [
        ("腹腔镜下肝部分切除术", "无", "2026-11-23 至 2027-11-22"),
        ("HIS 主刀 50.2205", "无", "有效，至 2027-11-22"),
        ("HIS 开单 50.2205", "无", "有效，至 2027-11-22"),
    ]
    assert fine.context["precheck"].to == "保存后即送 HIS，通常几秒到达"
    granted(lin, su, surgeon, "SG04", item="50.2205", valid_to=date(2027, 1, 31))
    with nothing_written():
        taken = checked(lin_in)
    assert notes(taken)[0] == (
        "bad",
        "同一医师、权限、项目和场合已有授权，2026-11-23 至 2027-01-31，日期重叠。",
    )
    assert taken.context["precheck"].preview is None
    assert taken.context["precheck"].to == "改正后才能保存"
    junior = make_practitioner("1301", "周小满", title_code="234", status="LEFT")
    several = checked(lin_in, practitioner=junior.emp_no, privilege="AB03", item="")
    bad = [text for tone, text in notes(several) if tone == "bad"]
    # Each once, by the rule that says it.
    assert [text[:3] for text in bad] == ["P01", "G01", "G02"]
    assert "周小满在 HIS 中不在岗" in bad[0]
    assert "须副主任医师及以上" in bad[1]


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"item": "99.99"}, "S01"),
        ({"item": "50.3x00"}, "S03"),
        ({"privilege": "SG02", "item": ""}, "G02"),
    ],
)
def test_what_a_rule_of_the_check_says_is_said_once(
    given: dict[str, str], rule: str, lin_in: CheckedClient
) -> None:
    answer = checked(lin_in, **given)
    bad = [text[:3] for tone, text in notes(answer) if tone == "bad"]
    precheck = answer.context["precheck"]
    assert (bad, precheck.preview, precheck.to) == ([rule], None, "改正后才能保存")


def test_line_that_begins_later_says_when(lin_in: CheckedClient) -> None:
    later = checked(lin_in, valid_from="2026-12-01")
    assert later.context["precheck"].to == ("2026-12-01 00:00 自动生效，保存后即送 HIS")


def test_nothing_is_said_before_doctor_and_privilege_are_chosen(
    lin_in: CheckedClient,
) -> None:
    for given in ({"practitioner": ""}, {"privilege": ""}):
        answer = checked(lin_in, **given)
        assert (
            answer.context["precheck"].notes,
            answer.context["precheck"].preview,
        ) == (
            (),
            None,
        )


def test_nobody_grants_to_themselves(client: CheckedClient) -> None:
    doctor = make_practitioner("1066", "顾明舟", title_code="231")
    both = make_user("1066", "顾明舟", Role.OFFICER, practitioner=doctor)
    sign_in(client, both)
    with nothing_written():
        answer = saved(client, practitioner="1066")
        check = checked(client, practitioner="1066")
    assert answer.status_code == 422
    own = "不能审批、恢复本人的权限，请由另一人办理。"
    assert answer.context["form"].non_field_errors() == [own]
    assert ("bad", own) in notes(check)


def test_both_ways_lead_to_one_another_and_keep_what_was_chosen(
    lin_in: CheckedClient,
) -> None:
    chosen = {"practitioner": "1027", "privilege": "SG04", "item": "50.2205"}
    for url in (NEW, "/applications/new/"):
        page = lin_in.get(url, chosen, **HTMX)
        text = page.content.decode()
        assert 'value="1027" selected' in text
        assert 'value="50.2205" selected' in text
        assert "提出申请" in text
        assert "直接授权" in text


def test_door_is_shut_for_who_may_not_change_grants(
    client: CheckedClient, chen: User, surgeon: Practitioner
) -> None:
    sign_in(client, chen)
    with nothing_written():
        assert client.get(NEW, **HTMX).status_code == 403
        assert saved(client).status_code == 403
        assert checked(client).status_code == 403
        assert client.post(f"{NEW}fields/", {}, **HTMX).status_code == 403


def test_drawer_as_a_page_leads_to_the_list_and_its_parts_are_posted(
    lin_in: CheckedClient,
) -> None:
    assert lin_in.get(NEW).headers["Location"] == LIST
    assert lin_in.get(f"{NEW}precheck/", **HTMX).status_code == 405
    assert lin_in.get(f"{NEW}fields/", **HTMX).status_code == 405


def test_checking_takes_few_queries(
    lin_in: CheckedClient, lin: User, surgeon: Practitioner
) -> None:
    checked(lin_in)
    with assert_queries(26):
        checked(lin_in)
