"""HIS 对接 in a browser: messages are ticked, acted upon and read with the keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from portal.accounts.capabilities import Role
from portal.outbox.models import Message, State
from tests.browsing import BrowserContexts
from tests.cast import PASSWORD, make_practitioner, make_user
from tests.portal.outbox.conftest import state_of
from tests.portal.watch.conftest import standing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]


@pytest.fixture
def refused(db: None, settings: Any) -> list[Message]:
    """Two changes the HIS refused, and one that has arrived meanwhile."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    for emp_no, name in (
        ("1001", "欧阳若水之谦"),
        ("1002", "韩书屏"),
        ("1003", "文修远"),
    ):
        make_practitioner(emp_no, name)
    return [
        standing(
            State.REJECTED,
            emp_no,
            tries=1,
            last_code="2004",
            last_text="HIS 中没有这个诊疗项目，请先在 HIS 建立项目或修改对照",
        )
        for emp_no in ("1001", "1002", "1003")
    ]


@pytest.fixture
def page(
    browser_contexts: BrowserContexts,
    portal_server: str,
    refused: list[Message],
) -> Page:
    """高, of the information center, on HIS 对接."""
    make_user("2051", "高远", Role.INFORMATION_CENTER, office="信息网络中心")
    browser_contexts.base_url = portal_server
    page = browser_contexts.new_page()
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto("/accounts/login?next=/his/")
    page.get_by_label("工号").fill("2051")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.locator(".if > a")).to_have_count(15)
    return page


def box(page: Page, message: Message) -> Any:
    return page.locator(f"#pick-{message.pk}")


def test_many_are_retried_by_keyboard_and_the_result_is_exact(
    page: Page,
    refused: list[Message],
    check_axe: Check,
    browser_contexts: BrowserContexts,
) -> None:
    browser_contexts.expect("422")
    expect(page.get_by_text("消息被拒收：3 条变更被 HIS 拒收")).to_be_visible()
    check_axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for message in refused:
        box(page, message).focus()
        page.keyboard.press("Space")
        expect(box(page, message)).to_be_checked()
    # Another person was quicker with one of them.
    Message.objects.filter(pk=refused[2].pk).update(state=State.STOPPED)
    page.locator(".batch").get_by_role("button", name="重新送达").focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="重新送达")
    expect(drawer.get_by_role("button", name="确认重新送达 3 条")).to_be_visible()
    check_axe(page)

    drawer.get_by_label("原因").focus()
    page.keyboard.press("Alt+s")
    expect(drawer.get_by_label("原因")).to_have_attribute("aria-invalid", "true")
    page.keyboard.type("项目已补")
    page.keyboard.press("Alt+s")

    expect(drawer.get_by_role("status")).to_have_text(
        re.compile("2 条已重新排队，1 条不能办理")
    )
    expect(
        drawer.get_by_text("这条已停止，不再送达；请在「HIS 差异」比对后修复。")
    ).to_be_visible()
    check_axe(page)
    page.keyboard.press("Escape")
    expect(page.locator(f"#message-{refused[2].pk}")).to_have_count(0)
    assert [state_of(one) for one in refused] == ["WAITING", "WAITING", "STOPPED"]


def test_ticks_and_focus_stay_when_the_list_reads_itself_anew(
    page: Page, refused: list[Message]
) -> None:
    box(page, refused[0]).check()
    box(page, refused[1]).focus()

    with page.expect_response(re.compile(r"/his/(\?.*)?$")):
        page.evaluate(
            "htmx.ajax('GET', '/his/tiles/', {target: '#his-tiles', swap: 'outerHTML',"
            " headers: {'X-YW-Poll': '1'}})"
        )

    expect(box(page, refused[0])).to_be_checked()
    expect(box(page, refused[1])).to_be_focused()
    expect(page.locator(".batch [data-count]").first).to_have_text("1")


def test_drawer_of_a_message_tells_its_change_its_times_and_its_tries(
    page: Page, refused: list[Message], check_axe: Check
) -> None:
    page.locator(f"#open-{refused[0].pk}").focus()
    page.keyboard.press("Enter")

    drawer = page.get_by_role("dialog", name="新增 RX01")
    expect(drawer.get_by_role("heading", name="变更前后")).to_be_visible()
    expect(drawer.get_by_text("同一项此前没有告知过 HIS。")).to_be_visible()
    expect(drawer.get_by_role("link", name="在变更日志中查看")).to_be_visible()
    check_axe(page)
    page.keyboard.press("Escape")

    expect(page.locator(f"#open-{refused[0].pk}")).to_be_focused()


def test_archive_without_messages_says_so(page: Page, check_axe: Check) -> None:
    page.get_by_role("link", name="归档").click()

    expect(page.get_by_text("没有符合条件的归档消息")).to_be_visible()
    check_axe(page)
