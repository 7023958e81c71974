"""核对规则, 培训考核 and 核对试算 with the keyboard, and clean for assistive tools."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from permissions.importers import load_catalogue
from permissions.models import TrainingRecord
from permissions.queries.rules import rule_modes
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.parameters.days import day_of
from tests.browsing import BrowserContexts
from tests.cast import make_practitioner, make_user, sign_in
from tests.permissions.ledger import granted, make_procedures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]
LONG = "阿卜杜热合曼·买买提吐尔逊"
WHY = "技术委员会第 12 次会议决定"


@pytest.fixture
def officer(settings: Any) -> User:
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    cache.clear()
    load_catalogue()
    make_procedures()
    lin = make_user("2031", "林若川", Role.OFFICER)
    su = make_user("2032", "苏晓岚", Role.OFFICER)
    doctor = make_practitioner("1027", LONG, title_code="231")
    today = day_of(timezone.now())
    last = today + timedelta(days=300)
    granted(lin, su, doctor, "SG04", item="50.2205", valid_from=today, valid_to=last)
    return lin


@pytest.fixture
def page(officer: User, browser_contexts: BrowserContexts, portal_server: str) -> Page:
    client = Client()
    sign_in(client, officer)
    browser_contexts.base_url = portal_server
    page = browser_contexts.new_page()
    session = client.cookies["sessionid"].value
    page.context.add_cookies(
        [{"name": "sessionid", "value": session, "url": portal_server}]
    )
    return page


def settled(page: Page) -> None:
    """Nothing is being fetched or swapped any more."""
    page.wait_for_load_state("networkidle")
    expect(page.locator(".htmx-request, .htmx-settling")).to_have_count(0)


def test_rule_is_changed_by_keyboard_and_back(
    page: Page, browser_contexts: BrowserContexts, check_axe: Check
) -> None:
    browser_contexts.expect("422")
    page.goto("/rules/")
    settled(page)
    check_axe(page)
    page.locator("#change-S14").focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="修改规则")
    expect(drawer.get_by_text("已排手术 0 台")).to_be_visible()
    drawer.get_by_role("radio", name="必须").focus()
    page.keyboard.press("ArrowLeft")
    expect(drawer.get_by_role("radio", name="提醒")).to_be_checked()
    expect(drawer.get_by_role("row", name="严格程度 必须 提醒")).to_be_visible()
    check_axe(page)
    drawer.get_by_label("说明").fill("短")
    page.keyboard.press("Alt+s")
    expect(drawer.get_by_text("至少 5 个字，现有 1 个")).to_be_visible()
    expect(drawer.get_by_role("radio", name="提醒")).to_be_checked()
    drawer.get_by_label("说明").fill(WHY)
    page.keyboard.press("Alt+s")
    expect(drawer).to_be_hidden()
    expect(page.locator("#rule-S14")).to_contain_text("出厂：必须")
    assert rule_modes()["S14"].mode == "SUGGEST"

    page.locator("#change-S14").click()
    drawer.get_by_label("说明").fill(WHY)
    drawer.get_by_role("button", name="恢复出厂设置").click()
    expect(drawer).to_be_hidden()
    expect(page.locator("#rule-S14")).not_to_contain_text("出厂：必须")
    page.locator("#history-S14").click()
    history = page.get_by_role("dialog", name="规则历史")
    expect(history.get_by_text("提醒 改为 必须")).to_be_visible()


def test_training_is_recorded_and_voided_on_the_doctors_page(
    page: Page, check_axe: Check
) -> None:
    page.goto("/doctors/1027/")
    card = page.get_by_role("region", name="培训考核")
    expect(card.get_by_text("还没有培训考核记录")).to_be_visible()
    card.get_by_role("button", name="登记培训考核").press("Enter")
    drawer = page.get_by_role("dialog", name="登记培训考核")
    drawer.get_by_label("课程").select_option("TR01")
    drawer.get_by_label("完成日期").fill("2026-03-01")
    drawer.get_by_label("考核成绩").fill("92")
    drawer.get_by_label("说明").fill(WHY)
    check_axe(page)
    page.keyboard.press("Alt+s")
    expect(drawer).to_be_hidden()
    expect(card.get_by_text("92 分，合格线 60")).to_be_visible()
    settled(page)
    check_axe(page)
    card.get_by_role("button", name="作废 TR01").press("Enter")
    void = page.get_by_role("dialog", name="作废培训考核")
    void.get_by_label("说明").fill(WHY)
    page.keyboard.press("Alt+s")
    expect(void).to_be_hidden()
    expect(card.get_by_text("作废", exact=True)).to_be_visible()
    assert TrainingRecord.objects.get().is_void


def test_question_is_tried_by_hand(page: Page, check_axe: Check) -> None:
    page.goto("/check/?surgeon=1027&procedure1=50.2205")
    settled(page)
    check_axe(page)
    page.get_by_role("button", name="试算").press("Enter")
    answer = page.get_by_role("region", name="结论")
    expect(answer.get_by_text("放行：0 可主刀")).to_be_visible()
    expect(answer.get_by_text(LONG).first).to_be_visible()
    expect(page.get_by_role("region", name="核对过程")).to_contain_text("S06")
    check_axe(page)
