"""Grades on the page HIS 差异 in a browser: compared, repaired, adopted and scored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from permissions.reconciliation import settle_repairs
from portal.accounts.models import User
from portal.his.sql.gateway import SqlGateway
from portal.jobs.services import run_due
from portal.outbox.delivery import deliver_due
from portal.outbox.models import Message, State
from surgery.models import GradeProposal
from tests.browsing import BrowserContexts
from tests.cast import PASSWORD
from tests.permissions.grade_drifts.grade_looks import REASON, VEIN, drift_of, look

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]
Check = Callable[[Page], None]


@pytest.fixture
def page(
    browser_contexts: BrowserContexts, portal_server: str, lin: User, his: SqlGateway
) -> Page:
    """Lin on the page of drifts, narrowed to grades, by the address of old."""
    browser_contexts.base_url = portal_server
    page = browser_contexts.new_page()
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto("/accounts/login?next=/his/grades/")
    page.get_by_label("工号").fill(lin.staff_no)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("heading", name="HIS 差异", exact=True)).to_be_visible()
    return page


def fits(page: Page) -> bool:
    """Nothing sticks out to the right."""
    found: bool = page.evaluate(
        "document.documentElement.scrollWidth <= window.innerWidth"
    )
    return found


def rows_of(page: Page) -> Any:
    return page.locator("tr[id^=drift-]")


def test_grades_are_compared_on_demand_and_repaired_with_the_keyboard(
    page: Page, his: SqlGateway, check_axe: Check, browser_contexts: BrowserContexts
) -> None:
    browser_contexts.expect("422")
    page.get_by_role("button", name="立即比对").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="正在比对")).to_be_visible()
    run_due()
    page.goto("/drifts/?target=GRADE")
    expect(rows_of(page)).to_have_count(3)
    expect(page.get_by_text("二级", exact=True).first).to_be_visible()
    check_axe(page)
    assert fits(page)

    for box in page.get_by_role("checkbox", name="选择 ").all():
        box.check()
    page.get_by_role("button", name="按本院修复", exact=True).first.click()
    drawer = page.get_by_role("dialog", name="按本院修复")
    expect(drawer.get_by_text("大隐静脉高位结扎和剥脱术")).to_be_visible()
    check_axe(page)
    submit = drawer.get_by_role("button", name="确认修复")
    submit.click()
    expect(drawer.locator("[aria-invalid=true]")).to_have_count(1)
    drawer.get_by_label("原因").fill(REASON)
    submit.click()

    expect(page.locator("tr[id^=drift-] [id^=arrival-]")).to_have_count(3)
    deliver_due(gateway=his)
    assert Message.objects.filter(state=State.CONFIRMED).count() == 3
    assert settle_repairs(at=timezone.now()) == 3
    page.reload()
    expect(page.get_by_text("没有差异").first).to_be_visible()


def test_grade_of_the_his_is_proposed_and_scored(
    page: Page, his: SqlGateway, check_axe: Check
) -> None:
    look(his)
    page.reload()
    page.get_by_role("button", name="大隐静脉高位结扎和剥脱术").click()
    drawer = page.get_by_role("dialog", name="HIS 差异")
    expect(drawer.get_by_text("三级", exact=True)).to_be_visible()
    check_axe(page)
    drawer.get_by_role("button", name="提议采纳 HIS 的值").click()
    drawer = page.get_by_role("dialog", name="提议采纳 HIS 的值")
    drawer.get_by_label("原因").fill("HIS 的级别经核对无误")
    drawer.get_by_role("button", name="提交提议").click()
    expect(page.get_by_role("link", name="定级申请")).to_be_visible()
    page.get_by_role("link", name="定级申请").click()

    page.get_by_role("button", name="补评分").click()
    drawer = page.get_by_role("dialog", name="补评分")
    for label, points in {
        "手术风险": "4",
        "难易程度": "4",
        "资源消耗": "3",
        "伦理风险": "3",
    }.items():
        drawer.get_by_label(label).select_option(points)
    drawer.get_by_label("文号").fill("院医〔2026〕61 号")
    drawer.get_by_label("理由").fill("按四个维度评分，与 HIS 一致")
    check_axe(page)
    drawer.get_by_role("button", name="确认评分 1 项").click()

    expect(page.get_by_role("button", name="补评分")).to_have_count(0)
    proposal = GradeProposal.objects.get()
    assert proposal.sheet is not None
    assert drift_of(VEIN).grade_proposal == proposal
    check_axe(page)
