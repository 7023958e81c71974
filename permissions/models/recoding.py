"""What a re-coding did to the ledger: which line ended, and which goes on instead."""

from __future__ import annotations

from django.db import models

from permissions.models.ledger import Grant, GrantEvent, GrantState
from portal.audit.history import WriteOnceModel
from surgery.models import Recoding


class RecodedGrant(WriteOnceModel):
    """A line that ended by a re-coding (``event``), and one in which it goes on.

    A line of a code that was split has several rows; several lines of merged codes that
    are one right go on in the same line. ``is_opened`` is false where the person held
    that line before, and it says as much already.
    """

    recoding = models.ForeignKey(
        Recoding, on_delete=models.RESTRICT, related_name="grants"
    )
    state = models.ForeignKey(
        GrantState, on_delete=models.RESTRICT, related_name="recodings"
    )
    event = models.ForeignKey(
        GrantEvent, on_delete=models.RESTRICT, related_name="recoded"
    )
    into = models.ForeignKey(
        Grant, on_delete=models.RESTRICT, related_name="recoded_from"
    )
    is_opened = models.BooleanField(default=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["recoding", "state", "into"],
                name="permissions_recodedgrant_once",
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
