"""A review concluded by keyboard alone; the pages of this part are clean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page, expect

from permissions.importers import load_catalogue
from permissions.models import Review
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.notices.models import Channel, Delivery, Notice, NoticeKind
from tests.browsing import BrowserContexts
from tests.cast import make_practitioner, make_user
from tests.permissions.event_acts import give, leave, read, statuses
from tests.permissions.ledger import make_procedures
from tests.permissions.test_catalogue_in_browser import LONG, opened, settled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]
WHY = "已向人事科核实，本人已离职"


@pytest.fixture
def lin(settings: Any) -> User:
    """An officer; a doctor with a long name left and held two rights."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    cache.clear()
    load_catalogue()
    make_procedures()
    lin = make_user("2031", "林若川", Role.OFFICER)
    for number in range(30):
        make_practitioner(f"6{number:03}", "同事")
    person = make_practitioner("1056", LONG, title_code="231")
    give(lin, person, "RX01")
    give(lin, person, "SG04", item="50.2205")
    other = make_practitioner("1066", "顾明舟", title_code="231")
    give(lin, other, "SG04", item="50.2205")
    leave(person)
    read()
    return lin


def test_review_is_concluded_by_keyboard(
    lin: User,
    browser_contexts: BrowserContexts,
    portal_server: str,
    check_axe: Check,
) -> None:
    browser_contexts.expect("422")
    page = opened(browser_contexts, portal_server, lin)
    page.goto("/")
    settled(page)
    expect(page.locator("#badge-reviews")).to_have_text("1")
    expect(page.get_by_label("未读消息 1 条")).to_be_visible()
    page.get_by_label("未读消息 1 条").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name=f"{LONG}（工号 1056）离职").focus()
    check_axe(page)
    page.keyboard.press("Enter")

    drawer = page.get_by_role("dialog", name="授权复核")
    expect(drawer).to_contain_text("由 在职 变为 离职")
    expect(drawer.get_by_label("原因代码")).to_have_value("05")
    settled(page)
    check_axe(page)
    first = drawer.get_by_role("group", name="普通处方权")
    first.get_by_label("维持现状").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(first.get_by_label("取消")).to_be_checked()
    drawer.get_by_label("结论说明").fill(WHY)
    page.keyboard.press("Alt+s")
    expect(drawer).to_contain_text("每项授权都须有结论")
    expect(first.get_by_label("取消")).to_be_checked()
    expect(drawer.get_by_label("结论说明")).to_have_value(WHY)
    second = drawer.get_by_role("group", name="腹腔镜下肝部分切除术")
    second.get_by_label("暂停").focus()
    page.keyboard.press("Space")
    check_axe(page)
    page.keyboard.press("Alt+s")
    expect(drawer).to_be_hidden()
    expect(page.get_by_text("复核已办结")).to_be_visible()
    expect(page.locator("#reviews-body")).to_contain_text("已取消")
    assert sorted(statuses()) == ["ACTIVE", "REVOKED", "SUSPENDED"]
    assert Review.objects.get().conclusion == WHY
    assert Notice.objects.exclude(read_at=None).count() == 1


def test_assessment_is_recorded_and_a_failed_one_opens_a_review(
    lin: User,
    browser_contexts: BrowserContexts,
    portal_server: str,
    check_axe: Check,
) -> None:
    page = opened(browser_contexts, portal_server, lin)
    page.goto("/assessments/")
    settled(page)
    check_axe(page)
    page.get_by_label("登记评估：顾明舟").press("Enter")
    drawer = page.get_by_role("dialog", name="登记评估")
    drawer.get_by_label("不合格", exact=True).check()
    drawer.get_by_label("依据文号").fill("评〔2026〕7号")
    drawer.get_by_label("说明").fill("并发症发生率高于同级")
    check_axe(page)
    drawer.get_by_role("button", name="保存评估").click()
    expect(drawer).to_be_hidden()
    expect(page.locator("#assessed-body")).to_contain_text("不合格，复核中")
    assert Review.objects.filter(trigger="ASSESSMENT_FAILED").count() == 1


def test_every_page_of_this_part_is_clean(
    lin: User,
    browser_contexts: BrowserContexts,
    portal_server: str,
    check_axe: Check,
) -> None:
    Delivery.objects.create(
        channel=Channel.MAIL,
        target="2031@mail.hospital.local",
        kind=NoticeKind.REVIEW,
        key="review:1",
        payload={},
        created_at=timezone.now(),
        tries=4,
        error="SMTP ConnectionRefusedError",
    )
    page = opened(browser_contexts, portal_server, lin)
    for path in (
        "/reviews/?view=all",
        "/reviews/?view=late",
        "/assessments/",
        "/notices/?view=all",
        "/notices/deliveries/?view=all",
        "/doctors/1056/",
    ):
        page.goto(path)
        settled(page)
        check_axe(page)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 1366, path
