"""Rows of 消息 and of 通知投递."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.notices.models import Delivery, DeliveryState, Notice, NoticeKind
from portal.notices.queries import STUCK_AFTER
from portal.ui.elements import Chip, Text
from portal.ui.moments import write_moment, write_second, write_short

KIND_CHIPS: Mapping[str, Chip] = {
    NoticeKind.REVIEW: Chip("warn", "scale", NoticeKind.REVIEW.label),
    NoticeKind.SUSPENDED: Chip("bad", "player-pause", NoticeKind.SUSPENDED.label),
    NoticeKind.EVENT: Chip("info", "info-circle", NoticeKind.EVENT.label),
    NoticeKind.EXPIRY: Chip("warn", "calendar-due", NoticeKind.EXPIRY.label),
    NoticeKind.ASSESSMENT: Chip("warn", "report", NoticeKind.ASSESSMENT.label),
    NoticeKind.FILING: Chip("warn", "file-text", NoticeKind.FILING.label),
    NoticeKind.BOOKED: Chip("bad", "calendar-due", NoticeKind.BOOKED.label),
    NoticeKind.DRIFT: Chip("warn", "git-compare", NoticeKind.DRIFT.label),
    NoticeKind.HIS: Chip("bad", "plug-connected", NoticeKind.HIS.label),
    NoticeKind.CERTIFICATE: Chip("warn", "calendar-off", NoticeKind.CERTIFICATE.label),
}
STATE_CHIPS: Mapping[str, Chip] = {
    DeliveryState.WAITING: Chip("info", "clock", DeliveryState.WAITING.label),
    DeliveryState.SENT: Chip("ok", "circle-check", DeliveryState.SENT.label),
    DeliveryState.REFUSED: Chip("bad", "circle-x", DeliveryState.REFUSED.label),
    DeliveryState.STOPPED: Chip("mute", "ban", DeliveryState.STOPPED.label),
}
STUCK = Chip("warn", "hourglass", gettext_lazy("未送达，仍在重试"))


@dataclass(frozen=True)
class NoticeRow:
    id: int
    kind: Chip
    title: str
    text: str
    at: str
    url: str
    read_url: str
    is_unread: bool
    state: str


def notice_rows(notices: Sequence[Notice]) -> list[NoticeRow]:
    return [
        NoticeRow(
            id=notice.pk,
            kind=KIND_CHIPS[notice.kind],
            title=notice.title,
            text=notice.text,
            at=write_short(notice.created_at),
            url=reverse("notices:notice-open", args=[notice.pk]),
            read_url=reverse("notices:notice-read", args=[notice.pk]),
            is_unread=notice.read_at is None,
            state=_("未读") if notice.read_at is None else write_moment(notice.read_at),
        )
        for notice in notices
    ]


@dataclass(frozen=True)
class DeliveryRow:
    """``acts`` are label and address of what may be done with it."""

    id: int
    channel: Text
    target: str
    kind: Text
    at: str
    state: Chip
    tries: int
    error: str
    next: str
    acts: Sequence[tuple[Text, str]]


def delivery_rows(deliveries: Sequence[Delivery]) -> list[DeliveryRow]:
    return [_delivery_row(delivery) for delivery in deliveries]


def _delivery_row(delivery: Delivery) -> DeliveryRow:
    is_waiting = delivery.state == DeliveryState.WAITING
    is_stuck = is_waiting and delivery.tries >= STUCK_AFTER
    is_open = is_waiting or delivery.state == DeliveryState.REFUSED
    acts = [
        (_("立即重试"), reverse("notices:delivery-act", args=[delivery.pk, "retry"])),
        (_("停止"), reverse("notices:delivery-act", args=[delivery.pk, "stop"])),
    ]
    return DeliveryRow(
        id=delivery.pk,
        channel=delivery.get_channel_display(),
        target=delivery.target,
        kind=delivery.get_kind_display(),
        at=write_short(delivery.created_at),
        state=STUCK if is_stuck else STATE_CHIPS[delivery.state],
        tries=delivery.tries,
        error=delivery.error or "—",
        next=write_second(delivery.due_at if is_waiting else delivery.ended_at),
        acts=acts if is_open else (),
    )
