"""Who knocks without end is told to wait, and fills no log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from his_plugin.launch import haste
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Practitioner
from tests.his_plugin.station import link, signed
from tests.pages import CheckedClient

FORGED = link(signed() | {"u": "1027"})
DOORS: dict[str, Any] = {
    "launch": lambda client: client.get(FORGED),
    "ticket": lambda client: client.get("/sso/enter?ticket=x"),
    "platform": lambda client: client.get("/sso/oidc/nobody"),
    "way back": lambda client: client.get("/sso/cas/nobody/back"),
    "field": lambda client: client.post("/plugin/field/", {"launch_token": "x"}),
    "frame": lambda client: client.post("/my/framed/", {"launch_token": "x"}),
}


@pytest.fixture(autouse=True)
def _three(monkeypatch: pytest.MonkeyPatch, luo: Practitioner) -> None:
    monkeypatch.setattr(haste, "MOST", 3)


def refused() -> int:
    return AuditEvent.objects.filter(kind=EventKind.LAUNCH_REFUSED).count()


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_fourth_refusal_in_a_minute_is_told_to_wait_and_not_written_down(
    door: Any, client: CheckedClient
) -> None:
    assert [door(client).status_code for _ in range(3)] == [403] * 3
    answer = door(client)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert "被拒绝得过于频繁" in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    assert refused() == 3


def test_address_is_not_what_the_one_who_asks_says_it_is(client: CheckedClient) -> None:
    """Our proxy writes the last of the addresses; those before it are anybody's."""

    def knock(said: str) -> int:
        headers: Any = {"X-Forwarded-For": f"{said}, 10.8.0.9"}
        return client.get(FORGED, headers=headers).status_code

    assert [knock(f"10.1.0.{number}") for number in range(4)] == [403, 403, 403, 429]
    assert refused() == 3


def test_others_come_in_meanwhile_and_the_address_after_a_minute(
    client: CheckedClient, clock: time_machine.Traveller
) -> None:
    for _ in range(3):
        client.get(FORGED)
    assert client.get(link(signed())).status_code == 429
    other: Any = CheckedClient(REMOTE_ADDR="10.8.0.7")
    assert other.get(link(signed())).status_code == 302
    clock.shift(timedelta(seconds=61))
    assert client.get(link(signed())).status_code == 302


def test_who_is_let_in_is_never_told_to_wait(client: CheckedClient) -> None:
    statuses = [client.get(link(signed())).status_code for _ in range(5)]
    assert (statuses, refused()) == ([302] * 5, 0)
