"""手术目录 as a clerk uses it: found, opened and changed without the mouse."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Page, expect

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.acting import acting
from surgery.importers import load_seed_procedures
from surgery.models import Procedure, ProcedureAlias
from tests.browsing import BrowserContexts
from tests.cast import make_department, make_user, sign_in
from tests.surgery.catalogue_acts import CHOLE, REASON, procedure, today

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]
LIST = "/procedures/"
LONG = "腹腔镜下全胃切除伴食管空肠吻合术及腹主动脉旁淋巴结清扫术后残端修补" * 2


@pytest.fixture
def office(settings: Any) -> User:
    """An officer, the seed, a procedure with a long name and a long alias."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    cache.clear()
    load_seed_procedures()
    make_department("0401", "肝胆胰外科")
    with acting(by=None, reason="测试"):
        entry = Procedure(code="43.9999", name=LONG, category="1", remark="长" * 300)
        entry.save()
        ProcedureAlias(procedure=entry, name=LONG[:90]).save()
    return make_user("2031", "林若川", Role.OFFICER)


@pytest.fixture
def page(office: User, browser_contexts: BrowserContexts, portal_server: str) -> Page:
    client = Client()
    sign_in(client, office)
    browser_contexts.base_url = portal_server
    browser_contexts.expect("422")
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


def test_procedure_is_found_opened_and_changed_by_keyboard(
    page: Page, check_axe: Check
) -> None:
    page.goto(LIST)
    settled(page)
    check_axe(page)
    search = page.get_by_role("searchbox", name="编码、名称、别名或拼音")
    search.focus()
    page.keyboard.type("fqj 胆囊")
    rows = page.locator("#procedures-body tbody tr")
    expect(rows).to_have_count(1)
    row = page.locator(f"#procedure-{procedure().pk}")
    expect(row).to_contain_text(CHOLE)
    expect(page).to_have_url(re.compile(r"[?&]q=fqj"))
    settled(page)
    check_axe(page)

    row.get_by_role("button", name="腹腔镜下胆囊切除术").focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="腹腔镜下胆囊切除术")
    expect(drawer.get_by_text("变更经过")).to_be_visible()
    check_axe(page)
    drawer.get_by_role("button", name="修改").focus()
    page.keyboard.press("Enter")
    edit = page.get_by_role("dialog", name="修改手术")
    expect(edit.get_by_label("国临编码")).to_be_disabled()
    check_axe(page)
    edit.get_by_label("别名").fill("腹腔镜胆囊摘除术")
    edit.get_by_label("部位").fill("胆囊")
    edit.get_by_label("说明").fill("短")
    page.keyboard.press("Alt+s")
    expect(edit.get_by_text("至少 5 个字，现有 1 个")).to_be_visible()
    expect(edit.get_by_label("部位")).to_have_value("胆囊")
    edit.get_by_label("说明").fill(REASON)
    page.keyboard.press("Alt+s")
    expect(row).to_contain_text("腹腔镜胆囊摘除术")
    expect(edit).to_be_hidden()
    assert procedure().site == "胆囊"


def test_procedure_goes_out_of_use_and_the_row_says_since_when(
    page: Page, check_axe: Check
) -> None:
    page.goto(f"{LIST}?q={CHOLE}")
    settled(page)
    page.get_by_label(f"{CHOLE} 腹腔镜下胆囊切除术：更多操作").click()
    page.get_by_role("button", name="停用", exact=True).click()
    drawer = page.get_by_role("dialog", name="停用手术")
    expect(drawer.get_by_label("生效日期")).to_have_value(today().isoformat())
    check_axe(page)
    drawer.get_by_label("说明").fill(REASON)
    drawer.get_by_role("button", name="停用 1 条").click()
    row = page.locator(f"#procedure-{procedure().pk}")
    expect(row).to_contain_text(f"{today()} 起停用")
    expect(drawer).to_be_hidden()
    assert procedure().is_enabled is False


def test_long_names_and_the_grade_dictionary_are_accessible(
    page: Page, check_axe: Check
) -> None:
    page.goto(f"{LIST}?q=43.9999")
    settled(page)
    check_axe(page)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.evaluate("window.innerWidth")
    page.get_by_role("link", name="等级字典").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("手术等级字典")
    settled(page)
    check_axe(page)
    page.get_by_role("button", name="修改四级的判定标准").click()
    drawer = page.get_by_role("dialog", name="修改判定标准")
    drawer.get_by_label("判定标准").fill("风险高、难度大，或重大伦理风险。")
    drawer.get_by_label("说明").fill(REASON)
    check_axe(page)
    drawer.get_by_role("button", name="修改 1 级").click()
    expect(page.locator("#grade-4")).to_contain_text("风险高、难度大，或重大伦理风险。")
    expect(page.locator("#grade-4")).to_contain_text("本院文字")
