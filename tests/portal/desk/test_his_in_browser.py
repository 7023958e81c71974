"""HIS 对接 in a browser: a tile is opened and a loss decided with the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.desk import views_pulls
from portal.directory.models import Loss
from tests.browsing import BrowserContexts
from tests.cast import PASSWORD, make_user
from tests.portal.his.rows import ZHAO, ListedHis, many, pull_doctors

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]


@pytest.fixture
def gao(db: None) -> User:
    return make_user("2051", "高远", Role.INFORMATION_CENTER, office="信息网络中心")


@pytest.fixture
def lossy(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Loss:
    """30 doctors and one bad row were pulled; then 7 of them were gone."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    monkeypatch.setattr(views_pulls, "ring", lambda task: True)
    now = timezone.now()
    his = ListedHis([*many(30), replace(ZHAO, status="88")])
    pull_doctors(gateway=his, at=now - timedelta(minutes=30))
    his.doctor_rows[0] = replace(his.doctor_rows[0], title_code="231")
    pull_doctors(gateway=his, at=now - timedelta(minutes=20))
    his.doctor_rows = his.doctor_rows[7:]
    pull_doctors(gateway=his, at=now - timedelta(minutes=10))
    return Loss.objects.get()


@pytest.fixture
def page(
    browser_contexts: BrowserContexts, portal_server: str, gao: User, lossy: Loss
) -> Page:
    """高 on HIS 对接."""
    browser_contexts.base_url = portal_server
    page = browser_contexts.new_page()
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto("/accounts/login?next=/his/")
    page.get_by_label("工号").fill("2051")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.locator(".if > a")).to_have_count(15)
    return page


def fits(page: Page) -> bool:
    """Nothing sticks out to the right."""
    found: bool = page.evaluate(
        "document.documentElement.scrollWidth <= window.innerWidth"
    )
    return found


def test_loss_is_found_looked_at_and_accepted_by_keyboard(
    page: Page, lossy: Loss, check_axe: Check, browser_contexts: BrowserContexts
) -> None:
    browser_contexts.expect("422")
    check_axe(page)
    assert fits(page)
    tile = page.locator("#if-V_YW_DOCTOR")
    expect(tile.get_by_role("img", name="等待确认")).to_be_visible()

    tile.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/his/interfaces/V_YW_DOCTOR/")
    check_axe(page)
    assert fits(page)
    page.get_by_role("button", name="确认采用本次").focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="确认采用本次")
    expect(drawer.get_by_text("将消失的 7 行")).to_be_visible()
    check_axe(page)

    drawer.get_by_role("button", name="确认采用，7 行消失").click()
    expect(drawer.get_by_label("原因")).to_be_focused()
    page.keyboard.type("院区合并")
    page.keyboard.press("Alt+s")

    expect(page.get_by_text("已确认采用").first).to_be_visible()
    expect(page.get_by_role("button", name="确认采用本次")).to_have_count(0)
    lossy.refresh_from_db()
    assert (lossy.state, lossy.reason) == ("ACCEPTED", "院区合并")


def test_changes_of_a_pull_are_opened_from_its_history(
    page: Page, check_axe: Check
) -> None:
    page.goto("/his/interfaces/V_YW_DOCTOR/")
    expect(page.get_by_role("cell", name="未知代码")).to_be_visible()
    page.get_by_role("link", name="有变化").click()
    page.locator("tr[id^=run-] a").first.click()
    page.wait_for_url("**/his/runs/*/")

    expect(page.get_by_text("专业技术职务代码 233 主治医师")).to_be_visible()
    check_axe(page)
    assert fits(page)


def test_focus_stays_on_its_tile_when_the_tiles_are_read_anew(page: Page) -> None:
    page.locator("#if-V_YW_DRUG").focus()

    with page.expect_response("**/his/tiles/"):
        page.evaluate(
            "htmx.ajax('GET', '/his/tiles/', {target: '#his-tiles', swap: 'outerHTML'})"
        )

    expect(page.locator("#if-V_YW_DRUG")).to_be_focused()


def test_form_sent_in_the_instant_it_was_swapped_in_stays_in_its_drawer(
    page: Page, lossy: Loss, browser_contexts: BrowserContexts
) -> None:
    """A form without its handlers would leave the page and show a bare fragment."""
    browser_contexts.expect("422")
    page.goto("/his/interfaces/V_YW_DOCTOR/")
    page.evaluate(
        # Other parts of the page (the badges) are swapped in by themselves.
        """document.addEventListener("htmx:afterSwap", () => {
             setTimeout(() => {
               const send = document.querySelector("[role=dialog] [type=submit]");
               if (send && !send.dataset.pressed) {
                 send.dataset.pressed = "1";
                 send.click();
               }
             });
           })"""
    )

    with page.expect_request(
        lambda request: request.method == "POST" and "/accept/" in request.url
    ) as sent:
        page.get_by_role("button", name="确认采用本次").click()

    assert sent.value.headers.get("hx-request") == "true"
    assert page.url.endswith("/his/interfaces/V_YW_DOCTOR/")


@pytest.mark.parametrize("width", [911, 683])
def test_page_keeps_its_words_when_magnified(page: Page, width: int) -> None:
    """150 and 200 per cent of 1366 pixels: no number lies over its neighbor."""
    page.set_viewport_size({"width": width, "height": 768})

    assert fits(page)
    assert (
        page.evaluate(
            """[...document.querySelectorAll(".kpis .kpi, .if > a, .card > .hd")]
             .filter((place) => place.scrollWidth > place.clientWidth)
             .map((place) => place.innerText)"""
        )
        == []
    )
