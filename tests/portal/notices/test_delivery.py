"""Mails and webhooks to real receivers: taken, refused, away, silent, cut."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from portal.accounts.models import User
from portal.notices import sending
from portal.notices.delivery import deliver_due, seconds_until_next
from portal.notices.models import Delivery, DeliveryState
from portal.notices.services import retry, stop
from portal.notices.signing import is_genuine
from tests.portal.notices.conftest import KEY
from tests.portal.notices.receivers import CUT, SILENT, HttpReceiver, SmtpReceiver
from tests.portal.notices.test_services import tell

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller
SENT = {"sent": 1, "put_off": 0, "refused": 0}
PUT_OFF = {"sent": 0, "put_off": 1, "refused": 0}
REFUSED = {"sent": 0, "put_off": 0, "refused": 1}
IDLE = {"sent": 0, "put_off": 0, "refused": 0}


def only() -> Delivery:
    return Delivery.objects.get()


# --- mail -------------------------------------------------------------------------------


def test_mail_arrives_as_plain_text_with_a_link(
    mail_server: SmtpReceiver, lin: User
) -> None:
    tell(lin)
    assert deliver_due() == SENT
    (mail,) = mail_server.mails
    assert mail["To"] == "2031@mail.hospital.local"
    assert str(mail["Subject"]).strip() == "【医务管理系统】王若谷（工号 1188）调换科室"
    assert mail["Message-ID"] == f"<{only().message_id}@mail.hospital.local>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().split() == [
        "3",
        "项授权待复核。",
        "https://yiwu.hospital.local/reviews/?review=7",
    ]
    assert (only().state, only().tries, only().error) == ("SENT", 1, "")
    assert deliver_due() == IDLE


def test_mail_server_that_is_away_loses_nothing(
    mail_server: SmtpReceiver, lin: User, clock: Clock
) -> None:
    tell(lin)
    mail_server.stop()
    assert deliver_due() == PUT_OFF
    delivery = only()
    assert (delivery.state, delivery.error) == (
        "WAITING",
        "SMTP ConnectionRefusedError",
    )
    assert delivery.due_at == timezone.now() + timedelta(seconds=10)
    assert deliver_due() == IDLE
    clock.shift(11)
    assert deliver_due() == PUT_OFF
    assert only().due_at == timezone.now() + timedelta(seconds=20)


def test_mail_taken_by_a_server_that_comes_back(
    mail_server: SmtpReceiver, lin: User, clock: Clock
) -> None:
    tell(lin)
    mail_server.replies = ["451 4.3.0 try later", "250 taken"]
    assert deliver_due() == PUT_OFF
    assert only().error == "SMTP 451"
    clock.shift(11)
    assert deliver_due() == SENT


def test_mail_cut_after_it_was_taken_comes_again_under_the_same_id(
    mail_server: SmtpReceiver, lin: User, clock: Clock
) -> None:
    tell(lin)
    mail_server.replies = [CUT, "250 taken"]
    assert deliver_due() == PUT_OFF
    clock.shift(11)
    assert deliver_due() == SENT
    first, second = mail_server.mails
    assert first["Message-ID"] == second["Message-ID"]


def test_refused_address_is_left_to_a_person(
    mail_server: SmtpReceiver, lin: User, clock: Clock
) -> None:
    mail_server.refused = {"2031@"}
    tell(lin)
    assert deliver_due() == REFUSED
    assert (only().state, only().error) == ("REFUSED", "SMTP 550")
    clock.shift(timedelta(days=1))
    assert deliver_due() == IDLE
    mail_server.refused = set()
    retry(delivery=only(), by=lin, at=timezone.now())
    assert deliver_due() == SENT


# --- webhook ----------------------------------------------------------------------------


def test_call_is_signed_over_timestamp_and_body(
    endpoint: HttpReceiver, lin: User
) -> None:
    tell(lin)
    assert deliver_due() == SENT
    (call,) = endpoint.calls
    assert call.path == "/hooks/yiwu?tenant=1"
    assert call.headers["content-type"] == "application/json; charset=utf-8"
    number = call.headers["x-yiwu-id"]
    assert json.loads(call.body)["id"] == number == str(only().message_id)
    stamp, given = call.headers["x-yiwu-timestamp"], call.headers["x-yiwu-signature"]
    now = int(time.time())
    assert is_genuine(KEY, stamp, call.body, given, now=now)
    assert not is_genuine("x" * 32, stamp, call.body, given, now=now)
    assert not is_genuine(KEY, stamp, call.body + b" ", given, now=now)
    assert not is_genuine(KEY, str(int(stamp) + 1), call.body, given, now=now)
    assert not is_genuine(KEY, stamp, call.body, given, now=now + 301)


@pytest.mark.parametrize("reply", ["500 Oops", "503 Busy", "429 Later", CUT])
def test_call_not_taken_is_tried_again_under_the_same_id(
    endpoint: HttpReceiver, lin: User, clock: Clock, reply: str
) -> None:
    tell(lin)
    endpoint.replies = [reply, "200 OK"]
    assert deliver_due() == PUT_OFF
    clock.shift(11)
    assert deliver_due() == SENT
    first, second = endpoint.calls
    assert first.headers["x-yiwu-id"] == second.headers["x-yiwu-id"]
    assert first.body == second.body
    assert first.headers["x-yiwu-timestamp"] != second.headers["x-yiwu-timestamp"]


@pytest.mark.parametrize("reply", ["400 Bad Request", "404 Not Found", "410 Gone"])
def test_call_refused_is_left_to_a_person(
    endpoint: HttpReceiver, lin: User, reply: str
) -> None:
    tell(lin)
    endpoint.replies = [reply]
    assert deliver_due() == REFUSED
    assert (only().state, only().error) == ("REFUSED", f"HTTP {reply[:3]}")


def test_redirect_is_not_followed(endpoint: HttpReceiver, lin: User) -> None:
    with HttpReceiver() as inside:
        tell(lin)
        endpoint.replies = [f"302 Found\r\nLocation: {inside.url}/admin"]
        assert deliver_due() == REFUSED
        assert only().error == "HTTP 302"
        assert inside.calls == []


def test_endpoint_no_longer_in_the_settings_is_never_called(
    endpoint: HttpReceiver, lin: User, settings: Any
) -> None:
    tell(lin)
    settings.NOTICE_WEBHOOKS = {}
    assert deliver_due() == PUT_OFF
    assert only().error == "NOTICE_WEBHOOKS"
    assert endpoint.calls == []


@pytest.mark.real_time
@pytest.mark.parametrize("reply", [SILENT, "drip"])
def test_endpoint_that_never_ends_is_left_at_the_deadline(
    endpoint: HttpReceiver, lin: User, monkeypatch: pytest.MonkeyPatch, reply: str
) -> None:
    monkeypatch.setattr(sending, "WEBHOOK_SECONDS", 0.5)
    endpoint.replies = [reply]
    tell(lin)
    begin = time.perf_counter()
    assert deliver_due() == PUT_OFF
    assert 0.4 < time.perf_counter() - begin < 5
    assert only().error == "HTTP TimeoutError"


def test_endpoint_that_is_down_is_tried_for_ever_at_most_each_half_hour(
    endpoint: HttpReceiver, lin: User
) -> None:
    endpoint.stop()
    tell(lin)
    assert deliver_due() == PUT_OFF
    assert only().error == "HTTP Unreached"
    waits = [seconds_until_next(tries) for tries in (1, 2, 3, 8, 9, 10_000)]
    assert waits == [10, 20, 40, 1280, 1800, 1800]


# --- one claim ----------------------------------------------------------------------------


def test_claimed_delivery_is_another_workers_until_its_lease_is_over(
    endpoint: HttpReceiver, lin: User, clock: Clock
) -> None:
    """A worker that died after its claim left it behind."""
    tell(lin)
    now = timezone.now()
    Delivery.objects.update(
        claim=only().message_id, lease_until=now + timedelta(seconds=180)
    )
    assert deliver_due() == IDLE
    clock.shift(181)
    assert deliver_due() == SENT


def test_delivery_stopped_while_it_is_under_way_stays_stopped(
    endpoint: HttpReceiver, lin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(lin)

    def stopped_meanwhile(delivery: Delivery) -> None:
        stop(delivery=delivery, by=lin, at=timezone.now())
        raise sending.NotTaken("HTTP 500")

    monkeypatch.setattr("portal.notices.delivery.send", stopped_meanwhile)
    assert deliver_due() == PUT_OFF
    delivery = only()
    assert (delivery.state, delivery.claim) == (DeliveryState.STOPPED, None)
