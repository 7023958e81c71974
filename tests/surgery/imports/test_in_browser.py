"""An import with errors as an officer does it: by keyboard, left and come back to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Page, expect

from portal.accounts.capabilities import Role
from surgery.models import Procedure, ProcedureImport
from tests.browsing import BrowserContexts
from tests.cast import make_user, sign_in
from tests.surgery.imports.sheets import WHY, book, procedure

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]
LIST = "/procedures/imports/"
LONG = "腹腔镜下" + "极其漫长的手术操作名称" * 8
# A job runs in the page's own request here, on a machine that may be busy.
SLOW = 90_000


@pytest.fixture
def page(settings: Any, browser_contexts: BrowserContexts, portal_server: str) -> Page:
    """Lin's station, with one procedure in the catalogue."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    cache.clear()
    procedure("51.2300", "腹腔镜下胆囊切除术")
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
    """One to add, one to rename, one twice, one with a broken code."""
    path = tmp_path / "国临目录.xlsx"
    path.write_bytes(
        book(
            [
                ["52.7x00", "", "根治性胰十二指肠切除术", "手术", ""],
                ["51.2300", "", LONG, "手术", "选择性"],
                ["51.2300", "", "腹腔镜下胆囊切除术", "手术", ""],
                [51.22, "", "胆囊切除术", "手术", ""],
            ]
        )
    )
    return path


def press(page: Page, name: str) -> None:
    """The button of this name, by the keyboard."""
    button = page.get_by_role("button", name=name, exact=True)
    button.focus()
    page.keyboard.press("Enter")


def test_import_with_errors_by_keyboard(
    page: Page, sheet: Path, check_axe: Check
) -> None:
    page.goto(LIST)
    check_axe(page)
    press(page, "上传并核对")
    expect(page.get_by_text("请选择 xlsx 或 csv 文件。")).to_be_visible()
    page.locator("#id_file").set_input_files(sheet)
    press(page, "上传并核对")

    expect(page.get_by_role("heading", name="列的对应")).to_be_visible()
    expect(page.locator("#id_CODE")).to_have_value("0")
    check_axe(page)
    page.keyboard.press("Alt+s")
    figures = page.locator(".kpis")
    expect(figures).to_contain_text("新增1行", timeout=SLOW)
    expect(figures).to_contain_text("改变1行")
    expect(figures).to_contain_text("冲突1行")
    expect(figures).to_contain_text("有误1行")
    expect(page.get_by_role("cell", name="编码存成了数字")).to_be_visible()
    check_axe(page)

    page.goto("/")
    page.goto(LIST)
    page.get_by_role("link", name="国临目录.xlsx").click()
    expect(page.get_by_role("link", name="下载有误和冲突")).to_be_visible()
    write(page, check_axe)
    undo(page, check_axe)
    assert ProcedureImport.objects.get().state == "UNDONE"
    found = Procedure.objects.order_by("code").values_list("code", "name", "is_enabled")
    assert list(found) == [
        ("51.2300", "腹腔镜下胆囊切除术", True),
        ("52.7x00", "根治性胰十二指肠切除术", False),
    ]


def write(page: Page, check_axe: Check) -> None:
    """Refused twice on the way; what was typed stays."""
    page.keyboard.press("Alt+n")
    drawer = page.get_by_role("dialog", name="写入目录")
    drawer.get_by_label("依据文号").fill("医务〔2026〕12号")
    drawer.get_by_label("说明").fill("短")
    check_axe(page)
    page.keyboard.press("Alt+s")
    expect(drawer.get_by_text("至少 5 个字，现有 1 个")).to_be_visible()
    drawer.get_by_label("说明").fill(WHY)
    drawer.get_by_label("全部成功才写").check()
    page.keyboard.press("Alt+s")
    expect(drawer.get_by_text("有 2 行有误或冲突，不能全部写入")).to_be_visible()
    expect(drawer.get_by_label("依据文号")).to_have_value("医务〔2026〕12号")
    drawer.get_by_label("只写可办理的行").check()
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
