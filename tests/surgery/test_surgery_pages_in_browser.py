"""The rooms of surgery by keyboard alone: what is found, foreseen, compared, taken back.

And what a page says that has nothing to show, may not be seen or could not be read.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from permissions.importers import load_catalogue
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from surgery.enums import Grade
from surgery.models import Procedure, ProcedureImport
from surgery.models.imports import Sort
from tests.browsing import BrowserContexts
from tests.cast import make_practitioner, make_user, sign_in
from tests.permissions.act_pages import book
from tests.permissions.event_acts import give
from tests.permissions.ledger import make_procedures, prerequisites_only_warn
from tests.surgery.catalogue_acts import CHOLE, REASON, procedure, today
from tests.surgery.grading import regraded
from tests.surgery.imports.sheets import checked

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]
LONG = "阿卜杜热合曼·买买提吐尔逊"
LIVER = "50.2205"
LISTS = (
    "/procedures/",
    "/procedures/imports/",
    "/grade-versions/",
    "/volumes/",
    "/volumes/surgeons/",
    "/volumes/procedures/",
    "/techniques/",
    "/bookings/",
    "/declarations/",
    "/procedures/grades/",
)
# Of a list that finds nothing: what was asked, and the way out.
NOTHING = {
    "/procedures/?q=没有这个": "没有符合条件的手术",
    "/volumes/?q=没有这个&view=all": "没有符合条件的手术",
    "/techniques/?q=没有这个": "没有符合条件的",
    "/bookings/?q=没有这个": "没有符合条件的",
    "/grade-versions/?q=没有这个": "没有符合条件的",
}


@pytest.fixture
def officer(settings: Any) -> User:
    """A surgeon with a long name, one right, and an operation booked."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    cache.clear()
    load_catalogue()
    make_procedures()
    lin = make_user("2031", "林若川", Role.OFFICER)
    doctor = make_practitioner("1188", LONG)
    with prerequisites_only_warn():
        hour_ago = timezone.now() - timedelta(hours=1)
        give(lin, doctor, "SG03", item=CHOLE, at=hour_ago)
    book(lin, doctor, CHOLE, Grade.THREE, 3)
    return lin


def opened(contexts: BrowserContexts, server: str, user: User) -> Page:
    client = Client()
    sign_in(client, user)
    contexts.base_url = server
    contexts.expect("422")
    page = contexts.new_page()
    cookie = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": server}])
    return page


@pytest.fixture
def page(officer: User, browser_contexts: BrowserContexts, portal_server: str) -> Page:
    return opened(browser_contexts, portal_server, officer)


def settled(page: Page) -> None:
    """Nothing is being fetched or swapped any more."""
    page.wait_for_load_state("networkidle")
    expect(page.locator(".htmx-request, .htmx-settling")).to_have_count(0)


def fits(page: Page) -> bool:
    wide: int = page.evaluate("document.documentElement.scrollWidth")
    seen: int = page.evaluate("window.innerWidth")
    return wide <= seen


def test_what_is_found_is_marked_and_says_who_may_do_it(
    page: Page, check_axe: Check
) -> None:
    page.goto("/procedures/")
    page.keyboard.press("Tab")
    search = page.get_by_role("searchbox", name="编码、名称、别名或拼音")
    search.focus()
    page.keyboard.type("fqj 512300")
    row = page.locator(f"#procedure-{procedure().pk}")
    expect(row.locator("mark")).to_have_text(["51.2300", "腹腔镜"])
    expect(page.locator("#procedures-body tbody tr")).to_have_count(1)
    settled(page)
    check_axe(page)
    assert fits(page)
    able = row.get_by_role("link", name=f"{CHOLE} 可主刀 1 人")
    able.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("谁能做这个手术")
    expect(page.locator("main")).to_contain_text(LONG)


def test_stop_that_is_ahead_is_moved_and_taken_back_by_keyboard(
    page: Page, check_axe: Check
) -> None:
    page.goto(f"/procedures/?q={CHOLE}")
    row = page.locator(f"#procedure-{procedure().pk}")
    later = today() + timedelta(days=5)

    def menu(name: str) -> None:
        dots = row.get_by_label(f"{CHOLE} 腹腔镜下胆囊切除术：更多操作")
        dots.focus()
        page.keyboard.press("Enter")
        act = row.get_by_role("button", name=name, exact=True)
        expect(act).to_be_visible()
        act.focus()
        page.keyboard.press("Enter")

    menu("停用")
    drawer = page.get_by_role("dialog", name="停用手术")
    drawer.get_by_label("生效日期").fill(later.isoformat())
    drawer.get_by_label("说明").fill(REASON)
    page.keyboard.press("Alt+s")
    expect(row).to_contain_text(f"{later} 起停用")
    expect(drawer).to_be_hidden()

    menu("改期或撤回")
    moved = later + timedelta(days=2)
    drawer = page.get_by_role("dialog", name="停用改期或撤回")
    expect(drawer.get_by_label("生效日期")).to_have_value(later.isoformat())
    check_axe(page)
    drawer.get_by_label("生效日期").fill(moved.isoformat())
    drawer.get_by_label("说明").fill(REASON)
    page.keyboard.press("Alt+s")
    expect(row).to_contain_text(f"{moved} 起停用")
    expect(drawer).to_be_hidden()

    menu("改期或撤回")
    expect(drawer.get_by_label("生效日期")).to_have_value(moved.isoformat())
    drawer.get_by_label("改到另一天").focus()
    page.keyboard.press("ArrowDown")
    expect(drawer.get_by_label("撤回，保持现状")).to_be_checked()
    drawer.get_by_label("说明").fill(REASON)
    page.keyboard.press("Alt+s")
    expect(row).not_to_contain_text("起停用")
    expect(drawer).to_be_hidden()
    assert (procedure().is_enabled, procedure().effective_to) == (True, None)


