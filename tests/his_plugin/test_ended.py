"""What a session from a station meets at its end and at shut doors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.accounts.capabilities import Role
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Practitioner
from portal.parameters.registry import IDLE_MINUTES
from portal.parameters.services import change
from tests.cast import make_user
from tests.his_plugin.station import link, signed
from tests.pages import CheckedClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor(client: CheckedClient, luo: Practitioner, clock: Any) -> CheckedClient:
    """罗's browser after a launch."""
    client.get(link(signed()), follow=True)
    return client


def test_idle_launched_session_ends_on_a_page_that_leads_back_to_the_station(
    doctor: CheckedClient, clock: Any
) -> None:
    clock.shift(timedelta(minutes=15))

    page: Any = doctor.get("/my/", follow=True)

    assert page.redirect_chain == [("/sso/ended", 302)]
    assert page.status_code == 200
    html = page.content.decode()
    assert "15 分钟未操作，已自动退出。" in html
    assert "请回到医生站重新点击「医务权限」。" in html
    assert "password" not in html
    event = AuditEvent.objects.get(kind=EventKind.LOGOUT)
    assert event.detail == {"code": "IDLE"}


def test_page_of_the_end_names_the_hospitals_own_limit(
    doctor: CheckedClient, clock: Any
) -> None:
    an = make_user("9002", "安宁", Role.SECURITY_ADMIN)
    change(parameter=IDLE_MINUTES, value=5, by=an, reason="加强")
    clock.shift(timedelta(minutes=5))

    page = doctor.get("/my/", follow=True)

    assert "5 分钟未操作，已自动退出。" in page.content.decode()


def test_fragment_of_an_idle_launched_session_leads_the_whole_page_there(
    doctor: CheckedClient, clock: Any
) -> None:
    clock.shift(timedelta(minutes=15))

    answer = doctor.get("/my/", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sso/ended")


@pytest.mark.parametrize("path", ["/", "/accounts/profile", "/privileges/", "/no/such"])
def test_shut_door_leads_a_launched_session_to_its_own_page(
    path: str, doctor: CheckedClient
) -> None:
    html = doctor.get(path).content.decode()

    assert '<a class="btn btn-primary" href="/my/">我的权限</a>' in html
    assert "返回工作台</a>" not in html
