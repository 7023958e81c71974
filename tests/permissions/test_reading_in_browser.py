"""The reading pages as a person uses them: by keyboard, on two axes, on paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from permissions import services
from permissions.importers import load_catalogue
from permissions.models import GrantState
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.parameters.days import day_of
from surgery.enums import Grade
from tests.browsing import BrowserContexts
from tests.cast import make_department, make_practitioner, make_user, sign_in
from tests.permissions.ledger import granted, make_procedure, make_procedures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]
LONG = "阿卜杜热合曼·买买提吐尔逊"
GALLBLADDER, LIVER = "51.2300", "50.2205"
DAY = timedelta(days=1)


@pytest.fixture
def officer(settings: Any) -> User:
    """A department with every kind of cell; Lin may change and export."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    cache.clear()
    load_catalogue()
    make_procedures()
    make_procedure("47.0100", "腹腔镜下阑尾切除术" * 4, Grade.THREE)
    lin = make_user("2031", "林若川", Role.OFFICER)
    su = make_user("2032", "苏晓岚", Role.OFFICER)
    department = make_department("0401", "肝胆胰外科")
    today = day_of(timezone.now())
    names = {"1027": "陈景行", "1102": LONG, "1188": "罗景文"}
    titles = {"1027": "231", "1102": "232", "1188": "233"}
    people = {
        emp_no: make_practitioner(
            emp_no, name, department=department, title_code=titles[emp_no]
        )
        for emp_no, name in names.items()
    }

    def give(emp_no: str, code: str, days: int = 300, **given: Any) -> GrantState:
        dates: dict[str, date] = {"valid_from": today, "valid_to": today + days * DAY}
        return granted(lin, su, people[emp_no], code, **{**dates, **given})

    give("1027", "SG03", item=GALLBLADDER, conditions="限日间开展")
    give("1027", "SG03", item="47.0100")
    paused = give("1027", "SG04", item=LIVER)
    give("1102", "SG03", 12, item=GALLBLADDER)
    give("1188", "SG03", item=GALLBLADDER, role="OPERATE_SUPERVISED")
    give("1188", "SG07")
    services.suspend(
        state=paused,
        by=su,
        at=timezone.now(),
        reason_code="08",
        reason="年度评估未提交",
    )
    return lin


@pytest.fixture
def page(officer: User, browser_contexts: BrowserContexts, portal_server: str) -> Page:
    client = Client()
    sign_in(client, officer)
    browser_contexts.base_url = portal_server
    opened = browser_contexts.new_page()
    session = client.cookies["sessionid"].value
    opened.context.add_cookies(
        [{"name": "sessionid", "value": session, "url": portal_server}]
    )
    return opened


def settled(page: Page) -> None:
    """Nothing is being fetched or swapped any more."""
    page.wait_for_load_state("networkidle")
    expect(page.locator(".htmx-request, .htmx-settling")).to_have_count(0)


