"""The field group inside a station's form, as a doctor meets it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import day_of
from surgery.models import SurgeryApplication
from tests.browsing import BrowserContexts
from tests.cast import make_department, make_practitioner
from tests.his_plugin.host_page import Host, station_server
from tests.his_plugin.station import ask, signed, token_of
from tests.pages import CheckedClient
from tests.permissions.ledger import granted

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CHOLE, LIVER = "51.2300", "50.2205"


@pytest.fixture
def rights(
    transactional_db: None, lin: User, su: User, luo: Practitioner, catalogue: None
) -> Practitioner:
    """罗 may do 51.2300 of grade 3."""
    today = day_of(timezone.now())
    last = today + timedelta(days=700)
    granted(lin, su, luo, "SG03", item=CHOLE, valid_from=today, valid_to=last)
    return luo


@pytest.fixture
def host(portal_server: str, settings: Any, rights: Practitioner) -> Iterator[Host]:
    with station_server(portal_server) as host:
        settings.CORS_ALLOWED_ORIGINS = [host.url]
        at = timezone.localtime() + timedelta(days=2)
        host.planned = at.strftime("%Y-%m-%dT08:30")
        yield host


@pytest.fixture(autouse=True)
def _axe_reads_styles(browser_contexts: BrowserContexts) -> None:
    """It asks for them by script, which another origin's are not open to."""
    browser_contexts.expect("embed.css")


@pytest.fixture
def sheet(browser_contexts: BrowserContexts, host: Host) -> Page:
    return opened(browser_contexts.new_page(), host)


def opened(page: Page, host: Host) -> Page:
    page.goto(host.url)
    expect(page.get_by_role("radiogroup", name="是否计划手术")).to_be_visible(
        timeout=20_000
    )
    return page


def choose(page: Page, group: str, label: str) -> None:
    box = page.get_by_role("radiogroup", name=group)
    box.get_by_role("radio", name=label, exact=True).check()


def fill(page: Page) -> None:
    choose(page, "是否计划手术", "计划")
    choose(page, "手术性质", "择期")
    choose(page, "再次手术类型", "非再次")
    discussed(page)


def discussed(page: Page) -> None:
    """What is demanded from grade 3 on, once the answer demands it."""
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    if page.locator("[name=yw_preop_discussion]").is_visible():
        page.fill("[name=yw_preop_discussion]", "TL26112001")
        page.fill("[name=yw_preop_discussed_at]", "2026-11-20T10:00")


def heard(page: Page) -> Any:
    return page.evaluate("window.heard")


def submit(page: Page, host: Host) -> dict[str, str]:
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("已保存")).to_be_visible()
    [saved] = host.saved
    return saved


def test_verdict_stands_beside_the_form_as_it_is_filled_in(
    sheet: Page, check_axe: Callable[[Page], None]
) -> None:
    expect(sheet.get_by_text("选好手术、主刀和手术时间后自动核对")).to_be_visible()
    check_axe(sheet)

    sheet.select_option("[name=procedure]", CHOLE)
    expect(sheet.get_by_text("罗景文可以主刀：1 项都有权限")).to_be_visible()
    expect(sheet.locator(".yw-c.ok")).to_have_text(["可主刀", "可主刀"])
    expect(sheet.get_by_text("授权数据 20")).to_be_visible()
    assert heard(sheet) == [["0", True]]
    assert sheet.input_value("[name=yw_verdict_code]") == "0"
    check_axe(sheet)

    sheet.select_option("[name=procedure2]", LIVER)
    expect(sheet.get_by_text("罗景文现在不能主刀：1 项未通过核对")).to_be_visible()
    expect(sheet.get_by_text("50.2205 需要四级逐项主刀权")).to_be_visible()
    expect(sheet.get_by_text("改由有权限的医师主刀")).to_be_visible()
    assert heard(sheet) == [["0", True], ["1G", False]]
    check_axe(sheet)


def test_rescue_can_be_ticked_in_an_emergency_alone(sheet: Page) -> None:
    sheet.select_option("[name=procedure]", LIVER)
    expect(sheet.locator(".yw-c.warn").first).to_have_text("越级需审批")
    rescue = sheet.get_by_role("checkbox", name="抢救生命（仅急诊可选）")
    expect(rescue).to_be_disabled()

    choose(sheet, "手术性质", "急诊")
    rescue.check()
    expect(sheet.locator(".yw-c.vio").first).to_have_text("急诊越级登记")
    assert heard(sheet)[-1] == ["8", True]

    choose(sheet, "手术性质", "限期")
    expect(rescue).not_to_be_checked()
    expect(rescue).to_be_disabled()
    expect(sheet.locator(".yw-c.warn").first).to_have_text("越级需审批")


