"""Copying from a colleague or a post, line by line, and keeping the posts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from permissions import services
from permissions.enums import Setting
from permissions.models import GrantEvent, GrantState, PostTemplate, PostTemplateLine
from permissions.services import Line
from permissions.services.copying import offers as offers_for
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.registry import DIRECT_SECOND_PERSON
from portal.parameters.services import change
from tests.cast import PASSWORD, make_practitioner, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.ledger import (
    REASON,
    TODAY,
    granted,
    nothing_written,
    privilege,
)

pytestmark = pytest.mark.usefixtures("catalogue")
COPY = "/privileges/copy/"
TEMPLATES = "/post-templates/"
HTMX = {"HX-Request": "true"}
RX01, MR01 = "RX01|||ALL||", "MR01|||ALL||"


@pytest.fixture
def surgeon(db: None, lin: User, su: User) -> Practitioner:
    """Holds three rights; one of them no resident may have."""
    person = make_practitioner("1027", "陈景行", title_code="231")
    granted(lin, su, person)
    granted(lin, su, person, "MR01", valid_to=date(2027, 6, 30))
    granted(lin, su, person, "AB02", valid_to=date(2027, 6, 30))
    return person


@pytest.fixture
def resident(db: None) -> Practitioner:
    return make_practitioner("1301", "周小满", title_code="234")


@pytest.fixture
def page(client: CheckedClient, lin: User) -> CheckedClient:
    sign_in(client, lin)
    return client


def post(client: CheckedClient, url: str, **given: Any) -> Any:
    return client.post(url, given, headers=HTMX)


def test_offers_say_line_by_line_what_would_be_granted_and_why_not(
    page: CheckedClient, surgeon: Practitioner, resident: Practitioner
) -> None:
    asked = {"target": "1301", "source": "1027", "template": ""}
    html = page.get(f"{COPY}offers/", asked, headers=HTMX).text
    assert f'value="{RX01}" checked' in html
    assert f'value="{MR01}" checked' in html
    assert 'value="AB02|||ALL||" disabled' in html
    assert "「限制使用级抗菌药物」须主治医师及以上，现为医师。" in html


def test_ticked_lines_are_given_and_the_result_is_told(
    page: CheckedClient, lin: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    answer = post(page, COPY, target="1301", source="1027", line=[MR01], reason=REASON)
    assert answer.status_code == 200
    assert "已授予 1 项，未授予 0 项" in answer.text
    assert "yw:changed" in answer.headers["HX-Trigger-After-Settle"]
    state = GrantState.objects.get(practitioner=resident)
    assert state.privilege.code == "MR01"
    event = GrantEvent.objects.get(grant=state.grant)
    assert (event.by, event.reason, event.second) == (lin, REASON, None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"reason": "短"}, "至少 5 个字，现有 1 个。"),
        ({"line": []}, "没有勾选要授予的权限。"),
        ({"source": ""}, "选择一位同事或一个岗位模板，两者选一。"),
        ({"source": "1301"}, "不能从本人复制给本人"),
        ({"target": "9999"}, "没有这位医师。"),
    ],
)
def test_wrong_copy_is_told_and_writes_nothing(
    page: CheckedClient,
    surgeon: Practitioner,
    resident: Practitioner,
    given: dict[str, Any],
    said: str,
) -> None:
    asked = {"target": "1301", "source": "1027", "line": [MR01], "reason": REASON}
    with nothing_written():
        answer = post(page, COPY, **(asked | given))
    assert answer.status_code == 422
    assert said in answer.text


def test_copy_asks_for_a_second_person_where_the_parameter_says_so(
    page: CheckedClient, su: User, surgeon: Practitioner, resident: Practitioner
) -> None:
    change(parameter=DIRECT_SECOND_PERSON, value=1, by=su, reason="院务会决定")
    asked = {"target": "1301", "source": "1027", "line": [MR01], "reason": REASON}
    with nothing_written():
        assert post(page, COPY, **asked).status_code == 422
    answer = post(page, COPY, **asked, second_no="2032", second_password=PASSWORD)
    assert answer.status_code == 200
    event = GrantEvent.objects.get(grant__practitioner=resident)
    assert event.second == su


def test_lines_of_a_post_that_meet_each_other_are_given_once(
    lin: User, resident: Practitioner
) -> None:
    lines = [
        Line(privilege=privilege("RX01"), valid_from=TODAY),
        Line(privilege=privilege("RX01"), valid_from=TODAY, setting=Setting.OUTPATIENT),
    ]
    offers = offers_for(resident, lines, at=timezone.now())
    assert [offer.is_possible for offer in offers] == [True, False]
    given = services.give(
        target=resident, lines=lines, by=lin, at=timezone.now(), reason=REASON
    )
    assert (len(given.granted), len(given.skipped)) == (1, 1)
    assert GrantState.objects.count() == 1


# --- posts ----------------------------------------------------------------------------


def made(page: CheckedClient) -> PostTemplate:
    answer = post(
        page,
        f"{TEMPLATES}from/1027/",
        name="肝胆外科主治医师",
        note="新入职",
        line=[RX01, MR01],
        reason=REASON,
    )
    assert answer.status_code == 200
    return PostTemplate.objects.get()


def test_post_is_made_of_a_doctors_lines_and_used(
    page: CheckedClient, surgeon: Practitioner, resident: Practitioner
) -> None:
    one = made(page)
    lines = PostTemplateLine.objects.order_by("privilege__code")
    assert [(line.privilege.code, line.months) for line in lines] == [
        ("MR01", 7),
        ("RX01", None),
    ]
    html = page.get(reverse("permissions:grant-template-detail", args=[one.pk])).text
    assert "加入 普通处方权" in html
    answer = post(
        page, COPY, target="1301", template=one.pk, line=[RX01, MR01], reason=REASON
    )
    assert "已授予 2 项，未授予 0 项" in answer.text


def test_post_is_changed_with_history(
    page: CheckedClient, surgeon: Practitioner
) -> None:
    one = made(page)
    kept = PostTemplateLine.objects.get(privilege__code="MR01")
    given = {
        "name": "肝胆外科住院医师",
        "note": "",
        "reason": "岗位调整，科室提出",
        "line": [kept.pk],
        f"months-{kept.pk}": "12",
        "privilege": "SG03",
        "item": "51.2300",
        "role": "",
        "setting": "ALL",
        "months": "24",
    }
    assert post(page, f"{TEMPLATES}{one.pk}/change/", **given).status_code == 200
    one.refresh_from_db()
    current = PostTemplateLine.objects.filter(is_dropped=False).order_by("position")
    assert one.name == "肝胆外科住院医师"
    assert [
        (line.privilege.code, line.item_code, line.role, line.months)
        for line in current
    ] == [("MR01", "", "", 12), ("SG03", "51.2300", "OPERATE", 24)]
    assert one.history.count() == 2
    html = page.get(f"{TEMPLATES}{one.pk}/").text
    assert "去掉 普通处方权" in html
    assert "岗位调整，科室提出" in html


def test_wrong_line_of_a_post_is_refused_and_what_was_typed_stays(
    page: CheckedClient, surgeon: Practitioner
) -> None:
    one = made(page)
    given = {
        "name": "新名",
        "reason": REASON,
        "privilege": "SG03",
        "item": "50.2205",
        "setting": "ALL",
    }
    answer = post(page, f"{TEMPLATES}{one.pk}/change/", **given)
    assert answer.status_code == 422
    assert "是四级手术" in answer.text
    assert 'value="新名"' in answer.text
    one.refresh_from_db()
    assert (one.name, one.history.count()) == ("肝胆外科主治医师", 1)


def test_post_switched_off_is_offered_no_more(
    page: CheckedClient, surgeon: Practitioner, resident: Practitioner
) -> None:
    one = made(page)
    switch = f"{TEMPLATES}{one.pk}/switch/"
    assert post(page, switch, reason="撤销").status_code == 422
    assert post(page, switch, reason="岗位已撤销").status_code == 200
    one.refresh_from_db()
    assert not one.is_enabled
    assert one.name not in page.get(COPY, headers=HTMX).text
    with nothing_written():
        answer = post(
            page, COPY, target="1301", template=one.pk, line=[RX01], reason=REASON
        )
    assert answer.status_code == 422


def test_who_may_not_change_grants_may_look_at_posts_alone(
    client: CheckedClient, lin: User, chen: User, surgeon: Practitioner
) -> None:
    sign_in(client, chen)
    assert client.get(TEMPLATES).status_code == 200
    assert client.get(COPY, headers=HTMX).status_code == 403
    assert client.get(f"{TEMPLATES}from/1027/", headers=HTMX).status_code == 403
    assert "复制授权" not in client.get("/doctors/1027/").text


def test_list_of_posts_asks_as_often_for_many(page: CheckedClient, lin: User) -> None:
    for number in range(12):
        services.keep_template(
            name=f"岗位{number}",
            lines=[Line(privilege=privilege("RX01"), valid_from=TODAY)],
            by=lin,
            at=timezone.now(),
            reason=REASON,
        )
    with assert_queries(8):
        assert "岗位11" in page.get(TEMPLATES).text
