"""One line per request, with numbers only."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.conf import settings

from portal.accounts.models import User
from tests.pages import CheckedClient

CHAINS = ("processors", "foreign_pre_chain")
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.portal.ui.practitioner_list"),
]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the portal writes, formatted as in a hospital."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    configured: Any = settings.LOGGING
    chain = {name: configured["formatters"]["json"][name] for name in CHAINS}
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(**chain))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_request_leaves_one_line_of_numbers(
    client: CheckedClient, lin: User, log: io.StringIO
) -> None:
    response = client.get(
        "/practitioners?q=王建国", headers={"X-Request-ID": "proxy-000017"}
    )

    assert response.headers["X-Request-ID"] == "proxy-000017"
    (line,) = lines(log)
    assert line.pop("ms") >= 0
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "portal.requests",
        "timestamp": "2026-11-23T02:00:00Z",
        "request_id": "proxy-000017",
        "method": "GET",
        "route": "practitioners",
        "status": 200,
        "user_id": lin.pk,
    }


@pytest.mark.parametrize("given", ["", "short", "x" * 37, "王建国王建国王建国"])
def test_insane_request_id_is_replaced(client: CheckedClient, given: str) -> None:
    headers = {"X-Request-ID": given.encode().decode("latin-1")}

    number = client.get("/healthz", headers=headers).headers["X-Request-ID"]

    assert number != given
    assert len(number) == 32


def test_broken_view_logs_places_not_words(
    client: CheckedClient, log: io.StringIO
) -> None:
    client.raise_request_exception = False

    response = client.get("/broken/1027?name=王建国")

    assert response.status_code == 500
    failed, request = lines(log)
    assert failed["event"] == "request failed"
    places = failed["exception"].splitlines()
    assert places[0] == "builtins.RuntimeError"
    assert places[-1].endswith(" broken")
    assert (request["route"], request["status"], request["user_id"]) == (
        "broken",
        500,
        None,
    )
    assert "王建国" not in log.getvalue()
    assert "1027" not in log.getvalue()


def test_static_files_leave_no_line(client: CheckedClient, log: io.StringIO) -> None:
    response = client.get("/static/ui/tokens.css")
    response.close()

    assert response.status_code == 200
    assert lines(log) == []
