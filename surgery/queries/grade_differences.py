"""Our grades beside those of the HIS: what is missing there, extra, or different.

``differences`` is plain: two catalogues in, what keeps them apart out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from portal.directory.models import HisProcedureGrade, QuarantinedRow
from portal.his.contract.interfaces import V_YW_OP_GRADE
from portal.outbox.comparison import NO_GRADE
from surgery.codes import key
from surgery.models import Procedure

T = TypeVar("T")


class Kind(StrEnum):
    """What the HIS is beside us."""

    MISSING = "MISSING"
    EXTRA = "EXTRA"
    DIFFERENT = "DIFFERENT"


class Field(StrEnum):
    """Which column of ``V_YW_OP_GRADE`` differs."""

    GRADE = "grade"
    EFFECTIVE_FROM = "effective_from"


@dataclass(frozen=True)
class Graded:
    """A procedure in one of the two catalogues; ``grade`` "0" is none.

    ``effective_from`` None: nobody knows, and nothing is held against it.
    """

    grade: str
    effective_from: date | None = None

    @property
    def has_grade(self) -> bool:
        return self.grade != NO_GRADE


@dataclass(frozen=True)
class Apart:
    """One difference; ``ours`` and ``theirs`` as the contract writes them, empty where
    there is none."""

    code: str
    kind: Kind
    field: Field
    ours: str
    theirs: str


def differences(
    ours: Mapping[str, Graded], theirs: Mapping[str, Graded]
) -> Iterator[Apart]:
    """By code. A procedure without a grade is as good as none on either side."""
    for code in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(code), theirs.get(code)
        if other is None:
            if mine is not None and mine.has_grade:
                yield Apart(code, Kind.MISSING, Field.GRADE, mine.grade, "")
        elif mine is None:
            if other.has_grade:
                yield Apart(code, Kind.EXTRA, Field.GRADE, "", other.grade)
        else:
            yield from _between(code, mine, other)


def _between(code: str, mine: Graded, other: Graded) -> Iterator[Apart]:
    if mine.grade != other.grade:
        yield Apart(code, Kind.DIFFERENT, Field.GRADE, mine.grade, other.grade)
        return
    days = (mine.effective_from, other.effective_from)
    if mine.has_grade and None not in days and days[0] != days[1]:
        words = [str(day) for day in days]
        yield Apart(code, Kind.DIFFERENT, Field.EFFECTIVE_FROM, *words)


def ours() -> dict[str, tuple[int, str, str]]:
    """Key, name and grade of every procedure by code; out of use is without a grade."""
    rows = Procedure.objects.order_by().values_list(
        "code", "pk", "name", "grade", "is_enabled"
    )
    return {
        code: (pk, name, str(grade) if is_enabled else NO_GRADE)
        for code, pk, name, grade, is_enabled in rows
    }


def theirs() -> dict[str, Graded]:
    """What the HIS showed when it was last read."""
    rows = HisProcedureGrade.objects.filter(missing_since__isnull=True).order_by()
    found = rows.values_list("proc_code", "grade", "effective_from")
    return {code: Graded(grade, since) for code, grade, since in found}


def unreadable() -> list[str]:
    """Codes of the rows that were set aside when the HIS was last read, empty where a
    row has none."""
    rows = QuarantinedRow.objects.filter(view=V_YW_OP_GRADE.name)
    return list(rows.values_list("key", flat=True))


def in_our_spelling(theirs: Mapping[str, T], ours: Collection[str]) -> dict[str, T]:
    """What the HIS says of codes, each spelled as in our catalogue, where it is there.

    A second spelling of one code stays as it is: it is a line too many.
    """
    spelled = {key(code): code for code in ours}
    found = {code: value for code, value in theirs.items() if code in ours}
    for code, value in theirs.items():
        if code not in ours:
            mine = spelled.get(key(code), code)
            found[code if mine in found else mine] = value
    return found