def test_submitting_without_the_choices_stops_at_the_first(
    sheet: Page, host: Host, check_axe: Callable[[Page], None]
) -> None:
    sheet.select_option("[name=procedure]", CHOLE)
    sheet.get_by_role("button", name="提交").click()
    expect(sheet.get_by_text("请选择是否计划手术。")).to_be_visible()
    expect(sheet.locator("[name=yw_is_planned]").first).to_be_focused()
    check_axe(sheet)

    fill(sheet)
    choose(sheet, "再次手术类型", "非计划再次")
    sheet.locator("[name=yw_reoperation_cause]").select_option("感染")
    sheet.get_by_role("button", name="提交").click()
    expect(sheet.get_by_text("非计划再次手术须写明原因。")).to_be_visible()
    expect(sheet.locator("[name=yw_reoperation_reason]")).to_be_focused()
    assert host.saved == []
    assert SurgeryApplication.objects.count() == 0


def test_choices_are_made_by_keys(sheet: Page) -> None:
    sheet.locator("[name=yw_is_planned]").first.focus()
    sheet.keyboard.press("ArrowRight")
    expect(sheet.locator("[name=yw_is_planned][value='2']")).to_be_checked()
    sheet.keyboard.press("Tab")
    sheet.keyboard.press("Space")
    expect(sheet.locator("[name=yw_nature][value='1']")).to_be_checked()


def test_submitting_declares_first_and_then_lets_the_form_go_on(
    sheet: Page, host: Host
) -> None:
    sheet.select_option("[name=procedure]", CHOLE)
    fill(sheet)
    choose(sheet, "是否计划手术", "非计划")
    choose(sheet, "再次手术类型", "非计划再次")
    sheet.locator("[name=yw_reoperation_cause]").select_option("出血")
    sheet.fill("[name=yw_reoperation_reason]", "术后第二天出血")
    sheet.fill("[name=yw_first_operation]", "SS26112001")
    saved = submit(sheet, host)
    row = SurgeryApplication.objects.get()
    expected = {
        "procedure": CHOLE,
        "procedure2": "",
        "surgeon": "1188",
        "planned_at": host.planned,
        "yw_is_planned": "2",
        "yw_nature": "1",
        "yw_reoperation": "2",
        "yw_reoperation_cause": "BLEEDING",
        "yw_reoperation_reason": "术后第二天出血",
        "yw_first_operation": "SS26112001",
        "yw_verdict_code": "0",
        "yw_declaration": str(row.pk),
        "act": "submit",
    }
    # Parts that may be filled in are sent empty.
    assert saved | expected == saved
    assert (row.is_planned, row.reoperation, row.reoperation_reason) == (
        "2",
        "2",
        "术后第二天出血",
    )


def test_a_draft_is_stored_without_declaring(sheet: Page, host: Host) -> None:
    sheet.get_by_role("button", name="暂存").click()
    expect(sheet.get_by_text("已保存")).to_be_visible()
    assert host.saved[0]["act"] == "keep"
    assert SurgeryApplication.objects.count() == 0


def test_form_opened_again_shows_what_was_declared(
    browser_contexts: BrowserContexts, host: Host, rights: Practitioner
) -> None:
    first = opened(browser_contexts.new_page(), host)
    first.select_option("[name=procedure]", CHOLE)
    fill(first)
    choose(first, "手术性质", "急诊")
    first.get_by_role("checkbox", name="抢救生命").check()
    submit(first, host)
    again = opened(browser_contexts.new_page(), host)
    expect(again.locator("[name=yw_is_planned][value='1']")).to_be_checked()
    expect(again.locator("[name=yw_nature][value='2']")).to_be_checked()
    expect(again.get_by_role("checkbox", name="抢救生命")).to_be_checked()
    assert again.input_value("[name=yw_declaration]") != ""


def declared_elsewhere(host: Host, surgeon: Practitioner) -> None:
    """The sheet of the host's page, by somebody else at another station."""
    client = CheckedClient()
    body = {
        "application_no": "SS26112301",
        "surgeon": surgeon.emp_no,
        "procedures": [CHOLE],
        "planned_at": host.planned,
        "nature": "1",
        "is_planned": "1",
        "reoperation": "0",
        "preop_discussion": "TL26112001",
        "preop_discussed_at": "2026-11-20T10:00",
    }
    token = token_of(client, u=surgeon.emp_no, d=surgeon.department.code)
    assert ask(client, token, "declarations", body).status_code == 200


def test_what_a_colleague_declared_meanwhile_is_told_and_not_written_over(
    browser_contexts: BrowserContexts, host: Host, rights: Practitioner
) -> None:
    browser_contexts.expect("422")
    page = browser_contexts.new_page()
    with page.expect_response("**/plugin/v1/declarations/*"):
        opened(page, host)
    colleague = make_practitioner("1190", "沈知行", department=rights.department)
    declared_elsewhere(host, colleague)
    page.select_option("[name=procedure]", CHOLE)
    expect(page.locator(".yw-c.ok").first).to_be_visible()
    fill(page)
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("alert")).to_contain_text("刚才已由他人申报或修改")
    assert host.saved == []
    assert SurgeryApplication.objects.get().surgeon == colleague


