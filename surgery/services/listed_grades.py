"""Grades set by the hospital's own list: the one way they go from a sheet to procedures.

``one`` is the import: it says who brought the list, who decided, by which document and
for which day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from portal.accounts.models import User
from surgery.enums import Grade
from surgery.models import Procedure, ProcedureImport


class Listed(NamedTuple):
    """The grade a procedure shall have; it comes locked."""

    procedure: Procedure
    grade: Grade


def set_grades(wishes: Sequence[Listed], *, one: ProcedureImport, at: datetime) -> None:
    """Inside ``acting()`` and a transaction."""
    by_grade: dict[Grade, list[int]] = defaultdict(list)
    for procedure, grade in wishes:
        by_grade[grade].append(procedure.pk)
    for grade, keys in sorted(by_grade.items()):
        Procedure.objects.filter(pk__in=keys).update(grade=grade)


def take_back_grades(
    wishes: Sequence[Listed], *, one: ProcedureImport, by: User, at: datetime
) -> None:
    """The grades that were; inside ``acting()`` and a transaction."""
    set_grades(wishes, one=one, at=at)
