"""One row of a sheet of procedures: its code, its name, and what it says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.files.sheets import Serial
from portal.sheets import values
from portal.sheets.cells import Cells, GivenRow, picked
from portal.sheets.values import Misread, plain
from surgery import codes
from surgery.enums import EntryOption, Grade, ProcedureCategory
from surgery.importers.columns import AssessedField, GradeField, NationalField
from surgery.models.imports import ProcedureImport, Sort

CODE, NAME = NationalField.CODE.value, NationalField.NAME.value
CODE_LENGTH, NAME_LENGTH = 32, 100

# Words only: other systems number the categories differently (domain 3.1).
CATEGORIES = {
    "手术": ProcedureCategory.SURGERY,
    "介入治疗": ProcedureCategory.INTERVENTION,
    "介入": ProcedureCategory.INTERVENTION,
    "治疗性操作": ProcedureCategory.THERAPEUTIC,
    "治疗操作": ProcedureCategory.THERAPEUTIC,
    "诊断性操作": ProcedureCategory.DIAGNOSTIC,
    "诊断操作": ProcedureCategory.DIAGNOSTIC,
}
OPTIONS = {
    "": EntryOption.UNSAID,
    "必选": EntryOption.REQUIRED,
    "必选项": EntryOption.REQUIRED,
    "必填": EntryOption.REQUIRED,
    "选择性": EntryOption.OPTIONAL,
    "可选": EntryOption.OPTIONAL,
    "选填": EntryOption.OPTIONAL,
}
GRADES = {
    word: grade
    for grade, digits in (
        (Grade.ONE, "一1ⅠI"),
        (Grade.TWO, ("二", "2", "Ⅱ", "II")),
        (Grade.THREE, ("三", "3", "Ⅲ", "III")),
        (Grade.FOUR, ("四", "4", "Ⅳ", "IV")),
    )
    for digit in map(plain, digits)
    for word in (digit, f"{digit}级", f"{digit}级手术", f"{digit}类")
}
YES = frozenset({"是", "√", "✓", "Y", "YES", "1", "有", "四级", "四级手术", "微创"})
NO = frozenset({"", "否", "N", "NO", "0", "无", "×", "-", "—", "非"})


@dataclass
class Read(GivenRow):
    """``key`` names the procedure, ``says`` what stands in the sheet of its fields."""

    code: str = ""
    key: str = ""
    name: str = ""
    says: dict[str, Any] = field(default_factory=dict)


def code_of(cell: Any) -> str:
    """A code as the list writes it; a number has lost the zeros that belong to it."""
    if isinstance(cell, Serial):
        raise Misread(NUMBER)
    text = plain(cell)
    if len(text) > CODE_LENGTH:
        raise Misread(_("最多 %(most)s 个字。") % {"most": CODE_LENGTH})
    return codes.written(text) if text else ""


def national_code(cell: Any) -> str:
    code = code_of(cell)
    if code and not codes.is_valid(code):
        raise Misread(_("不是国临编码的写法，如 51.2300、52.7x00、39.7900x625。"))
    return code


def name_of(cell: Any) -> str:
    """As it is written, without blanks around it."""
    return values.free(cell, NAME_LENGTH)


def word_of(words: Mapping[str, Any], shown: str) -> Callable[[Any], Any]:
    """Reads one of these words, whatever its width; ``shown`` names them."""

    def read(cell: Any) -> Any:
        text = plain(cell).replace(" ", "").upper()
        if text not in words:
            raise Misread(_("只能是%(words)s。") % {"words": shown})
        return words[text]

    return read


def yes_or_no(cell: Any) -> bool:
    text = plain(cell).upper()
    if text in YES:
        return True
    if text in NO:
        return False
    raise Misread(_("只能是「是」或「否」。"))


NUMBER = gettext_lazy(
    "编码存成了数字，前后的 0 会丢失。把整列设为文本格式，重新填写编码。"
)
_category = word_of(CATEGORIES, "手术、介入治疗、治疗性操作、诊断性操作")
_option = word_of(OPTIONS, "必选、选择性或留空")
_grade = word_of(GRADES, "一级、二级、三级、四级")


class Reader:
    """Reads the rows of one sheet of one sort."""

    def __init__(self, one: ProcedureImport) -> None:
        self._mapping: Mapping[str, int] = one.mapping
        self._each_is = one.each_is
        self._fill = {
            Sort.NATIONAL: self._national,
            Sort.ASSESSED: self._assessed,
            Sort.GRADES: self._graded,
        }[Sort(one.sort)]

    def read(self, number: int, cells: list[Any]) -> Read | None:
        """None for a row that is empty in all columns that count."""
        found, given = picked(self._mapping, cells)
        if not given:
            return None
        row = Read(number, given)
        cell = Cells(row, found)
        row.name = cell(NAME, name_of, "")
        if not row.name and not row.is_told(NAME):
            row.add(NAME, _("名称为空。"))
        self._fill(row, cell)
        if not row.code and not row.is_told(CODE):
            row.add(CODE, _("编码为空。"))
        row.key = codes.key(row.code)
        return row

    def _national(self, row: Read, cell: Cells) -> None:
        extra = cell(NationalField.EXTRA, national_code, "")
        # An entry that may only stand beside another one has its code there alone.
        row.code = cell(CODE, national_code, "") or extra
        row.says = {
            "name": row.name,
            "code_extra": extra,
            "category": cell(NationalField.CATEGORY, _category, ""),
        }
        if NationalField.OPTION in self._mapping:
            row.says["entry_option"] = cell(NationalField.OPTION, _option, "")

    def _assessed(self, row: Read, cell: Cells) -> None:
        row.code = cell(CODE, code_of, "")
        for where, name in FLAGS.items():
            if self._each_is == where:
                row.says[name] = True
            elif where in self._mapping and not self._each_is:
                row.says[name] = cell(where, yes_or_no, False)

    def _graded(self, row: Read, cell: Cells) -> None:
        row.code = cell(CODE, code_of, "")
        row.says = {"grade": cell(GradeField.GRADE, _grade, Grade.UNGRADED)}


FLAGS = {
    AssessedField.LEVEL4.value: "is_national_level4",
    AssessedField.MINI.value: "is_mini_invasive",
}
