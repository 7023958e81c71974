"""我的权限 inside a station's page: no cookie, a token of a quarter of an hour."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session

from his_plugin import tokens
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Practitioner
from tests.harness import assert_queries
from tests.his_plugin.station import link, signed, token_of
from tests.pages import CheckedClient

TOKEN = re.compile(r'name="launch_token" value="([^"]+)"')
CLICK = "/my/framed/?tab=drugs"


@pytest.fixture
def framed(client: CheckedClient, rights: Practitioner) -> Any:
    """The first page of a framed launch."""
    return client.get(link(signed(frame="1")), follow=True)


def token_in(page: Any) -> str:
    found = TOKEN.search(page.content.decode())
    assert found is not None
    return found[1]


def refused() -> list[str]:
    found = AuditEvent.objects.filter(kind=EventKind.LAUNCH_REFUSED).order_by("pk")
    return [event.detail["code"] for event in found]


def test_framed_launch_shows_the_page_and_sets_no_cookie(
    framed: Any, client: CheckedClient
) -> None:
    text = framed.content.decode()
    assert framed.status_code == 200
    assert "罗景文" in text
    assert "当前患者 病人ID P0001 就诊ID V0001（只读）" in text
    assert "<script" not in text
    assert "退出" not in text
    assert (dict(client.cookies), Session.objects.count()) == ({}, 0)
    assert framed.headers["Cache-Control"] == "no-store"


def test_browser_that_says_it_is_framed_is_believed(
    client: CheckedClient, luo: Practitioner
) -> None:
    where = client.get(link(signed())).headers["Location"]
    page = client.get(where, HTTP_SEC_FETCH_DEST="iframe")
    assert (page.status_code, Session.objects.count()) == (200, 0)
    assert token_in(page)


@pytest.mark.parametrize("way", ["field", "header"])
def test_click_by_field_or_header_shows_the_tab(
    way: str, framed: Any, client: CheckedClient
) -> None:
    token = token_in(framed)
    if way == "field":
        page = client.post(CLICK, {"launch_token": token})
    else:
        page = client.post(CLICK, HTTP_AUTHORIZATION=f"Bearer {token}")
    assert page.status_code == 200
    on = [tab.url for tab in page.context["page"].tabs if tab.is_on]
    assert on == ["?tab=drugs"]
    assert "由住院医生站打开" in page.content.decode()
    assert Session.objects.count() == 0


def test_each_click_is_good_for_the_next_quarter_of_an_hour(
    framed: Any, client: CheckedClient, clock: Any
) -> None:
    first = token_in(framed)
    clock.shift(899)
    second = token_in(client.post(CLICK, {"launch_token": first}))
    clock.shift(899)
    assert client.post(CLICK, {"launch_token": second}).status_code == 200
    late = client.post(CLICK, {"launch_token": first})
    assert late.status_code == 403
    assert "页面已过期" in late.content.decode()
    assert refused() == ["PAGE_TOKEN"]


def test_after_twelve_hours_one_begins_again(
    framed: Any, client: CheckedClient, clock: Any
) -> None:
    token = token_in(framed)
    for _quarter in range(12 * 4 + 4):
        clock.shift(850)
        page = client.post(CLICK, {"launch_token": token})
        if page.status_code == 403:
            break
        token = token_in(page)
    assert refused() == ["PAGE_TOKEN"]


def test_person_is_looked_up_again_at_each_click(
    framed: Any, client: CheckedClient, luo: Practitioner
) -> None:
    with acting(by=None, reason="测试"):
        user = User.objects.get(practitioner=luo)
        user.is_active = False
        user.save()
    assert client.post(CLICK, {"launch_token": token_in(framed)}).status_code == 403
    assert refused() == ["PAGE_TOKEN"]


def test_token_of_the_field_opens_no_page_and_the_other_way_round(
    framed: Any, client: CheckedClient
) -> None:
    of_field = token_of(client)
    assert client.post(CLICK, {"launch_token": of_field}).status_code == 403
    with pytest.raises(tokens.TokenWrong):
        tokens.holder_of(token_in(framed))


def test_session_cookie_opens_no_framed_page(
    client: CheckedClient, rights: Practitioner
) -> None:
    client.get(link(signed()), follow=True)
    assert client.post(CLICK).status_code == 403


def test_token_opens_no_other_page(framed: Any, client: CheckedClient) -> None:
    token = token_in(framed)
    for path in ("/my/", "/privileges/", "/plugin/v1/declarations/1"):
        answer = client.get(path, HTTP_AUTHORIZATION=f"Bearer {token}")
        assert answer.status_code in {302, 401}


def test_click_takes_few_queries(framed: Any, client: CheckedClient) -> None:
    token = token_in(framed)
    with assert_queries(5):
        client.post(CLICK, {"launch_token": token})
