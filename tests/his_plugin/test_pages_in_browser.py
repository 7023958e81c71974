"""The pages a station opens, and the office's list of declarations, in Chromium."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import day_of
from tests.browsing import BrowserContexts
from tests.cast import sign_in
from tests.his_plugin.station import CHOLE, ask, declaration, link, signed, token_of
from tests.pages import CheckedClient
from tests.permissions.ledger import granted, propose

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def rights(
    transactional_db: None, lin: User, su: User, luo: Practitioner, catalogue: None
) -> Practitioner:
    """One that lasts, one that ends soon, one asked for."""
    today = day_of(timezone.now())
    since: dict[str, Any] = {"valid_from": today}
    last: dict[str, Any] = {"valid_to": today + timedelta(days=300)}
    granted(lin, su, luo, "SG03", item=CHOLE, **since, **last)
    granted(lin, su, luo, "SG02", **since, valid_to=today + timedelta(days=12))
    propose(lin, luo, "SG04", item="50.2205", **since, **last)
    return luo


@pytest.fixture
def page(browser_contexts: BrowserContexts, portal_server: str) -> Page:
    browser_contexts.base_url = portal_server
    return browser_contexts.new_page()


def test_launch_ends_on_own_privileges_with_a_clean_address(
    page: Page, portal_server: str, rights: Practitioner, check_axe: Callable[..., None]
) -> None:
    page.goto(link(signed()))
    assert page.url == f"{portal_server}/my/"
    expect(page.get_by_role("heading", name="罗景文")).to_be_visible()
    check_axe(page)

    page.get_by_role("link", name="已失效").click()
    expect(page.get_by_text("没有已失效的权限")).to_be_visible()
    check_axe(page)

    page.get_by_role("button", name="退出").click()
    expect(page.get_by_role("heading", name="已退出")).to_be_visible()
    check_axe(page)


def test_going_back_does_not_open_the_link_again(
    page: Page,
    browser_contexts: BrowserContexts,
    portal_server: str,
    rights: Practitioner,
) -> None:
    browser_contexts.expect("favicon.ico")
    page.goto("/healthz")
    page.goto(link(signed()))
    page.get_by_role("link", name="已失效").click()
    page.go_back()
    assert page.url == f"{portal_server}/my/"
    page.go_back()
    assert page.url == f"{portal_server}/healthz"


def test_own_privileges_need_no_script_and_fit_a_narrow_window(
    browser_contexts: BrowserContexts, portal_server: str, rights: Practitioner
) -> None:
    page = browser_contexts.new_page(
        java_script_enabled=False, viewport={"width": 800, "height": 600}
    )
    page.goto(portal_server + link(signed()))
    expect(page.get_by_text("1 项权限将在 30 天内到期")).to_be_visible()
    box = page.locator("main").bounding_box()
    assert box is not None
    assert box["width"] <= 800


def test_refused_launch_says_what_to_do(
    page: Page,
    browser_contexts: BrowserContexts,
    rights: Practitioner,
    check_axe: Callable[..., None],
) -> None:
    browser_contexts.expect("403")
    long_ago = datetime(2026, 1, 1, tzinfo=UTC).strftime("%Y%m%d%H%M%S")
    page.goto(link(signed(ts=long_ago)))
    expect(page.get_by_role("heading", name="链接已过期")).to_be_visible()
    expect(page.get_by_text("请回到医生站重新点击「医务权限」。")).to_be_visible()
    check_axe(page)


def test_office_reads_what_was_declared(
    page: Page,
    portal_server: str,
    lin: User,
    rights: Practitioner,
    check_axe: Callable[..., None],
) -> None:
    client = CheckedClient()
    planned = (timezone.localtime() + timedelta(days=2)).isoformat()
    body = declaration(planned_at=planned)
    assert ask(client, token_of(client), "declarations", body).status_code == 200
    office = Client()
    sign_in(office, lin)
    session = office.cookies["sessionid"].value
    page.context.add_cookies(
        [{"name": "sessionid", "value": session, "url": portal_server}]
    )
    page.goto("/declarations/")
    check_axe(page)

    page.get_by_role("button", name="SS26112301").click()
    drawer = page.get_by_role("dialog", name="手术申报")
    expect(drawer.get_by_text("罗景文有三级逐项主刀权")).to_be_visible()
    check_axe(page)
