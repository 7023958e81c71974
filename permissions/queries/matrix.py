"""授权矩阵: the doctors of a department against procedures, or against privileges.

Five statements whatever the size; which line reaches which procedure is asked of the
check engine's own rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from permissions.checks.facts import ProcedureFacts, Role
from permissions.checks.facts import Terms as Facts
from permissions.checks.grouping import ASSISTING
from permissions.checks.rights import covers_as_class, covers_as_item, role_of
from permissions.enums import ValueKind
from permissions.models import Privilege
from permissions.queries.grants import Standing
from permissions.queries.lines import IN_FORCE, Line, lines_at
from portal.directory.models import Practitioner
from surgery.models import Procedure
from surgery.queries.grading import grades_on

# Lines taken away or entered in error are told by the drawer alone.
SHOWN = IN_FORCE | {Standing.SUSPENDED, Standing.FUTURE, Standing.EXPIRED}
HANDS = (Role.OPERATE, Role.OPERATE_SUPERVISED, Role.SUPERVISE)
LESSER = (Role.ASSIST, Role.ORDER)
STANDINGS = (Standing.SUSPENDED, Standing.FUTURE, Standing.EXPIRED)
# What a cell says first: what is in force for an operating hand, then why it is not,
# then what anybody's assisting right says. The engine's ORDER puts them the same way.
_ORDER: list[tuple[Role, Standing | None]] = [
    *[(role, None) for role in HANDS],
    *[(role, standing) for standing in STANDINGS for role in HANDS],
    *[(role, None) for role in LESSER],
    *[(role, standing) for standing in STANDINGS for role in LESSER],
]
RANK = {key: place for place, key in enumerate(_ORDER)}
# With fewer who may operate alone, nobody stands in when one is away.
ENOUGH_OPERATORS = 2
MOST_PROCEDURES = 400


@dataclass(frozen=True, slots=True)
class Held:
    """A line in the part it has for one procedure, or for one privilege."""

    line: Line
    role: Role

    @property
    def is_in_force(self) -> bool:
        return self.line.standing in IN_FORCE

    @property
    def rank(self) -> tuple[int, bool]:
        standing = None if self.is_in_force else self.line.standing
        # Of two in force the one that lasts longer speaks.
        return RANK[self.role, standing], self.line.standing is Standing.EXPIRING


Cell = tuple[Held, ...]  # the telling line first; empty: nothing


@dataclass(frozen=True)
class Graded:
    """A procedure with the grade it has on the day."""

    procedure: Procedure
    grade: int


@dataclass(frozen=True)
class ProcedureRow:
    procedure: Procedure
    grade: int
    cells: Sequence[Cell]
    operators: int

    @property
    def is_gap(self) -> bool:
        return self.operators < ENOUGH_OPERATORS


@dataclass(frozen=True)
class PrivilegeRow:
    privilege: Privilege
    cells: Sequence[Cell]
    holders: int

    @property
    def is_gap(self) -> bool:
        return self.holders == 0


@dataclass(frozen=True)
class Members:
    """The columns: doctors by title and name, and all lines of each at the moment."""

    people: Sequence[Practitioner]
    lines: Mapping[int, Sequence[Line]]


def members_of(department_code: str, at: datetime) -> Members:
    """Who practises in the department now, or holds a line there at ``at``."""
    found = Practitioner.objects.filter(department__code=department_code)
    everybody = list(found.order_by("title_code", "pinyin", "emp_no"))
    lines: dict[int, list[Line]] = defaultdict(list)
    ledger = lines_at(at, practitioner__department__code=department_code, visit_no="")
    for line in ledger:
        if line.standing in SHOWN:
            lines[line.terms.practitioner_id].append(line)
    people = [
        one
        for one in everybody
        if one.is_practising
        or any(line.standing is not Standing.EXPIRED for line in lines[one.pk])
    ]
    # Whoever has no title in the HIS comes last.
    people.sort(key=lambda one: one.title_code or "9")
    return Members(people, lines)


def procedures_for(
    members: Members, *, specialty: str, grades: Iterable[int], on: date, today: date
) -> list[Graded]:
    """Rows: of a specialty, of the whole catalogue (``all``), or those for which a
    member holds a line; the higher grade first.

    On another day than today the grades are those of that day; two queries more.
    """
    wanted = set(grades)
    found = Procedure.objects.filter(is_enabled=True).defer("search_text")
    if specialty not in ("", "all"):
        found = found.filter(specialty=specialty)
    known: Mapping[int, int] = {}
    if on == today:
        found = found.filter(grade__in=wanted)
    else:
        known = grades_on(on)
    rows = [Graded(one, known.get(one.pk, one.grade)) for one in found.order_by("code")]
    if specialty == "":
        held = {
            line.terms.item_code for lines in members.lines.values() for line in lines
        }
        rows = [one for one in rows if one.procedure.code in held]
    rows = [one for one in rows if one.grade in wanted]
    rows.sort(key=lambda one: -one.grade)
    return rows[:MOST_PROCEDURES]


def specialties() -> list[str]:
    found = Procedure.objects.filter(is_enabled=True).exclude(specialty="")
    names = found.order_by("specialty").values_list("specialty", flat=True)
    return list(names.distinct())


def procedure_rows(
    members: Members, procedures: Iterable[Graded]
) -> list[ProcedureRow]:
    holdings = [Holding(members.lines.get(one.pk, ())) for one in members.people]
    rows = []
    for one in procedures:
        facts = facts_of(one)
        cells = [holding.cell(facts) for holding in holdings]
        operators = sum(map(may_operate, cells))
        rows.append(ProcedureRow(one.procedure, one.grade, cells, operators))
    return rows


def may_operate(cell: Cell) -> bool:
    return any(held.is_in_force and held.role is Role.OPERATE for held in cell)


class Holding:
    """One person's lines, ready to be asked for each procedure."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._items: dict[str, list[Line]] = defaultdict(list)
        self._classes: list[Line] = []
        for line in lines:
            if line.terms.item_code:
                self._items[line.terms.item_code].append(line)
            else:
                self._classes.append(line)

    def cell(self, procedure: ProcedureFacts) -> Cell:
        own = self._items.get(procedure.code, ())
        found = [line for line in own if covers_as_item(facts(line), procedure)]
        found += [
            line
            for line in self._classes
            if covers_as_class(facts(line), procedure)
            or line.terms.privilege == ASSISTING
        ]
        held = [Held(line, role_of(facts(line))) for line in found]
        return tuple(sorted(held, key=lambda one: one.rank))


