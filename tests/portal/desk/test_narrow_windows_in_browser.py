"""683 pixels are 1366 at 200 per cent: only a table scrolls, within its own box."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page

from permissions.importers import load_catalogue
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.parameters.days import day_of
from tests.browsing import BrowserContexts
from tests.cast import make_practitioner, make_user
from tests.permissions.ledger import granted
from tests.permissions.test_catalogue_in_browser import opened, settled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]
# What is cut off to the right, without being in a box that scrolls.
STICKS_OUT = """
() => [...document.querySelectorAll("main *")].filter((one) => {
  const box = one.getBoundingClientRect();
  return box.width && !one.closest(".tw, .sr") && !one.matches(".sr")
    && box.right > document.documentElement.clientWidth + 1;
}).map((one) => one.outerHTML.slice(0, 80))
"""
# Words of more than two signs that stand one below the other.
SQUEEZED = """
() => [...document.querySelectorAll(".crumb > *, h1, .pager > span, .t.d th, .t.d td")]
  .filter((one) => one.innerText.trim().length > 2
    && one.clientWidth < 40 && one.clientHeight > 60)
  .map((one) => one.innerText)
"""
RESET_BESIDE = """
() => {
  const end = document.querySelector("form.filters .filters-end")
    || document.querySelector("form.filters");
  const parts = [...end.children].filter((one) => one.offsetParent).slice(-2);
  const [last, reset] = parts.map((one) => one.getBoundingClientRect());
  return Math.abs(last.top + last.height / 2 - reset.top - reset.height / 2) < 4;
}
"""


@pytest.fixture
def lin(db: None, settings: Any) -> User:
    """An officer, and a right of a doctor."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    cache.clear()
    load_catalogue()
    lin = make_user("2031", "林若川", Role.OFFICER)
    head = make_user("2003", "何科长", Role.OFFICE_HEAD)
    today = day_of(timezone.now())
    for number in range(25):
        doctor = make_practitioner(f"7{number:03}", "陈景行", title_code="231")
        last = today + timedelta(90)
        granted(lin, head, doctor, "RX01", valid_from=today, valid_to=last)
    return lin


@pytest.mark.parametrize("address", ["/his/", "/drifts/", "/log/", "/privileges/"])
def test_page_fits_a_window_magnified_to_200_per_cent(
    lin: User,
    browser_contexts: BrowserContexts,
    portal_server: str,
    check_axe: Check,
    address: str,
) -> None:
    page = opened(browser_contexts, portal_server, lin)
    page.set_viewport_size({"width": 683, "height": 384})

    page.goto(address)
    settled(page)

    assert page.evaluate("document.documentElement.scrollWidth") == 683
    assert page.evaluate(STICKS_OUT) == []
    assert page.evaluate(SQUEEZED) == []
    check_axe(page)


@pytest.mark.parametrize("address", ["/drifts/", "/log/", "/applications/?view=all"])
def test_reset_stands_beside_the_last_filter(
    lin: User, browser_contexts: BrowserContexts, portal_server: str, address: str
) -> None:
    page = opened(browser_contexts, portal_server, lin)

    page.goto(address)
    settled(page)

    assert page.evaluate(RESET_BESIDE)
