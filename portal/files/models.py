"""Files people gave us, in our own database: one backup, one copy on every node."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.audit.history import WriteOnceModel


class FileKind(models.TextChoices):
    """What a file is by its content, whatever it is called."""

    XLSX = "XLSX", _("Excel 工作簿（xlsx）")
    CSV = "CSV", _("文本表格（csv）")


class StoredFile(WriteOnceModel):
    """A file as it was given. ``needs`` names the capability that opens it."""

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=FileKind.choices)
    size = models.PositiveIntegerField()  # bytes
    sha256 = models.CharField(max_length=64, db_index=True)
    needs = models.CharField(max_length=40)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.RESTRICT, related_name="+"
    )
    given_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"#{self.pk}"


class FileContent(WriteOnceModel):
    """The bytes, beside the row: a list of files does not carry them."""

    file = models.OneToOneField(
        StoredFile, on_delete=models.RESTRICT, related_name="content"
    )
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"#{self.pk}"
