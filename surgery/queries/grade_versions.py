"""Versions of the graded catalogue: lists, what each changed, what it contains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery

from surgery.enums import Publishing
from surgery.models import CataloguePublication, GradeChange, GradeVersion, Procedure
from surgery.queries.grading import grades_of_version

REPORTED_GRADES = (4, 3)


def versions() -> QuerySet[GradeVersion]:
    """Newest first, with how many changes, when reported and published last, and
    whether all of it was taken back."""
    changes = GradeChange.objects.filter(version=OuterRef("pk")).order_by()
    shown = CataloguePublication.objects.filter(version=OuterRef("pk")).order_by()
    return (
        GradeVersion.objects.select_related("by")
        .annotate(
            changed=_counted(changes),
            undone=_counted(changes.filter(undone_by__isnull=False)),
            reported_on=_last(shown, Publishing.REPORTED),
            published_on=_last(shown, Publishing.PUBLISHED),
        )
        .order_by("-id")
    )


def version_in_force(day: date) -> Any:
    """The last decided one whose day has come and that still stands; as ``versions``."""
    rows = versions().filter(effective_on__lte=day)
    return rows.filter(Q(undone=None) | Q(undone__lt=F("changed"))).first()


def _counted(rows: QuerySet[GradeChange]) -> Subquery:
    return Subquery(rows.values("version").annotate(n=Count("pk")).values("n"))


def _last(rows: QuerySet[CataloguePublication], kind: Publishing) -> Subquery:
    found = rows.filter(Q(kind=kind)).values("version")
    return Subquery(found.annotate(last=Max("on")).values("last"))


def changes_of(version: GradeVersion) -> list[GradeChange]:
    rows = GradeChange.objects.filter(version=version)
    return list(
        rows.select_related(
            "by", "version", "proposal__proposed_by", "undone_by__version"
        ).order_by("code")
    )


def publications_of(version: GradeVersion) -> list[CataloguePublication]:
    rows = CataloguePublication.objects.filter(version=version)
    return list(rows.select_related("by").order_by("-on", "-pk"))


@dataclass(frozen=True)
class Listed:
    """A procedure with its grade in a version."""

    procedure: Procedure
    grade: int


def reported_catalogue(
    version: GradeVersion, grades: Sequence[int] = REPORTED_GRADES
) -> list[Listed]:
    """三、四级手术目录 of a version, the highest grade first, by code."""
    graded = grades_of_version(version.pk)
    wanted = {pk: grade for pk, grade in graded.items() if grade in grades}
    rows = Procedure.objects.filter(pk__in=wanted, is_enabled=True).order_by("code")
    found = [Listed(one, wanted[one.pk]) for one in rows]
    return sorted(found, key=lambda one: (-one.grade, one.procedure.code))
