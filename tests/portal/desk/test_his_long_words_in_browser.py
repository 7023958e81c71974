"""HIS 对接 with the longest names and answers: all is seen, nothing sticks out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from portal.accounts.capabilities import Role
from portal.directory.models import HisProcedure
from portal.outbox.models import Message, State
from portal.outbox.services import enqueue
from tests.browsing import BrowserContexts
from tests.cast import make_practitioner, make_user
from tests.permissions.test_catalogue_in_browser import opened, settled
from tests.portal.outbox.conftest import promise
from tests.portal.outbox.memory_his import grade_save

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]
DOCTOR = "阿卜杜热合曼·买买提吐尔逊·艾合买提江·阿不都克里木·吐尔"
PROCEDURE = ("经皮冠状动脉旋磨术伴多支血管药物洗脱支架置入及血管内超声引导" * 4)[:100]
ANSWER = (
    "ORA-20001: 人员的执业范围与所申请的权限类别不匹配，at "
    '"YWHIS.PKG_DOCTOR_PRIVILEGE_MAINTENANCE.SAVE_DOCTOR_PRIVILEGE_WITH_RANGE_CHECK"，'
)


@pytest.fixture
def told(db: None, settings: Any) -> list[Message]:
    """A right of a doctor and the grade of a procedure, both refused at length."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    make_practitioner("1097", DOCTOR)
    HisProcedure.objects.create(
        his_item_id="9034", code_clinical="36.0601", name=PROCEDURE, is_enabled=True
    )
    grade = grade_save("36.0601", old_grade="4", new_grade="0", op="VOID")
    messages = [
        promise("1097", subject="permissions.grantevent:81"),
        enqueue(message=grade, subject="surgery.version:1", at=timezone.now()),
    ]
    Message.objects.update(
        state=State.REJECTED,
        due_at=None,
        tries=1,
        last_code="2099",
        last_text=(ANSWER * 4)[:300],
    )
    return messages


@pytest.fixture
def page(
    browser_contexts: BrowserContexts, portal_server: str, told: list[Message]
) -> Page:
    gao = make_user("2051", "高远", Role.INFORMATION_CENTER, office="信息网络中心")
    return opened(browser_contexts, portal_server, gao)


def fits(place: Locator) -> bool:
    """It does not scroll to the side."""
    found: bool = place.evaluate("one => one.scrollWidth <= one.clientWidth")
    return found


def test_list_shows_every_column_beside_the_longest_name_and_answer(
    page: Page, told: list[Message], check_axe: Check
) -> None:
    page.goto("/his/")
    settled(page)

    assert fits(page.locator("#messages-body .tw"))
    first = page.locator(f"#message-{told[0].pk}")
    expect(first.get_by_role("button", name="重新送达")).to_be_visible()
    said = first.locator(".clamp")
    assert said.evaluate("one => one.clientHeight") <= 3 * 20
    assert (said.get_attribute("title") or "").startswith("2099 ORA-20001")
    check_axe(page)


def test_drawer_shows_the_whole_answer_and_scrolls_by_key(
    page: Page, told: list[Message], check_axe: Check
) -> None:
    for message in told:
        page.goto("/his/")
        settled(page)
        page.locator(f"#open-{message.pk}").click()
        drawer = page.get_by_role("dialog")
        expect(drawer.get_by_text("WITH_RANGE_CHECK").first).to_be_visible()
        settled(page)
        assert fits(drawer.locator(".db"))
        # The title keeps to one line beside a name of five.
        assert drawer.locator("h2").evaluate("one => one.clientHeight") <= 28
        check_axe(page)


def test_retry_of_an_unknown_message_says_that_it_reads_first(
    page: Page, told: list[Message], check_axe: Check
) -> None:
    Message.objects.filter(pk=told[0].pk).update(state=State.UNKNOWN)
    page.goto("/his/?view=doubt")
    settled(page)
    page.locator(f"#message-{told[0].pk}").get_by_role("button").first.click()

    drawer = page.get_by_role("dialog", name="重新送达")
    expect(drawer).to_contain_text("未知、不一致的先回读，HIS 已一致的不再送")
    check_axe(page)


def test_page_in_english_keeps_to_its_rules(
    page: Page, told: list[Message], portal_server: str, check_axe: Check
) -> None:
    english = {"name": "yw_language", "value": "en", "url": portal_server}
    page.context.add_cookies([english])  # type: ignore[list-item]
    page.goto("/his/")
    settled(page)

    row = page.locator(f"#message-{told[1].pk}")
    expect(row).to_contain_text("Grade 4 → Ungraded")
    expect(page.get_by_role("button", name="Freeze pushing")).to_be_visible()
    assert fits(page.locator("#messages-body .tw"))
    # A number that is a link beside its unit is told by more than its color.
    check_axe(page)