def test_list_of_grades_shows_its_consequences_before_it_is_written(
    page: Page, officer: User, check_axe: Check
) -> None:
    name = Procedure.objects.get(code=CHOLE).name
    one: ProcedureImport = checked(officer, [[CHOLE, name, "四级"]], Sort.GRADES)
    page.goto(f"/procedures/imports/{one.pk}/")
    write = page.get_by_role("button", name="写入目录", exact=True)
    write.focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="写入目录")
    preview = drawer.locator("#list-preview")
    expect(preview).to_contain_text("施行日期未填，按今天")
    expect(preview).to_contain_text("1 人、1 项手术的 1 项授权")
    expect(preview).to_contain_text(LONG)
    expect(preview).to_contain_text("SQ1188003")
    settled(page)
    check_axe(page)
    later = today() + timedelta(days=30)
    drawer.get_by_label("施行日期").fill(later.isoformat())
    drawer.get_by_label("施行日期").press("Tab")
    expect(preview).not_to_contain_text("施行日期未填")
    expect(preview).not_to_contain_text("SQ1188003")


def test_two_versions_are_compared_by_keyboard_and_printed(
    page: Page, officer: User, check_axe: Check
) -> None:
    head = make_user("2003", "何静宜", Role.OFFICE_HEAD)
    first = regraded(officer, head, CHOLE, 4)
    second = regraded(officer, head, LIVER, 3)
    page.goto("/grade-versions/")
    settled(page)
    check_axe(page)
    page.get_by_role("link", name="比较两版").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("比较两版")
    before = page.locator("select[name=before]")
    before.focus()
    before.select_option(str(first.pk))
    page.locator("select[name=after]").select_option(str(second.pk))
    page.get_by_role("button", name="比较", exact=True).focus()
    page.keyboard.press("Enter")
    row = page.locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(LIVER)
    check_axe(page)
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="主导航")).to_be_hidden()
    expect(row).to_be_visible()


def test_every_page_is_clean_fits_and_prints_without_its_controls(
    page: Page, check_axe: Check
) -> None:
    page.set_viewport_size({"width": 1366, "height": 768})
    for address in LISTS:
        page.goto(address)
        settled(page)
        check_axe(page)
        assert fits(page), address
        page.emulate_media(media="print")
        expect(page.locator(".yw-side")).to_be_hidden()
        expect(page.locator(".yw-acts")).to_be_hidden()
        page.emulate_media(media="screen")


def test_list_that_finds_nothing_says_what_was_asked_and_the_way_out(
    page: Page, check_axe: Check
) -> None:
    for address, words in NOTHING.items():
        page.goto(address)
        expect(page.locator(".empty")).to_contain_text(words)
        expect(page.get_by_role("link", name="清除筛选").first).to_be_visible()
        settled(page)
        check_axe(page)


def test_who_may_not_see_the_catalogue_is_told_whom_to_ask(
    officer: User,
    browser_contexts: BrowserContexts,
    portal_server: str,
    check_axe: Check,
) -> None:
    admin = make_user("9001", "管理员", Role.SECURITY_ADMIN)
    browser_contexts.expect("403")
    page = opened(browser_contexts, portal_server, admin)
    browser_contexts.expect("403")
    for address in ("/procedures/", "/volumes/", "/techniques/", "/bookings/"):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 403
        check_axe(page)


def test_list_that_cannot_be_read_says_so_and_keeps_what_it_shows(
    page: Page, browser_contexts: BrowserContexts
) -> None:
    for words in ("ERR_FAILED", "htmx:afterRequest", "htmx:sendError"):
        browser_contexts.expect(words)
    page.goto("/procedures/")
    settled(page)
    shown = page.locator("#procedures-body tbody tr").count()
    page.route("**/procedures/?*", lambda route: route.abort())
    page.get_by_role("searchbox").fill("胆囊")
    expect(page.locator("#toasts .toast1[role=alert]").first).to_be_visible()
    expect(page.locator("#procedures-body tbody tr")).to_have_count(shown)
