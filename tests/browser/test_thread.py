"""The main thread in a browser, through the whole running demo.

An officer proposes, the head of the office approves, the HIS is told and read back, and
the doctor sees it in the station; then the HIS is down, and nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from portal.desk.demo.accounts import PASSWORD
from portal.parameters.days import day_of
from tests.browsing import BrowserContexts
from tests.demo_stack import DemoStack, demo_stack
from tests.services import wait_until

__all__ = ["demo_stack"]
pytestmark = [pytest.mark.browser, pytest.mark.integration]
Check = Callable[[Page], None]

DOCTOR, NAME = "1188", "罗景文"
THYROID, THYROID_NAME = "06.4x00", "甲状腺全部切除术"
PROVED = re.compile(r"已批 \d\d:\d\d · HIS \d\d:\d\d:\d\d · 回读一致")
# The worker and the poll of the page each take a moment on a busy machine.
ARRIVAL_MS = 30_000


class Walk:
    """The persons of the walk, each in a browser of their own."""

    def __init__(self, contexts: BrowserContexts, demo: DemoStack) -> None:
        self.contexts = contexts
        self.demo = demo

    def log_in(self, staff_no: str) -> Page:
        page = self.contexts.new_page(base_url=self.demo.portal_url)
        page.goto("/")
        page.get_by_label("工号").fill(staff_no)
        page.get_by_label("密码", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="登录", exact=True).click()
        page.wait_for_url(self.demo.portal_url + "/")
        return page

    def station(self, path: str) -> Page:
        page = self.contexts.new_page(base_url=self.demo.his_url)
        page.goto(path)
        return page

    def switch(self, name: str, wanted: str) -> None:
        """Press a fault switch of the demo HIS."""
        page = self.station("/switches")
        page.get_by_role("button", name=f"{wanted}{name}").click()
        expect(page.get_by_role("button", name=f"{wanted}{name}")).to_have_count(0)
        page.context.close()


@pytest.fixture
def walk(browser_contexts: BrowserContexts, demo_stack: DemoStack) -> Walk:
    # A switch pressed while the first changes are still on their way meets them too.
    wait_until(demo_stack.is_settled, seconds=60, what="the first changes arrived")
    return Walk(browser_contexts, demo_stack)


def box_of(drawer: Locator, label: str) -> Locator:
    """The searchable box in the place of a long choice."""
    named = drawer.get_by_role("combobox", name=re.compile(f"^{label}"))
    return drawer.locator("input").and_(named)


def choose(drawer: Locator, label: str, typed: str, option: str) -> None:
    """Search a long list by typing and take one line of it."""
    box_of(drawer, label).press_sequentially(typed)
    drawer.page.locator(".ts-dropdown .option", has_text=option).first.click()


def row_of(page: Page) -> Locator:
    return page.locator("tr", has_text=THYROID_NAME)


def propose(page: Page, check_axe: Check) -> None:
    first = day_of(timezone.now())
    page.get_by_role("button", name="新增授权").first.click()
    drawer = page.get_by_role("dialog", name="新增授权")
    # Whoever opens it by Alt+N types at once.
    expect(box_of(drawer, "医师")).to_be_focused()
    choose(drawer, "医师", "ljw", f"{NAME} {DOCTOR}")
    choose(drawer, "权限项", "SG03", "三级手术")
    choose(drawer, "手术", "06.4", THYROID_NAME)
    drawer.get_by_label("依据文号").fill("云医务〔2026〕88号")
    drawer.get_by_label("生效日期").fill(first.isoformat())
    last = first + timedelta(days=700)
    drawer.get_by_label("到期日期").fill(last.isoformat())
    drawer.get_by_label("说明").fill("甲状腺手术 60 例，考核合格")
    expect(drawer.get_by_text("变更预览")).to_be_visible()
    check_axe(page)
    drawer.get_by_role("button", name="提交 1 份申请").click()
    expect(drawer).to_be_hidden()


def approve(page: Page, check_axe: Check) -> None:
    page.goto("/applications/")
    check_axe(page)
    page.locator("tr", has_text=THYROID_NAME).get_by_role("link").first.click()
    check_axe(page)
    page.get_by_role("radio", name="同意", exact=True).check()
    page.get_by_label("说明").fill("材料齐全，同意授权")
    page.get_by_role("button", name="提交结论").click()
    expect(page.get_by_text("已同意").first).to_be_visible()


def change(row: Locator, act: str, code: str, reason: str) -> None:
    """Change a line from its menu and its drawer."""
    row.locator("summary").click()
    row.get_by_role("button", name=act, exact=True).click()
    drawer = row.page.get_by_role("dialog")
    if code:
        drawer.get_by_label("原因代码").select_option(code)
    drawer.get_by_label("说明").fill(reason)
    drawer.get_by_role("button", name=f"确认{act} 1 项").click()
    expect(drawer).to_be_hidden()
    # The row was drawn anew: whoever works by keys is still at it.
    expect(row.locator("summary")).to_be_focused()


def see_own_rights(walk: Walk, check_axe: Check) -> None:
    """The doctor, from the outpatient station, sees the own rights only."""
    station = walk.station(f"/station/outpatient?u={DOCTOR}")
    check_axe(station)
    with station.context.expect_page() as opened:
        station.get_by_role("link", name="医务权限").click()
    own = opened.value
    own.wait_for_url(walk.demo.portal_url + "/my/")
    expect(own.get_by_text(NAME)).to_be_visible()
    expect(own.get_by_text(THYROID_NAME)).to_be_visible()
    check_axe(own)
    walk.contexts.expect("403")
    answer = own.goto(walk.demo.portal_url + "/privileges/")
    assert answer is not None
    assert answer.status == 403


def apply_for_surgery(walk: Walk, check_axe: Check) -> str:
    """The inpatient station judges the surgeon live; the application's number."""
    sheet = walk.station(f"/station/inpatient?u={DOCTOR}")
    sheet.select_option("[name=surgeon]", DOCTOR)
    sheet.select_option("[name=procedure]", THYROID)
    expect(sheet.locator(".yw-c.ok").first).to_have_text("可主刀")
    check_axe(sheet)
    for group, answer in (
        ("是否计划手术", "计划"),
        ("手术性质", "择期"),
        ("再次手术类型", "非再次"),
    ):
        box = sheet.get_by_role("radiogroup", name=group)
        box.get_by_role("radio", name=answer, exact=True).check()
    field = sheet.locator("yw-surgery-field")
    field.locator("input[type=text][name=yw_preop_discussion]").fill("TL20261120")
    field.locator("input[type=datetime-local][name=yw_preop_discussed_at]").fill(
        "2026-11-20T10:00"
    )
    number = sheet.input_value("[name=number]")
    sheet.get_by_role("button", name="提交(T)").click()
    expect(sheet.get_by_text("已提交")).to_be_visible()
    return number


