"""手术室授权名册: who may do which operation of grade 3 or 4 on a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from permissions.checks.grouping import ITEM_REACH, ORDERING, RESTRICTED
from permissions.enums import ItemKind, SurgicalRole
from permissions.queries.lines import IN_FORCE, Line, lines_at
from portal.directory.models import Practitioner
from portal.parameters.days import day_of

LISTED = frozenset({*ITEM_REACH, RESTRICTED}) - {ORDERING}
GRADES = (3, 4)
ROLES = (
    SurgicalRole.OPERATE,
    SurgicalRole.OPERATE_SUPERVISED,
    SurgicalRole.SUPERVISE,
    SurgicalRole.ASSIST,
)
PLACE = {role.value: place for place, role in enumerate(ROLES)}


@dataclass(frozen=True)
class RosterLine:
    """One right of one surgeon to one operation, in force on the day."""

    practitioner: Practitioner
    line: Line

    @property
    def role(self) -> str:
        return self.line.terms.role or SurgicalRole.OPERATE


@dataclass(frozen=True)
class Roster:
    """``left_out`` may not practise on that day whatever they hold."""

    lines: tuple[RosterLine, ...]
    left_out: tuple[Practitioner, ...]


def roster_at(
    at: datetime, *, department: str = "", grades: Iterable[int] = GRADES
) -> Roster:
    """Of a department (``""``: of the house); three queries."""
    only = {"practitioner__department__code": department} if department else {}
    found = lines_at(
        at,
        None,
        item_kind=ItemKind.PROCEDURE,
        item_grade__in=list(grades),
        privilege__code__in=sorted(LISTED),
        **only,
    )
    lines = [line for line in found if line.standing in IN_FORCE]
    lines = [line for line in lines if (line.terms.role or "OPERATE") in PLACE]
    everybody = Practitioner.objects.select_related("department").order_by("pk")
    if department:
        everybody = everybody.filter(department__code=department)
    people = everybody.in_bulk()
    kept = [RosterLine(people[one.terms.practitioner_id], one) for one in lines]
    day = day_of(at)
    absent = {one.practitioner.pk for one in kept if not practises(one, day)}
    return Roster(
        lines=tuple(one for one in kept if one.practitioner.pk not in absent),
        left_out=tuple(
            sorted((people[pk] for pk in absent), key=lambda one: one.emp_no)
        ),
    )


def practises(one: RosterLine, day: date) -> bool:
    """In service, and registered through the day."""
    ends = one.practitioner.license_valid_to
    return one.practitioner.is_practising and (ends is None or day <= ends)


def by_procedure(line: RosterLine) -> tuple[int, str, int, str, str]:
    terms = line.line.terms
    grade = -(terms.item_grade or 0)
    person = line.practitioner
    return grade, terms.item_code, PLACE[line.role], person.title_code, person.emp_no


def by_surgeon(line: RosterLine) -> tuple[str, str, str, int, str, int]:
    terms, person = line.line.terms, line.practitioner
    place = (person.department.code, person.pinyin, person.emp_no)
    return *place, -(terms.item_grade or 0), terms.item_code, PLACE[line.role]
