"""Drift on the page: found, repaired and gone; proposed; and the brake."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page, expect

from permissions.importers import load_catalogue
from permissions.models import Drift, Grant, Reconciliation
from permissions.reconciliation import reconcile, settle_repairs
from portal.accounts.capabilities import Role
from portal.demo_his import by_hand
from portal.demo_his.database import Database, prepare
from portal.his.sql.gateway import SqlGateway
from portal.outbox.delivery import deliver_due
from portal.outbox.models import Message, State
from portal.ui.moments import today
from tests.browsing import BrowserContexts
from tests.cast import make_practitioner, make_user
from tests.permissions.ledger import granted, make_procedures
from tests.permissions.test_catalogue_in_browser import LONG, opened, settled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Check = Callable[[Page], None]
REASON = "与信息科核对，按本院台账"


class House:
    """An officer, a doctor with rights that arrived, and their HIS."""

    def __init__(self, folder: Path, settings: Any) -> None:
        self.database = Database(f"sqlite:///{folder / 'his.sqlite3'}")
        prepare(self.database)
        settings.HIS_MAPPING = "demo_his"
        settings.HIS_DSN = f"sqlite:///{self.database.path}"
        cache.clear()
        load_catalogue()
        make_procedures()
        self.lin = make_user("2031", "林若川", Role.OFFICER)
        su = make_user("2032", "苏晓岚", Role.OFFICER)
        self.person = make_practitioner("1027", LONG, title_code="231")
        first = today()
        last = first + timedelta(days=300)
        for code in ("RX01", "AB01"):
            granted(self.lin, su, self.person, code, valid_from=first, valid_to=last)
        self.his = SqlGateway(settings.HIS_DSN, 5)
        self.deliver()
        past = timezone.now() - timedelta(hours=1)
        Message.objects.update(enqueued_at=past, not_before=past, confirmed_at=past)

    def deliver(self) -> None:
        deliver_due(gateway=self.his, lanes=1)
        assert set(Message.objects.values_list("state", flat=True)) == {State.CONFIRMED}


@pytest.fixture
def house(tmp_path: Path, settings: Any) -> House:
    return House(tmp_path, settings)


def test_drift_is_found_repaired_and_gone(
    house: House,
    browser_contexts: BrowserContexts,
    portal_server: str,
    check_axe: Check,
) -> None:
    by_hand.disorder(house.database, "1027")
    page = opened(browser_contexts, portal_server, house.lin)
    page.goto("/drifts/")
    page.get_by_role("button", name="立即比对").click()
    body = page.locator("#drifts-body")
    # No worker runs: the page that waits does the work, and is read again at its end.
    expect(body).to_contain_text("HIS 多出", timeout=60_000)
    # Our catalogue has few procedures here, the HIS grades for many more.
    page.goto("/drifts/?target=RIGHT")
    expect(body).to_contain_text("HIS 缺少")
    expect(body).to_contain_text("不一致")
    expect(body.locator("tbody tr")).to_have_count(3)
    # Three of five rows are more than the hospital lets be changed by itself.
    expect(page.locator("#drift-looks")).to_contain_text("已停止自动处置")
    settled(page)
    check_axe(page)

    body.get_by_role("button", name=LONG).first.focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="HIS 差异")
    expect(drawer).to_contain_text("HIS 维护日志")
    settled(page)
    check_axe(page)
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()

    for box in body.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="按本院修复").click()
    drawer = page.get_by_role("dialog", name="按本院修复")
    drawer.get_by_label("原因").fill(REASON)
    settled(page)
    check_axe(page)
    drawer.get_by_role("button", name="确认修复").click()
    expect(body.get_by_text("修复中")).to_have_count(3)
    assert Message.objects.exclude(state=State.CONFIRMED).count() == 3

    house.deliver()
    assert settle_repairs(at=timezone.now()) == 3
    page.goto("/drifts/?view=over")
    expect(page.locator("#drifts-body").get_by_text("已修复")).to_have_count(3)
    assert Drift.objects.filter(closed_at=None, target="RIGHT").count() == 0


def test_theirs_is_proposed_and_the_ledger_stays(
    house: House,
    browser_contexts: BrowserContexts,
    portal_server: str,
    check_axe: Check,
) -> None:
    row = by_hand.rows_of(house.database, "1027")[0]
    by_hand.change(house.database, row["id"], by_hand.Change("3", "1", ""))
    found = reconcile(gateway=house.his, at=timezone.now())
    assert found is not None
    assert found.total == 1
    browser_contexts.expect("422")
    page = opened(browser_contexts, portal_server, house.lin)
    page.goto("/drifts/")
    body = page.locator("#drifts-body")
    body.get_by_role("button", name=LONG).click()
    drawer = page.get_by_role("dialog", name="HIS 差异")
    drawer.get_by_role("button", name="提议采纳 HIS 的值").click()
    drawer = page.get_by_role("dialog", name="提议采纳 HIS 的值")
    drawer.get_by_label("原因").fill("短")
    drawer.get_by_role("button", name="提交提议").click()
    expect(drawer).to_contain_text("至少 5 个字")
    expect(drawer.get_by_label("原因")).to_have_value("短")
    drawer.get_by_label("原因").fill("HIS 按医院通知取消，核对后采纳")
    check_axe(page)
    drawer.get_by_role("button", name="提交提议").click()
    expect(body).to_contain_text("已提议采纳")
    body.get_by_role("link", name="复核").click()
    expect(page.get_by_role("dialog", name="授权复核")).to_contain_text(
        "提议按 HIS 调整"
    )
    assert Grant.objects.count() == 2
    assert Message.objects.exclude(state=State.CONFIRMED).count() == 0


def test_brake_is_shown_and_nothing_was_sent(
    house: House,
    browser_contexts: BrowserContexts,
    portal_server: str,
    check_axe: Check,
) -> None:
    now = timezone.now()
    Reconciliation.objects.create(
        asked_at=now,
        started_at=now,
        ended_at=now,
        ours=200,
        theirs=10,
        missing=190,
        is_braked=True,
    )
    page = opened(browser_contexts, portal_server, house.lin)
    page.goto("/drifts/")
    summary = page.locator("#drift-summary")
    expect(summary).to_contain_text("差异 190 项，超过医院参数的限额，没有自动处置")
    expect(page.locator("#drift-looks")).to_contain_text("已停止自动处置")
    settled(page)
    check_axe(page)
