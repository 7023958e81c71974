"""Cells, rows and heads of the 授权矩阵, and its sheet for export."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from permissions.checks.facts import Role
from permissions.enums import Setting, SurgicalRole
from permissions.presenters import words
from permissions.presenters.lines import narrowed
from permissions.queries.grants import Standing
from permissions.queries.lines import Terms
from permissions.queries.matrix import (
    Cell,
    Held,
    Members,
    PrivilegeRow,
    ProcedureRow,
    is_by_item,
)
from portal.directory.models import Practitioner
from portal.ui.elements import Grade, Text
from portal.ui.moments import write_day, write_last_day
from portal.ui.phrases import noted

# One letter a cell; the style says the same by shape, for print in black and white.
LETTERS: dict[Role, tuple[str, Text]] = {
    Role.OPERATE: ("z", pgettext_lazy("cell", "主")),
    Role.OPERATE_SUPERVISED: ("d", pgettext_lazy("cell", "带")),
    Role.SUPERVISE: ("t", pgettext_lazy("cell", "教")),
    Role.ASSIST: ("a", pgettext_lazy("cell", "助")),
    Role.ORDER: ("o", pgettext_lazy("cell", "开")),
}
STANDINGS: dict[Standing, tuple[str, Text]] = {
    Standing.SUSPENDED: ("s", pgettext_lazy("cell", "停")),
    Standing.FUTURE: ("f", pgettext_lazy("cell", "待")),
    Standing.EXPIRED: ("x", pgettext_lazy("cell", "期")),
}
HAS = pgettext_lazy("cell", "有")
SHORT_TITLES = {
    "231": gettext_lazy("主任"),
    "232": gettext_lazy("副主任"),
    "233": gettext_lazy("主治"),
    "234": gettext_lazy("住院"),
    "235": gettext_lazy("医士"),
}


@dataclass(frozen=True, slots=True)
class CellView:
    """``letter`` empty: nothing held. ``title`` says everything in words."""

    css: str
    letter: str
    title: str


EMPTY = CellView("n", "", "")


@dataclass(frozen=True)
class Head:
    """A column: one doctor."""

    emp_no: str
    name: str
    title: Text
    url: str


@dataclass(frozen=True)
class RowView:
    """A row: one procedure or one privilege; ``count`` is who may, or who holds."""

    key: str
    name: str
    code: str
    grade: Grade | None
    url: str
    cells: Sequence[CellView]
    count: int
    is_gap: bool


@dataclass(frozen=True)
class LegendItem:
    css: str
    letter: Text
    text: Text


LEGEND: tuple[LegendItem, ...] = (
    *(
        LegendItem(css, letter, SurgicalRole(role.value).label)
        for role, (css, letter) in LETTERS.items()
    ),
    LegendItem("z e", LETTERS[Role.OPERATE][1], gettext_lazy("30 天内到期")),
    *(
        LegendItem(css, letter, words.STANDING_CHIPS[standing].text)
        for standing, (css, letter) in STANDINGS.items()
    ),
)
PRIVILEGE_LEGEND: tuple[LegendItem, ...] = (
    LegendItem("z", HAS, gettext_lazy("持有（逐项的写项数）")),
    LegendItem("z e", HAS, gettext_lazy("30 天内到期")),
    *LEGEND[len(LETTERS) + 1 :],
)


def heads(members: Members) -> list[Head]:
    return [_head(one) for one in members.people]


def _head(one: Practitioner) -> Head:
    return Head(
        one.emp_no,
        one.name,
        SHORT_TITLES.get(one.title_code, ""),
        reverse("permissions:practitioner-detail", args=[one.emp_no]),
    )


class Writer:
    """Words of the cells; looked up once, for there are thousands of cells."""

    def __init__(self) -> None:
        self._roles = {role: str(SurgicalRole(role.value).label) for role in LETTERS}
        self._letters = {
            role: (css, str(letter)) for role, (css, letter) in LETTERS.items()
        }
        self._standings = {
            standing: (css, str(letter))
            for standing, (css, letter) in STANDINGS.items()
        }
        self._chips = {
            key: str(chip.text) for key, chip in words.STANDING_CHIPS.items()
        }
        self._from, self._until = _("自 %(day)s 起"), _("至 %(day)s")
        self._has, self._then = str(HAS), _("；")

    def of_procedure(self, cell: Cell) -> CellView:
        if not cell:
            return EMPTY
        first = cell[0]
        if first.is_in_force:
            css, letter = self._letters[first.role]
            css = f"{css} e" if first.line.standing is Standing.EXPIRING else css
        else:
            css, letter = self._standings[first.line.standing]
        return CellView(css, letter, self.title(cell))

    def of_privilege(self, cell: Cell, *, by_item: bool) -> CellView:
        if not cell:
            return EMPTY
        force = [held for held in cell if held.is_in_force]
        if not force:
            css, letter = self._standings[cell[0].line.standing]
            return CellView(css, letter, self.title(cell[:3], with_role=by_item))
        is_soon = any(held.line.standing is Standing.EXPIRING for held in force)
        letter = str(len(force)) if by_item else self._has
        if by_item:
            title = _("%(n)s 项有效") % {"n": len(force)}
        else:
            title = self.title(cell, with_role=False)
        return CellView("z e" if is_soon else "z", letter, title)

    def title(self, cell: Iterable[Held], *, with_role: bool = True) -> str:
        """主刀 生效 至 2027-11-22；助手 …"""
        return self._then.join(self._one(held, with_role=with_role) for held in cell)

    def _one(self, held: Held, *, with_role: bool) -> str:
        line = held.line
        parts = [self._roles[held.role]] if with_role else []
        parts.append(self._chips[line.standing])
        if line.standing is Standing.FUTURE:
            parts.append(self._from % {"day": write_day(line.terms.valid_from)})
        else:
            parts.append(self._until % {"day": write_last_day(line.valid_to)})
        parts += limits(line.terms)
        return " ".join(parts)


def limits(terms: Terms) -> list[str]:
    """What narrows a line; nothing where it holds everywhere."""
    setting = [] if terms.setting == Setting.ALL else [Setting(terms.setting).label]
    return [str(word) for word in (*setting, *narrowed(terms))]


def procedure_views(rows: Sequence[ProcedureRow]) -> list[RowView]:
    writer = Writer()
    who_may = reverse("permissions:who-may")
    return [
        RowView(
            key=row.procedure.code,
            name=row.procedure.name,
            code=row.procedure.code,
            grade=Grade(row.grade or None),
            url=f"{who_may}?subject=P:{row.procedure.code}",
            cells=[writer.of_procedure(cell) for cell in row.cells],
            count=row.operators,
            is_gap=row.is_gap,
        )
        for row in rows
    ]


def privilege_views(rows: Sequence[PrivilegeRow]) -> list[RowView]:
    writer = Writer()
    who_may = reverse("permissions:who-may")
    return [
        RowView(
            key=row.privilege.code,
            name=row.privilege.name,
            code=row.privilege.code,
            grade=words.grade_of(row.privilege, None),
            url=f"{who_may}?subject=R:{row.privilege.code}",
            cells=[
                writer.of_privilege(cell, by_item=is_by_item(row.privilege))
                for cell in row.cells
            ],
            count=row.holders,
            is_gap=row.is_gap,
        )
        for row in rows
    ]


def sheet(
    columns: Sequence[Head], rows: Sequence[RowView]
) -> tuple[list[Text], list[list[str | int]]]:
    """Titles and lines for the file; a cell carries its letter and what it means."""
    titles: list[Text] = [_("编码"), _("名称"), _("级别")]
    titles += [f"{head.name} {head.emp_no} {head.title}".strip() for head in columns]
    lines: list[list[str | int]] = [
        [
            row.code,
            row.name,
            str(row.grade.text) if row.grade else "",
            *(noted(one.letter, one.title) if one.letter else "" for one in row.cells),
            row.count,
        ]
        for row in rows
    ]
    return [*titles, _("人数")], lines
