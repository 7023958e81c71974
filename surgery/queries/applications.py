"""Reading surgery applications."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet

from portal.directory.models import Practitioner
from portal.directory.queries import departments_of
from surgery.models import ApplicationProcedure, SurgeryApplication
from surgery.queries.bookings import departments_of_booking


def declarations() -> QuerySet[SurgeryApplication]:
    """Surgery applications with who and what, newest first, ready for a list."""
    current = ApplicationProcedure.objects.filter(is_dropped=False)
    return SurgeryApplication.objects.select_related(
        "applicant", "surgeon__department"
    ).prefetch_related(
        Prefetch("procedures", queryset=current, to_attr="current_procedures")
    )


def application_by_no(application_no: str) -> SurgeryApplication | None:
    return (
        SurgeryApplication.objects.select_related("applicant", "surgeon")
        .filter(application_no=application_no)
        .first()
    )


def is_business_of(practitioner: Practitioner, application: SurgeryApplication) -> bool:
    """Whether a doctor may read what was declared: by the department the HIS has the
    operation in; till it shows it, by that of who declared first."""
    booked_in = departments_of_booking(application.application_no)
    if booked_in:
        return not booked_in.isdisjoint(departments_of(practitioner))
    return bool(application.applicant.department_id == practitioner.department_id)


def current_codes(application: SurgeryApplication) -> list[str]:
    """Codes of the procedures that stand, in order."""
    lines = application.procedures.filter(is_dropped=False).order_by("position")
    return list(lines.values_list("code", flat=True))


def current_team(application: SurgeryApplication) -> list[dict[str, str]]:
    """``emp_no`` and ``role`` of those who stand beside the surgeon, in order."""
    lines = application.team.filter(is_dropped=False).order_by("position")
    return [{"emp_no": one.emp_no, "role": one.role} for one in lines]


def declaration_or_none(application_id: int) -> SurgeryApplication | None:
    return declarations().filter(pk=application_id).first()


def versions_of(application: SurgeryApplication) -> list[Any]:
    """History rows of one declaration, oldest first, with who declared for whom."""
    return list(
        application.history.select_related("history_user", "surgeon").order_by(
            "history_date", "history_id"
        )
    )
