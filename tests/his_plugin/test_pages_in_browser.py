"""The pages a station opens, and the office's list of declarations, in Chromium."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import day_of
from tests.browsing import BrowserContexts
from tests.cast import make_user, sign_in
from tests.his_plugin.station import CHOLE, ask, declaration, link, signed, token_of
from tests.pages import CheckedClient
from tests.permissions.ledger import granted, propose

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def rights(
    transactional_db: None, lin: User, su: User, luo: Practitioner, catalogue: None
) -> Practitioner:
    """One that lasts, one that ends soon, one asked for."""
    today = day_of(timezone.now())
    since: dict[str, Any] = {"valid_from": today}
    last: dict[str, Any] = {"valid_to": today + timedelta(days=300)}
    granted(lin, su, luo, "SG03", item=CHOLE, **since, **last)
    granted(lin, su, luo, "SG02", **since, valid_to=today + timedelta(days=12))
    propose(lin, luo, "SG04", item="50.2205", **since, **last)
    return luo


@pytest.fixture
def page(browser_contexts: BrowserContexts, portal_server: str) -> Page:
    browser_contexts.base_url = portal_server
    return browser_contexts.new_page()


def test_launch_ends_on_own_privileges_with_a_clean_address(
    page: Page, portal_server: str, rights: Practitioner, check_axe: Callable[..., None]
) -> None:
    page.goto(link(signed()))
    assert page.url == f"{portal_server}/my/"
    expect(page.get_by_role("heading", name="罗景文")).to_be_visible()
    check_axe(page)

    page.get_by_role("link", name="已失效").click()
    expect(page.get_by_text("没有已失效的权限")).to_be_visible()
    check_axe(page)

    page.get_by_role("button", name="退出").click()
    expect(page.get_by_role("heading", name="已退出")).to_be_visible()
    check_axe(page)


def test_going_back_does_not_open_the_link_again(
    page: Page,
    browser_contexts: BrowserContexts,
    portal_server: str,
    rights: Practitioner,
) -> None:
    browser_contexts.expect("favicon.ico")
    page.goto("/healthz")
    page.goto(link(signed()))
    page.get_by_role("link", name="已失效").click()
    page.go_back()
    assert page.url == f"{portal_server}/my/"
    page.go_back()
    assert page.url == f"{portal_server}/healthz"


def test_own_privileges_need_no_script_and_fit_a_narrow_window(
    browser_contexts: BrowserContexts, portal_server: str, rights: Practitioner
) -> None:
    page = browser_contexts.new_page(
        java_script_enabled=False, viewport={"width": 800, "height": 600}
    )
    page.goto(portal_server + link(signed()))
    expect(page.get_by_text("1 项权限将在 30 天内到期")).to_be_visible()
    box = page.locator("main").bounding_box()
    assert box is not None
    assert box["width"] <= 800


def test_refused_launch_says_what_to_do(
    page: Page,
    browser_contexts: BrowserContexts,
    rights: Practitioner,
    check_axe: Callable[..., None],
) -> None:
    browser_contexts.expect("403")
    long_ago = datetime(2026, 1, 1, tzinfo=UTC).strftime("%Y%m%d%H%M%S")
    page.goto(link(signed(ts=long_ago)))
    expect(page.get_by_role("heading", name="链接已过期")).to_be_visible()
    expect(page.get_by_text("请回到医生站重新点击「医务权限」。")).to_be_visible()
    check_axe(page)


def test_office_reads_what_was_declared(
    page: Page,
    portal_server: str,
    lin: User,
    rights: Practitioner,
    check_axe: Callable[..., None],
) -> None:
    client = CheckedClient()
    planned = (timezone.localtime() + timedelta(days=2)).isoformat()
    body = declaration(planned_at=planned)
    assert ask(client, token_of(client), "declarations", body).status_code == 200
    office = Client()
    sign_in(office, lin)
    session = office.cookies["sessionid"].value
    page.context.add_cookies(
        [{"name": "sessionid", "value": session, "url": portal_server}]
    )
    page.goto("/declarations/")
    check_axe(page)

    page.get_by_role("button", name="SS26112301").click()
    drawer = page.get_by_role("dialog", name="手术申报")
    expect(drawer.get_by_text("罗景文有三级逐项主刀权")).to_be_visible()
    check_axe(page)


@contextmanager
def page_around(address: str) -> Iterator[str]:
    """A station's page of another site, with our page inside it."""
    body = (
        '<!doctype html><html lang="zh-CN"><head><title>医生站</title>'
        '<link rel="icon" href="data:,"></head><body><main><h1>医生站</h1>'
        f'<iframe title="医务权限" width="1000" height="700" src="{escape(address)}">'
        "</iframe></main></body></html>"
    ).encode()

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        # Another site than the portal's 127.0.0.1: no cookie of it reaches the frame.
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_own_privileges_inside_a_page_of_another_site_need_no_cookie(
    page: Page,
    portal_server: str,
    rights: Practitioner,
    settings: Any,
    check_axe: Callable[..., None],
) -> None:
    address = portal_server + link(signed(frame="1"))
    with page_around(address) as station:
        settings.STATION_ORIGINS = [station]
        page.goto(station)
        frame = page.frame_locator("iframe")
        expect(frame.get_by_role("heading", name="罗景文")).to_be_visible()
        tab = frame.get_by_role("button", name="已失效")
        tab.focus()
        page.keyboard.press("Enter")
        expect(frame.get_by_text("没有已失效的权限")).to_be_visible()
        check_axe(page)
        assert page.context.cookies() == []


def test_information_center_makes_a_link_tries_it_and_finds_a_fault(
    page: Page,
    portal_server: str,
    rights: Practitioner,
    check_axe: Callable[..., None],
) -> None:
    center = Client()
    sign_in(center, make_user("3008", "陶然", Role.INFORMATION_CENTER))
    session = center.cookies["sessionid"].value
    page.context.add_cookies(
        [{"name": "sessionid", "value": session, "url": portal_server}]
    )
    page.goto("/launch-trial/")
    check_axe(page)
    page.get_by_label("医师工号").fill("1188")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="逐步说明")).to_be_visible()
    check_axe(page)

    tried = page.get_by_role("link", name="试打开")
    address = str(tried.get_attribute("href"))
    with page.context.expect_page() as opened:
        tried.click()
    other = opened.value
    expect(other.get_by_role("heading", name="罗景文")).to_be_visible()
    other.close()

    page.get_by_label("打不开的链接").fill(address)
    page.get_by_role("button", name="找原因").click()
    expect(page.get_by_text("链接已用过")).to_be_visible()
    expect(page.get_by_role("row", name="随机数 不通过")).to_be_visible()
    check_axe(page)
