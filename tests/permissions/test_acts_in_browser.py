"""The office's direct acts as a person does them: keyboard, previews, two persons."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from permissions.models import Grant, GrantEvent, GrantState
from portal.accounts.capabilities import Role
from portal.directory.models import Practitioner
from portal.parameters.days import day_of, end_of
from surgery.enums import Grade
from tests.browsing import BrowserContexts
from tests.cast import PASSWORD, make_practitioner, make_user, sign_in
from tests.permissions.act_pages import LIST, WHY, book, two_are_needed
from tests.permissions.ledger import granted

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("catalogue"),
]
Check = Callable[[Page], None]
LONG = "阿卜杜热合曼·买买提吐尔逊"


class Office:
    """Two officers, a surgeon with a line, and a page of the first officer's."""

    def __init__(self, contexts: BrowserContexts, server: str) -> None:
        cache.clear()
        self.lin = make_user("2031", "林若川", Role.OFFICER)
        self.su = make_user("2032", "苏晓岚", Role.OFFICER)
        self.surgeon: Practitioner = make_practitioner(
            "1027", LONG, title_code="231", initials="abdr", pinyin="a bu du"
        )
        self.today = day_of(timezone.now())
        self.ends = self.today + timedelta(days=20)
        self.line: GrantState = granted(
            self.lin,
            self.su,
            self.surgeon,
            "SG03",
            item="51.2300",
            valid_from=self.today,
            valid_to=self.ends,
        )
        client = Client()
        sign_in(client, self.lin)
        contexts.base_url = server
        self.page = contexts.new_page()
        session = client.cookies["sessionid"].value
        cookie: Any = {"name": "sessionid", "value": session, "url": server}
        self.page.context.add_cookies([cookie])
        self.page.goto(LIST)
        settled(self.page)

    def open(self, act: str, title: str) -> Locator:
        """From the row's menu, by keyboard."""
        menu = self.page.locator(f"#grant-{self.line.pk} summary")
        menu.focus()
        self.page.keyboard.press("Enter")
        item = self.page.locator(f"#grant-{self.line.pk} .yw-pop").get_by_role(
            "button", name=act, exact=True
        )
        expect(item).to_be_visible()
        item.focus()
        self.page.keyboard.press("Enter")
        drawer = self.page.get_by_role("dialog", name=title)
        expect(drawer).to_be_visible()
        return drawer


@pytest.fixture
def office(
    browser_contexts: BrowserContexts, portal_server: str, settings: Any
) -> Office:
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    return Office(browser_contexts, portal_server)


def settled(page: Page) -> None:
    """Nothing is being fetched or swapped any more."""
    page.wait_for_load_state("networkidle")
    expect(page.locator(".htmx-request, .htmx-settling")).to_have_count(0)


def choose(page: Page, drawer: Locator, label: str, typed: str, option: str) -> None:
    """Type into a searched choice and take the line, without the mouse."""
    box = drawer.get_by_role("combobox", name=label)
    box.focus()
    box.press_sequentially(typed)
    expect(page.get_by_role("option", name=re.compile(option)).first).to_be_visible()
    page.keyboard.press("Enter")
    settled(page)


def test_direct_grant_by_keyboard_alone(
    office: Office, browser_contexts: BrowserContexts, check_axe: Check
) -> None:
    page = office.page
    browser_contexts.expect("422")
    page.keyboard.press("Alt+n")
    drawer = page.get_by_role("dialog", name="新增授权")
    expect(drawer.get_by_role("radio", name="提出申请")).to_be_checked()
    drawer.get_by_role("radio", name="提出申请").focus()
    page.keyboard.press("ArrowRight")
    expect(drawer.get_by_text("保存即生效")).to_be_visible()
    settled(page)
    choose(page, drawer, "医师", "1027", LONG)
    choose(page, drawer, "权限项", "SG04", "SG04")
    expect(drawer.get_by_label("角色")).to_be_visible()
    choose(page, drawer, "手术", "50.2205", "50.2205")
    check_axe(page)
    ends = office.today + timedelta(days=300)
    drawer.get_by_label("到期日期").fill(str(ends))
    drawer.get_by_label("到期日期").press("Tab")
    expect(drawer.get_by_text("HIS 主刀 50.2205")).to_be_visible()
    page.keyboard.press("Alt+s")
    expect(drawer.get_by_text("该字段是必填项")).to_be_visible()
    expect(drawer.get_by_label("说明")).to_be_focused()
    page.keyboard.type("委员会已有结论，按文号直接授权")
    check_axe(page)
    page.keyboard.press("Alt+s")
    expect(drawer).to_be_hidden()
    grant = Grant.objects.latest("pk")
    assert (grant.item_code, grant.kind, grant.valid_to) == (
        "50.2205",
        "DIRECT",
        end_of(ends),
    )
    expect(page.locator("tbody")).to_contain_text("50.2205")


def test_fields_follow_the_privilege_and_the_kind(
    office: Office, check_axe: Check
) -> None:
    page = office.page
    page.keyboard.press("Alt+n")
    drawer = page.get_by_role("dialog", name="新增授权")
    drawer.locator(".seg label", has_text="直接授权").click()
    expect(drawer.get_by_text("保存即生效")).to_be_visible()
    settled(page)
    expect(drawer.get_by_label("角色")).to_have_count(0)
    choose(page, drawer, "权限项", "TC03", "TC03")
    expect(drawer.get_by_label("项目类别")).to_be_visible()
    drawer.get_by_label("项目类别").select_option("药品")
    expect(drawer.get_by_label("项目名称")).to_be_visible()
    drawer.locator("label", has_text="单例患者").click()
    expect(drawer.get_by_label("HIS 就诊号")).to_be_visible()
    expect(drawer.get_by_label("项目类别")).to_have_value("DRUG")
    settled(page)
    check_axe(page)