def see_declaration(officer: Page, number: str, check_axe: Check) -> None:
    officer.goto("/declarations/")
    declared = officer.locator("tr", has_text=number)
    expect(declared).to_contain_text("计划")
    expect(declared).to_contain_text("可主刀")
    check_axe(officer)


def suspend_restore_revoke(walk: Walk, officer: Page) -> None:
    """Each travels the same way; the station refuses while the right is suspended."""
    officer.goto("/privileges/?q=06.4x00")
    row = row_of(officer)
    change(row, "暂停", "08", "年度评估超期")
    expect(row).to_contain_text("暂停")
    expect(row.locator(".arr")).to_contain_text("一致", timeout=ARRIVAL_MS)
    sheet = walk.station(f"/station/inpatient?u={DOCTOR}")
    sheet.select_option("[name=procedure]", THYROID)
    expect(sheet.locator(".yw-c.warn").first).to_have_text("已暂停")
    expect(sheet.get_by_role("button", name="提交(T)")).to_be_disabled()

    change(row, "恢复", "", "补评合格，同意恢复")
    expect(row).to_contain_text("生效")
    change(row, "取消", "17", "本人提出不再承担")
    expect(row).to_contain_text("取消")
    expect(row.locator(".arr")).to_contain_text("一致", timeout=ARRIVAL_MS)


def see_log(page: Page, check_axe: Check) -> None:
    page.goto("/log/?q=06.4x00")
    for before, after in (
        ("无", "生效"),
        ("生效", "暂停"),
        ("暂停", "生效"),
        ("生效", "取消"),
    ):
        line = page.locator("tbody tr").filter(has_text=before).filter(has_text=after)
        expect(line.first).to_be_visible()
    check_axe(page)


