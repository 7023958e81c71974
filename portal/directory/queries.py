"""Reads of our copy of the HIS master data."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Replace

from portal.directory.models import (
    Department,
    Practitioner,
    PractitionerDepartment,
)

# Shorter pieces of pinyin occur inside half of all names.
SHORTEST_INNER = 3


def practitioner_by_emp_no(emp_no: str) -> Practitioner | None:
    """The practitioner with exactly this staff number, leading zeros included."""
    found = Practitioner.objects.select_related("department")
    return found.filter(emp_no=emp_no).first()


def departments_of(practitioner: Practitioner) -> frozenset[str]:
    """Codes of the department they belong to and of those they work in besides."""
    beside = PractitionerDepartment.objects.filter(
        emp_no=practitioner.emp_no, missing_since=None
    )
    codes = beside.order_by().values_list("dept_code", flat=True)
    return frozenset({practitioner.department.code, *codes})


def search_practitioners(text: str) -> QuerySet[Practitioner]:
    """By 工号, name, pinyin or initials; best match first, those gone last."""
    wanted = "".join(text.split()).lower()
    if not wanted:
        return Practitioner.objects.none()
    ways = matches(wanted)
    anyhow = Q()
    for way in ways:
        anyhow |= way
    rank = Case(
        *[When(way, then=Value(place)) for place, way in enumerate(ways)],
        output_field=IntegerField(),
    )
    # Not by the moment itself: databases differ in where they put what is missing.
    is_gone = Case(
        When(missing_since__isnull=True, then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    return (
        Practitioner.objects.select_related("department")
        .alias(letters=Replace("pinyin", Value(" "), Value("")))
        .filter(anyhow)
        .order_by(rank, is_gone, "pinyin", "emp_no")
    )


def matches(wanted: str) -> list[Q]:
    """Ways to match, the most telling first."""
    ways = [
        Q(emp_no__iexact=wanted),
        Q(name=wanted),
        Q(initials=wanted),
        Q(letters=wanted),
        Q(emp_no__istartswith=wanted),
        Q(name__startswith=wanted),
        Q(initials__startswith=wanted),
        Q(letters__startswith=wanted),
        Q(name__contains=wanted),
    ]
    if len(wanted) >= SHORTEST_INNER:
        ways += [Q(letters__contains=wanted), Q(emp_no__iendswith=wanted)]
    return ways


def department_choices(
    codes: Collection[str] | None = None,
) -> list[tuple[str, str]]:
    """Code and name of every department, or of these, by code."""
    found = Department.objects.order_by("code")
    if codes is not None:
        found = found.filter(code__in=codes)
    return list(found.values_list("code", "name"))
