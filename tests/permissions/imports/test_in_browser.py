"""An import as an officer does it: by keyboard, from the file to the undo."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Page, expect

from permissions.importers import load_catalogue
from permissions.models import GrantImport, GrantState
from portal.accounts.capabilities import Role
from portal.sheets.models import ImportState
from portal.ui.moments import today
from tests.browsing import BrowserContexts
from tests.cast import make_practitioner, make_user, sign_in
from tests.permissions.imports.sheets import WHY, book

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]
LIST = "/privileges/imports/"
LONG = "阿卜杜热合曼·买买提吐尔逊"
# A job runs in the page's own request here, on a machine that may be busy.
SLOW = 90_000


@pytest.fixture
def page(settings: Any, browser_contexts: BrowserContexts, portal_server: str) -> Page:
    """Lin's station, with two doctors in the house."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    cache.clear()
    load_catalogue()
    make_practitioner("1027", LONG, title_code="231")
    make_practitioner("001301", "周小满", title_code="234")
    client = Client()
    sign_in(client, make_user("2031", "林若川", Role.OFFICER))
    browser_contexts.base_url = portal_server
    browser_contexts.expect("422")
    opened = browser_contexts.new_page()
    opened.context.add_cookies(
        [
            {
                "name": "sessionid",
                "value": client.cookies["sessionid"].value,
                "url": portal_server,
            }
        ]
    )
    return opened


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """One line to grant, one with lost zeros, one of nobody."""
    ends = today() + timedelta(days=300)
    path = tmp_path / "授权.xlsx"
    path.write_bytes(
        book(
            [
                ["1027", LONG, "MR01", "", today(), ends],
                [1301, "周小满", "RX01", "", today(), None],
                ["9999", "无此人", "RX01", "", today(), None],
            ]
        )
    )
    return path


def press(page: Page, name: str, role: Any = "button") -> None:
    """The button of this name, by the keyboard."""
    button = page.get_by_role(role, name=name, exact=True)
    button.focus()
    page.keyboard.press("Enter")


def test_import_by_keyboard(page: Page, sheet: Path, check_axe: Check) -> None:
    page.goto(LIST)
    check_axe(page)
    press(page, "上传并核对")
    expect(page.get_by_text("请选择 xlsx 或 csv 文件。")).to_be_visible()
    page.get_by_label("授权表格").set_input_files(sheet)
    press(page, "上传并核对")

    expect(page.get_by_role("heading", name="列的对应")).to_be_visible()
    expect(page.locator("#id_EMP_NO")).to_have_value("0")
    check_axe(page)
    page.keyboard.press("Alt+s")
    expect(page.get_by_text("可能丢了前面的 0")).to_be_visible(timeout=SLOW)
    figures = page.locator(".kpis")
    expect(figures).to_contain_text("新增1行")
    expect(figures).to_contain_text("有误2行")
    expect(page.get_by_role("cell", name=LONG)).to_be_visible()
    check_axe(page)

    press(page, "采用补 0 的工号，重新核对")
    expect(figures).to_contain_text("新增2行", timeout=SLOW)
    write(page, check_axe)
    undo(page, check_axe)
    one = GrantImport.objects.get()
    assert one.state == ImportState.UNDONE
    assert set(GrantState.objects.values_list("status", flat=True)) == {"VOID"}
    page.goto(LIST)
    expect(page.get_by_role("link", name="授权.xlsx")).to_be_visible()
    check_axe(page)


def write(page: Page, check_axe: Check) -> None:
    """Refused once on the way; what was typed stays."""
    page.keyboard.press("Alt+n")
    drawer = page.get_by_role("dialog", name="写入授权")
    drawer.get_by_label("依据文号").fill("医务〔2026〕12号")
    drawer.get_by_label("说明").fill("短")
    check_axe(page)
    page.keyboard.press("Alt+s")
    expect(drawer.get_by_text("至少 5 个字，现有 1 个")).to_be_visible()
    expect(drawer.get_by_label("依据文号")).to_have_value("医务〔2026〕12号")
    drawer.get_by_label("说明").fill(WHY)
    page.keyboard.press("Alt+s")
    expect(page.get_by_role("button", name="整批撤销")).to_be_visible(timeout=SLOW)
    expect(page.locator(".kpis")).to_contain_text("已写入2行")
    check_axe(page)


def undo(page: Page, check_axe: Check) -> None:
    press(page, "整批撤销")
    drawer = page.get_by_role("dialog", name="整批撤销")
    drawer.get_by_label("说明").fill("文件用错了，整批撤销")
    check_axe(page)
    page.keyboard.press("Alt+s")
    expect(page.locator(".kpis")).to_contain_text("撤销 2，未撤销 0", timeout=SLOW)
    check_axe(page)
