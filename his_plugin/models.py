"""What a launch leaves behind: the nonce that was used, and the ticket it was worth."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class LaunchNonce(models.Model):
    """One launch that was accepted, so that it is accepted once: by the nonce of its
    link, or by the state a platform answered to.

    Kept for a day; of a ticket only the hash is kept, and the patient context only
    until the ticket is used: from then on it lives in the session alone.
    """

    app = models.CharField(max_length=20)
    nonce = models.CharField(max_length=64)
    used_at = models.DateTimeField(db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.RESTRICT, related_name="+"
    )
    station = models.CharField(max_length=2)
    # Shown inside a page of the station: no cookie will come back from there.
    is_framed = models.BooleanField(default=False)
    # "" when the link was exchanged for a token, or the ticket was used.
    ticket_hash = models.CharField(max_length=64, blank=True, db_index=True)
    patient = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["app", "nonce"], name="his_plugin_launchnonce_used_once"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
