"""手术级别差异 in a browser: compared, looked at and pushed with the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.his.sql.gateway import SqlGateway
from portal.outbox.delivery import deliver_due
from portal.outbox.models import Message, State
from surgery.queries.grade_differences import asked_comparison
from surgery.services.grade_differences import compare, compare_if_due
from tests.browsing import BrowserContexts
from tests.cast import PASSWORD, make_user

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]
Check = Callable[[Page], None]


@pytest.fixture
def gao(db: None) -> User:
    return make_user("2051", "高远", Role.INFORMATION_CENTER, office="信息网络中心")


@pytest.fixture
def page(
    browser_contexts: BrowserContexts, portal_server: str, gao: User, his: SqlGateway
) -> Page:
    """高 on the page of differences."""
    browser_contexts.base_url = portal_server
    page = browser_contexts.new_page()
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto("/accounts/login?next=/his/grades/")
    page.get_by_label("工号").fill("2051")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("heading", name="手术级别差异")).to_be_visible()
    return page


def fits(page: Page) -> bool:
    """Nothing sticks out to the right."""
    found: bool = page.evaluate(
        "document.documentElement.scrollWidth <= window.innerWidth"
    )
    return found


def rows_of(page: Page) -> Any:
    return page.locator("tr[id^=grade-difference-]")


def test_comparison_is_asked_for_and_shown_when_it_is_done(
    page: Page, his: SqlGateway, check_axe: Check
) -> None:
    expect(page.get_by_text("还没有比对过。")).to_be_visible()
    check_axe(page)

    page.get_by_role("button", name="立即比对").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("正在比对，完成后自动显示")).to_be_visible()
    assert asked_comparison() is not None
    compare_if_due(gateway=his, at=timezone.now())

    expect(rows_of(page)).to_have_count(3)
    expect(page.get_by_role("cell", name="3 项差异")).to_be_visible()
    check_axe(page)
    assert fits(page)


def test_all_differences_are_pushed_with_a_reason_and_arrive(
    page: Page, his: SqlGateway, check_axe: Check, browser_contexts: BrowserContexts
) -> None:
    browser_contexts.expect("422")
    compare(gateway=his, at=timezone.now())
    page.reload()
    expect(rows_of(page)).to_have_count(3)
    boxes = page.get_by_role("checkbox", name="选择 ")
    expect(boxes).to_have_count(3)
    for box in boxes.all():
        box.check()
    page.get_by_role("button", name="重新推送", exact=True).first.click()
    drawer = page.get_by_role("dialog", name="按本院级别重新推送")
    expect(drawer.get_by_text("大隐静脉高位结扎和剥脱术")).to_be_visible()
    check_axe(page)

    submit = drawer.get_by_role("button", name="确认推送 3 项")
    submit.click()
    reason = drawer.get_by_label("原因")
    expect(drawer.locator("[aria-invalid=true]")).to_have_count(1)
    reason.fill("以本院目录为准")
    submit.click()

    expect(page.locator("tr[id^=grade-difference-] [id^=arrival-]")).to_have_count(3)
    deliver_due(gateway=his)
    assert Message.objects.filter(state=State.CONFIRMED).count() == 3
    compare(gateway=his, at=timezone.now())
    page.reload()
    expect(page.get_by_text("没有差异").first).to_be_visible()
    expect(page.get_by_role("cell", name="两边一致", exact=True)).to_be_visible()
    check_axe(page)