def facts(line: Line) -> Facts:
    return _facts(line.terms.privilege, line.terms.role)


@lru_cache(maxsize=1024)
def _facts(privilege: str, role: str) -> Facts:
    """What the rules of the engine ask of a line: its privilege and its role."""
    begins = datetime(2000, 1, 1, tzinfo=UTC)
    return Facts(privilege, begins, role=Role(role or Role.OPERATE))


def facts_of(one: Graded) -> ProcedureFacts:
    procedure = one.procedure
    return ProcedureFacts(
        procedure.code,
        procedure.name,
        one.grade,
        is_enabled=procedure.is_enabled,
        is_restricted=procedure.is_restricted,
    )


def privilege_rows(members: Members, category: str) -> list[PrivilegeRow]:
    """Every enabled entry of a category (``""``: of all) against the doctors."""
    entries = Privilege.objects.filter(is_enabled=True)
    if category:
        entries = entries.filter(category=category)
    held: dict[tuple[int, str], list[Held]] = defaultdict(list)
    for person, lines in members.lines.items():
        for line in lines:
            one = Held(line, role_of(facts(line)))
            held[person, line.terms.privilege].append(one)
    rows = []
    for entry in entries.order_by("sort", "code"):
        cells = [
            tuple(sorted(held.get((one.pk, entry.code), ()), key=lambda x: x.rank))
            for one in members.people
        ]
        holders = sum(any(one.is_in_force for one in cell) for cell in cells)
        rows.append(PrivilegeRow(entry, cells, holders))
    return rows


def is_by_item(privilege: Privilege) -> bool:
    return privilege.value_kind == ValueKind.ITEM