def fits(page: Page) -> None:
    """A long name pushes nothing out of the window."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 1366


def test_matrix_is_walked_and_opened_by_keyboard(page: Page, check_axe: Check) -> None:
    page.goto("/matrix/")
    settled(page)
    check_axe(page)
    fits(page)
    grid = page.get_by_role("grid")
    cells = grid.locator("tbody td")
    cells.first.focus()
    page.keyboard.press("ArrowRight")
    expect(cells.nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(cells.nth(5)).to_be_focused()
    page.keyboard.press("Home")
    expect(cells.nth(4)).to_be_focused()
    page.keyboard.press("Control+Home")
    expect(cells.first).to_be_focused()
    # The first row is grade 4: suspended, told by letter and in words.
    expect(cells.first).to_have_text("停")
    expect(cells.first).to_have_attribute("aria-label", re.compile("^主刀 暂停"))
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="腹腔镜下肝部分切除术")
    expect(drawer.get_by_text("年度评估未提交")).to_be_visible()
    check_axe(page)
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(cells.first).to_be_focused()


def test_act_from_a_cell_changes_the_cell(page: Page, check_axe: Check) -> None:
    page.goto("/matrix/")
    settled(page)
    page.get_by_role("grid").locator("tbody td").first.click()
    page.get_by_role("dialog").get_by_role("button", name="恢复").click()
    drawer = page.get_by_role("dialog", name="恢复授权")
    drawer.get_by_label("说明").fill("补评合格，同意恢复")
    check_axe(page)
    drawer.get_by_role("button", name="确认恢复 1 项").click()
    expect(drawer).to_be_hidden()
    expect(page.get_by_role("grid").locator("tbody td").first).to_have_text("主")


def test_matrix_filters_change_the_grid_and_the_address(
    page: Page, check_axe: Check
) -> None:
    page.goto("/matrix/")
    settled(page)
    page.get_by_label("只看人手不足的").check()
    page.wait_for_url(re.compile("gaps=1"))
    expect(page.get_by_role("grid").locator("tbody tr")).to_have_count(2)
    page.get_by_label("只看人手不足的").uncheck()
    page.locator("select[name=rows]").select_option("权限条目")
    page.wait_for_url(re.compile("rows=privileges"))
    expect(page.get_by_label("类别")).to_be_visible()
    expect(page.get_by_label("专业")).to_be_hidden()
    settled(page)
    check_axe(page)
    page.get_by_label("纸张").select_option("A3 横向")
    expect(page.locator("body")).to_have_class("wide3")


def test_day_is_asked_on_both_axes(page: Page, check_axe: Check) -> None:
    page.goto("/doctors/1027/")
    settled(page)
    check_axe(page)
    tomorrow = (day_of(timezone.now()) + DAY).isoformat()
    page.get_by_label("某日有何权限").fill(tomorrow)
    page.get_by_label("知悉时点").select_option("当日所知（不含后补）")
    page.get_by_role("button", name="查看").click()
    expect(page.get_by_text(f"{tomorrow} 有效 2 项")).to_be_visible()
    expect(page.get_by_text("按当日所知")).to_be_visible()
    settled(page)
    check_axe(page)
    yesterday = (day_of(timezone.now()) - DAY).isoformat()
    page.get_by_label("某日有何权限").fill(yesterday)
    page.get_by_label("知悉时点").select_option("现在所知（含后补登记）")
    page.get_by_role("button", name="查看").click()
    expect(page.get_by_text(f"{yesterday} 有效 0 项")).to_be_visible()
    page.get_by_role("link", name="回到今天").click()
    expect(page.get_by_text("限日间开展")).to_be_visible()
    fits(page)


def test_two_days_are_compared_in_two_columns(page: Page, check_axe: Check) -> None:
    page.goto("/doctors/1027/")
    page.get_by_role("link", name="比较两个日期").click()
    gained = page.get_by_role("region", name="新增")
    expect(gained.get_by_text("腹腔镜下胆囊切除术")).to_be_visible()
    expect(page.get_by_role("region", name="失去")).to_contain_text("没有失去")
    settled(page)
    check_axe(page)
    fits(page)
    box = page.get_by_role("combobox", name="医师、手术或科室")
    box.focus()
    box.press_sequentially("肝胆")
    page.locator(".ts-dropdown .option", has_text="肝胆胰外科").last.click()
    page.get_by_role("button", name="查看").click()
    expect(gained.get_by_role("link", name=LONG)).to_be_visible()
    settled(page)
    check_axe(page)


def test_who_may_is_asked_by_typing(page: Page, check_axe: Check) -> None:
    page.goto("/who-may/")
    settled(page)
    check_axe(page)
    box = page.get_by_role("combobox", name="手术、权限或药品")
    box.focus()
    box.press_sequentially("胆囊")
    page.locator(".ts-dropdown .option", has_text=GALLBLADDER).first.click()
    page.get_by_role("button", name="查询").click()
    page.wait_for_url(re.compile("subject=P"))
    able = page.get_by_role("region", name="可主刀")
    expect(able.get_by_role("link", name="陈景行")).to_be_visible()
    led = page.get_by_role("region", name="带教下主刀")
    expect(led.get_by_role("link", name="罗景文")).to_be_visible()
    settled(page)
    check_axe(page)
    fits(page)
    page.goto(f"/who-may/?subject=P:{LIVER}")
    nearly = page.get_by_role("region", name="还差一步")
    expect(nearly).to_contain_text("已暂停")
    settled(page)
    check_axe(page)


def test_roster_is_seen_and_printed(page: Page, check_axe: Check) -> None:
    page.goto("/roster/")
    settled(page)
    check_axe(page)
    fits(page)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="打印版").click()
    paper = opened.value
    expect(paper.get_by_role("heading", level=1)).to_have_text("手术室授权名册")
    expect(paper.get_by_text("限日间开展")).to_be_visible()
    check_axe(paper)
    paper.emulate_media(media="print")
    expect(paper.get_by_role("button", name="打印")).to_be_hidden()
    assert paper.pdf(format="A4").startswith(b"%PDF-")
