"""One browser, two people: an officer who left the desk, a doctor at the station."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from his_plugin.tokens import Audience, issue
from portal.accounts.models import User
from portal.directory.models import Practitioner
from tests.cast import sign_in
from tests.his_plugin.station import ask, question
from tests.his_plugin.test_field_page import typed
from tests.pages import CheckedClient

Click = Callable[[CheckedClient], Any]


def framed(client: CheckedClient) -> Any:
    token = issue(emp_no="1188", station="ZY", audience=Audience.MY_PAGE)
    return client.post("/my/framed/", {"launch_token": token})


def field(client: CheckedClient) -> Any:
    return client.post("/plugin/field/", typed(issue(emp_no="1188", station="ZY")))


def script(client: CheckedClient) -> Any:
    return ask(client, issue(emp_no="1188", station="ZY"), "check", question())


@pytest.mark.parametrize("click", [framed, field, script])
def test_doctor_in_a_frame_keeps_no_session_of_somebody_else_open(
    click: Click,
    client: CheckedClient,
    token: str,
    lin: User,
    rights: Practitioner,
    clock: time_machine.Traveller,
) -> None:
    sign_in(client, lin)
    assert client.get("/").status_code == 200
    clock.shift(timedelta(minutes=14))
    assert click(client).status_code == 200
    clock.shift(timedelta(minutes=14))
    answer: Any = client.get("/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/accounts/login?next=/"


@pytest.mark.parametrize("click", [framed, field, script])
def test_log_says_of_no_click_in_a_frame_that_it_was_somebody_elses(
    click: Click,
    client: CheckedClient,
    lin: User,
    rights: Practitioner,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sign_in(client, lin)
    with caplog.at_level(logging.INFO, logger="portal.requests"):
        click(client)
        client.get("/")
    users = [one.__dict__["user_id"] for one in caplog.records if one.msg == "request"]
    assert users == [None, lin.pk]


def test_officer_who_stays_stays_in(
    client: CheckedClient, lin: User, clock: time_machine.Traveller
) -> None:
    sign_in(client, lin)
    for _ in range(3):
        assert client.get("/").status_code == 200
        clock.shift(timedelta(minutes=14))
