"""The stations in Chromium: what the script of the host does, and who can read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from portal.demo_his.database import Database
from tests.browsing import BrowserContexts
from tests.portal.demo_his.test_serve import served

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TELL = """
(detail) => document.getElementById("yw-field").dispatchEvent(
  new CustomEvent("yw-verdict", {detail: detail}))
"""
NOBODY = "http://127.0.0.1:9"  # no portal there


@pytest.fixture
def his_url(database: Database, tmp_path: Path) -> Iterator[str]:
    dsn = f"sqlite:///{database.path}"
    with served(dsn, tmp_path / "log", "--portal", NOBODY) as visitor:
        yield visitor.url


@pytest.fixture
def station(his_url: str, browser_contexts: BrowserContexts) -> Page:
    """The inpatient station whose portal is down."""
    browser_contexts.expect("127.0.0.1:9/")
    page = browser_contexts.new_page()
    page.goto(f"{his_url}/station/inpatient")
    return page


def test_station_without_the_portal_says_so_and_works(station: Page) -> None:
    expect(station.get_by_text("医务管理系统暂不可用")).to_be_visible()

    station.get_by_label("拟行手术").select_option("50.3x00")
    station.get_by_role("button", name="提交").click()

    expect(station.get_by_text("已提交。")).to_be_visible()
    expect(station.get_by_role("link", name="历次申请（1）")).to_be_visible()


def test_verdict_shuts_submitting_but_never_keeping(station: Page) -> None:
    submit = station.get_by_role("button", name="提交")
    expect(submit).to_be_enabled()

    station.evaluate(TELL, {"code": "3", "letsThrough": False})
    expect(submit).to_be_disabled()
    expect(station.get_by_role("button", name="暂存")).to_be_enabled()
    expect(station.get_by_text("手术申请核对未通过，不能提交。")).to_be_visible()
    expect(station.get_by_text("医务管理系统暂不可用")).to_be_hidden()

    station.evaluate(TELL, {"code": "9", "letsThrough": True})
    expect(submit).to_be_enabled()
    expect(station.get_by_text("医务管理系统暂不可用")).to_be_visible()


def test_choosing_another_operator_opens_their_station(station: Page) -> None:
    station.get_by_label("操作员").select_option("1027")
    expect(station.get_by_role("heading", level=1)).to_have_text(
        "住院医生工作站 - 肝胆胰外科 - 陈景行"
    )


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/station/inpatient",
        "/station/inpatient?tab=history",
        "/station/inpatient?tab=patients",
        "/station/outpatient",
        "/switches",
    ],
)
def test_page_can_be_read_by_everyone(
    his_url: str,
    browser_contexts: BrowserContexts,
    check_axe: Callable[[Page], None],
    path: str,
) -> None:
    browser_contexts.expect("127.0.0.1:9/")
    page = browser_contexts.new_page()
    page.goto(his_url + path)
    check_axe(page)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 1366