def test_approved_change_is_proved_in_the_his_and_seen_by_the_doctor(
    walk: Walk, check_axe: Check
) -> None:
    officer = walk.log_in("2031")
    check_axe(officer)
    officer.goto("/privileges/")
    check_axe(officer)
    propose(officer, check_axe)
    # The proposer cannot approve the own proposal.
    officer.goto("/applications/?view=mine")
    officer.locator("tr", has_text=THYROID_NAME).get_by_role("link").first.click()
    expect(officer.get_by_text("提出人不能审批自己的申请")).to_be_visible()
    expect(officer.get_by_role("radio", name="同意")).to_have_count(0)

    head = walk.log_in("2003")
    approve(head, check_axe)
    officer.goto("/privileges/?q=06.4x00")
    expect(row_of(officer)).to_contain_text("一致", timeout=ARRIVAL_MS)
    expect(row_of(officer)).to_contain_text("生效")
    head.goto(f"/doctors/{DOCTOR}/")
    expect(row_of(head).first).to_contain_text(PROVED)
    check_axe(head)

    see_own_rights(walk, check_axe)
    see_declaration(officer, apply_for_surgery(walk, check_axe), check_axe)
    suspend_restore_revoke(walk, officer)
    see_log(head, check_axe)


def test_his_that_is_down_gets_the_change_when_it_is_back(
    walk: Walk, check_axe: Check
) -> None:
    officer = walk.log_in("2032")
    officer.goto("/privileges/?q=60.2900x004")
    row = officer.locator("tr", has_text="60.2900x004")
    expect(row).to_contain_text("一致", timeout=ARRIVAL_MS)
    walk.switch("停机", "打开")
    try:
        change(row, "暂停", "08", "年度评估超期")
        expect(row).to_contain_text("HIS 未应答", timeout=ARRIVAL_MS)
        check_axe(officer)
        information = walk.log_in("3008")
        information.goto("/his/")
        expect(information.get_by_text("HIS 未应答").first).to_be_visible()
        check_axe(information)
    finally:
        walk.switch("停机", "关闭")
    expect(row).to_contain_text("一致", timeout=ARRIVAL_MS)


def test_his_that_refuses_is_shown_with_its_words_and_asked_again(
    walk: Walk, check_axe: Check
) -> None:
    page = walk.station("/switches")
    page.select_option("[name=code]", "3001")
    page.get_by_role("button", name="打开拒收").click()
    officer = walk.log_in("2032")
    officer.goto("/privileges/?q=13.4100x001")
    row = officer.locator("tr", has_text="13.4100x001")
    change(row, "暂停", "08", "年度评估超期")
    expect(row).to_contain_text("拒收", timeout=ARRIVAL_MS)
    walk.switch("拒收", "关闭")

    information = walk.log_in("3008")
    information.goto("/his/")
    refused = information.locator("tr", has_text="3001")
    # A right to a procedure is two rows of the HIS: operating and ordering.
    expect(refused).to_have_count(2)
    for left in (1, 0):
        refused.first.get_by_role("button", name="重新送达").click()
        drawer = information.get_by_role("dialog")
        drawer.get_by_label("原因").fill("HIS 已解锁")
        check_axe(information)
        drawer.get_by_role("button", name="重新送达").click()
        expect(drawer).to_be_hidden()
        expect(refused).to_have_count(left)
    # A refused change has no news by itself, so its row stopped asking.
    officer.reload()
    expect(row).to_contain_text("一致", timeout=ARRIVAL_MS)


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("过期", "过期"),
        ("重放", "用过"),
        ("篡改", "签名"),
        ("陌生", "接入方"),
    ],
)
def test_launch_that_cannot_be_trusted_is_refused_in_clear_words(
    walk: Walk, check_axe: Check, link: str, words: str
) -> None:
    walk.contexts.expect("40")
    if link == "重放":
        first = walk.station(f"/station/inpatient?u={DOCTOR}")
        with first.context.expect_page():
            first.get_by_role("link", name="医务权限").click()
    page = walk.station("/switches")
    line = page.get_by_role("row", name=re.compile(f"^{link}：")).get_by_role("link")
    with page.context.expect_page() as opened:
        line.click()
    refused = opened.value
    refused.wait_for_load_state()
    expect(refused.locator("main")).to_contain_text(words)
    cookies = refused.context.cookies(walk.demo.portal_url)
    assert "sessionid" not in {cookie.get("name") for cookie in cookies}
    check_axe(refused)
