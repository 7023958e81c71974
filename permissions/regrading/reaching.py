"""Which lines a regrading concerns, and which of them do not reach the new grade."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from django.db.models import Q, QuerySet

from permissions.checks.grouping import CLASS_PRIVILEGES, ITEM_PRIVILEGES
from permissions.enums import ItemKind
from permissions.models import GrantState
from permissions.queries.catalogue import EFFECTIVE
from surgery.enums import Grade


def item_lines(code: str, after: datetime) -> QuerySet[GrantState]:
    """Living lines for exactly this procedure, by doctor."""
    return _living(after).filter(item_kind=ItemKind.PROCEDURE, item_code=code)


def lines_for(codes: Collection[str], after: datetime) -> Iterator[GrantState]:
    """Living lines for any of these procedures, by doctor; one query."""
    # Thousands of codes are more than a statement takes: the few held are picked here.
    held = _living(after).filter(item_kind=ItemKind.PROCEDURE)
    return (line for line in held.iterator(chunk_size=2000) if line.item_code in codes)


def item_codes(after: datetime) -> QuerySet[GrantState]:
    """Living lines for any procedure, in no order."""
    return _living(after).filter(item_kind=ItemKind.PROCEDURE).order_by()


def class_lines(grades: set[int], after: datetime) -> QuerySet[GrantState]:
    """Living lines of a class that reaches the lowest of these grades."""
    lowest = min((grade for grade in grades if grade), default=len(Grade))
    codes = [code for code, reach in CLASS_PRIVILEGES.items() if reach >= lowest]
    return _living(after).filter(privilege__code__in=codes)


def reaches(privilege: str, grade: int) -> bool:
    """Does an item line of this privilege stand under a procedure of this grade?

    Lines of restricted techniques, day surgery and lists kept by kind go with any
    grade; nothing goes with a grade that was withdrawn.
    """
    return grade > Grade.UNGRADED and ITEM_PRIVILEGES.get(privilege, grade) >= grade


def _living(after: datetime) -> QuerySet[GrantState]:
    return (
        GrantState.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gt=after), status__in=EFFECTIVE
        )
        .select_related("practitioner__department", "privilege", "grant")
        .order_by("practitioner__pinyin", "practitioner__emp_no", "pk")
    )
