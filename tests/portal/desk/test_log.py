"""变更日志: who reads it, what each entry says, and how it is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from time_machine import Traveller
from django.core.cache import cache
from django.utils import timezone

from permissions import services
from permissions.models import GrantEvent, GrantState
from portal.accounts import services as accounts
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.desk.log_sources import Source
from portal.outbox import services as outbox
from portal.outbox.models import Attempt, Message, State
from portal.parameters.registry import LOCK_MINUTES
from portal.parameters.services import change
from tests.cast import PASSWORD, lin, make_practitioner, make_user, sign_in, su, wang
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.conftest import catalogue
from tests.permissions.ledger import granted, propose

__all__ = ["catalogue", "lin", "su", "wang"]
pytestmark = pytest.mark.usefixtures("catalogue")
LOG = "/log/"
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> None:
    cache.clear()


@pytest.fixture
def auditor(db: None) -> User:
    """谭, the auditor: reads accounts too."""
    return make_user("2090", "谭审", Role.AUDITOR)


@pytest.fixture
def state(lin: User, su: User) -> GrantState:
    """罗's right to one procedure."""
    luo = make_practitioner("1055", "罗景文", initials="ljw", pinyin="luo jing wen")
    return granted(lin, su, luo, "SG03", item="51.2300", valid_to=date(2027, 11, 22))


def suspended(state: GrantState, by: User, **given: Any) -> GrantEvent:
    asked: dict[str, Any] = {
        "at": timezone.now(),
        "reason_code": "08",
        "reason": "年度评估未提交",
        **given,
    }
    return services.suspend(state=state, by=by, **asked)


def texts(page: Any) -> list[str]:
    return [row.text for row in page.context["list"].rows]


def keys(page: Any) -> set[str]:
    return {row.key[0] for row in page.context["list"].rows}


RIGHT = "罗景文 · 三级手术 51.2300 腹腔镜下胆囊切除术"


def test_log_says_who_when_what_why_and_delivery(
    client: CheckedClient, lin: User, state: GrantState, clock: Traveller
) -> None:
    clock.shift(timedelta(seconds=5))
    suspended(state, lin)
    sign_in(client, lin)

    page = client.get(LOG)

    assert texts(page) == [
        f"{RIGHT}：正常 → 暂停",
        f"{RIGHT}：无 → 正常",
        f"{RIGHT}：待审批 → 已同意",
        f"{RIGHT}：无 → 待审批",
    ]
    row = page.context["list"].rows[0]
    assert (row.at, row.actor, row.actor_place) == (
        "11-23 10:00:05",
        "林若川",
        "医务科 2031",
    )
    assert (str(row.chip.text), row.reason) == ("暂停", "08 评估超期：年度评估未提交")
    assert (row.doc_no, str(row.arrival.text)) == ("〔2026〕59号", "排队中")
