"""What the system proposed, on the page: one person stands for it, another decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from permissions.importers import load_catalogue
from permissions.models import Application, Grant
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.accounts.services import system_account
from portal.ui.moments import today
from tests.browsing import BrowserContexts
from tests.cast import make_practitioner, make_user
from tests.permissions.ledger import propose
from tests.permissions.test_catalogue_in_browser import opened, settled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]
WHY = "已与科室核对，由本人提出"


@pytest.fixture
def lin(db: None, settings: Any) -> User:
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    cache.clear()
    load_catalogue()
    return make_user("2031", "林若川", Role.OFFICER)


@pytest.fixture
def asked(lin: User) -> Application:
    doctor = make_practitioner("1188", "王若谷")
    return propose(system_account(), doctor, "RX01", valid_from=today())


def test_one_stands_for_it_another_is_too_late_and_a_third_approves(
    lin: User,
    asked: Application,
    browser_contexts: BrowserContexts,
    portal_server: str,
    check_axe: Check,
) -> None:
    browser_contexts.expect("422")
    su = make_user("2032", "苏晓岚", Role.OFFICER)
    address = f"/applications/{asked.pk}/"
    hers = opened(browser_contexts, portal_server, lin)
    his = opened(browser_contexts, portal_server, su)
    for page in (hers, his):
        page.goto(address)
        settled(page)
        stand = page.get_by_role("form", name="确认提出申请")
        stand.get_by_label("说明").fill(WHY)
    check_axe(hers)
    decide = hers.get_by_role("form", name="审批结论")
    # Nobody can approve yet: it is not offered, and why is said.
    expect(decide.get_by_role("radio")).to_have_count(2)
    expect(decide.get_by_label("同意", exact=True)).to_have_count(0)
    expect(decide).to_contain_text("确认提出以后才能同意")
    # The box of the decision lies over nothing.
    button = hers.get_by_role("button", name="确认提出")
    bottom, top = button.bounding_box(), decide.bounding_box()
    assert bottom is not None
    assert top is not None
    assert bottom["y"] + bottom["height"] <= top["y"]

    button.click()
    expect(hers.locator("main")).to_contain_text("提出人不能审批自己的申请")
    his.get_by_role("button", name="确认提出").click()

    expect(his.get_by_role("alert")).to_contain_text("这份申请已有提出人")
    assert Application.objects.get().proposed_by == lin
    check_axe(his)
    decide = his.get_by_role("form", name="审批结论")
    decide.get_by_text("同意", exact=True).click()
    decide.get_by_label("说明").fill("核对无误，同意")
    decide.get_by_role("button", name="提交结论").click()
    expect(his.locator("main")).to_contain_text("已同意")
    assert Grant.objects.count() == 1


def test_decision_that_came_too_late_says_so(
    lin: User,
    asked: Application,
    browser_contexts: BrowserContexts,
    portal_server: str,
) -> None:
    browser_contexts.expect("422")
    su = make_user("2032", "苏晓岚", Role.OFFICER)
    pages = [opened(browser_contexts, portal_server, one) for one in (lin, su)]
    for page in pages:
        page.goto(f"/applications/{asked.pk}/")
        decide = page.get_by_role("form", name="审批结论")
        decide.get_by_text("不同意", exact=True).click()
        decide.get_by_label("说明").fill("HIS 应改回，不同意")

    for page in pages:
        page.get_by_role("button", name="提交结论").click()
        settled(page)

    expect(pages[1].get_by_role("alert")).to_contain_text("已")
    assert Application.objects.get().state == "REJECTED"
