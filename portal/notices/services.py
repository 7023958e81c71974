"""Telling people: the notices and the promises to send them are saved with the act.

Called inside the transaction of what is told; nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from portal.accounts.models import User
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.bell import ring_on_commit
from portal.notices.models import (
    Channel,
    Delivery,
    DeliveryState,
    Notice,
    NoticeKind,
)

TASK = "notices.deliver_due"


class NotPossible(Exception):
    """Another person was quicker, or it has arrived meanwhile."""


@dataclass(frozen=True)
class Told:
    """What is told. ``staff_no`` and ``name`` are the doctor it is about, if any.

    ``title`` and ``text`` hold no more of a person than number and name, and nothing of
    a patient: they go out by mail. A webhook gets the number alone.
    """

    kind: NoticeKind
    key: str
    title: str
    text: str
    link: str
    staff_no: str = ""


@transaction.atomic
def notify(told: Told, *, to: Iterable[User], at: datetime) -> int:
    """Tell each of them who was not told under this key; how many were."""
    people = {user.pk: user for user in to if user.is_active}
    known = Notice.objects.filter(recipient__in=people, key=told.key)
    for pk in known.order_by().values_list("recipient", flat=True):
        del people[pk]
    title, text = _line(told.title, 100), _line(told.text, 500)
    for user in people.values():
        notice = Notice(
            recipient=user,
            kind=told.kind,
            key=told.key,
            title=title,
            text=text,
            link=told.link,
            created_at=at,
        )
        _once(notice)
    promised = [*_mails(told, people.values()), *_calls(told, at)]
    for delivery in promised:
        _promise(delivery, told, at)
    return len(people)


def mark_read(*, notice: Notice, at: datetime) -> None:
    """Read once is read; the moment of the first time stays."""
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=at)


def mark_all_read(*, user: User, at: datetime) -> int:
    return Notice.objects.filter(recipient=user, read_at=None).update(read_at=at)


@transaction.atomic
def retry(*, delivery: Delivery, by: User, at: datetime) -> None:
    """Have it tried at once, refused or waiting."""
    is_ours = Delivery.objects.filter(
        pk=delivery.pk, state__in=[DeliveryState.WAITING, DeliveryState.REFUSED]
    ).update(state=DeliveryState.WAITING, due_at=at, ended_at=None)
    _told_of(is_ours, EventKind.MESSAGE_RETRIED, delivery, by)
    ring_on_commit(TASK)


@transaction.atomic
def stop(*, delivery: Delivery, by: User, at: datetime) -> None:
    """Give up on it; the notice in the portal stays."""
    is_ours = Delivery.objects.filter(
        pk=delivery.pk, state__in=[DeliveryState.WAITING, DeliveryState.REFUSED]
    ).update(state=DeliveryState.STOPPED, due_at=None, ended_at=at)
    _told_of(is_ours, EventKind.MESSAGE_STOPPED, delivery, by)


def _told_of(is_ours: int, kind: EventKind, delivery: Delivery, by: User) -> None:
    if not is_ours:
        raise NotPossible
    subject = ("notices.delivery", delivery.pk)
    record(kind, by=by, subject=subject, channel=delivery.channel)


def _line(text: str, longest: int) -> str:
    """One line: a name with a line break in it must not become a header of a mail."""
    return " ".join(text.split())[:longest]


def _mails(told: Told, people: Iterable[User]) -> Iterator[tuple[str, str, Any]]:
    if not (settings.EMAIL_HOST and settings.NOTICE_MAIL_ADDRESS):
        return
    lines = [_line(told.text, 500), settings.PORTAL_URL + told.link]
    payload = {
        "subject": f"【医务管理系统】{_line(told.title, 100)}",
        "text": "\n\n".join(line for line in lines if line) + "\n",
    }
    for user in people:
        address = settings.NOTICE_MAIL_ADDRESS.format(staff_no=user.staff_no)
        yield Channel.MAIL, address, payload


def _calls(told: Told, at: datetime) -> Iterator[tuple[str, str, Any]]:
    payload = {
        "kind": told.kind.value,
        "label": str(NoticeKind(told.kind).label),
        "key": told.key,
        "staff_no": told.staff_no,
        "at": at.isoformat(timespec="seconds"),
        "url": settings.PORTAL_URL + told.link,
    }
    for name in settings.NOTICE_WEBHOOKS:
        yield Channel.WEBHOOK, name, payload


def _promise(promised: tuple[str, str, Any], told: Told, at: datetime) -> None:
    channel, target, payload = promised
    if Delivery.objects.filter(channel=channel, target=target, key=told.key).exists():
        return
    delivery = Delivery(
        channel=channel,
        target=target[:100],
        kind=told.kind,
        key=told.key,
        payload=payload,
        created_at=at,
        due_at=at,
    )
    if _once(delivery):
        ring_on_commit(TASK)


def _once(row: Notice | Delivery) -> bool:
    """Write it, unless another worker has told the same at this moment."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return False
    return True
