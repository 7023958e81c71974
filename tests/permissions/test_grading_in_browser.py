"""Regrading as two people do it: score sheet and consequences seen before the act."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from permissions.importers import load_catalogue
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.parameters.days import day_of
from surgery.enums import Grade
from tests.browsing import BrowserContexts
from tests.cast import make_practitioner, make_user, sign_in
from tests.permissions.act_pages import book
from tests.permissions.event_acts import give
from tests.permissions.ledger import make_procedures, prerequisites_only_warn
from tests.surgery.grading import grade

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]
CHOLE = "51.2300"
LONG = "欧阳慕容诸葛司马长孙"
REASON = "近 12 个月并发症 4.2%，高于同级中位数 1.8%"


@pytest.fixture
def office(transactional_db: None) -> tuple[User, User]:
    """An officer, the head, and a surgeon with a right and an operation booked."""
    cache.clear()
    load_catalogue()
    make_procedures()
    lin = make_user("2031", "林若川", Role.OFFICER)
    head = make_user("2003", "何静宜", Role.OFFICE_HEAD)
    doctor = make_practitioner("1188", LONG)
    with prerequisites_only_warn():
        hour_ago = timezone.now() - timedelta(hours=1)
        give(lin, doctor, "SG03", item=CHOLE, at=hour_ago)
    book(lin, doctor, CHOLE, Grade.THREE, 3)
    return lin, head


def opened(contexts: BrowserContexts, server: str, user: User) -> Page:
    client = Client()
    sign_in(client, user)
    page = contexts.new_page()
    cookie = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": server}])
    page.goto(server)
    return page


def test_grade_is_asked_for_with_its_consequences_and_decided_by_another(
    office: tuple[User, User],
    browser_contexts: BrowserContexts,
    portal_server: str,
    check_axe: Check,
) -> None:
    lin, head = office
    browser_contexts.expect("422")
    page = opened(browser_contexts, portal_server, lin)
    page.goto(f"{portal_server}/grades/?view=open")
    expect(page.get_by_text("没有符合条件的定级申请").first).to_be_visible()
    check_axe(page)
    ask(page, check_axe)

    decide = opened(browser_contexts, portal_server, head)
    decide.goto(f"{portal_server}/grades/")
    decide.get_by_role("link", name="腹腔镜下胆囊切除术").click()
    expect(decide.get_by_text("合计 17 分，建议四级")).to_be_visible()
    concerned = decide.get_by_role("region", name="受影响的术者")
    expect(concerned).to_contain_text(LONG)
    expect(decide.get_by_role("region", name="施行日起已排手术")).to_contain_text(
        "可主刀"
    )
    check_axe(decide)
    decide.get_by_role("button", name="审定", exact=True).click()
    drawer = decide.get_by_role("dialog", name="审定")
    drawer.get_by_label("同意", exact=True).check()
    drawer.get_by_label("审定说明").fill("委员会审定通过，按会议纪要执行")
    check_axe(decide)
    drawer.get_by_role("button", name="确认审定 1 项").click()
    version = decide.get_by_role("link", name=f"{day_of(timezone.now()).year}.1 版")
    expect(version).to_be_visible()
    assert grade(CHOLE) == 4

    version.click()
    changes = decide.get_by_role("region", name="变更")
    expect(changes).to_contain_text("原有授权保留至")
    check_axe(decide)
    publish(decide, check_axe)


def ask(page: Page, check_axe: Check) -> None:
    """Keyboard where it is quicker; refused once on the way, nothing typed is lost."""
    page.keyboard.press("Alt+n")
    picker = page.get_by_role("dialog", name="发起定级").get_by_role("combobox")
    expect(picker).to_be_visible()
    picker.click()
    picker.press_sequentially("51.23")
    page.get_by_role("option").filter(has_text=CHOLE).click()
    drawer = page.get_by_role("dialog", name="调整手术级别")
    expect(drawer.get_by_text("分级评分")).to_be_visible()
    check_axe(page)
    drawer.get_by_label("新级别").select_option("四级")
    drawer.get_by_label("文号").fill("云技委〔2026〕14号")
    drawer.get_by_label("会议").fill("2026 年第 6 次会议")
    for label, points in (("手术风险", "5"), ("难易程度", "5"), ("资源消耗", "4")):
        drawer.get_by_label(label, exact=False).first.select_option(points)
    drawer.get_by_label("理由").fill("改")
    drawer.get_by_role("button", name="提交审定 1 项").click()
    expect(drawer.get_by_text("现有 1 个")).to_be_visible()
    expect(drawer.get_by_label("文号")).to_have_value("云技委〔2026〕14号")
    drawer.get_by_label("伦理风险").first.select_option("3")
    expect(drawer.get_by_text("合计 17 分，建议四级")).to_be_visible()
    concerned = drawer.get_by_role("region", name="受影响的术者")
    expect(concerned).to_contain_text(LONG)
    expect(concerned).to_contain_text("须补高级别审批")
    check_axe(page)
    drawer.get_by_label("理由").fill(REASON)
    drawer.get_by_role("button", name="提交审定 1 项").click()
    expect(page.get_by_role("link", name="腹腔镜下胆囊切除术")).to_be_visible()


def publish(page: Page, check_axe: Check) -> None:
    page.get_by_role("button", name="登记上报、公示").click()
    drawer = page.get_by_role("dialog", name="登记上报、公示")
    drawer.get_by_label("上报", exact=True).check()
    drawer.get_by_label("对象").fill("云溪市卫生健康委员会")
    check_axe(page)
    drawer.get_by_role("button", name="登记 1 次").click()
    shown = page.get_by_role("region", name="上报与公示")
    expect(shown).to_contain_text("云溪市卫生健康委员会")
