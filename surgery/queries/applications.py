"""Reading surgery applications."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet

from surgery.models import ApplicationProcedure, SurgeryApplication


def declarations() -> QuerySet[SurgeryApplication]:
    """Surgery applications with who and what, newest first, ready for a list."""
    current = ApplicationProcedure.objects.filter(is_dropped=False)
    return SurgeryApplication.objects.select_related(
        "applicant", "surgeon__department"
    ).prefetch_related(
        Prefetch("procedures", queryset=current, to_attr="current_procedures")
    )


def booked_procedures(
    *surgeon_ids: int, after: datetime, before: datetime | None = None
) -> QuerySet[ApplicationProcedure]:
    """Procedures of operations ahead that these surgeons are to do, the next first."""
    lines = ApplicationProcedure.objects.filter(
        application__surgeon__in=surgeon_ids,
        application__planned_at__gte=after,
        is_dropped=False,
    )
    if before is not None:
        lines = lines.filter(application__planned_at__lt=before)
    return lines.select_related("application__surgeon").order_by(
        "application__planned_at", "application_id", "position"
    )


def booked_for(code: str, *, after: datetime) -> QuerySet[ApplicationProcedure]:
    """Operations ahead in which this procedure is to be done, the next first."""
    lines = ApplicationProcedure.objects.filter(
        code=code, application__planned_at__gte=after, is_dropped=False
    )
    return lines.select_related("application__surgeon").order_by(
        "application__planned_at", "application_id", "position"
    )


def application_by_no(application_no: str) -> SurgeryApplication | None:
    return (
        SurgeryApplication.objects.select_related("applicant", "surgeon")
        .filter(application_no=application_no)
        .first()
    )


def current_codes(application: SurgeryApplication) -> list[str]:
    """Codes of the procedures that stand, in order."""
    lines = application.procedures.filter(is_dropped=False).order_by("position")
    return list(lines.values_list("code", flat=True))


def declaration_or_none(application_id: int) -> SurgeryApplication | None:
    return declarations().filter(pk=application_id).first()


def versions_of(application: SurgeryApplication) -> list[Any]:
    """History rows of one declaration, oldest first, with who declared for whom."""
    return list(
        application.history.select_related("history_user", "surgeon").order_by(
            "history_date", "history_id"
        )
    )


def bookings_between(start: datetime, end: datetime) -> list[tuple[str, datetime]]:
    """Staff number of the surgeon and planned time of every operation, by time."""
    found = SurgeryApplication.objects.filter(planned_at__gte=start, planned_at__lt=end)
    rows = found.order_by("planned_at", "pk")
    return list(rows.values_list("surgeon__emp_no", "planned_at"))
