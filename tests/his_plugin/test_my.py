"""我的权限: own rights, as the ledger has them, and nobody else's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from permissions import services
from permissions.models import GrantState
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.outbox.models import Message, State
from tests.cast import make_practitioner, make_user, sign_in
from tests.harness import assert_queries
from tests.his_plugin.station import link, signed
from tests.pages import CheckedClient
from tests.permissions.ledger import granted, propose

pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def rights(
    lin: User, su: User, luo: Practitioner, clock: time_machine.Traveller
) -> dict[str, GrantState]:
    """Rights of every standing; one proposal that waits; another doctor's right."""
    clock.move_to(datetime(2026, 10, 1, 2, 0, tzinfo=UTC))
    since: dict[str, Any] = {"valid_from": date(2026, 10, 1)}
    made = {
        "SG02": granted(lin, su, luo, "SG02", valid_to=date(2026, 12, 7), **since),
        "SG03": granted(
            lin, su, luo, "SG03", item="51.2300", valid_to=date(2027, 9, 30), **since
        ),
        "RX01": granted(lin, su, luo, "RX01", **since),
        "ND02": granted(lin, su, luo, "ND02", valid_to=date(2026, 11, 1), **since),
        "RX05": granted(lin, su, luo, "RX05", **since),
        "RX06": granted(lin, su, luo, "RX06", **since),
    }
    other = make_practitioner("1305", "方若谷", department=luo.department)
    granted(lin, su, other, "SG01", valid_to=date(2027, 9, 30), **since)
    clock.move_to(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    why: dict[str, Any] = {"by": su, "at": timezone.now(), "reason": "按规定办理"}
    services.suspend(state=made["RX05"], reason_code="08", **why)
    services.void(state=made["RX06"], **why)
    propose(lin, luo, "SG04", item="50.2205", valid_to=date(2027, 11, 22))
    return made


@pytest.fixture
def doctor(client: CheckedClient, rights: dict[str, GrantState]) -> CheckedClient:
    """罗's browser after a launch."""
    client.get(link(signed()), follow=True)
    return client


def codes(page: Any) -> list[str]:
    return [row.codes for row in page.context["page"].rows]


@pytest.mark.parametrize(
    ("tab", "shown"),
    [
        ("", ["SG02", "51.2300 · SG03"]),
        ("surgery", ["SG02", "51.2300 · SG03"]),
        ("drugs", ["RX01", "RX05"]),
        ("others", []),
        ("ended", ["ND02"]),
        ("nonsense", ["SG02", "51.2300 · SG03"]),
    ],
)
def test_tabs_show_own_rights_and_none_that_was_void(
    tab: str, shown: list[str], doctor: CheckedClient
) -> None:
    page = doctor.get("/my/", {"tab": tab})
    assert codes(page) == shown
    tabs = {str(tab.label): tab.count for tab in page.context["page"].tabs}
    assert tabs == {"手术与操作": 2, "处方与药物": 2, "其他": 0, "已失效": 1}
    assert "方若谷" not in page.content.decode()


def test_figures_and_tasks_say_what_needs_the_doctor(doctor: CheckedClient) -> None:
    page = doctor.get("/my/").context["page"]
    assert [(str(one.name), str(one.value), one.note) for one in page.figures] == [
        ("手术上限", "三级", "逐项 1 项"),
        ("有效权限", "3", "项"),
        ("30 天内到期", "1", "项"),
        ("审批中", "1", "项，医务科审核"),
    ]
    assert [(task.tone, task.title, task.detail) for task in page.tasks] == [
        (
            "warn",
            "1 项权限将在 30 天内到期",
            "二级手术权限 2026-12-07 到期。需要续期请联系科室或医务科。",
        ),
        (
            "info",
            "腹腔镜下肝部分切除术（50.2205 · SG04）：申请已到医务科，等待审批",
            "2026-11-23 10:00 提出，自 2026-11-23 起，至 2027-11-22",
        ),
    ]
    assert page.about == "肝胆胰外科 · 主治医师"


def test_rights_show_state_validity_and_arrival(doctor: CheckedClient) -> None:
    Message.objects.update(
        state=State.CONFIRMED,
        due_at=None,
        delivered_at=timezone.now(),
        confirmed_at=timezone.now(),
    )
    page = doctor.get("/my/", {"tab": "drugs"})
    text = page.content.decode()
    first, second = page.context["page"].rows
    assert (str(first.standing.text), first.ends_on) == ("生效", "长期")
    assert str(second.standing.text) == "暂停"
    assert "一致 10:00:00" in text
    soon = doctor.get("/my/").content.decode()
    assert '<span class="warn b">至 2026-12-07</span>' in soon


def test_nothing_granted_says_what_to_do(
    client: CheckedClient, luo: Practitioner
) -> None:
    page = client.get(link(signed()), follow=True)
    text = page.content.decode()
    assert "没有手术与操作权限" in text
    assert "由医务科审批后生效" in text
    assert page.context["page"].tasks == []


def test_only_the_session_says_whose_rights_are_shown(doctor: CheckedClient) -> None:
    page = doctor.get("/my/", {"u": "1305", "emp_no": "1305", "practitioner": "1305"})
    assert page.context["page"].emp_no == "1188"


def test_page_uses_the_stations_look_or_the_portals(
    doctor: CheckedClient, client: CheckedClient
) -> None:
    launched = doctor.get("/my/")
    assert "base_embed.html" in [one.name for one in launched.templates]
    assert "退出" in launched.content.decode()
    assert "<script" not in launched.content.decode()
    another = CheckedClient()
    sign_in(another, User.objects.get(staff_no="1188"))
    page = another.get("/my/")
    names = [one.name for one in page.templates]
    assert "base.html" in names
    assert "只显示本人的权限" in page.content.decode()
    assert 'aria-current="page">' in page.content.decode()


def test_account_without_a_practitioner_is_told_so(client: CheckedClient) -> None:
    sign_in(client, make_user("9001", "何静姝", Role.DOCTOR))
    page = client.get("/my/")
    assert page.status_code == 200
    assert "您的账户没有对应 HIS 里的医师" in page.content.decode()


def test_page_is_shut_for_who_is_no_doctor(
    client: CheckedClient, lin: User, zhao: User
) -> None:
    assert client.get("/my/").status_code == 302
    for user in (lin, zhao):
        sign_in(client, user)
        assert client.get("/my/").status_code == 403
        assert client.post("/my/leave/").status_code == 403


def test_very_long_names_stay_whole(client: CheckedClient, luo: Practitioner) -> None:
    luo.name = "买买提艾力·阿卜杜热合曼·图尔荪尼亚孜"
    luo.save()
    page = client.get(link(signed(n=luo.name)), follow=True)
    assert luo.name in page.content.decode()


@pytest.mark.parametrize("count", [5, 50])
def test_page_takes_seven_queries_whatever_is_held(
    count: int, client: CheckedClient, lin: User, su: User, luo: Practitioner
) -> None:
    for number in range(count):
        day = date(2026, 11, 23) + timedelta(days=number * 3)
        granted(lin, su, luo, "RX01", valid_from=day, valid_to=day + timedelta(days=1))
    client.get(link(signed()), follow=True)
    with assert_queries(7):
        page = client.get("/my/", {"tab": "drugs"})
    assert len(page.context["page"].rows) == count
