"""HIS 差异 while somebody else is at it too: nothing is lost, and it is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from permissions.models import Drift, DriftDecision, Reconciliation
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.acting import acting
from tests.browsing import BrowserContexts
from tests.cast import make_user
from tests.permissions.test_catalogue_in_browser import opened, settled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]
REASON = "HIS 目录多出的手术，不在本院目录"


@pytest.fixture
def lin(db: None, settings: Any) -> User:
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    return make_user("2031", "林若川", Role.OFFICER)


@pytest.fixture
def drifts(lin: User) -> list[Drift]:
    """25 procedures the HIS has beside ours: more than a page."""
    now = timezone.now()
    with acting(by=lin, reason="测试"):
        Drift.objects.bulk_create(
            Drift(
                target="GRADE",
                kind="EXTRA",
                code="grade",
                item=f"99.{number:02}00x001",
                name="腹腔镜下胃大部切除术",
                setting="ALL",
                valid_from="1900-01-01",
                theirs_status="1",
                theirs_value="3",
                first_seen=now,
                last_seen=now,
                state="OPEN",
            )
            for number in range(25)
        )
    return list(Drift.objects.order_by("pk"))


def test_what_another_person_took_meanwhile_is_told_and_not_done(
    lin: User,
    drifts: list[Drift],
    browser_contexts: BrowserContexts,
    portal_server: str,
    check_axe: Check,
) -> None:
    page = opened(browser_contexts, portal_server, lin)
    page.goto("/drifts/")
    settled(page)
    boxes = page.locator("#drifts-body tbody input[name=selected]")
    taken, kept = (int(boxes.nth(place).input_value()) for place in (0, 1))
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.locator(".batch").get_by_role("button", name="不处理").click()
    drawer = page.get_by_role("dialog", name="不处理")
    drawer.get_by_label("原因").fill(REASON)
    with acting(by=None, reason="另一人"):
        Drift.objects.filter(pk=taken).update(state="REPAIRING")

    drawer.get_by_role("button", name="确认不处理").click()

    toast = page.locator(".toast1[data-tone=warn]")
    expect(toast).to_contain_text("1 项；另 1 项没有：已由他人处理或已消除")
    assert list(DriftDecision.objects.values_list("drift", "act")) == [(kept, "IGNORE")]
    settled(page)
    check_axe(page)


def test_counts_of_the_tabs_follow_and_the_focus_stays_in_the_list(
    lin: User,
    drifts: list[Drift],
    browser_contexts: BrowserContexts,
    portal_server: str,
    check_axe: Check,
) -> None:
    page = opened(browser_contexts, portal_server, lin)
    page.goto("/drifts/?view=extra")
    settled(page)
    tabs = page.get_by_role("navigation", name="快捷视图")
    expect(tabs.get_by_role("link", name="HIS 多出")).to_have_text("HIS 多出 25")
    page.locator("#drifts-body tbody input[name=selected]").nth(0).focus()
    page.keyboard.press("Space")
    page.locator(".batch").get_by_role("button", name="不处理").focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="不处理")
    drawer.get_by_label("原因").fill(REASON)
    page.keyboard.press("Alt+s")

    expect(drawer).to_be_hidden()
    expect(tabs.get_by_role("link", name="HIS 多出")).to_have_text("HIS 多出 24")
    expect(tabs.get_by_role("link", name="不处理")).to_have_text("不处理 1")
    expect(page.get_by_label("全选本页")).to_be_focused()
    check_axe(page)


def test_all_pages_are_chosen_and_all_of_them_are_told(
    lin: User,
    drifts: list[Drift],
    browser_contexts: BrowserContexts,
    portal_server: str,
    check_axe: Check,
) -> None:
    many = Drift.objects.count()
    page = opened(browser_contexts, portal_server, lin)
    page.goto("/drifts/?view=extra")
    settled(page)
    page.get_by_label("全选本页").check()
    page.get_by_role("button", name=f"选择全部 {many} 条").click()
    ask = page.locator("dialog[open]")
    expect(ask).to_contain_text("对符合当前筛选的全部条目有效")
    ask.get_by_role("button", name=f"选择全部 {many} 条").click()
    page.locator(".batch").get_by_role("button", name="不处理").click()

    expect(page.get_by_role("dialog", name="不处理")).to_contain_text("25 项")
    check_axe(page)


def test_brake_says_what_it_means_and_how_it_is_released(
    lin: User,
    drifts: list[Drift],
    browser_contexts: BrowserContexts,
    portal_server: str,
    check_axe: Check,
) -> None:
    now = timezone.now()
    Reconciliation.objects.create(
        part="GRADES",
        asked_at=now,
        started_at=now,
        ended_at=now,
        ours=94,
        theirs=10_094,
        extra=10_000,
        is_braked=True,
    )
    page = opened(browser_contexts, portal_server, lin)
    page.goto("/drifts/")
    settled(page)

    note = page.locator("#drift-summary .note.bad")
    expect(note).to_contain_text("比对时手术级别差异 10,000 项")
    expect(note).to_contain_text("核对后仍可勾选办理")
    expect(note).to_contain_text("再比对时不超过限额，即恢复自动处置")
    looks = page.locator("#drift-looks")
    # A picture, words and color: never the color alone.
    shape = looks.locator(".chip.bad use").first.get_attribute("href") or ""
    name = shape.rpartition("#")[2]
    sprite = page.request.get(shape.partition("#")[0]).text()
    assert f'id="{name}"' in sprite
    box = looks.locator(".tw")
    assert box.evaluate("one => one.scrollWidth <= one.clientWidth")
    expect(page.locator("#drift-trend + span")).to_contain_text("最多 10,000 项")
    check_axe(page)
