"""Restricted techniques and suspended procedures, with first case and filing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from portal.parameters.working_days import Calendar
from surgery.enums import RestrictedClass
from surgery.filing import WORKING_DAYS
from surgery.models import CaseProcedure, Procedure, Suspension
from surgery.queries.bookings import bookings, undeclared_to_his
from surgery.queries.volumes import counted

RESTRICTED = ~Q(restricted_class=RestrictedClass.NONE)
STOPPED = Q(stopped_from__isnull=False)


def techniques() -> QuerySet[Any]:
    """Procedures that are restricted or suspended.

    ``first_at`` is the incision of the first case, as a main or further procedure;
    ``filed_on`` and ``stopped_from`` are days, empty where there are none.
    """
    lines = CaseProcedure.objects.filter(
        code=OuterRef("code"),
        missing_since=None,
        case__missing_since=None,
        case__is_canceled=False,
        case__op_start__isnull=False,
    ).order_by("case__op_start")
    mains = counted().filter(proc_code=OuterRef("code")).order_by("op_start")
    standing = Suspension.objects.filter(procedure=OuterRef("pk"), lifted_on=None)
    found: QuerySet[Any] = Procedure.objects.annotate(
        first_at=Coalesce(
            Subquery(lines.values("case__op_start")[:1]),
            Subquery(mains.values("op_start")[:1]),
        ),
        filed_on=F("filing__filed_on"),
        stopped_from=Subquery(standing.order_by().values("from_on")[:1]),
    )
    return found.filter(RESTRICTED | STOPPED).select_related("filing")


def technique_or_none(procedure_id: int) -> Any:
    """Any procedure, with the same beside it."""
    restricted = techniques().filter(pk=procedure_id).first()
    return restricted or Procedure.objects.filter(pk=procedure_id).first()


def standing_suspension(procedure: Procedure) -> Suspension | None:
    return Suspension.objects.filter(procedure=procedure, lifted_on=None).first()


def standing_suspensions(procedures: list[Any]) -> dict[int, Suspension]:
    found = Suspension.objects.filter(procedure__in=procedures, lifted_on=None)
    return {one.procedure_id: one for one in found.order_by("pk")}


def overdue_before(today: date, calendar: Calendar) -> date:
    """First cases before this day are overdue today, those from it on are not."""
    day = today - timedelta(days=1)
    while calendar.after(day, WORKING_DAYS) >= today:
        day -= timedelta(days=1)
    return day + timedelta(days=1)


def booked_with(procedure: Procedure, *, since: Any) -> int:
    """How many operations ahead are to do this procedure."""
    mine = Q(proc_code=procedure.code) | Q(extra_proc_code=procedure.code)
    there = bookings().filter(mine, planned_at__gte=since).count()
    alone = undeclared_to_his().filter(
        planned_at__gte=since,
        procedures__code=procedure.code,
        procedures__is_dropped=False,
    )
    return there + alone.distinct().count()
