"""核对规则 and 核对试算: seen, changed by one or two, tried by hand, exported."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from permissions.checks.rules import TABLE, Mode
from permissions.models import RuleChange, RuleSetting
from permissions.queries.rules import rule_modes
from permissions.services import approve_rule, decline_rule, set_rule
from permissions.services.refusals import ActRefused
from permissions.services.rule_effects import effects_of
from permissions.services.rule_settings import Wanted
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Practitioner, PractitionerScope
from portal.parameters.registry import RULE_APPROVERS
from portal.parameters.services import change
from surgery.enums import Grade, Nature, Planned, Reoperation
from surgery.services.declarations import DeclaredProcedure, DeclaredVerdict, declare
from tests.cast import make_practitioner, make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.ledger import TODAY, granted, make_procedure

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
HTMX: dict[str, Any] = {"headers": {"HX-Request": "true"}}
LIST, WHY = "/rules/", "技术委员会第 12 次会议决定"
LOBE, CHOLE = "50.2205", "51.2300"
SUGGESTED = Wanted("S14", Mode.SUGGEST)


@pytest.fixture
def head() -> User:
    return make_user("2003", "何科长", Role.OFFICE_HEAD)


@pytest.fixture
def doctor(lin: User, su: User) -> Practitioner:
    found = make_practitioner("1027", "陈景行", title_code="231")
    end = TODAY + timedelta(days=300)
    granted(lin, su, found, "SG04", item=LOBE, valid_to=end)
    return found


def two_must_agree() -> None:
    change(parameter=RULE_APPROVERS, value=1, by=None, reason="两人办理")
    cache.clear()


def setting(by: User, wanted: Wanted = SUGGESTED, **given: Any) -> Any:
    return set_rule(wanted=wanted, by=by, at=timezone.now(), reason=WHY, **given)


def counts() -> tuple[int, ...]:
    models = (
        RuleSetting,
        RuleSetting.history.model,
        RuleChange,
        RuleChange.history.model,
    )
    return tuple(model._default_manager.count() for model in models)


# --- acts -----------------------------------------------------------------------------


def test_rule_is_set_with_history_and_back_to_the_table(lin: User) -> None:
    setting(lin, Wanted("S14", Mode.SUGGEST, "四级手术先做 MDT", "先约讨论"))
    row = RuleSetting.objects.get()
    assert (row.mode, row.text, row.remedy) == (
        "SUGGEST",
        "四级手术先做 MDT",
        "先约讨论",
    )
    setting(lin, Wanted.default("S14"))
    assert rule_modes()["S14"].mode is Mode.MUST
    told = RuleSetting.history.order_by("history_id")
    assert [
        (one.mode, one.history_user, one.history_change_reason) for one in told
    ] == [
        ("SUGGEST", lin, WHY),
        ("MUST", lin, WHY),
    ]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Wanted("S06", Mode.SUGGEST), "这是法规规定的规则"),
        (Wanted("S14", Mode.MUST), "与现在相同"),
        (Wanted("S14", Mode.MUST, "四级手术术前须完成多学科讨论"), "与现在相同"),
        (Wanted("S14", Mode.OFF, "长" * 201), "最多 200 个字"),
    ],
    ids=["law", "unchanged", "the table's words", "too long"],
)
def test_setting_that_cannot_be_leaves_nothing(
    wanted: Wanted, words: str, lin: User
) -> None:
    before = counts()
    with pytest.raises(ActRefused, match=words):
        setting(lin, wanted)
    assert counts() == before


def test_law_may_be_worded_but_not_weakened(lin: User) -> None:
    setting(lin, Wanted("S06", Mode.MUST, "三、四级手术逐项授权，本院目录为准"))
    assert rule_modes()["S06"].text == "三、四级手术逐项授权，本院目录为准"


def test_rule_that_was_changed_meanwhile_is_not_set(lin: User, su: User) -> None:
    setting(su, seen=0)
    before = counts()
    with pytest.raises(ActRefused, match="已被改动"):
        setting(lin, Wanted("S14", Mode.OFF), seen=0)
    assert counts() == before


def test_second_person_decides_where_the_parameter_says_so(
    lin: User, head: User
) -> None:
    two_must_agree()
    asked = setting(lin)
    assert rule_modes() == {}
    for again in (lin, head):
        with pytest.raises(ActRefused, match="已有待审批的改动"):
            setting(again, Wanted("S14", Mode.OFF))
    said: dict[str, Any] = {"change": asked, "at": timezone.now(), "reason": WHY}
    with pytest.raises(ActRefused, match="提出人不能审批"):
        approve_rule(by=lin, **said)
    assert rule_modes() == {}

    approve_rule(by=head, **said)

    assert rule_modes()["S14"].mode is Mode.SUGGEST
    with pytest.raises(ActRefused, match="没有再次办理"):
        decline_rule(by=head, **said)


@pytest.mark.parametrize(("who", "state"), [("lin", "WITHDRAWN"), ("head", "REJECTED")])
def test_declined_change_leaves_the_rule_as_it_is(
    who: str, state: str, request: pytest.FixtureRequest, lin: User
) -> None:
    two_must_agree()
    asked = setting(lin)
    by = request.getfixturevalue(who)
    decline_rule(change=asked, by=by, at=timezone.now(), reason=WHY)
    assert (RuleChange.objects.get().state, rule_modes()) == (state, {})
    setting(lin, Wanted("S14", Mode.OFF))


def book(doctor: Practitioner, code: str, number: str) -> None:
    declare(
        application_no=number,
        applicant=doctor,
        surgeon=doctor,
        procedures=[DeclaredProcedure(code, "手术", 3)],
        planned_at=timezone.now() + timedelta(days=2),
        is_planned=Planned.PLANNED,
        nature=Nature.ELECTIVE,
        is_rescue=False,
        reoperation=Reoperation.NONE,
        reoperation_reason="",
        verdict=DeclaredVerdict(code="0", content={}),
        by=make_user(f"9{number}", "申请人"),
        at=timezone.now(),
    )


def test_effects_name_the_booked_operations_that_would_be_answered_otherwise(
    doctor: Practitioner, lin: User
) -> None:
    book(doctor, LOBE, "SQ1")
    PractitionerScope.objects.create(
        emp_no="1027", scope_code="A11", prac_org="本院", prac_category="1"
    )
    book(doctor, make_procedure("47.0901", "阑尾切除术", Grade.TWO).code, "SQ2")
    found = effects_of("P03", Wanted("P03", Mode.OFF).as_mode, at=timezone.now())
    assert found.asked == 2
    [effect] = found.changed
    assert effect.application.application_no == "SQ2"
    assert (effect.before.code, effect.after.code) == ("7", "1")
    assert effects_of("S14", SUGGESTED.as_mode, at=timezone.now()).changed == ()


# --- pages ----------------------------------------------------------------------------


def test_page_lists_every_rule_by_group_in_few_queries(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    setting(lin, Wanted("S14", Mode.SUGGEST, "四级手术先做 MDT"))
    with assert_queries(8):
        page = client.get(LIST).text
    for rule in TABLE:
        assert f'id="rule-{rule.id}"' in page
    assert "四级手术先做 MDT" in page
    assert "出厂：必须" in page


def test_drawer_changes_refuses_and_restores(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    url = f"{LIST}S14/change/"
    given = {"mode": "SUGGEST", "text": "", "remedy": "", "seen": 0, "reason": WHY}
    assert "恢复出厂设置" not in client.get(url, **HTMX).text
    refused = client.post(url, given | {"reason": "短"}, **HTMX)
    assert refused.status_code == 422
    assert "至少 5 个字" in refused.text
    assert counts()[0] == 0
    assert client.post(url, given, **HTMX).status_code == 200
    assert rule_modes()["S14"].mode is Mode.SUGGEST
    shown = client.get(url, **HTMX).text
    assert "恢复出厂设置" in shown
    seen = RuleSetting.history.latest("history_id").history_id
    client.post(url, given | {"seen": seen, "default": "1"}, **HTMX)
    assert rule_modes()["S14"].mode is Mode.MUST
    history = client.get(f"{LIST}S14/history/", **HTMX).text
    assert "提醒 改为 必须" in history
    assert WHY in history


def test_preview_says_what_changes_and_law_stays_law(
    client: CheckedClient, lin: User, doctor: Practitioner
) -> None:
    sign_in(client, lin)
    book(doctor, LOBE, "SQ1")
    shown = client.get(f"{LIST}P03/effects/?mode=OFF", **HTMX).text
    assert "未来 30 天已排手术 1 台，0 台结果不同" in shown
    assert (
        "法规规定的规则只能为"
        in client.get(f"{LIST}S06/effects/?mode=OFF", **HTMX).text
    )


def test_waiting_change_is_decided_on_the_page(
    client: CheckedClient, lin: User, head: User
) -> None:
    two_must_agree()
    asked = setting(lin)
    approve, decline = (
        reverse("permissions:rule-decide", args=[asked.pk, one])
        for one in ("approve", "decline")
    )
    sign_in(client, lin)
    assert "您提出的，由另一人审批" in client.get(LIST).text
    assert client.post(approve, {"reason": WHY}, **HTMX).status_code == 422
    sign_in(client, head)
    assert "同意 S14 的改动" in client.get(LIST).text
    assert client.get(decline, **HTMX).status_code == 200
    assert client.post(approve, {"reason": WHY}, **HTMX).status_code == 200
    assert rule_modes()["S14"].mode is Mode.SUGGEST


def test_table_is_exported_with_a_trace(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    answer = client.get(f"{LIST}?export=xlsx")
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    answer.close()
    event = AuditEvent.objects.get(kind=EventKind.EXPORTED)
    assert event.detail == {"rows": len(TABLE)}


def test_who_may_not_change_sees_and_is_refused(
    client: CheckedClient, chen: User, zhao: User, lin: User, su: User
) -> None:
    two_must_agree()
    asked = setting(lin)
    sign_in(client, chen)
    assert "修改 S14" not in client.get(LIST).text
    before = counts()
    for url in (f"{LIST}S14/change/", f"{LIST}changes/{asked.pk}/approve/"):
        assert client.post(url, {"reason": WHY}, **HTMX).status_code == 403
    assert client.get(f"{LIST}?export=xlsx").status_code == 403
    assert client.get("/check/").status_code == 403
    assert counts() == before
    sign_in(client, su)
    url = f"{LIST}changes/{asked.pk}/approve/"
    assert client.post(url, {"reason": WHY}, **HTMX).status_code == 403
    sign_in(client, zhao)
    assert client.get(LIST).status_code == 403
    assert counts() == before


def test_unknown_rules_and_decisions_are_not_found(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    for url in ("X99/change/", "X99/history/", "X99/effects/", "changes/7/approve/"):
        assert client.get(f"{LIST}{url}", **HTMX).status_code == 404


# --- trying by hand -------------------------------------------------------------------


def tried(client: CheckedClient, **given: str) -> Any:
    asked = {"at": "2026-11-25T08:30", "setting": "INP", "urgency": "ROUTINE"}
    return client.get("/check/", asked | given)


def test_trial_answers_each_person_with_the_way_it_was_found(
    client: CheckedClient, lin: User, doctor: Practitioner
) -> None:
    sign_in(client, lin)
    make_practitioner("1305", "方若谷", title_code="234")
    page = tried(
        client, surgeon="1027", assistant="1305", procedure1=LOBE, procedure2=CHOLE
    ).text
    assert "不放行：1 无权限，3 项未通过核对" in page
    assert "0 可主刀" in page
    assert "陈景行现有手术权最高四级" in page
    assert "缺 SG07 手术助手权" in page
    assert "执业范围须与手术相符" in page
    assert "/doctors/1027/?on=2026-11-25" in page


def test_trial_of_drug_and_blood_tells_rules_chain_and_titles(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    make_practitioner("1305", "方若谷", title_code="234")
    page = tried(client, prescriber="1305", drug="D404", volume="900").text
    assert "用血审批：上级医师审核、科主任审批" in page
    assert "须主治医师及以上，现为医师" in page
    assert "D03" in page
    assert "B01" in page


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"procedure1": LOBE}, "至少选一位医师。"),
        ({"surgeon": "1027"}, "选一项手术、一种药品，或填备血量。"),
        (
            {"surgeon": "1027", "procedure1": LOBE, "at": "明天"},
            "输入一个有效的日期/时间",
        ),
        ({"surgeon": "1027", "volume": "0"}, "大于或等于"),
    ],
)
def test_trial_that_asks_nothing_says_what_is_missing(
    given: dict[str, str], words: str, client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    answer = tried(client, **given)
    assert answer.status_code == 422
    assert words in answer.text


def test_trial_leaves_nothing_behind(
    client: CheckedClient, lin: User, doctor: Practitioner
) -> None:
    sign_in(client, lin)
    before = AuditEvent.objects.count()
    assert client.get("/check/").status_code == 200
    assert tried(client, surgeon="1027", procedure1=LOBE).status_code == 200
    assert AuditEvent.objects.count() == before
