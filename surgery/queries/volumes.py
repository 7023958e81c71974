"""How often who did what, in which role, and how it ended: counted by the database.

A case counts once in each group, whatever its lines. One that was canceled or is gone
from the HIS does not count, nor one without an incision: it has no day. Where the HIS
shows no team or no procedures of a case, its surgeon and its main procedure stand for
them, as the case itself names both.
"""

from __future__ import annotations

from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import Case, Count, F, FilteredRelation, Q, QuerySet, When
from django.db.models.functions import Coalesce

from portal.directory.models import PulledView
from surgery.enums import Reoperation
from surgery.models import PerformedCase

WITHOUT_COMPLICATION = ("", "00")
HURT = ~Q(complication__in=WITHOUT_COMPLICATION)
AGAIN = Q(reoperation=Reoperation.UNPLANNED)
DEAD = Q(is_dead=True)
COUNTS = ("cases", "complications", "reoperations", "deaths")
BY_BOTH = ("who", "role", "code")
BY_SURGEON = ("who", "role")
BY_PROCEDURE = ("code",)


class Groups(QuerySet[Any]):
    """Groups have no key of their own: what they are grouped by takes its place."""

    grouped_by: tuple[str, ...] = ()

    def _clone(self) -> Any:
        made = super()._clone()  # type: ignore[misc]  # as every class of Django's own
        made.grouped_by = self.grouped_by
        return made

    def order_by(self, *names: Any) -> Any:
        """``pk``, by which a list breaks ties, means the fields grouped by."""
        keys = [self.grouped_by if name == "pk" else (name,) for name in names]
        return super().order_by(*chain.from_iterable(keys))


def counted() -> QuerySet[PerformedCase]:
    """The cases that count."""
    return PerformedCase.objects.filter(
        missing_since=None, is_canceled=False, op_start__isnull=False
    )


def volumes(
    by: tuple[str, ...] = BY_BOTH,
    *,
    since: datetime | None = None,
    before: datetime | None = None,
) -> Any:
    """One row a group: the fields grouped by, and the four ``COUNTS``.

    ``who`` is a staff number, ``role`` a TeamRole (None: the surgeon of a case whose
    team the HIS does not show), ``code`` a procedure as the HIS spells it. The window
    is that of the incision, ``before`` exclusive.
    """
    groups = Groups(PerformedCase)
    groups.grouped_by = by
    cases: Any = groups.filter(
        missing_since=None, is_canceled=False, op_start__isnull=False
    )
    if since is not None:
        cases = cases.filter(op_start__gte=since)
    if before is not None:
        cases = cases.filter(op_start__lt=before)
    present: dict[str, Any] = {}
    if "who" in by:
        team = Q(members__missing_since=None)
        present["member"] = FilteredRelation("members", condition=team)
    if "code" in by:
        items = Q(procedures__missing_since=None)
        present["item"] = FilteredRelation("procedures", condition=items)
    fields = {
        "who": Coalesce("member__emp_no", "surgeon_no") if "who" in by else None,
        "role": F("member__role") if "role" in by else None,
        "code": Coalesce("item__code", "proc_code") if "code" in by else None,
    }
    grouped = cases.annotate(**present).annotate(**{name: fields[name] for name in by})
    return grouped.values(*by).annotate(
        cases=Count("pk", distinct=True),
        complications=_times(HURT),
        reoperations=_times(AGAIN),
        deaths=_times(DEAD),
    )


def _times(condition: Q) -> Count:
    return Count(Case(When(condition, then=F("pk"))), distinct=True)


def undated() -> int:
    """Cases that do not count because nobody wrote down when they began."""
    there = PerformedCase.objects.filter(missing_since=None, is_canceled=False)
    return there.filter(op_start=None).count()


def pulled_stamp() -> tuple[Any, ...]:
    """Changes when a pull of cases may have changed a count."""
    views = PulledView.objects.filter(view__startswith="V_YW_OPERATION")
    return tuple(views.order_by("view").values_list("version", flat=True))
