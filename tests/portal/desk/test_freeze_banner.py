"""While pushing is frozen, everybody who works on rights is told so, on every page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.outbox.services import freeze, thaw
from tests.cast import chen, lin, make_user, sign_in, wang
from tests.pages import CheckedClient
from tests.permissions.conftest import catalogue

__all__ = ["catalogue", "chen", "lin", "wang"]
pytestmark = pytest.mark.usefixtures("catalogue")
PLACE = '<div id="frozen" class="yw-frozen" hidden></div>'


@pytest.fixture(autouse=True)
def _no_his(settings: Any) -> None:
    """A HIS that is not there: asking it fails at once."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    settings.HIS_TARGETS = (
        '[platform]\ntitle = "集成平台"\ndsn = "mllp://127.0.0.1:2575"\n'
    )
    cache.clear()


def banner(client: CheckedClient) -> str:
    html = client.get(reverse("desk:badges")).content.decode()
    found = [line for line in html.splitlines() if 'id="frozen"' in line]
    return found[0] if found else ""


def test_officer_sees_who_froze_what_since_when_until_when_and_why(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    assert PLACE in client.get("/").content.decode()
    assert " hidden" in banner(client)
    until = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
    freeze(by=lin, at=timezone.now(), reason="HIS <升级>", until=until)

    shown = banner(client)

    assert " hidden" not in shown
    assert (
        "推送已冻结（全部目标）：2026-11-23 10:00 由 林若川 冻结，"
        "到 2026-11-24 06:30 自动恢复。原因：HIS &lt;升级&gt;。"
        "期间的变更照常审批并排队，恢复后自动送达。"
    ) in shown

    thaw(by=lin, at=timezone.now(), reason="升级完成")
    assert " hidden" in banner(client)


def test_frozen_target_is_called_by_its_title(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    freeze(target="platform", by=lin, at=timezone.now(), reason="平台维护")

    assert (
        "推送已冻结（集成平台）：2026-11-23 10:00 由 林若川 冻结。原因：平台维护。"
        in (banner(client))
    )


def test_who_has_nothing_to_do_with_it_has_no_such_place(
    client: CheckedClient, lin: User
) -> None:
    freeze(by=lin, at=timezone.now(), reason="HIS 升级")
    sign_in(client, make_user("9001", "系统管理员", Role.SYSTEM_ADMIN))

    assert 'id="frozen"' not in client.get("/").content.decode()
    assert banner(client) == ""


def test_freeze_stands_in_the_log(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    freeze(target="platform", by=lin, at=timezone.now(), reason="平台维护")

    html = client.get(reverse("desk:log")).content.decode()

    assert "冻结推送" in html
    assert "集成平台" in html
    assert "平台维护" in html
