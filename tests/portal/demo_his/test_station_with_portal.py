"""Station and portal as two systems in one browser: the button and the field group."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from portal.demo_his.database import Database
from tests.browsing import BrowserContexts
from tests.demo_stack import DemoStack

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def station(demo_stack: DemoStack, browser_contexts: BrowserContexts) -> Page:
    page = browser_contexts.new_page()
    page.set_default_timeout(30_000)
    page.goto(f"{demo_stack.his_url}/station/inpatient?u=1188")
    return page


def test_button_opens_the_portal_for_the_operator(
    station: Page, demo_stack: DemoStack
) -> None:
    with station.context.expect_page() as opened:
        station.get_by_role("link", name="医务权限").click()

    portal = opened.value
    portal.wait_for_url(f"{demo_stack.portal_url}/my/**")
    expect(portal.get_by_text("罗景文").first).to_be_visible()


def test_button_of_the_outpatient_station_opens_the_portal_as_well(
    station: Page, demo_stack: DemoStack
) -> None:
    station.goto(f"{demo_stack.his_url}/station/outpatient?u=1188")
    with station.context.expect_page() as opened:
        station.get_by_role("link", name="医务权限").click()

    portal = opened.value
    portal.wait_for_url(f"{demo_stack.portal_url}/my/**")
    expect(portal.get_by_text("由门诊医生站打开").first).to_be_visible()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("expired", "链接已过期"),
        ("replayed", "链接已用过"),
        ("tampered", "链接没有通过核对"),
        ("foreign", "接入方未登记"),
    ],
)
def test_faulty_launch_is_refused_by_the_portal(
    station: Page,
    demo_stack: DemoStack,
    browser_contexts: BrowserContexts,
    fault: str,
    words: str,
) -> None:
    browser_contexts.expect("403")
    station.goto(f"{demo_stack.his_url}/launch?u=1188&st=ZY")

    answer = station.goto(f"{demo_stack.his_url}/launch/{fault}?u=1188")

    assert answer is not None
    assert answer.status == 403
    expect(station.get_by_text(words).first).to_be_visible()


@pytest.mark.parametrize("way", ["form", "ticket", "frame"])
def test_other_ways_lead_to_own_privileges(
    station: Page, demo_stack: DemoStack, way: str
) -> None:
    station.goto(f"{demo_stack.his_url}/launch/by/{way}?u=1188")
    if way == "form":
        station.get_by_role("button", name="打开").click()
    shown = station.frame_locator("iframe") if way == "frame" else station
    expect(shown.get_by_role("heading", name="罗景文")).to_be_visible()


def test_sheet_submitted_with_the_field_group_keeps_what_the_portal_knows(
    station: Page, demo_stack: DemoStack
) -> None:
    field = station.locator("#yw-field")
    station.get_by_label("拟行手术").select_option("54.9105")
    expect(field.get_by_text("可主刀").first).to_be_visible()
    for words in ("计划", "择期", "非再次"):
        field.get_by_text(words, exact=True).first.click()

    number = station.input_value("[name=number]")
    station.get_by_role("button", name="提交").click()
    expect(station.get_by_text("已提交。")).to_be_visible()

    database = Database(f"sqlite:///{demo_stack.var / 'his.sqlite3'}")
    query = "SELECT * FROM 病人手术申请 WHERE 申请单号 = :number"
    row = database.row(query, number=number)
    assert row is not None
    assert (row["是否计划手术"], row["手术性质"], row["再次手术类型"]) == (
        "1",
        "1",
        "0",
    )
    assert row["判定编码"] == "0"
    assert len(row["申报编号"]) > 0


def test_what_is_declared_at_the_station_is_read_in_the_office(
    station: Page, demo_stack: DemoStack, browser_contexts: BrowserContexts
) -> None:
    field = station.locator("yw-surgery-field")
    station.get_by_label("拟行手术").select_option("54.9105")
    station.get_by_label("第一助手").select_option("1027")
    expect(field.get_by_text("可主刀").first).to_be_visible()
    for words in ("非计划", "限期", "非再次"):
        field.get_by_text(words, exact=True).first.click()
    number = station.input_value("[name=number]")
    station.get_by_role("button", name="提交").click()
    expect(station.get_by_text("已提交。")).to_be_visible()

    office = browser_contexts.new_page(base_url=demo_stack.portal_url)
    office.goto("/")
    office.get_by_label("工号").fill("2031")
    office.get_by_label("密码", exact=True).fill("Yiwu@2026demo")
    office.get_by_role("button", name="登录", exact=True).click()
    office.wait_for_url(demo_stack.portal_url + "/")
    office.goto("/declarations/")
    office.get_by_role("button", name=number).click()
    drawer = office.get_by_role("dialog", name="手术申报")
    expect(drawer.get_by_text("非计划", exact=True).first).to_be_visible()
    expect(drawer.get_by_text("限期", exact=True).first).to_be_visible()


def test_procedure_above_the_ceiling_shuts_submitting(station: Page) -> None:
    station.get_by_label("拟行手术").select_option("50.3x00")

    expect(station.get_by_text("手术申请核对未通过，不能提交。")).to_be_visible()
    expect(station.get_by_role("button", name="提交")).to_be_disabled()
    station.get_by_role("button", name="暂存").click()
    expect(station.get_by_text("已暂存。")).to_be_visible()
