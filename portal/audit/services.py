"""Writing the event log."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from portal.audit.models import AuditEvent, EventKind
from portal.audit.origin import current_origin


def record(
    kind: EventKind,
    *,
    by: Any = None,
    subject: tuple[str, object] = ("", ""),
    is_ok: bool = True,
    reason: str = "",
    **detail: Any,
) -> AuditEvent:
    """Append one event; where it came from is taken from the request under way.

    ``subject`` is (type, id); ``detail`` takes codes and numbers only.
    """
    origin = current_origin()
    return AuditEvent.objects.create(
        at=timezone.now(),
        kind=kind,
        by=by,
        subject_type=subject[0],
        subject_id=str(subject[1]),
        is_ok=is_ok,
        reason=reason,
        detail=detail,
        address=origin.address or None,
        request_id=origin.request_id,
    )
