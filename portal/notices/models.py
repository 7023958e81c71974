"""What people are told, and what of it goes out by mail or webhook.

Texts are Chinese, whatever language a reader's pages have: they are kept as written.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class NoticeKind(models.TextChoices):
    REVIEW = "REVIEW", _("授权复核")
    SUSPENDED = "SUSPENDED", _("自动暂停")
    EVENT = "EVENT", _("人员变动")
    EXPIRY = "EXPIRY", _("授权到期")
    ASSESSMENT = "ASSESSMENT", _("能力评估")
    CERTIFICATE = "CERT", _("证书到期")
    FILING = "FILING", _("限制类技术备案")
    BOOKED = "BOOKED", _("受影响手术")
    HIS = "HIS", _("HIS 对接告警")
    DRIFT = "DRIFT", _("HIS 差异")


class Notice(models.Model):
    """Something one user is told in the portal. ``link`` is a path of ours.

    ``key`` says what it is about: told again, it is not told twice.
    """

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.RESTRICT, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=NoticeKind.choices)
    key = models.CharField(max_length=80)
    title = models.CharField(max_length=100)
    text = models.CharField(max_length=500, blank=True)
    link = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "key"], name="notices_notice_told_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["recipient", "-id"],
                name="notices_unread",
                condition=models.Q(read_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class Channel(models.TextChoices):
    MAIL = "MAIL", _("邮件")
    WEBHOOK = "WEBHOOK", _("Webhook")


class DeliveryState(models.TextChoices):
    WAITING = "WAITING", _("等待")
    SENT = "SENT", _("已送达")
    REFUSED = "REFUSED", _("被拒收")
    STOPPED = "STOPPED", _("已停止")


class Delivery(models.Model):
    """One mail or one call of a webhook, tried until it is taken or refused.

    ``target`` is the address, or the name of the endpoint; ``message_id`` is the same
    in every try, so that the other side knows a repetition.
    """

    message_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    channel = models.CharField(max_length=7, choices=Channel.choices)
    target = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=NoticeKind.choices)
    key = models.CharField(max_length=80)
    payload = models.JSONField()
    state = models.CharField(
        max_length=7, choices=DeliveryState.choices, default=DeliveryState.WAITING
    )
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # The worker that has it, and until when.
    claim = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "target", "key"], name="notices_delivery_once"
            )
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="notices_due")]

    def __str__(self) -> str:
        return f"{self.channel} #{self.pk}"
