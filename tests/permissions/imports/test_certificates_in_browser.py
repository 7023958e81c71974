"""A sheet of certificates as an officer brings it: by keyboard, from the list of all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Page, expect

from permissions.importers import load_catalogue
from permissions.models import CertificateImport, PersonalCertificate
from portal.accounts.capabilities import Role
from portal.sheets.models import ImportState
from tests.browsing import BrowserContexts
from tests.cast import make_practitioner, make_user, sign_in
from tests.permissions.imports.sheets import book
from tests.permissions.imports.test_in_browser import LONG, SLOW, press

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]
HEADINGS = ("工号", "姓名", "证书", "证书编号", "发证日期", "有效期至")


@pytest.fixture
def page(settings: Any, browser_contexts: BrowserContexts, portal_server: str) -> Page:
    """Lin's station, with one doctor in the house."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    cache.clear()
    load_catalogue()
    make_practitioner("1027", LONG, title_code="231")
    client = Client()
    sign_in(client, make_user("2031", "林若川", Role.OFFICER))
    browser_contexts.base_url = portal_server
    browser_contexts.expect("422")
    opened = browser_contexts.new_page()
    session = client.cookies["sessionid"].value
    opened.context.add_cookies(
        [{"name": "sessionid", "value": session, "url": portal_server}]
    )
    return opened


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """One to record, one that ends before it was issued, one of nobody."""
    path = tmp_path / "证书.xlsx"
    rows = [
        ["1027", LONG, "药物临床试验（GCP）证书", "GCP-1", "2024-03-01", "长期"],
        ["1027", LONG, "心肺复苏证书", "A-1", "2024-03-01", "2024-02-01"],
        ["9999", "无此人", "心肺复苏证书", "A-2", "2024-03-01", ""],
    ]
    path.write_bytes(book(rows, HEADINGS, title="证书"))
    return path


def test_certificates_are_imported_by_keyboard(
    page: Page, sheet: Path, check_axe: Check
) -> None:
    page.goto("/certificates/")
    press(page, "导入", "link")
    expect(page.get_by_role("heading", name="导入个人证书")).to_be_visible()
    check_axe(page)
    page.get_by_label("个人证书表格").set_input_files(sheet)
    press(page, "上传并核对")
    expect(page.get_by_role("heading", name="列的对应")).to_be_visible()
    expect(page.locator("#id_KIND")).to_have_value("2")
    check_axe(page)
    page.keyboard.press("Alt+s")
    figures = page.locator(".kpis")
    expect(figures).to_contain_text("新增1行", timeout=SLOW)
    expect(figures).to_contain_text("有误2行")
    expect(page.get_by_text("有效期不能早于发证日期。")).to_be_visible()
    check_axe(page)
    page.keyboard.press("Alt+n")
    drawer = page.get_by_role("dialog", name="写入个人证书")
    drawer.get_by_label("说明").fill("短")
    page.keyboard.press("Alt+s")
    expect(drawer.get_by_text("至少 5 个字，现有 1 个")).to_be_visible()
    check_axe(page)
    drawer.get_by_label("说明").fill("医务科核对证书原件")
    page.keyboard.press("Alt+s")
    expect(page.get_by_role("button", name="整批撤销")).to_be_visible(timeout=SLOW)
    undo_one(page, check_axe)


def undo_one(page: Page, check_axe: Check) -> None:
    press(page, "整批撤销")
    drawer = page.get_by_role("dialog", name="整批撤销")
    drawer.get_by_label("说明").fill("文件用错了，整批撤销")
    check_axe(page)
    page.keyboard.press("Alt+s")
    expect(page.locator(".kpis")).to_contain_text("撤销 1，未撤销 0", timeout=SLOW)
    assert CertificateImport.objects.get().state == ImportState.UNDONE
    assert list(PersonalCertificate.objects.values_list("is_void", flat=True)) == [True]
