"""Import of personal certificates by sheet, and what came of each row."""

from __future__ import annotations

from django.db import models

from permissions.models.certificates import PersonalCertificate
from permissions.models.record_imports import RecordRow, written_record
from portal.sheets.models import SheetImport

# The kinds of its jobs.
CHECK, APPLY, UNDO = (
    "permissions.check_certificates",
    "permissions.apply_certificates",
    "permissions.undo_certificates",
)


class CertificateImport(SheetImport):
    """One sheet on its way into the personal certificates."""


class CertificateImportRow(RecordRow):
    """``issued`` is what is understood of the row; ``record`` what was written for it."""

    certificate_import = models.ForeignKey(
        CertificateImport, on_delete=models.RESTRICT, related_name="rows"
    )
    issued = models.JSONField(default=dict)
    record = written_record(PersonalCertificate)

    class Meta:
        ordering = ["certificate_import", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["certificate_import", "number"],
                name="permissions_certificateimportrow_once",
            )
        ]
