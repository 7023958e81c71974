"""A re-coding as two people do it: a sheet with errors, the decision, and its undo."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from permissions.importers import load_catalogue
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from tests.browsing import BrowserContexts
from tests.cast import PASSWORD, make_practitioner, make_user, sign_in
from tests.permissions.event_acts import give
from tests.permissions.ledger import make_procedures, prerequisites_only_warn
from tests.permissions.recodings import CHOLE, DOCUMENT, LIVER, MEETING, NEW, REASON
from tests.surgery.imports.sheets import book

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]
LONG = "腹腔镜下" + "极其漫长的手术操作名称" * 8
# A job runs in the page's own request here, on a machine that may be busy.
SLOW = 90_000


@pytest.fixture
def office(transactional_db: None) -> tuple[User, User]:
    """An officer, the head of the office, and a surgeon with a right."""
    cache.clear()
    load_catalogue()
    make_procedures()
    lin = make_user("2031", "林若川", Role.OFFICER)
    head = make_user("2003", "何静宜", Role.OFFICE_HEAD)
    doctor = make_practitioner("1188", "欧阳慕容诸葛司马长孙")
    with prerequisites_only_warn():
        hour_ago = timezone.now() - timedelta(hours=1)
        give(lin, doctor, "SG03", item=CHOLE, at=hour_ago)
    return lin, head


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """One that can be done, one unknown, one that goes in a circle."""
    path = tmp_path / "编码对照.xlsx"
    rows = [
        (CHOLE, NEW, LONG, "替换"),
        ("99.9999", "99.9998", "没有", ""),
        (LIVER, LIVER, "", ""),
    ]
    path.write_bytes(book(rows, ("原编码", "现编码", "新名称", "方式")))
    return path


def opened(contexts: BrowserContexts, server: str, user: User) -> Page:
    client = Client()
    sign_in(client, user)
    # A busy machine takes long to load what the first page of a process needs.
    client.get("/recodings/")
    page = contexts.new_page()
    cookie = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": server}])
    return page


def test_sheet_is_tried_decided_found_by_its_old_code_and_undone(
    office: tuple[User, User],
    sheet: Path,
    browser_contexts: BrowserContexts,
    portal_server: str,
    check_axe: Check,
) -> None:
    lin, head = office
    browser_contexts.expect("422")
    page = opened(browser_contexts, portal_server, lin)
    page.goto(f"{portal_server}/recodings/")
    expect(page.get_by_text("没有符合条件的编码调整").first).to_be_visible()
    check_axe(page)
    tried(page, sheet, check_axe)
    decided(page, check_axe)

    page.goto(f"{portal_server}/procedures/?q={CHOLE}")
    expect(page.get_by_text(f"原编码 {CHOLE} → {NEW}")).to_be_visible()
    check_axe(page)

    other = opened(browser_contexts, portal_server, head)
    other.goto(f"{portal_server}/recodings/")
    other.get_by_role("link", name=re.compile("号编码调整")).click()
    carried = other.get_by_role("region", name="承接的授权")
    expect(carried).to_contain_text("欧阳慕容诸葛司马长孙")
    check_axe(other)
    other.get_by_role("button", name="撤销整份调整").click()
    drawer = other.get_by_role("dialog", name="撤销整份调整")
    drawer.get_by_label("理由").fill("改")
    drawer.get_by_role("button", name="确认撤销").click()
    expect(drawer.get_by_text("现有 1 个")).to_be_visible()
    check_axe(other)
    drawer.get_by_label("理由").fill("对照表第一行有误，整份撤销")
    drawer.get_by_role("button", name="确认撤销").click()
    facts = other.get_by_role("region", name="概况")
    expect(facts).to_contain_text("对照表第一行有误")

    page.goto(f"{portal_server}/procedures/?q={CHOLE}")
    expect(page.locator("tbody tr").first).to_contain_text("腹腔镜下胆囊切除术")
    expect(page.get_by_text(f"原编码 {CHOLE} → {NEW}")).to_have_count(0)


def tried(page: Page, sheet: Path, check_axe: Check) -> None:
    """Uploaded, its columns known, each row told; what is wrong is filtered."""
    page.get_by_role("link", name="导入编码对照表").click()
    page.get_by_label("编码对照表").set_input_files(sheet)
    check_axe(page)
    page.get_by_role("button", name="上传并核对").click()
    expect(page.get_by_label("旧编码")).to_have_value("0")
    check_axe(page)
    page.get_by_role("button", name="试运行").click()
    sums = page.get_by_role("region", name="涉及")
    expect(sums).to_contain_text("将新增 1 个", timeout=SLOW)
    expect(sums).to_contain_text("涉及授权 1")
    expect(page.get_by_text("手术目录中没有这个旧编码。")).to_be_visible()
    expect(page.get_by_text("编码绕成一圈")).to_be_visible()
    check_axe(page)


def decided(page: Page, check_axe: Check) -> None:
    """Refused once for the meeting that is missing; nothing typed is lost."""
    page.get_by_role("button", name="审定并施行").click()
    drawer = page.get_by_role("dialog", name="审定编码调整")
    drawer.get_by_label("只写可办理的行").check()
    drawer.get_by_label("依据文号").fill(DOCUMENT)
    drawer.get_by_label("说明").fill(REASON)
    drawer.get_by_label("委员会会议").fill(MEETING)
    drawer.get_by_label("第二人工号").fill("2003")
    drawer.get_by_label("第二人密码").fill("不对的密码")
    check_axe(page)
    drawer.get_by_role("button", name="开始写入").click()
    expect(drawer.get_by_label("第二人密码")).to_have_value("")
    expect(drawer.get_by_label("依据文号")).to_have_value(DOCUMENT)
    drawer.get_by_label("第二人密码").fill(PASSWORD)
    drawer.get_by_role("button", name="开始写入").click()
    done = page.get_by_role("link", name=re.compile("号编码调整，.* 施行"))
    expect(done).to_be_visible(timeout=SLOW)
    done.click()
    expect(page.get_by_role("region", name="编码", exact=True)).to_contain_text(NEW)
    check_axe(page)
