"""What acts lead to, by keyboard: hit operations, late records, copies, certificates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from permissions.models import (
    BookingHit,
    GrantEvent,
    GrantState,
    PersonalCertificate,
    PostTemplate,
)
from permissions.queries.ledger import privileges_of
from permissions.services.assessments import assess
from permissions.services.certificates import Issued, record_certificate
from portal.accounts.models import User
from tests.browsing import BrowserContexts
from tests.cast import make_practitioner, make_user, sign_in
from tests.permissions.event_acts import give
from tests.permissions.ledger import granted, prerequisites_only_warn
from tests.permissions.test_acts_in_browser import LONG, Office, choose, settled
from tests.permissions.test_booking_hits import book
from tests.permissions.test_booking_hits import suspend as take_away

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("catalogue"),
]
Check = Callable[[Page], None]
DONE = "与科室商定改由王若谷主刀"


@pytest.fixture
def office(
    browser_contexts: BrowserContexts, portal_server: str, settings: Any
) -> Office:
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    return Office(browser_contexts, portal_server)


def page_of(contexts: BrowserContexts, server: str, user: User, **options: Any) -> Page:
    client = Client()
    sign_in(client, user)
    page = contexts.new_page(**options)
    cookie: Any = {
        "name": "sessionid",
        "value": client.cookies["sessionid"].value,
        "url": server,
    }
    page.context.add_cookies([cookie])
    return page


def in_english(page: Page, path: str) -> None:
    """The switch of the menu, and the page again."""
    origin = urljoin(page.url, "/")
    page.context.add_cookies([{"name": "yw_language", "value": "en", "url": origin}])
    page.goto(path)
    settled(page)
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_hit_operation_is_handled_by_keyboard(
    office: Office, browser_contexts: BrowserContexts, check_axe: Check
) -> None:
    browser_contexts.expect("422")
    page = office.page
    page.goto("/booked-operations/")
    settled(page)
    expect(page.get_by_text("没有受影响的已排手术")).to_be_visible()
    check_axe(page)
    book(office.surgeon, office.lin, "SQ1", days=2)
    take_away(office.line, office.lin)
    hit = BookingHit.objects.get()
    page.goto("/booked-operations/")
    settled(page)
    row = page.locator(f"#hit-{hit.pk}")
    expect(row).to_contain_text(LONG)
    check_axe(page)

    row.get_by_role("button").focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="受影响手术")
    expect(drawer.get_by_label("说明")).to_be_visible()
    settled(page)
    check_axe(page)
    drawer.get_by_label("说明").fill(DONE)
    page.keyboard.press("Alt+s")
    expect(drawer.locator("[aria-invalid=true]").first).to_be_visible()
    expect(drawer.get_by_label("说明")).to_have_value(DONE)
    drawer.get_by_label("改派主刀").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Alt+s")
    expect(row).to_have_count(0)
    hit.refresh_from_db()
    assert (hit.state, hit.outcome, hit.note) == ("HANDLED", "REASSIGNED", DONE)


def test_hit_operations_are_printed_read_in_english_and_shut_for_outsiders(
    office: Office,
    browser_contexts: BrowserContexts,
    portal_server: str,
    check_axe: Check,
) -> None:
    browser_contexts.expect("403")
    page = office.page
    book(office.surgeon, office.lin, "SQ1", days=2)
    take_away(office.line, office.lin)
    hit = BookingHit.objects.get()
    page.goto("/booked-operations/?view=all")
    page.emulate_media(media="print")
    expect(page.locator(f"#hit-{hit.pk}")).to_be_visible()
    page.emulate_media(media="screen")
    in_english(page, "/booked-operations/?view=all")
    expect(page.get_by_role("heading", level=1)).to_have_text("Operations affected")
    check_axe(page)

    outsider = page_of(browser_contexts, portal_server, make_user("3999", "赵无关"))
    outsider.goto("/booked-operations/")
    expect(outsider.get_by_role("main")).to_contain_text("没有")
    check_axe(outsider)


def test_suspension_is_recorded_late_by_keyboard(
    office: Office, check_axe: Check
) -> None:
    """补记: of a right of forty days, held up five days ago; a moment ahead is refused."""
    page, now = office.page, timezone.localtime()
    office.line = granted(
        office.lin,
        office.su,
        office.surgeon,
        "RX01",
        at=now - timedelta(days=40),
        valid_from=office.today - timedelta(days=40),
    )
    since = (now - timedelta(days=5)).replace(second=0, microsecond=0)
    page.goto("/privileges/")
    settled(page)
    drawer = office.open("暂停", "暂停授权")
    field = drawer.get_by_label("生效时间")
    expect(field).to_be_visible()
    expect(drawer.get_by_text("已经生效、现在补记的填当时")).to_be_visible()
    settled(page)
    check_axe(page)
    field.fill((now + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M"))
    drawer.get_by_label("原因代码").select_option("08")
    drawer.get_by_label("说明").fill("四级手术年度评估未提交")
    expect(drawer.get_by_text("不能办理").first).to_be_visible()
    field.fill(since.strftime("%Y-%m-%dT%H:%M"))
    field.press("Tab")
    expect(drawer.get_by_text("不能办理")).to_have_count(0)
    expect(
        drawer.get_by_text(f"补记：自 {since:%Y-%m-%d %H:%M} 起").first
    ).to_be_visible()
    settled(page)
    check_axe(page)
    drawer.get_by_role("button", name="暂停 1 项").focus()
    page.keyboard.press("Enter")
    expect(drawer).to_be_hidden()
    row = page.locator(f"#grant-{office.line.pk}")
    expect(row.locator(".chip", has_text="暂停")).to_be_visible()
    event = GrantEvent.objects.get(kind="SUSPEND")
    assert (event.grant, event.effective_at) == (office.line.grant, since)
    assert event.recorded_at >= now
    held = [
        len(privileges_of(office.surgeon, since + timedelta(minutes=minutes)))
        for minutes in (-1, 0)
    ]
    assert held == [1, 0]

    history = office.open("历史", "授权历史")
    expect(history).to_contain_text("暂停（补记）")
    expect(history).to_contain_text(f"自 {since:%Y-%m-%d %H:%M} 起生效")
    check_axe(page)


def test_rights_are_copied_and_kept_as_a_post_by_keyboard(
    office: Office, check_axe: Check
) -> None:
    page = office.page
    with prerequisites_only_warn():
        give(office.lin, office.surgeon, "MR01")
        junior = make_practitioner("1301", "周小满", title_code="232", initials="zxm")
        page.goto("/post-templates/")
        settled(page)
        expect(page.get_by_text("存为岗位模板").first).to_be_visible()
        check_axe(page)
        page.goto(f"/doctors/{office.surgeon.emp_no}/")
        settled(page)
        page.get_by_role("button", name="存为岗位模板").focus()
        page.keyboard.press("Enter")
        drawer = page.get_by_role("dialog", name="存为岗位模板")
        drawer.get_by_label("名称").fill("肝胆外科主治医师")
        drawer.get_by_label("说明").fill("科室岗位说明书第 3 版")
        settled(page)
        check_axe(page)
        page.keyboard.press("Alt+s")
        expect(drawer).to_be_hidden()
        page.goto("/post-templates/")
        page.get_by_role("link", name="肝胆外科主治医师").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("肝胆外科主治医师")
        settled(page)
        check_axe(page)
        assert PostTemplate.objects.get().lines.count() == 2

        page.get_by_role("button", name="用于授权").focus()
        page.keyboard.press("Enter")
        drawer = page.get_by_role("dialog", name="复制授权")
        expect(drawer).to_be_visible()
        choose(page, drawer, "授予医师", "zxm", "周小满")
        expect(drawer.get_by_text("病历书写权")).to_be_visible()
        check_axe(page)
        drawer.get_by_label("说明").fill("按岗位模板授予新到岗医师")
        page.keyboard.press("Alt+s")
        expect(drawer.get_by_text("已授予 2 项，未授予 0 项")).to_be_visible()
        check_axe(page)
    assert GrantState.objects.filter(practitioner=junior).count() == 2
    in_english(page, "/post-templates/")
    check_axe(page)


def test_overdue_assessments_have_a_tab_of_their_own(
    office: Office, check_axe: Check
) -> None:
    page = office.page
    with prerequisites_only_warn():
        line = give(office.lin, office.surgeon, "SG04", item="50.2205")
    now = timezone.now()
    assess(
        state=line,
        assessed_on=timezone.localdate(),
        result="CONDITIONAL",
        doc_no="评〔2026〕3号",
        note="按评估表逐项评分",
        by=office.su,
        at=now,
        next_due=timezone.localdate() + timedelta(days=1),
    )
    page.goto("/privileges/?view=assessment")
    settled(page)
    expect(page.get_by_role("link", name="四级评估超期")).to_be_visible()
    check_axe(page)
    page.goto("/assessments/?view=all")
    settled(page)
    expect(page.get_by_role("row", name=LONG)).to_be_visible()
    check_axe(page)
    in_english(page, "/assessments/")
    check_axe(page)


def test_certificate_is_recorded_and_voided_by_keyboard(
    office: Office, browser_contexts: BrowserContexts, check_axe: Check
) -> None:
    browser_contexts.expect("422")
    page = office.page
    page.goto("/certificates/")
    settled(page)
    expect(page.get_by_text("没有符合条件的证书")).to_be_visible()
    check_axe(page)
    page.goto(f"/doctors/{office.surgeon.emp_no}/")
    settled(page)
    expect(page.get_by_text("还没有登记证书")).to_be_visible()
    page.get_by_role("button", name="登记证书").focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="登记证书")
    drawer.get_by_role("combobox", name="证书").select_option("放射工作人员证")
    drawer.get_by_label("证书编号").fill("粤卫放 0188")
    drawer.get_by_label("发证日期").fill("2024-11-01")
    drawer.get_by_label("有效期至").fill("2020-01-01")
    drawer.get_by_label("说明").fill("医师交来证书原件，已核对")
    settled(page)
    check_axe(page)
    page.keyboard.press("Alt+s")
    expect(drawer.get_by_text("有效期不能早于发证日期。")).to_be_visible()
    expect(drawer.get_by_label("证书编号")).to_have_value("粤卫放 0188")
    drawer.get_by_label("有效期至").fill("2030-01-01")
    page.keyboard.press("Alt+s")
    card = page.get_by_role("region", name="个人证书")
    expect(card.get_by_text("粤卫放 0188")).to_be_visible()
    settled(page)
    check_axe(page)


def test_certificate_is_voided_by_keyboard(office: Office, check_axe: Check) -> None:
    page = office.page
    record_certificate(
        practitioner=office.surgeon,
        issued=Issued("RADIATION", "粤卫放 0188", timezone.localdate()),
        by=office.lin,
        at=timezone.now(),
        reason="医师交来证书原件，已核对",
    )
    page.goto("/certificates/")
    row = page.get_by_role("row", name=LONG)
    expect(row).to_contain_text("粤卫放 0188")
    row.get_by_role("button", name="作废").focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="作废证书")
    drawer.get_by_label("说明").fill("录成了别人的证书")
    settled(page)
    check_axe(page)
    page.keyboard.press("Alt+s")
    expect(row).to_have_count(0)
    assert PersonalCertificate.objects.get().is_void
    in_english(page, "/certificates/?view=void")
    check_axe(page)
