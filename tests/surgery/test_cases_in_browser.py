"""手术量, 已排手术 and 限制类与停用 as a person uses them, clean for the eye of axe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.parameters.days import ZONE
from surgery.enums import Grade, RestrictedClass
from tests.browsing import BrowserContexts
from tests.cast import make_department, make_practitioner, make_user, sign_in
from tests.permissions.ledger import make_procedure, make_procedures
from tests.surgery.case_rows import CHOLE, LIVER, Theatre, pull

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]
LONG = "阿卜杜热合曼·买买提吐尔逊"
ECMO = "39.6500"


@pytest.fixture
def officer(settings: Any) -> User:
    """A small theatre with a doctor the directory does not know."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    cache.clear()
    make_procedures()
    make_procedure(
        ECMO, "体外膜氧合", Grade.FOUR, restricted_class=RestrictedClass.NATIONAL
    )
    department = make_department("0401", "肝胆胰外科")
    make_practitioner("1188", "王若谷", department=department)
    make_practitioner("1102", LONG, department=department)
    now = timezone.now()
    local = now.astimezone(ZONE).replace(tzinfo=None, microsecond=0)
    his = Theatre()
    for number in range(8):
        his.case(
            str(number),
            CHOLE,
            surgeon_no=("1188", "1102", "9999")[number % 3],
            complication="04" if number == 3 else "00",
            op_start=local - timedelta(days=number + 1),
            last_modified=local - timedelta(hours=1),
        )
    his.case("20", ECMO, op_start=local - timedelta(days=1))
    his.booking("SS1", plan_time=local + timedelta(days=1), assist1_no="1102")
    his.booking("SS2", plan_time=local + timedelta(days=2), proc_code=LIVER)
    pull(his, now)
    return make_user("2031", "林若川", Role.OFFICER)


@pytest.fixture
def page(officer: User, browser_contexts: BrowserContexts, portal_server: str) -> Page:
    client = Client()
    sign_in(client, officer)
    browser_contexts.base_url = portal_server
    opened = browser_contexts.new_page()
    session = client.cookies["sessionid"].value
    opened.context.add_cookies(
        [{"name": "sessionid", "value": session, "url": portal_server}]
    )
    return opened


def test_volumes_are_filtered_by_typing_and_lead_to_the_doctor(
    page: Page, check_axe: Check
) -> None:
    page.goto("/volumes/")
    rows = page.locator("tbody tr[id^=volume-]")
    expect(rows).to_have_count(4)
    check_axe(page)
    page.get_by_role("searchbox").fill("王若谷")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("腹腔镜下胆囊切除术")
    page.get_by_role("link", name="按手术").click()
    expect(page.locator("tbody tr[id^=volume-]")).to_have_count(2)
    check_axe(page)


def test_booked_operations_are_listed_with_what_is_not_declared(
    page: Page, check_axe: Check
) -> None:
    page.goto("/bookings/")
    rows = page.locator("tbody tr[id^=booking-]")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("未申报")
    check_axe(page)


def test_filing_is_recorded_by_keyboard(page: Page, check_axe: Check) -> None:
    page.goto("/techniques/")
    row = page.locator("tbody tr", has_text=ECMO)
    expect(row).to_contain_text("倒计时")
    check_axe(page)
    row.get_by_role("button", name="登记备案").press("Enter")
    drawer = page.locator("#drawer")
    expect(drawer.get_by_role("button", name="登记", exact=True)).to_be_visible()
    check_axe(page)
    drawer.get_by_label("备案日期").fill(f"{timezone.now().astimezone(ZONE):%Y-%m-%d}")
    drawer.get_by_label("备案机关").fill("云溪市卫生健康委员会")
    drawer.get_by_label("备案文号").fill("云卫备〔2026〕12号")
    drawer.get_by_label("说明").fill("首例后备案")
    drawer.get_by_label("说明").press("Tab")
    drawer.get_by_role("button", name="登记", exact=True).press("Enter")
    expect(row).to_contain_text("已备案")
