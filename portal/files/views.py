"""A stored file, for who may have it."""

from __future__ import annotations

import io
from typing import cast

from django.http import FileResponse, Http404, HttpResponse

from portal.accounts.guards import AuthenticatedRequest, signed_in
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.files.models import FileKind, StoredFile
from portal.files.queries import bytes_of

TYPES = {
    FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileKind.CSV: "text/csv",
}


@signed_in
def download(request: AuthenticatedRequest, file_id: int) -> HttpResponse:
    """As a download, never shown in place; not there for who may not have it."""
    file = StoredFile.objects.filter(pk=file_id).first()
    if file is None or file.needs not in request.capabilities:
        raise Http404
    record(EventKind.EXPORTED, by=request.user, subject=("file", file.pk))
    answer = FileResponse(
        io.BytesIO(bytes_of(file)),
        as_attachment=True,
        filename=file.name,
        content_type=TYPES[FileKind(file.kind)],
    )
    answer.headers["Cache-Control"] = "private, no-store"
    # Guards speak of HttpResponse; a streamed file is one to them.
    return cast(HttpResponse, answer)
