"""Reading files."""

from __future__ import annotations

from portal.files.models import FileContent, StoredFile


def bytes_of(file: StoredFile) -> bytes:
    data = FileContent.objects.values_list("data", flat=True).get(file=file)
    return bytes(data)  # PostgreSQL gives a memoryview


def earlier_of(file: StoredFile) -> StoredFile | None:
    """The last file of the same bytes that was given before this one."""
    same = StoredFile.objects.filter(sha256=file.sha256, pk__lt=file.pk)
    return same.select_related("given_by").order_by("-pk").first()
