"""What watching the outbox leaves behind: alerts, signs of life, counts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Alert(models.Model):
    """A rule that is broken at one target, from the moment it was seen to its end.

    Of what is compared with the HIS, ``target`` is the part: ``rights``, ``grades``.

    ``amount`` is what was found last (messages, drifts, seconds, minutes or hours, as the rule says),
    ``since`` since when; both go on changing while it is open.
    """

    class Rule(models.TextChoices):
        STUCK = "STUCK", _("消息卡住")
        REJECTED = "REJECTED", _("消息被拒收")
        UNKNOWN = "UNKNOWN", _("结果未知")
        UNCONFIRMED = "UNCONFIRMED", _("未回读一致")
        LAG = "LAG", _("送达变慢")
        HIS_AWAY = "HIS_AWAY", _("HIS 未应答")
        WORKER_SILENT = "WORKER_SILENT", _("后台进程没有动静")
        BEAT_SILENT = "BEAT_SILENT", _("定时进程没有动静")
        DRIFT = "DRIFT", _("HIS 差异")
        NOT_COMPARED = "NOT_COMPARED", _("没有与 HIS 比对")

    rule = models.CharField(max_length=14, choices=Rule.choices)
    target = models.CharField(max_length=30, blank=True)  # "": of the whole portal
    amount = models.PositiveIntegerField()
    since = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            # However much is wrong, and however many look: one alert.
            models.UniqueConstraint(
                fields=["rule", "target"],
                name="watch_alert_open_once",
                condition=Q(closed_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True)
                | Q(closed_at__gte=models.F("opened_at")),
                name="watch_alert_closed_after_it_was_opened",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} #{self.pk}"


class Sign(models.Model):
    """The last sign of life of a part: ``push``, ``worker``, ``beat``, ``his:`` and a
    target.

    ``asked_at`` is when it was last looked for; of a part that tells of itself, the same.
    """

    name = models.CharField(primary_key=True, max_length=40)
    at = models.DateTimeField()
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Tally(models.Model):
    """Tries that were counted for good: how many ended so, and how long they took.

    ``buckets`` are as many numbers as ``tallies.BOUNDS`` and one: tries that took no
    longer than the bound, but longer than the one before it.
    """

    target = models.CharField(max_length=30)
    outcome = models.CharField(max_length=14)
    buckets = models.JSONField()
    total_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["target", "outcome"], name="watch_tally_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.outcome}"


class TallyMark(models.Model):
    """Up to which try ``Tally`` has counted: one row.

    A try may be committed later than one with a greater number. So what is counted next
    ends at ``seen``, the greatest number some minutes ago, ``seen_at``.
    """

    counted = models.BigIntegerField(default=0)
    seen = models.BigIntegerField(default=0)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"up to #{self.counted}"
