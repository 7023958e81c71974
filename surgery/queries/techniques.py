"""Restricted techniques and procedures out of use, with first case and filing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from portal.parameters.days import start_of
from portal.parameters.working_days import Calendar, calendar_of_settings
from surgery.enums import RestrictedClass
from surgery.filing import WORKING_DAYS
from surgery.models import CaseShare, Procedure

RESTRICTED = ~Q(restricted_class=RestrictedClass.NONE)
STOPPED = Q(is_enabled=False) | Q(effective_to__isnull=False)


def techniques() -> QuerySet[Any]:
    """Procedures that are restricted, out of use, or to go out of use.

    ``first_at`` is the incision of the first case, in any spelling of the code,
    ``filed_on`` a day; ``stop_reason`` why it was put out of use, if anybody said.
    """
    cases = CaseShare.objects.filter(code_key=OuterRef("code_key"))
    stops = Procedure.history.filter(
        id=OuterRef("pk"), effective_to=OuterRef("effective_to")
    ).exclude(history_user=None)
    found: QuerySet[Any] = Procedure.objects.annotate(
        first_at=Subquery(cases.order_by("op_start").values("op_start")[:1]),
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


def filing_overdue(codes: Collection[str], *, today: date) -> set[str]:
    """Of these procedures the restricted ones that should have been filed by now.

    Until then they may be done: a technique is filed after its first case (GR09). One
    query.
    """
    limit = overdue_before(today, calendar_of_settings())
    late = techniques().filter(
        RESTRICTED, code__in=codes, filing=None, first_at__lt=start_of(limit)
    )
    return set(late.order_by().values_list("code", flat=True))