def test_suspension_shows_the_booked_operation_before_it_is_done(
    office: Office, check_axe: Check
) -> None:
    book(office.lin, office.surgeon, "51.2300", Grade.THREE, 9)
    page = office.page
    drawer = office.open("暂停", "暂停授权")
    expect(drawer.get_by_text("SQ1027009")).to_be_visible()
    drawer.get_by_label("原因代码").select_option("06")
    expect(drawer.get_by_text("暂停（06 长期病假、进修、产假）")).to_be_visible()
    # Back before the day of the operation: it is not hit any more.
    back = office.today + timedelta(days=5)
    drawer.get_by_label("暂停至").fill(str(back))
    drawer.get_by_label("暂停至").press("Tab")
    expect(drawer.get_by_text("SQ1027009")).to_have_count(0)
    expect(drawer.get_by_text(str(back + timedelta(days=1)))).to_be_visible()
    drawer.get_by_label("说明").fill("外出进修一周，进修期间暂停")
    settled(page)
    check_axe(page)
    button = drawer.get_by_role("button", name="确认暂停 1 项")
    button.focus()
    page.keyboard.press("Enter")
    expect(drawer).to_be_hidden()
    expect(page.locator(f"#grant-{office.line.pk}")).to_contain_text("暂停")
    office.line.refresh_from_db()
    assert office.line.suspended_until == end_of(back)


def test_renewal_too_long_keeps_the_button_shut_and_a_shorter_is_done(
    office: Office, check_axe: Check
) -> None:
    page = office.page
    drawer = office.open("续期", "续期授权")
    drawer.get_by_label("续期至").fill(str(office.today + timedelta(days=2000)))
    drawer.get_by_label("续期至").press("Tab")
    expect(drawer.get_by_text(re.compile("三级手术最长 24 个月"))).to_be_visible()
    expect(drawer.get_by_role("button", name="确认续期 1 项")).to_be_disabled()
    settled(page)
    check_axe(page)
    ends = office.today + timedelta(days=400)
    drawer.get_by_label("续期至").fill(str(ends))
    drawer.get_by_label("续期至").press("Tab")
    expect(drawer.get_by_role("button", name="确认续期 1 项")).to_be_enabled()
    drawer.get_by_label("说明").fill("年度考核合格，准予续期")
    page.keyboard.press("Alt+s")
    expect(drawer).to_be_hidden()
    expect(page.locator(f"#grant-{office.line.pk}")).to_contain_text(str(ends))


def test_undo_takes_a_suspension_back_by_two_persons(
    office: Office, browser_contexts: BrowserContexts, check_axe: Check
) -> None:
    page = office.page
    browser_contexts.expect("422")
    drawer = office.open("暂停", "暂停授权")
    drawer.get_by_label("原因代码").select_option("08")
    drawer.get_by_label("说明").fill(WHY)
    page.keyboard.press("Alt+s")
    expect(drawer).to_be_hidden()
    two_are_needed(office.lin)
    cache.clear()
    drawer = office.open("撤销", "撤销上一次变更")
    drawer.get_by_label("说明").fill("点错了医师，撤销暂停")
    drawer.get_by_label("第二人工号").fill(office.su.staff_no)
    drawer.get_by_label("第二人密码").fill("not-the-one")
    settled(page)
    check_axe(page)
    page.keyboard.press("Alt+s")
    expect(drawer.get_by_text(re.compile("工号或密码不对"))).to_be_visible()
    expect(drawer.get_by_label("第二人密码")).to_be_focused()
    expect(drawer.get_by_label("第二人密码")).to_have_value("")
    expect(drawer.get_by_label("说明")).to_have_value("点错了医师，撤销暂停")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Alt+s")
    expect(drawer).to_be_hidden()
    expect(page.locator(f"#grant-{office.line.pk}")).to_contain_text("即将到期")
    event = GrantEvent.objects.latest("pk")
    assert (event.kind, event.by, event.second) == ("RESTORE", office.lin, office.su)


def test_many_lines_without_the_one_that_cannot(
    office: Office, check_axe: Check
) -> None:
    page, later = office.page, office.today + timedelta(days=30)
    granted(office.lin, office.su, office.surgeon, "RX01", valid_from=office.today)
    second = granted(
        office.lin,
        office.su,
        office.surgeon,
        "SG01",
        valid_from=office.today,
        valid_to=later,
    )
    page.evaluate(
        "htmx.ajax('GET', '/privileges/many/renew/?all=1', {target: '#drawer'})"
    )
    drawer = page.get_by_role("dialog", name="续期授权")
    expect(drawer.get_by_text("不能办理 1 项")).to_be_visible()
    expect(drawer.get_by_role("button", name="确认续期 3 项")).to_be_disabled()
    settled(page)
    check_axe(page)
    drawer.get_by_role("button", name="去掉这 1 项").click()
    expect(drawer.get_by_role("button", name="确认续期 2 项")).to_be_enabled()
    drawer.get_by_label("说明").fill("年度考核合格，一并续期")
    settled(page)
    check_axe(page)
    page.keyboard.press("Alt+s")
    expect(drawer).to_be_hidden()
    expect(page.locator(f"#grant-{second.pk}")).to_be_visible()
    kinds = GrantEvent.objects.order_by("-pk").values_list("kind", flat=True)[:2]
    assert list(kinds) == ["RENEW", "RENEW"]
