"""The shell as a person uses it: keys, drawers, dialogs, lists, failures."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from playwright.sync_api import Page, expect

from portal.accounts.capabilities import Role
from tests.browsing import BrowserContexts
from tests.cast import make_user, sign_in
from tests.portal.his.rows import WANG, ListedHis, pull_doctors

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.portal.ui.practitioner_list"),
]


FOCUS_IS_INSIDE = "document.activeElement.closest('#drawer') !== null"


@pytest.fixture
def page(browser_contexts: BrowserContexts, portal_server: str) -> Page:
    """林 before the portal; five surgeons in the list."""
    client = Client()
    sign_in(client, make_user("2031", "林若川", Role.OFFICER))
    names = ["王建国", "陈静", "赵立", "李宁", "林国"]
    doctors = [
        replace(WANG, emp_no=f"10{n}", name=name) for n, name in enumerate(names)
    ]
    pull_doctors(gateway=ListedHis(doctors), at=datetime(2026, 11, 23, tzinfo=UTC))
    browser_contexts.base_url = portal_server
    page = browser_contexts.new_page()
    session = client.cookies["sessionid"].value
    page.context.add_cookies(
        [{"name": "sessionid", "value": session, "url": portal_server}]
    )
    return page


def shown(page: Page) -> list[str]:
    return page.locator("tbody tr td:nth-child(2)").all_inner_texts()


def test_components_page_breaks_no_rule(
    page: Page, check_axe: Callable[[Page], None]
) -> None:
    page.goto("/components")
    check_axe(page)

    page.keyboard.press("Alt+n")
    expect(page.locator("#drawer")).to_be_visible()
    check_axe(page)

    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="快捷键")).to_be_visible()
    check_axe(page)


def test_nothing_runs_out_of_the_page_at_1366_and_at_150_percent(page: Page) -> None:
    for width in (1366, 911):
        page.set_viewport_size({"width": width, "height": 768})
        page.goto("/practitioners")
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow == 0


def test_drawer_keeps_the_focus_and_gives_it_back(page: Page) -> None:
    page.goto("/components")
    page.get_by_role("button", name="打开抽屉").click()
    drawer = page.get_by_role("dialog", name="暂停授权")
    expect(drawer).to_be_visible()

    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS_IS_INSIDE)
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(FOCUS_IS_INSIDE)

    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(page.get_by_role("button", name="打开抽屉")).to_be_focused()


def test_drawer_with_changes_asks_before_it_closes(page: Page) -> None:
    page.goto("/components")
    page.get_by_role("button", name="打开抽屉").click()
    drawer = page.get_by_role("dialog", name="暂停授权")
    drawer.get_by_label("说明").fill("评估超期，按规定暂停。")

    page.keyboard.press("Escape")
    page.get_by_role("button", name="继续填写").click()
    expect(drawer.get_by_label("说明")).to_have_value("评估超期，按规定暂停。")

    page.locator("#scrim").click(position={"x": 10, "y": 400})
    page.get_by_role("button", name="放弃修改").click()
    expect(drawer).to_be_hidden()


def test_dialog_names_the_act_and_can_be_left(page: Page) -> None:
    page.goto("/components")
    page.get_by_role("button", name="打开对话框").click()
    dialog = page.get_by_role("dialog", name="取消这项授权？")

    dialog.get_by_role("button", name="保留授权").click()
    expect(dialog).to_be_hidden()
    assert page.url.endswith("/components")

    page.get_by_role("button", name="打开对话框").click()
    dialog.get_by_role("button", name="取消授权").click()
    page.wait_for_url(re.compile(r"/components\?"))


def test_rows_are_chosen_by_keys_and_by_the_head(page: Page) -> None:
    page.goto("/practitioners")
    batch = page.locator(".batch")
    expect(batch).to_be_hidden()

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(batch).to_contain_text("已选 1 项")
    expect(page.locator("tr.sel")).to_have_text(re.compile("李宁"))

    page.get_by_label("全选本页").check()
    expect(batch).to_contain_text("已选 2 项")
    batch.get_by_role("button", name="取消选择").click()
    expect(batch).to_be_hidden()


def test_letters_in_a_field_are_no_shortcuts(page: Page) -> None:
    page.goto("/practitioners")
    page.get_by_label("姓名或拼音首字母").press_sequentially("jx?")

    expect(page.locator("tr.cur")).to_have_count(0)
    expect(page.locator("#shortcuts")).to_be_hidden()


def test_filter_changes_the_rows_and_the_address_without_reload(page: Page) -> None:
    page.goto("/practitioners")
    page.evaluate("window.isSamePage = true")

    page.get_by_label("姓名或拼音首字母").press_sequentially("wj")
    page.wait_for_url("**/practitioners?q=wj")
    assert shown(page) == ["王建国"]

    page.get_by_role("searchbox", name="姓名或拼音首字母").fill("")
    page.wait_for_url("**/practitioners")
    page.get_by_role("link", name="医师", exact=True).click()
    page.wait_for_url("**/practitioners?sort=name")
    page.get_by_role("link", name="医师", exact=True).click()
    page.wait_for_url("**/practitioners?sort=-name")
    expect(page.locator("tbody tr").first).to_contain_text("赵立")

    page.get_by_label("科室").select_option(WANG.dept_name)
    page.wait_for_url(re.compile(rf"\?dept={WANG.dept_code}&sort=-name"))
    page.get_by_role("link", name="下一页").click()
    page.wait_for_url(re.compile(r"page=2"))
    assert shown(page) == ["林国", "李宁"]
    assert page.evaluate("window.isSamePage")


def test_page_is_reached_by_its_number(page: Page) -> None:
    page.goto("/practitioners")
    page.get_by_label("跳至页码").fill("3")
    page.keyboard.press("Enter")

    page.wait_for_url("**/practitioners?page=3")
    assert shown(page) == ["赵立"]


def test_export_follows_the_address(page: Page) -> None:
    page.goto("/practitioners")
    page.get_by_label("姓名或拼音首字母").press_sequentially("wj")
    page.wait_for_url("**/practitioners?q=wj")

    with page.expect_download() as download:
        page.get_by_role("link", name="导出").click()

    assert download.value.url.endswith("/practitioners?q=wj&export=xlsx")
    assert download.value.suggested_filename.startswith("practitioners-")


def test_failed_read_says_so_and_can_be_repeated(
    page: Page, browser_contexts: BrowserContexts
) -> None:
    browser_contexts.expect("500")
    browser_contexts.expect("/practitioners?sort=name")
    page.goto("/practitioners")
    page.route("**/practitioners?sort=name", lambda route: route.fulfill(status=500))
    page.get_by_role("link", name="医师", exact=True).click()

    toast = page.locator("#toasts .toast1")
    expect(toast).to_contain_text("没能读到数据")
    page.unroute("**/practitioners?sort=name")
    toast.get_by_role("button", name="重试").click()

    expect(page.locator("th[aria-sort=ascending]")).to_be_visible()
    expect(toast).to_have_count(0)


def test_ended_session_leads_to_the_login_page(
    page: Page, browser_contexts: BrowserContexts
) -> None:
    browser_contexts.expect("401")
    page.goto("/practitioners")
    Session.objects.all().delete()

    page.get_by_role("link", name="下一页").click()

    page.wait_for_url("**/accounts/login?next=/practitioners")
    expect(page.get_by_role("heading", name="登录")).to_be_visible()


def rename(page: Page, name: str, *, is_whole_list: bool = False) -> None:
    drawer = page.get_by_role("dialog", name="改名")
    drawer.get_by_label("姓名").fill(name)
    drawer.get_by_label("重新读取列表").set_checked(is_whole_list)
    drawer.get_by_role("button", name="确认改名").click()


def test_wrong_entry_stays_in_the_drawer_with_its_reason(
    page: Page, browser_contexts: BrowserContexts
) -> None:
    browser_contexts.expect("422")
    page.goto("/practitioners")
    page.get_by_role("button", name="改名").first.click()

    rename(page, "陈静 2")

    wrong = page.get_by_role("dialog", name="改名").get_by_label("姓名")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_have_value("陈静 2")
    expect(wrong).to_be_focused()


def test_saved_drawer_changes_its_row_alone(page: Page) -> None:
    page.clock.install()
    page.goto("/practitioners")
    page.evaluate("window.isSamePage = true")
    page.get_by_role("button", name="改名").first.click()

    rename(page, "陈静仪")

    expect(page.locator("#drawer")).to_be_hidden()
    expect(page.locator("tr.fresh")).to_contain_text("陈静仪")
    expect(page.locator("#toasts")).to_contain_text("现在是陈静仪")
    assert shown(page) == ["陈静仪", "李宁"]
    page.clock.fast_forward(60_000)
    expect(page.locator("#toasts .toast1")).to_have_count(0)
    assert page.evaluate("window.isSamePage")


def test_saved_drawer_can_have_the_list_read_again(page: Page) -> None:
    page.goto("/practitioners?page=2")
    page.evaluate("window.isSamePage = true")
    page.get_by_role("button", name="改名").first.click()

    rename(page, "林国栋", is_whole_list=True)

    expect(page.locator("tbody tr").first).to_contain_text("林国栋")
    expect(page.locator("#drawer")).to_be_hidden()
    assert shown(page) == ["林国栋", "王建国"]
    assert page.url.endswith("?page=2")
    assert page.evaluate("window.isSamePage")


def test_long_choice_is_searched_by_typing(page: Page) -> None:
    page.goto("/components")
    field = page.get_by_role("combobox", name="医师")
    field.click()
    field.press_sequentially("1043")
    page.get_by_role("listbox").get_by_role("option", name="林若川 1043").click()

    expect(page.locator("#id_practitioner")).to_have_value("1043")
