"""Messages that are long settled, kept apart from those the outbox works with."""

from __future__ import annotations

from django.db import models


class ArchivedMessage(models.Model):
    """A message with all its tries, as it was when it left the outbox.

    The key and all names are those of ``Message``, so pages show both alike.
    ``attempts`` are the columns of its ``Attempt`` rows, the moments as ISO texts.
    """

    id = models.BigIntegerField(primary_key=True)
    month = models.CharField(max_length=7)  # "2026-11", in which it was settled
    request_id = models.UUIDField()
    kind = models.CharField(max_length=20)
    target = models.CharField(max_length=30)
    schema_version = models.PositiveSmallIntegerField()
    stream = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)
    payload = models.JSONField()
    takes_away = models.BooleanField()
    state = models.CharField(max_length=10)
    not_before = models.DateTimeField()
    enqueued_at = models.DateTimeField()
    tries = models.PositiveIntegerField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    last_code = models.CharField(max_length=10, blank=True)
    last_text = models.CharField(max_length=300, blank=True)
    attempts = models.JSONField()
    archived_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["month", "id"], name="outbox_archived_month"),
            models.Index(
                fields=["stream", "id"],
                name="outbox_archived_stream",
                opclasses=["varchar_pattern_ops", "int8_ops"],
            ),
            models.Index(fields=["subject"], name="outbox_archived_subject"),
            # The log of changes asks for all of a state; the rows are long.
            models.Index(fields=["state", "subject"], name="outbox_archived_state"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.state} {self.month}"
