"""The catalogue as a person uses it: an entry changed, decided on, compared."""

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

from permissions.importers import load_catalogue
from permissions.models import DraftEntry
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.parameters.days import day_of
from tests.browsing import BrowserContexts
from tests.cast import make_practitioner, make_user, sign_in
from tests.permissions.catalogue_acts import REASON, published, under_way
from tests.permissions.ledger import granted, privilege

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]
LIST = "/privilege-catalogue/"
LONG = "阿卜杜热合曼·买买提吐尔逊"


@pytest.fixture
def office(settings: Any) -> tuple[User, User]:
    """An officer who changes and the head who decides; a doctor who holds SD02."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    cache.clear()
    load_catalogue()
    lin = make_user("2031", "林若川", Role.OFFICER)
    head = make_user("2003", "何科长", Role.OFFICE_HEAD)
    junior = make_practitioner("1056", LONG, title_code="234")
    today = day_of(timezone.now())
    later = today + timedelta(days=600)
    granted(lin, head, junior, "SD02", valid_from=today, valid_to=later)
    return lin, head


def opened(contexts: BrowserContexts, server: str, user: User) -> Page:
    client = Client()
    sign_in(client, user)
    contexts.base_url = server
    page = contexts.new_page()
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": server}])
    return page


def settled(page: Page) -> None:
    """Nothing is being fetched or swapped any more."""
    page.wait_for_load_state("networkidle")
    expect(page.locator(".htmx-request, .htmx-settling")).to_have_count(0)


def change_by_keyboard(page: Page, check_axe: Check) -> None:
    """From the row's menu to the draft without the mouse, refused once on the way."""
    page.get_by_label("SD02 质子泵抑制剂预防用药：更多操作").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="修改条目")
    expect(drawer.get_by_label("编码")).to_be_disabled()
    check_axe(page)
    drawer.get_by_label("职称规则").select_option("必须")
    drawer.get_by_label("最低职称").select_option("主治医师")
    drawer.get_by_label("有效月数").fill("12")
    drawer.get_by_label("有效月数").press("Tab")
    expect(drawer.get_by_text("受影响的授权 1 项、1 人")).to_be_visible()
    expect(drawer.get_by_text("须主治医师及以上")).to_be_visible()
    expect(drawer.get_by_text("新规定为 12 个月")).to_be_visible()
    check_axe(page)
    drawer.get_by_label("说明").fill("短")
    page.keyboard.press("Alt+s")
    expect(drawer.get_by_text("至少 5 个字，现有 1 个")).to_be_visible()
    expect(drawer.get_by_label("说明")).to_be_focused()
    expect(drawer.get_by_label("有效月数")).to_have_value("12")
    drawer.get_by_label("说明").fill(REASON)
    page.keyboard.press("Alt+s")
    expect(drawer).to_be_hidden()


def submit_here(page: Page, check_axe: Check) -> None:
    page.get_by_role("button", name="提交").click()
    drawer = page.get_by_role("dialog", name="提交审批")
    drawer.get_by_label("依据文号").fill("云医务〔2026〕88号")
    drawer.get_by_label("说明").fill(REASON)
    check_axe(page)
    drawer.get_by_role("button", name="提交 1 版").click()
    expect(drawer).to_be_hidden()


def test_entry_is_changed_and_published_by_two(
    office: tuple[User, User],
    browser_contexts: BrowserContexts,
    portal_server: str,
    check_axe: Check,
) -> None:
    lin, head = office
    browser_contexts.expect("422")
    page = opened(browser_contexts, portal_server, lin)
    page.goto(f"{LIST}?q=SD02")
    settled(page)
    check_axe(page)
    change_by_keyboard(page, check_axe)
    expect(page.locator("#entry-SD02")).to_contain_text("草稿中")
    assert DraftEntry.objects.get().content["validity_months"] == 12

    address = f"{LIST}versions/{under_way().pk}/"
    page.goto(address)
    settled(page)
    check_axe(page)
    expect(page.get_by_role("region", name="受影响的授权")).to_contain_text(LONG)
    submit_here(page, check_axe)
    expect(page.get_by_role("region", name="概况")).to_contain_text("待审批")
    expect(page.get_by_role("button", name="同意发布")).to_have_count(0)

    decide = opened(browser_contexts, portal_server, head)
    decide.goto(address)
    settled(decide)
    decide.get_by_role("button", name="同意发布").click()
    drawer = decide.get_by_role("dialog", name="同意发布")
    drawer.get_by_label("说明").fill("委员会审定通过")
    drawer.get_by_role("button", name="确认同意 1 版").click()
    expect(drawer).to_be_hidden()
    expect(decide.get_by_role("region", name="概况")).to_contain_text("已发布")
    check_axe(decide)
    assert privilege("SD02").title_rule == "HARD"
    decide.get_by_role("link", name="与上一版比较").click()
    expect(decide.get_by_role("heading", level=1)).to_have_text("第 1 版 → 第 2 版")
    card = decide.get_by_role("region", name="SD02 质子泵抑制剂预防用药")
    expect(card).to_contain_text("主治医师")
    check_axe(decide)


def test_new_entry_chooses_prerequisites_and_a_wrong_one_is_told_at_once(
    office: tuple[User, User],
    browser_contexts: BrowserContexts,
    portal_server: str,
    check_axe: Check,
) -> None:
    lin, _head = office
    page = opened(browser_contexts, portal_server, lin)
    page.goto(LIST)
    settled(page)
    page.keyboard.press("Alt+n")
    drawer = page.get_by_role("dialog", name="新增条目")
    drawer.get_by_label("编码").fill("SD07")
    drawer.get_by_label("类别").select_option("其他特殊药品权限")
    drawer.get_by_label("名称").fill("儿科超说明书用药权")
    drawer.get_by_label("名称").press("Tab")
    expect(drawer.get_by_text("编码 SD07 已有条目").first).to_be_visible()
    drawer.get_by_label("编码").fill("SD09")
    chosen = drawer.get_by_role("combobox", name="前提权限")
    chosen.click()
    chosen.press_sequentially("ptcfq")
    page.get_by_role("option", name="RX01 普通处方权").click()
    drawer.get_by_label("说明").fill(REASON)
    settled(page)
    check_axe(page)
    drawer.get_by_role("button", name="记入草稿 1 项").click()
    expect(drawer).to_be_hidden()
    made = DraftEntry.objects.get()
    assert (made.code, made.content["requires"]) == ("SD09", ["RX01"])


def test_every_page_of_the_catalogue_is_clean(
    office: tuple[User, User],
    browser_contexts: BrowserContexts,
    portal_server: str,
    check_axe: Check,
) -> None:
    lin, head = office
    published(lin, head, "SD06", validity_months=6, name="国家重点监控药品使用权" * 5)
    page = opened(browser_contexts, portal_server, lin)
    for path in ("", "SD06/", "AB02/", "codes/", "versions/", "versions/compare/"):
        page.goto(f"{LIST}{path}")
        settled(page)
        check_axe(page)
        # A long name pushes nothing out of the window.
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 1366, path
    page.goto("/search/?q=AB02")
    page.get_by_role("main").get_by_role("link", name=re.compile("AB02")).first.click()
    page.wait_for_url(f"**{LIST}AB02/")
    page.get_by_role("link", name="AB01 非限制使用级抗菌药物").click()
    page.wait_for_url(f"**{LIST}AB01/")
