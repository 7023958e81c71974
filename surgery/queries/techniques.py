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
from surgery.queries.recoding import all_before

RESTRICTED = ~Q(restricted_class=RestrictedClass.NONE)
CLASSES = [one for one in RestrictedClass if one is not RestrictedClass.NONE]
# Done already and to be filed, unless it has another code by now.
BEGUN = RESTRICTED & Q(filed_on=None, first_at__isnull=False, is_recoded=False)
APPLIED = RecodingLine.objects.filter(recoding__state=RecodingState.APPLIED)
STOPPED = Q(is_enabled=False) | Q(effective_to__isnull=False)


def techniques() -> QuerySet[Any]:
    """Procedures that are restricted, out of use, or to go out of use.

    ``first_at`` is the incision of the first case, in any spelling of the code and of
    the restricted codes that became it; ``filed_on`` a day; ``stop_reason`` why it was
    put out of use, if anybody said; ``is_recoded``: it ended, for it has another code.
    """
    return _techniques(_first_of_carried())


def _techniques(firsts: Mapping[int, datetime]) -> QuerySet[Any]:
    """``firsts`` are first cases, by key, of those that had other codes before."""
    cases = CaseShare.objects.filter(code_key=OuterRef("code_key"))
    stops = Procedure.history.filter(
        id=OuterRef("pk"), effective_to=OuterRef("effective_to")
    ).exclude(history_user=None)
    own = Subquery(cases.order_by("op_start").values("op_start")[:1])
    carried = [When(pk=pk, then=Value(at)) for pk, at in firsts.items()]
    became = APPLIED.filter(old=OuterRef("pk"))
    found: QuerySet[Any] = Procedure.objects.annotate(
        first_at=Case(*carried, default=own, output_field=DateTimeField()),
        is_recoded=_whether(Q(is_enabled=False) & Exists(became)),
        filed_on=F("filing__filed_on"),
        stop_reason=Subquery(
            stops.order_by("history_id").values("history_change_reason")[:1]
        ),
    )
    return found.filter(RESTRICTED | STOPPED).select_related("filing")


def _whether(condition: Any) -> Case:
    """Not the bare condition: SQL Server has none to select."""
    yes = When(condition, then=Value(True))
    return Case(yes, default=Value(False), output_field=BooleanField())


def _first_of_carried() -> dict[int, datetime]:
    """The first case of restricted techniques that had other codes before, by key: their
    clock goes on. What was not restricted before it was merged does not start it. Two
    queries, one where nothing was re-coded."""
    lines = APPLIED.filter(
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
        known = [firsts.get(keys[each]) for each in all_before(new, before)]
        if dated := [at for at in known if at is not None]:
            found[new] = min(dated)
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

    Until then they may be done: a technique is filed after its first case (GR09). One
    query, two more where one of them had another code.
    """
    limit = start_of(overdue_before(today, calendar_of_settings()))
    former = APPLIED.filter(new=OuterRef("pk"))
    rows = list(
        _techniques({})
        .filter(RESTRICTED, is_recoded=False, code__in=codes, filing=None)
        .annotate(is_carried=_whether(Exists(former)))
        .order_by("pk")
        .values_list("pk", "code", "first_at", "is_carried")
    )
    carried = _first_of_carried() if any(row[-1] for row in rows) else {}
    firsts = {code: carried.get(pk, own) for pk, code, own, _is_carried in rows}
    return {code for code, at in firsts.items() if at is not None and at < limit}
