"""Where and for what practitioners are registered, from the HIS' rows of scopes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from permissions.checks.facts import Ends
from portal.directory.models import PractitionerScope
from portal.parameters.days import end_of

TCM = "4"
# Scope, institution, its last day, category.
Row = tuple[str, str, date | None, str]


@dataclass(frozen=True, slots=True)
class Registration:
    """As ``PersonFacts`` has it. A campus is open to who is registered at the
    institution the setting names for it."""

    scopes: frozenset[str]
    scope_ends: Ends
    campuses: frozenset[str]
    campus_ends: Ends
    is_tcm: bool


def registrations(
    emp_nos: Collection[str] | QuerySet[Any] | None = None,
) -> dict[str, Registration]:
    """By staff number, of everybody or of these; who has no row is left out. One query."""
    only: dict[str, Any] = {} if emp_nos is None else {"emp_no__in": emp_nos}
    rows = PractitionerScope.objects.filter(missing_since=None, **only)
    found: dict[str, list[Row]] = defaultdict(list)
    columns = ("emp_no", "scope_code", "prac_org", "valid_to", "prac_category")
    for emp_no, *row in rows.order_by().values_list(*columns):
        found[emp_no].append(tuple(row))
    # Thousands share a registration: one object for all.
    known: dict[tuple[Row, ...], Registration] = {}
    return {
        emp_no: known.setdefault(key, _registration(key))
        for emp_no, own in found.items()
        for key in [tuple(sorted(own, key=repr))]
    }


def _registration(rows: tuple[Row, ...]) -> Registration:
    scopes = _longest((scope, valid_to) for scope, _org, valid_to, _kind in rows)
    orgs = _longest((org, valid_to) for _scope, org, valid_to, _kind in rows)
    places = {
        campus: orgs[org]
        for campus, org in settings.CAMPUS_INSTITUTIONS.items()
        if org in orgs
    }
    return Registration(
        scopes=frozenset(scopes),
        scope_ends=_ends(scopes),
        campuses=frozenset(places),
        campus_ends=_ends(places),
        is_tcm=any(kind == TCM for _scope, _org, _to, kind in rows),
    )


def _longest(rows: Any) -> dict[str, datetime | None]:
    """The latest exclusive end of each code; None stays open."""
    found: dict[str, datetime | None] = {}
    for code, last_day in rows:
        end = end_of(last_day)
        if code in found:
            known = found[code]
            end = None if end is None or known is None else max(end, known)
        found[code] = end
    return found


def _ends(codes: dict[str, datetime | None]) -> Ends:
    return tuple((code, end) for code, end in sorted(codes.items()) if end is not None)
