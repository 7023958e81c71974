"""Home, log and search as a person uses them: keys, drawers, no rule broken."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from permissions import services
from permissions.importers import load_catalogue
from permissions.models import GrantEvent, GrantState
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.outbox.models import Message, State
from portal.parameters.days import day_of
from tests.browsing import BrowserContexts
from tests.cast import make_practitioner, make_user, sign_in
from tests.permissions.ledger import granted, make_procedures, propose

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "阿卜杜热合曼·买买提吐尔逊"


@pytest.fixture
def officers(settings: Any) -> tuple[User, User]:
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    cache.clear()
    load_catalogue()
    make_procedures()
    lin = make_user("2031", "林若川", Role.OFFICER)
    return lin, make_user("2032", "苏晓岚", Role.OFFICER)


def filled(lin: User, su: User) -> GrantState:
    """A right suspended and refused, one that ends soon, and what waits."""
    today = day_of(timezone.now())
    luo = make_practitioner("1055", "罗景文", initials="ljw", pinyin="luo jing wen")
    long = make_practitioner("1056", LONG, initials="abdrhm", pinyin="a bu du re")
    given: dict[str, Any] = {"valid_from": today}
    later, soon = today + timedelta(days=300), today + timedelta(days=20)
    state = granted(lin, su, luo, "SG03", item="51.2300", valid_to=later, **given)
    granted(lin, su, long, "ND01", valid_to=soon, **given)
    event = services.suspend(
        state=state,
        by=lin,
        at=timezone.now(),
        reason_code="08",
        reason="年度评估未提交",
    )
    Message.objects.filter(subject=event.subject).update(
        state=State.REJECTED, due_at=None, last_code="2004"
    )
    propose(su, long, "RX01", **given)
    propose(lin, luo, "RX03", **given)
    return state


def opened(contexts: BrowserContexts, server: str, user: User) -> Page:
    client = Client()
    sign_in(client, user)
    contexts.base_url = server
    page = contexts.new_page()
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": server}])
    return page


@pytest.fixture
def page(
    browser_contexts: BrowserContexts, portal_server: str, officers: tuple[User, User]
) -> Page:
    """林 before a portal with work to do."""
    filled(*officers)
    return opened(browser_contexts, portal_server, officers[0])


def test_home_log_and_search_break_no_rule(
    page: Page, check_axe: Callable[[Page], None]
) -> None:
    page.goto("/")
    expect(page.locator("#home-his .kpi")).to_contain_text("未应答")
    expect(page.locator("#badge-his")).to_have_text("2")
    expect(page.locator("#badge-applications")).to_have_text("1")
    expect(page.locator("#hisline")).to_have_text("HIS 未应答")
    check_axe(page)
    entry = f"/log/G{GrantEvent.objects.latest('pk').pk}/"
    for path in ("/log/", entry, "/search/?q=罗景文", "/log/?q=没有这个"):
        page.goto(path)
        check_axe(page)


def test_nothing_runs_out_of_the_page_at_1366_and_at_150_percent(page: Page) -> None:
    for width in (1366, 911):
        page.set_viewport_size({"width": width, "height": 768})
        for path in ("/", "/log/", "/search/?q=1"):
            page.goto(path)
            overflow = page.evaluate(
                "document.documentElement.scrollWidth"
                " - document.documentElement.clientWidth"
            )
            assert overflow == 0, (width, path)


def test_slash_types_finds_and_opens(
    page: Page, check_axe: Callable[[Page], None]
) -> None:
    page.goto("/")
    page.keyboard.press("/")
    box = page.locator("#search")
    expect(box).to_be_focused()
    page.keyboard.type("ljw", delay=30)
    options = page.locator("#search-results").get_by_role("option")
    expect(options.first).to_contain_text("罗景文 1055")
    expect(box).to_have_attribute("aria-expanded", "true")
    check_axe(page)

    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", "hit-doctor-0")
    page.keyboard.press("Enter")
    page.wait_for_url("**/doctors/1055/")


def test_escape_closes_and_enter_opens_the_page_of_all(page: Page) -> None:
    page.goto("/log/")
    page.keyboard.press("/")
    page.keyboard.type("罗景文")
    results = page.locator("#search-results")
    expect(results).to_be_visible()
    page.keyboard.press("Escape")
    expect(results).to_be_hidden()
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/search/\?q="))
    expect(page.locator("h1")).to_have_text("搜索「罗景文」")


def test_nothing_found_is_said_below_the_box(
    page: Page, check_axe: Callable[[Page], None]
) -> None:
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("查无此人")
    expect(page.locator("#search-results")).to_have_text("没有找到「查无此人」")
    check_axe(page)
    page.locator("#search").fill("")
    expect(page.locator("#search-results")).to_be_hidden()


def test_log_opens_an_entry_by_keys_and_leads_on(
    page: Page, check_axe: Callable[[Page], None]
) -> None:
    page.goto("/log/?view=grants")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    drawer = page.locator("#drawer")
    expect(drawer).to_be_visible()
    expect(drawer).to_contain_text(
        "罗景文 · 三级手术 51.2300 腹腔镜下胆囊切除术：生效 → 暂停"
    )
    check_axe(page)
    drawer.get_by_role("link", name="授权历史").click()
    expect(page.locator("#drawer-title")).to_have_text("授权历史")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()


def test_log_filters_into_the_address(page: Page) -> None:
    page.goto("/log/")
    page.locator("select[name=kind]").select_option("SUSPEND")
    page.wait_for_url("**kind=SUSPEND**")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_empty_pages_break_no_rule(
    browser_contexts: BrowserContexts,
    portal_server: str,
    officers: tuple[User, User],
    check_axe: Callable[[Page], None],
) -> None:
    page = opened(browser_contexts, portal_server, officers[0])
    for path in ("/", "/log/", "/search/"):
        page.goto(path)
        check_axe(page)
    page = opened(browser_contexts, portal_server, make_user("3999", "赵无关"))
    for path in ("/", "/search/?q=1"):
        page.goto(path)
        check_axe(page)
