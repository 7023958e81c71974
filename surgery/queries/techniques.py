"""Restricted techniques and procedures out of use, with first case and filing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    DateTimeField,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)

from portal.parameters.days import start_of
from portal.parameters.working_days import Calendar, calendar_of_settings
from surgery.enums import RecodingState, RestrictedClass
from surgery.filing import WORKING_DAYS
from surgery.models import CaseShare, Procedure, RecodingLine

RESTRICTED = ~Q(restricted_class=RestrictedClass.NONE)
CLASSES = [one for one in RestrictedClass if one is not RestrictedClass.NONE]
# Done already and to be filed, unless it has another code by now.
BEGUN = RESTRICTED & Q(filed_on=None, first_at__isnull=False, is_recoded=False)
STOPPED = Q(is_enabled=False) | Q(effective_to__isnull=False)


def techniques() -> QuerySet[Any]:
    """Procedures that are restricted, out of use, or to go out of use.

    ``first_at`` is the incision of the first case, in any spelling of the code and of
    the restricted codes that became it; ``filed_on`` a day; ``stop_reason`` why it was
    put out of use, if anybody said; ``is_recoded``: it ended, for it has another code.
    """
    cases = CaseShare.objects.filter(code_key=OuterRef("code_key"))
    stops = Procedure.history.filter(
        id=OuterRef("pk"), effective_to=OuterRef("effective_to")
    ).exclude(history_user=None)
    own = Subquery(cases.order_by("op_start").values("op_start")[:1])
    carried = [When(pk=pk, then=Value(at)) for pk, at in _first_of_carried().items()]
    became = RecodingLine.objects.filter(
        old=OuterRef("pk"), recoding__state=RecodingState.APPLIED
    )
    found: QuerySet[Any] = Procedure.objects.annotate(
        first_at=Case(*carried, default=own, output_field=DateTimeField()),
        # Not a bare condition: SQL Server has none to select.
        is_recoded=Case(
            When(Q(is_enabled=False) & Exists(became), then=Value(True)),
            default=Value(False),
            output_field=BooleanField(),
        ),
        filed_on=F("filing__filed_on"),
        stop_reason=Subquery(
            stops.order_by("history_id").values("history_change_reason")[:1]
        ),
    )
    return found.filter(RESTRICTED | STOPPED).select_related("filing")


def _first_of_carried() -> dict[int, datetime]:
    """The first case of restricted techniques that had other codes before, by key: their
    clock goes on. What was not restricted before it was merged does not start it. Two
    queries, one where nothing was re-coded."""
    lines = RecodingLine.objects.filter(
        recoding__state=RecodingState.APPLIED,
        old__restricted_class__in=CLASSES,
        new__restricted_class__in=CLASSES,
    ).order_by("pk")
    before: dict[int, set[int]] = defaultdict(set)
    keys: dict[int, str] = {}
    for new, old, *theirs in lines.values_list(
        "new_id", "old_id", "new__code_key", "old__code_key"
    ):
        before[new].add(old)
        keys[new], keys[old] = theirs
    rows = CaseShare.objects.filter(code_key__in=set(keys.values())).order_by()
    firsts = dict(
        rows.values("code_key")
        .annotate(first=Min("op_start"))
        .values_list("code_key", "first")
        if keys
        else ()
    )
    found: dict[int, datetime] = {}
    for new in before:
        known = [firsts.get(keys[each]) for each in _all_before(new, before)]
        if dated := [at for at in known if at is not None]:
            found[new] = min(dated)
    return found


def _all_before(entry: int, before: Mapping[int, Collection[int]]) -> set[int]:
    """Itself, and what it was before, straight or over others."""
    found: set[int] = set()
    looked_at = {entry}
    while looked_at:
        found |= looked_at
        looked_at = {old for one in looked_at for old in before.get(one, ())} - found
    return found


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

    Until then they may be done: a technique is filed after its first case (GR09).
    Three queries.
    """
    limit = overdue_before(today, calendar_of_settings())
    late = techniques().filter(
        BEGUN, code__in=codes, filing=None, first_at__lt=start_of(limit)
    )
    return set(late.order_by().values_list("code", flat=True))
