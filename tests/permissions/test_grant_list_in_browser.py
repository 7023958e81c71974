"""权限维护 as a person uses it: ticked by keys, acted on together, kept as a view."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from permissions.importers import load_catalogue
from permissions.models import GrantState
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.parameters.days import day_of
from tests.browsing import BrowserContexts
from tests.cast import make_practitioner, make_user, sign_in
from tests.permissions.ledger import granted

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "阿卜杜热合曼·买买提吐尔逊"


@pytest.fixture
def office(settings: Any) -> User:
    """An officer, and 25 rights of 25 doctors."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    cache.clear()
    load_catalogue()
    lin = make_user("2031", "林若川", Role.OFFICER)
    head = make_user("2003", "何科长", Role.OFFICE_HEAD)
    today = day_of(timezone.now())
    for number in range(25):
        name = LONG if number == 0 else "陈景行"
        doctor = make_practitioner(f"7{number:03}", name, title_code="231")
        code = "RX01" if number < 22 else "RX03"
        granted(
            lin, head, doctor, code, valid_from=today, valid_to=today + timedelta(90)
        )
    return lin


@pytest.fixture
def page(browser_contexts: BrowserContexts, portal_server: str, office: User) -> Page:
    client = Client()
    sign_in(client, office)
    browser_contexts.base_url = portal_server
    opened = browser_contexts.new_page()
    session = client.cookies["sessionid"].value
    opened.context.add_cookies(
        [{"name": "sessionid", "value": session, "url": portal_server}]
    )
    return opened


def test_rows_are_ticked_by_keys_and_acted_on_together(
    page: Page, check_axe: Callable[[Page], None]
) -> None:
    page.goto("/privileges/")
    batch = page.locator(".batch")
    expect(batch).to_be_hidden()
    for key in "jxjjx":
        page.keyboard.press(key)
    expect(batch).to_contain_text("已选 2 项")
    expect(page.locator("tr.sel")).to_have_count(2)
    ticked = [
        box.get_attribute("value") or ""
        for box in page.locator("tr.sel input[name=selected]").all()
    ]
    check_axe(page)

    batch.get_by_role("button", name="暂停").focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="暂停授权")
    expect(drawer).to_contain_text("2 项 · 2 名医师")
    expect(drawer).to_contain_text("HIS 将更新 2 行")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(batch).to_contain_text("已选 2 项")

    batch.get_by_role("button", name="暂停").click()
    drawer.get_by_label("原因代码").select_option("08")
    drawer.get_by_label("说明").fill("两人的年度评估未提交")
    drawer.get_by_role("button", name="确认暂停 2 项").click()
    expect(drawer).to_be_hidden()
    expect(page.locator("#toasts")).to_contain_text("已暂停 2 项授权")
    paused = GrantState.objects.filter(status="SUSPENDED")
    assert {state.pk for state in paused} == {int(pk) for pk in ticked}


def test_what_is_ticked_can_be_let_go(page: Page) -> None:
    page.goto("/privileges/")
    batch = page.locator(".batch")
    page.locator("input[name=selected]").first.check()
    expect(batch).to_contain_text("已选 1 项")
    batch.get_by_role("button", name="取消选择").click()
    expect(batch).to_be_hidden()


def test_shift_ticks_all_rows_in_between(page: Page) -> None:
    page.goto("/privileges/")
    boxes = page.locator("input[name=selected]")
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(page.locator(".batch")).to_contain_text("已选 4 项")
    boxes.nth(2).click(modifiers=["Shift"])
    expect(page.locator(".batch")).to_contain_text("已选 1 项")


def test_all_pages_are_selected_only_when_confirmed_with_their_number(
    page: Page,
) -> None:
    page.goto("/privileges/?privilege=RX01")
    page.get_by_label("全选本页").check()
    batch = page.locator(".batch")
    expect(batch).to_contain_text("已选 20 项")
    batch.get_by_role("button", name="选择全部 22 条").click()
    dialog = page.get_by_role("dialog", name="选择全部 22 条？")
    dialog.get_by_role("button", name="只选本页").click()
    expect(batch).to_contain_text("已选 20 项")

    batch.get_by_role("button", name="选择全部 22 条").click()
    dialog.get_by_role("button", name="选择全部 22 条").click()
    expect(batch).to_contain_text("已选全部 22 条，含其他页")
    batch.get_by_role("button", name="续期").click()
    drawer = page.get_by_role("dialog", name="续期授权")
    expect(drawer).to_contain_text("22 项 · 22 名医师")
    page.keyboard.press("Escape")

    page.locator("input[name=selected]").first.uncheck()
    expect(batch).to_contain_text("已选 19 项")
    with page.expect_download() as download:
        batch.get_by_role("link", name="导出所选").click()
    assert re.fullmatch(r"grants-\d{8}-\d{4}\.xlsx", download.value.suggested_filename)