def test_application_of_another_department_is_told_at_the_field(
    browser_contexts: BrowserContexts, host: Host
) -> None:
    other = make_practitioner(
        "2001", "何静姝", department=make_department("0402", "胃肠外科")
    )
    declared_elsewhere(host, other)
    browser_contexts.expect("404")
    browser_contexts.expect("422")
    page = opened(browser_contexts.new_page(), host)
    expect(page.get_by_role("alert")).to_contain_text("由其他科室申报")
    page.select_option("[name=procedure]", CHOLE)
    expect(page.locator(".yw-c.ok").first).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("由其他科室申报")
    fill(page)
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("alert")).to_contain_text("请由申请科室修改。")
    assert host.saved == []


def test_verdict_that_comes_after_a_refusal_leaves_it_standing(
    browser_contexts: BrowserContexts, host: Host
) -> None:
    browser_contexts.expect("422")
    page = opened(browser_contexts.new_page(), host)
    held: list[Any] = []
    page.route("**/plugin/v1/check", lambda route: held.append(route))
    fill(page)
    page.select_option("[name=surgeon]", label="查无此人")
    with page.expect_request("**/plugin/v1/check"):
        page.select_option("[name=procedure]", CHOLE)
    page.get_by_role("button", name="提交").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("没有这位主刀的工号")
    [asked] = held
    asked.continue_()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    expect(alert).to_be_visible()

    page.select_option("[name=surgeon]", label="罗景文")
    expect(alert).to_be_hidden()
    assert host.saved == []


def test_portal_away_means_cannot_be_checked_and_the_form_goes_on(
    browser_contexts: BrowserContexts, host: Host, check_axe: Callable[[Page], None]
) -> None:
    browser_contexts.expect("ERR_FAILED")
    page = opened(browser_contexts.new_page(), host)
    page.route("**/plugin/v1/**", lambda route: route.abort())
    page.select_option("[name=procedure]", CHOLE)
    expect(page.locator(".yw-v .h")).to_have_text("暂时无法核对")
    expect(page.get_by_text("核对时间")).to_be_visible()
    assert heard(page) == [["9", True]]
    check_axe(page)
    fill(page)
    saved = submit(page, host)
    assert (saved["yw_verdict_code"], saved["yw_declaration"]) == ("9", "")
    assert SurgeryApplication.objects.count() == 0


def test_portal_away_from_the_start_leaves_the_form_alone(
    browser_contexts: BrowserContexts, host: Host
) -> None:
    browser_contexts.expect("ERR_FAILED")
    page = browser_contexts.new_page()
    page.route("**/plugin/v1/**", lambda route: route.abort())
    page.goto(host.url)
    expect(page.locator(".yw-v .h")).to_have_text("暂时无法核对")
    saved = submit(page, host)
    assert (saved["yw_verdict_code"], saved["act"]) == ("9", "submit")


def test_old_answers_are_dropped(sheet: Page) -> None:
    held: list[Any] = []

    def hold_first(route: Any) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    sheet.route("**/plugin/v1/check", hold_first)
    sheet.select_option("[name=procedure]", CHOLE)
    sheet.wait_for_timeout(500)
    sheet.select_option("[name=procedure]", LIVER)
    expect(sheet.locator(".yw-c.warn").first).to_have_text("越级需审批")
    held[0].continue_()
    sheet.wait_for_timeout(500)
    expect(sheet.locator(".yw-c.warn").first).to_have_text("越级需审批")
    assert heard(sheet) == [["1G", False]]


def test_token_too_old_asks_for_a_reload_and_holds_the_form_once(
    browser_contexts: BrowserContexts, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser_contexts.expect("401")
    page = opened(browser_contexts.new_page(), host)
    page.select_option("[name=procedure]", CHOLE)
    expect(page.locator(".yw-c.ok").first).to_be_visible()
    fill(page)
    monkeypatch.setattr("his_plugin.tokens.SECONDS", -1)
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("alert")).to_contain_text("刷新页面后再提交")
    assert host.saved == []
    saved = submit(page, host)
    assert saved["yw_verdict_code"] == "9"


def test_link_used_before_is_told_and_the_form_goes_on(
    browser_contexts: BrowserContexts, host: Host
) -> None:
    browser_contexts.expect("403")
    host.launch = signed(page="field")
    opened(browser_contexts.new_page(), host)
    page = browser_contexts.new_page()
    page.goto(host.url)
    expect(page.locator(".yw-v")).to_contain_text("链接已用过")
    assert submit(page, host)["yw_verdict_code"] == "9"
