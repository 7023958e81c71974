"""One row of the sheet, cell by cell: whom and what it means, and what is wrong in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.enums import (
    Category,
    GrantKind,
    ItemKind,
    Setting,
    Side,
    SurgicalRole,
    ValueKind,
)
from permissions.importers.columns import Field
from permissions.importers.house import House
from permissions.models import Privilege
from permissions.services import Line
from portal.directory.models import Practitioner
from portal.sheets import values
from portal.sheets.cells import Cells, GivenRow, picked
from portal.sheets.values import Choice

LENGTHS = {
    Field.CAMPUS: 20,
    Field.CONDITIONS: 200,
    Field.EVIDENCE: 500,
    Field.DOC_NO: 50,
}
ITEM_LENGTH, ITEM_NAME_LENGTH = 32, 100


@dataclass
class Read(GivenRow):
    """A row as read. ``line`` is there when nothing was wrong in any cell."""

    practitioner: Practitioner | None = None
    line: Line | None = None
    is_proposed: bool = False


class Reader:
    """Reads the rows of one sheet in one house."""

    def __init__(
        self, house: House, mapping: Mapping[str, int], *, takes_proposed: bool
    ) -> None:
        self._house = house
        self._mapping = mapping
        self._takes_proposed = takes_proposed
        self._roles = Choice(SurgicalRole.choices)
        self._settings = Choice(Setting.choices)
        self._sides = Choice(Side.choices)
        self._kinds = Choice(KINDS)

    def read(self, number: int, cells: list[Any]) -> Read | None:
        """None for a row that is empty in all columns that count."""
        found, given = picked(self._mapping, cells)
        if not given:
            return None
        row = Read(number, given)
        cell = Cells(row, found)
        row.practitioner = self._practitioner(row, cell)
        self._fill(row, cell)
        return row

    # --- who --------------------------------------------------------------------------

    def _practitioner(self, row: Read, cell: Cells) -> Practitioner | None:
        emp_no = cell(Field.EMP_NO, values.plain, "")
        name = cell(Field.NAME, values.name, "")
        if row.problems:
            return None
        if not emp_no:
            row.add(Field.EMP_NO, _("工号为空。"))
            return None
        found = self._house.people.get(emp_no)
        if found is None:
            found = self._with_zeros(row, emp_no, name)
        if found is not None and values.name(found.name) != name:
            self._wrong_name(row, found, name)
        return found

    def _with_zeros(self, row: Read, emp_no: str, name: str) -> Practitioner | None:
        """A spreadsheet drops the zeros of a number: proposed, and only taken if told."""
        alike = [
            one
            for one in self._house.with_zeros(emp_no)
            if values.name(one.name) == name
        ]
        if len(alike) != 1:
            row.add(Field.EMP_NO, _("医师字典中没有这个工号。"))
            return None
        row.is_proposed = True
        if self._takes_proposed:
            return alike[0]
        row.add(
            Field.EMP_NO,
            _("没有这个工号；是否为 %(emp_no)s（%(name)s）？工号前面的 0 可能丢失。")
            % {"emp_no": alike[0].emp_no, "name": alike[0].name},
        )
        return None

    def _wrong_name(self, row: Read, found: Practitioner, name: str) -> None:
        if not name:
            row.add(Field.NAME, _("姓名为空，不能核对工号。"))
            return
        words = {"emp_no": found.emp_no, "name": found.name}
        row.add(Field.NAME, _("工号 %(emp_no)s 是%(name)s，与姓名不符。") % words)

    # --- what -------------------------------------------------------------------------

    def _fill(self, row: Read, cell: Cells) -> None:
        privilege = self._privilege(row, cell)
        first = cell(Field.VALID_FROM, values.day, None)
        if first is None and not row.is_told(Field.VALID_FROM):
            row.add(Field.VALID_FROM, _("有效期起为空。"))
        last = cell(Field.VALID_TO, values.last_day, None)
        rest: dict[str, Any] = {
            "role": cell.choice(Field.ROLE, self._roles, ""),
            "setting": cell.choice(
                Field.SETTING, self._settings, self._usual(privilege)
            ),
            "side": cell.choice(Field.SIDE, self._sides, Side.ANY),
            "kind": cell.choice(Field.KIND, self._kinds, GrantKind.DIRECT),
            "campus": cell.text(Field.CAMPUS, LENGTHS[Field.CAMPUS]),
            "conditions": cell.text(Field.CONDITIONS, LENGTHS[Field.CONDITIONS]),
            "evidence": cell.text(Field.EVIDENCE, LENGTHS[Field.EVIDENCE]),
            "doc_no": cell.text(Field.DOC_NO, LENGTHS[Field.DOC_NO]),
        }
        if privilege is None or first is None:
            return
        line = Line(privilege=privilege, valid_from=first, valid_to=last, **rest)
        line = self._with_item(row, cell, line)
        if not row.problems:
            row.line = line

    def _usual(self, privilege: Privilege | None) -> str:
        """Where a right is used that names no setting: everywhere it may be."""
        return privilege.setting if privilege is not None else Setting.ALL

    def _privilege(self, row: Read, cell: Cells) -> Privilege | None:
        text = cell(Field.PRIVILEGE, values.plain, "")
        if row.is_told(Field.PRIVILEGE):
            return None
        found = self._house.privilege(text) if text else None
        if found is None:
            why = _("权限字典中没有这一项。") if text else _("权限为空。")
            row.add(Field.PRIVILEGE, why)
        return found

    def _with_item(self, row: Read, cell: Cells, line: Line) -> Line:
        """``51.2300`` or ``51.2300 腹腔镜下胆囊切除术``; a device must have its name."""
        text = cell(Field.ITEM, values.plain, "")
        code, _blank, name = text.partition(" ")
        if not code or row.is_told(Field.ITEM):
            return line
        if len(code) > ITEM_LENGTH or len(name) > ITEM_NAME_LENGTH:
            row.add(Field.ITEM, _("编码最多 32 个字，名称最多 100 个字。"))
            return line
        procedure = self._house.procedure(code)
        drug = self._house.drugs.get(code)
        known = procedure.name if procedure is not None else drug
        if known is not None and name and name != values.plain(known):
            row.add(
                Field.ITEM,
                _("%(code)s 是「%(name)s」。") % {"code": code, "name": known},
            )
        if procedure is not None or not _may_be_other(line.privilege):
            return replace(line, item=code)
        if drug is not None:
            return replace(line, item=code, item_kind=ItemKind.DRUG, item_name=drug)
        if not name:
            row.add(Field.ITEM, NOT_KNOWN)
            return line
        return replace(line, item=code, item_kind=ItemKind.DEVICE, item_name=name)


NOT_KNOWN = gettext_lazy(
    "手术目录和药品字典中没有这个编码。设备请在编码后空一格写名称。"
)
KINDS = [one for one in GrantKind.choices if one[0] != GrantKind.ONE_PATIENT]


def _may_be_other(privilege: Privilege) -> bool:
    """Whether its lines may be for a drug or a device."""
    return privilege.value_kind == ValueKind.ITEM and privilege.category != Category.SG
