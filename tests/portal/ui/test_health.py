"""Alive, ready, degraded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection

from portal.his.gateway import HisMisconfigured, HisUnavailable
from portal.ui import health
from tests.pages import CheckedClient


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    cache.clear()


def test_healthz_asks_no_database(client: CheckedClient) -> None:
    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def his_that(raises: Exception | None) -> Callable[[float], Any]:
    class Gateway:
        def __init__(self, deadline: float) -> None:
            assert deadline == 2

        def ping(self) -> float:
            if raises:
                raise raises
            return 0.001

    return Gateway


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("raises", "his"),
    [
        (None, "ok"),
        (HisUnavailable("HIS 未应答"), "degraded"),
        (HisMisconfigured("HIS_DSN", "wrong"), "degraded"),
    ],
)
def test_readyz_goes_on_without_the_his(
    client: CheckedClient,
    monkeypatch: pytest.MonkeyPatch,
    raises: Exception | None,
    his: str,
) -> None:
    monkeypatch.setattr(health, "from_settings", his_that(raises))

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"database": "ok", "broker": "ok", "his": his}


@pytest.mark.django_db
def test_readyz_goes_on_without_the_broker(
    client: CheckedClient, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(health, "from_settings", his_that(None))
    settings.BROKER_URL = "redis://127.0.0.1:1/0"

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["broker"] == "degraded"


def test_readyz_without_the_database_is_503(
    client: CheckedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> Any:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(health, "from_settings", his_that(None))
    monkeypatch.setattr(connection, "cursor", fail)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["database"] == "down"


@pytest.mark.django_db
def test_readyz_asks_the_parts_once_in_two_seconds(
    client: CheckedClient, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    asked: list[str] = []

    def his() -> bool:
        asked.append("his")
        return True

    monkeypatch.setattr(health, "DEGRADABLE", {"his": his})

    client.get("/readyz")
    client.get("/readyz")
    assert asked == ["his"]

    clock.shift(3)
    client.get("/readyz")
    assert asked == ["his", "his"]
