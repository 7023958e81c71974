"""Import of grants by sheet: the file, how its columns are read, and what came of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from permissions.models.ledger import GrantEvent, GrantState
from portal.directory.models import Practitioner
from portal.sheets.models import SheetImport, SheetRow

# The kinds of its jobs.
CHECK, APPLY, UNDO = (
    "permissions.check_import",
    "permissions.apply_import",
    "permissions.undo_import",
)


class GrantImport(SheetImport):
    """One sheet on its way into the ledger.

    ``takes_proposed`` reads staff numbers with the zeros they lost.
    """

    takes_proposed = models.BooleanField(default=False)


class Verdict(models.TextChoices):
    """What a dry run says of a row."""

    NEW = "NEW", _("新增")
    SAME = "SAME", _("已有相同")
    RENEW = "RENEW", _("改变（续期）")
    CONFLICT = "CONFLICT", _("冲突")
    ERROR = "ERROR", _("有误")


class GrantImportRow(SheetRow):
    """One row of the sheet as last read.

    ``line`` is what is understood of it; ``state`` and ``seen`` are the line of the
    ledger it meets and its last event then; ``event`` is what was written for it.
    """

    grant_import = models.ForeignKey(
        GrantImport, on_delete=models.RESTRICT, related_name="rows"
    )
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    # Its staff number would be somebody's with the zeros it may have lost.
    is_proposed = models.BooleanField(default=False)
    line = models.JSONField(default=dict)
    practitioner = models.ForeignKey(
        Practitioner, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    state = models.ForeignKey(
        GrantState, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    seen = models.BigIntegerField(null=True, blank=True)
    event = models.ForeignKey(
        GrantEvent, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )

    class Meta:
        ordering = ["grant_import", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["grant_import", "number"],
                name="permissions_grantimportrow_once",
            )
        ]
