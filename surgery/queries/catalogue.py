"""Reading the catalogue for its pages: the list, one entry, what was made of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.cache import cache
from django.db.models import Prefetch, Q, QuerySet

from portal.directory.models import Department
from surgery.enums import RecodingState
from surgery.models import (
    Procedure,
    ProcedureAlias,
    ProcedureDepartment,
    RecodingLine,
)

CHOICES_KEY, CHOICES_SECONDS = "surgery.departments", 60


def entries() -> QuerySet[Procedure]:
    """With the aliases and departments that stand, as ``standing_…``, and the codes it
    comes from and became, as ``former_lines`` and ``coming_lines``; 4 queries more."""
    recoded = RecodingLine.objects.filter(
        recoding__state=RecodingState.APPLIED
    ).order_by("pk")
    aliases = ProcedureAlias.objects.filter(is_dropped=False).order_by("pk")
    places = ProcedureDepartment.objects.filter(is_dropped=False)
    rows: QuerySet[Procedure] = Procedure.objects.defer("search_text")
    shown: list[Any] = [
        Prefetch("aliases", queryset=aliases, to_attr="standing_aliases"),
        Prefetch(
            "departments",
            queryset=places.select_related("department").order_by("department__code"),
            to_attr="standing_departments",
        ),
        Prefetch("recoded_from", queryset=recoded, to_attr="former_lines"),
        Prefetch("recoded_to", queryset=recoded, to_attr="coming_lines"),
    ]
    return rows.prefetch_related(*shown)


def entry_or_none(procedure_id: int) -> Procedure | None:
    return entries().filter(pk=procedure_id).first()


def switch_ahead(entry: Procedure, day: date) -> date | None:
    """The day on which it goes out of use, or into it, where that is decided and ahead."""
    turns_on = entry.effective_to if entry.is_enabled else entry.effective_from
    return turns_on if turns_on is not None and turns_on > day else None


def last_change_of(procedure: Procedure) -> int:
    """Number of the newest history row of the entry itself; 0 before the first."""
    rows = procedure.history.order_by("-history_id")
    return rows.values_list("history_id", flat=True).first() or 0


def versions_of(procedure: Procedure) -> list[Any]:
    """History rows of the entry, oldest first, with who changed it."""
    rows = procedure.history.select_related("history_user")
    return list(rows.order_by("history_id"))


def name_and_place_changes(procedure: Procedure) -> list[Any]:
    """History rows of its aliases and departments, oldest first; two queries."""
    aliases: Any = ProcedureAlias.history.filter(procedure=procedure)
    places: Any = ProcedureDepartment.history.filter(procedure=procedure)
    rows = [
        *aliases.select_related("history_user"),
        *places.select_related("history_user", "department"),
    ]
    return sorted(rows, key=lambda row: (row.history_date, row.history_id))


def done_in(department_code: str) -> Q:
    """Entries the department may do: those it is named for, and those for every one."""
    standing = ProcedureDepartment.objects.filter(is_dropped=False).order_by()
    named = standing.filter(department__code=department_code)
    return Q(pk__in=named.values("procedure")) | ~Q(pk__in=standing.values("procedure"))


def department_choices() -> list[tuple[str, str, str]]:
    """Code, name and initials; a minute old is good enough."""
    known: list[tuple[str, str, str]] | None = cache.get(CHOICES_KEY)
    if known is None:
        rows = Department.objects.filter(is_enabled=True, missing_since=None)
        fields = ("code", "name", "initials")
        known = list(rows.order_by("code").values_list(*fields))
        cache.set(CHOICES_KEY, known, CHOICES_SECONDS)
    return known
