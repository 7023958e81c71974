"""Telling people: each once, with a mail and a call for what goes out."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.notices.models import Delivery, Notice, NoticeKind
from portal.notices.services import NotPossible, Told, notify, retry, stop

pytestmark = pytest.mark.django_db
TOLD = Told(
    NoticeKind.REVIEW,
    "review:7",
    "王若谷（工号 1188）调换科室",
    "3 项授权待复核。",
    "/reviews/?review=7",
    "1188",
)


def tell(*people: User, told: Told = TOLD) -> int:
    return notify(told, to=people, at=timezone.now())


@pytest.fixture
def outgoing(settings: Any) -> None:
    settings.EMAIL_HOST = "127.0.0.1"
    settings.NOTICE_MAIL_ADDRESS = "{staff_no}@mail.hospital.local"
    settings.NOTICE_WEBHOOKS = {"oa": "https://oa.hospital.local/hook"}
    settings.PORTAL_URL = "https://yiwu.hospital.local"


def test_everybody_is_told_once_however_often_it_is_said(lin: User, su: User) -> None:
    assert tell(lin, su, lin) == 2
    assert tell(lin, su) == 0
    assert Notice.objects.count() == 2
    assert Delivery.objects.count() == 0  # neither mail nor webhook is set


def test_who_may_not_log_in_is_told_nothing(lin: User) -> None:
    lin.is_active = False
    assert tell(lin) == 0


def test_database_keeps_a_second_notice_of_one_key_out(lin: User) -> None:
    tell(lin)
    notice = Notice.objects.get()
    notice.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        notice.save(force_insert=True)


@pytest.mark.usefixtures("outgoing")
def test_mail_for_each_and_one_call_of_the_endpoint(lin: User, su: User) -> None:
    tell(lin)
    tell(su)
    assert list(
        Delivery.objects.order_by("channel", "target").values_list("channel", "target")
    ) == [
        ("MAIL", "2031@mail.hospital.local"),
        ("MAIL", "2032@mail.hospital.local"),
        ("WEBHOOK", "oa"),
    ]


@pytest.mark.usefixtures("outgoing")
def test_webhook_carries_the_number_and_no_name(lin: User) -> None:
    tell(lin)
    assert Delivery.objects.get(channel="WEBHOOK").payload == {
        "kind": "REVIEW",
        "label": "授权复核",
        "key": "review:7",
        "staff_no": "1188",
        "at": "2026-11-23T02:00:00+00:00",
        "url": "https://yiwu.hospital.local/reviews/?review=7",
    }


@pytest.mark.usefixtures("outgoing")
def test_line_break_in_a_name_never_reaches_a_header(lin: User) -> None:
    bad = Told(NoticeKind.EVENT, "x", "王\r\nBcc: all@hospital.local", "a\nb", "/")
    tell(lin, told=bad)
    payload = Delivery.objects.get(channel="MAIL").payload
    assert payload["subject"] == "【医务管理系统】王 Bcc: all@hospital.local"
    assert Notice.objects.get().text == "a b"


@pytest.mark.usefixtures("outgoing")
def test_act_that_fails_takes_its_notices_with_it(lin: User) -> None:
    with transaction.atomic():
        tell(lin)
        transaction.set_rollback(True)
    assert (Notice.objects.count(), Delivery.objects.count()) == (0, 0)


@pytest.mark.usefixtures("outgoing")
def test_stopped_delivery_is_neither_stopped_nor_tried_again(lin: User) -> None:
    tell(lin)
    delivery = Delivery.objects.get(channel="MAIL")
    stop(delivery=delivery, by=lin, at=timezone.now())
    for act in (stop, retry):
        with pytest.raises(NotPossible):
            act(delivery=delivery, by=lin, at=timezone.now())
    delivery.refresh_from_db()
    assert (delivery.state, delivery.due_at) == ("STOPPED", None)
