"""Restricted techniques and procedures out of use, with first case and filing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from portal.parameters.working_days import Calendar
from surgery.enums import RestrictedClass
from surgery.filing import WORKING_DAYS
from surgery.models import CaseProcedure, Procedure
from surgery.queries.volumes import counted

RESTRICTED = ~Q(restricted_class=RestrictedClass.NONE)
STOPPED = Q(is_enabled=False) | Q(effective_to__isnull=False)


def techniques() -> QuerySet[Any]:
    """Procedures that are restricted, out of use, or to go out of use.

    ``first_at`` is the incision of the first case, as a main or further procedure,
    ``filed_on`` a day; ``stop_reason`` why it was put out of use, if anybody said.
    """
    lines = CaseProcedure.objects.filter(
        code=OuterRef("code"),
        missing_since=None,
        case__missing_since=None,
        case__is_canceled=False,
        case__op_start__isnull=False,
    ).order_by("case__op_start")
    mains = counted().filter(proc_code=OuterRef("code")).order_by("op_start")
    stops = Procedure.history.filter(
        id=OuterRef("pk"), effective_to=OuterRef("effective_to")
    ).exclude(history_user=None)
    found: QuerySet[Any] = Procedure.objects.annotate(
        first_at=Coalesce(
            Subquery(lines.values("case__op_start")[:1]),
            Subquery(mains.values("op_start")[:1]),
        ),
        filed_on=F("filing__filed_on"),
        stop_reason=Subquery(
            stops.order_by("history_id").values("history_change_reason")[:1]
        ),
    )
    return found.filter(RESTRICTED | STOPPED).select_related("filing")


def technique_or_none(procedure_id: int) -> Any:
    return techniques().filter(pk=procedure_id).first()


def overdue_before(today: date, calendar: Calendar) -> date:
    """First cases before this day are overdue today, those from it on are not."""
    day = today - timedelta(days=1)
    while calendar.after(day, WORKING_DAYS) >= today:
        day -= timedelta(days=1)
    return day + timedelta(days=1)