def test_view_is_saved_opened_changed_and_deleted(
    page: Page, browser_contexts: BrowserContexts, check_axe: Callable[[Page], None]
) -> None:
    browser_contexts.expect("422")
    page.goto("/privileges/")
    field = page.get_by_role("combobox", name="权限项")
    field.press_sequentially("RX03")
    page.get_by_role("option", name=re.compile("RX03")).click()
    expect(page.locator(".pager")).to_contain_text("共 3 条")
    expect(page.locator(".given")).to_contain_text("RX03")

    page.get_by_role("button", name="保存此视图").click()
    drawer = page.get_by_role("dialog", name="保存此视图")
    drawer.get_by_role("button", name="保存视图").click()
    expect(drawer.get_by_text("请填写视图的名称。")).to_be_visible()
    drawer.get_by_label("名称").fill("特殊级处方")
    drawer.get_by_label("与本部门共享").check()
    check_axe(page)
    page.keyboard.press("Alt+s")
    tab = page.locator(".views a[aria-current=page]")
    expect(tab).to_have_text("特殊级处方")
    expect(page.locator("#toasts")).to_contain_text("已保存视图「特殊级处方」")
    expect(page).to_have_url(re.compile(r"privilege=RX03&saved=\d+$"))
    check_axe(page)

    page.get_by_label("清除「权限项」").click()
    expect(page.locator(".pager")).to_contain_text("共 25 条")
    expect(tab).to_have_count(0)
    page.get_by_text("已存视图 1").click()
    page.get_by_label("修改视图「特殊级处方」").click()
    drawer = page.get_by_role("dialog", name="修改视图")
    drawer.get_by_role("button", name="删除", exact=True).click()
    page.get_by_role("button", name="删除视图", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("已删除视图「特殊级处方」")
    expect(page.get_by_text("已存视图")).to_have_count(0)


@pytest.fixture
def wordy(office: User) -> User:
    """Every row has the longest words there are."""
    with connection.cursor() as cursor:
        for table in ("permissions_grant", "permissions_grantstate"):
            cursor.execute(
                f"UPDATE {table} SET role = 'OPERATE_SUPERVISED', setting = 'OR',"
                " item_kind = 'PROCEDURE', item_code = '52.7x00x003',"
                " kind = 'TEMPORARY'"
            )
        cursor.execute(
            "UPDATE permissions_grant SET item_grade = 4,"
            " item_name = '腹腔镜下胰十二指肠切除术', doc_no = '云医务〔2026〕112号'"
        )
        cursor.execute("UPDATE directory_department SET name = '肝胆胰脾外科一病区'")
        cursor.execute("UPDATE directory_practitioner SET title_code = '232'")
        cursor.execute("UPDATE outbox_message SET state = 'UNKNOWN', tries = 1")
    return office


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_nothing_runs_out_of_the_page_in_either_language(
    browser_contexts: BrowserContexts,
    portal_server: str,
    wordy: User,
    language: str,
) -> None:
    client = Client()
    sign_in(client, wordy)
    browser_contexts.base_url = portal_server
    page = browser_contexts.new_page(locale=language)
    session = client.cookies["sessionid"].value
    page.context.add_cookies(
        [{"name": "sessionid", "value": session, "url": portal_server}]
    )
    page.goto("/privileges/")
    words = "Answer lost, read-back due" if language == "en-US" else "应答丢失，待回读"
    expect(page.locator("tbody tr").first).to_contain_text(words)
    assert _too_wide(page) == {"html": 0, ".tw": 0}


def _too_wide(page: Page) -> dict[str, int]:
    """How many pixels the page and its table reach beyond what is seen."""
    found: dict[str, int] = page.evaluate(
        "() => Object.fromEntries(['html', '.tw'].map((s) => {"
        " const e = document.querySelector(s);"
        " return [s, e.scrollWidth - e.clientWidth]; }))"
    )
    return found


def test_nothing_runs_out_of_the_page_at_150_percent_or_on_paper(page: Page) -> None:
    page.set_viewport_size({"width": 911, "height": 512})
    page.goto("/privileges/?q=7&kind=FIRST")
    assert _too_wide(page) == {"html": 0, ".tw": 0}
    page.emulate_media(media="print")
    expect(page.locator(".given")).to_be_visible()
    expect(page.locator(".given a").first).to_be_hidden()
    expect(page.locator(".filters")).to_be_hidden()
    expect(page.locator("input[name=selected]").first).to_be_hidden()
    assert page.locator("thead").evaluate("e => getComputedStyle(e).display") == (
        "table-header-group"
    )
