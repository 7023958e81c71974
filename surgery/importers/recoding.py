"""A sheet of old and new codes: its columns, its rows, and what each comes to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.sheets import values
from portal.sheets.cells import Cells, GivenRow, Problem, picked
from portal.sheets.columns import Columns
from portal.sheets.workbooks import template_workbook
from portal.ui.elements import Text
from surgery import codes
from surgery.checks.recoding import Way
from surgery.enums import RecodingKind
from surgery.importers.reading import code_of, word_of
from surgery.models import RecodingSheet, RecodingSheetRow
from surgery.models.recoding import RowVerdict
from surgery.services.recoding_plan import Judgment, Turning, Wish, judge

# Two codes a row: SQL Server takes 2,100 parameters a statement.
MOST_ROWS = 1000


class RecodingField(models.TextChoices):
    """编码对照表."""

    OLD = "OLD", gettext_lazy("旧编码")
    NEW = "NEW", gettext_lazy("新编码")
    NAME = "NAME", gettext_lazy("新名称")
    KIND = "KIND", gettext_lazy("调整方式")
    NOTE = "NOTE", gettext_lazy("依据")
    DAY = "DAY", gettext_lazy("施行日期")


COLUMNS = Columns(
    RecodingField,
    {
        RecodingField.OLD: (
            *("旧编码", "原编码", "原手术编码", "旧手术编码", "调整前编码", "旧代码"),
            *("原代码", "原主要编码", "废止编码"),
        ),
        RecodingField.NEW: (
            *("新编码", "现编码", "新手术编码", "调整后编码", "新代码", "对应新编码"),
            *("替换为", "新主要编码"),
        ),
        RecodingField.NAME: (
            *("新名称", "名称", "新手术名称", "手术名称", "调整后名称", "现名称"),
            "手术操作名称",
        ),
        RecodingField.KIND: ("调整方式", "方式", "类型", "调整类型", "变更类型"),
        RecodingField.NOTE: (
            *("依据", "说明", "理由", "文号", "依据文号", "备注", "调整原因", "原因"),
        ),
        RecodingField.DAY: ("施行日期", "生效日期", "启用日期", "执行日期"),
    },
    needed=(RecodingField.OLD, RecodingField.NEW),
    fewest=2,
)
KINDS = {
    "": "",
    **{str(kind.label): kind.value for kind in RecodingKind},
    "替代": RecodingKind.REPLACE.value,
    "更换": RecodingKind.REPLACE.value,
    "归并": RecodingKind.MERGE.value,
    "分拆": RecodingKind.SPLIT.value,
    "细分": RecodingKind.SPLIT.value,
}
_kind = word_of(KINDS, "替换、合并、拆分或留空")


@dataclass
class Read(GivenRow):
    """``kind`` is what the sheet calls it; "" where it does not say."""

    wish: Wish = field(default_factory=lambda: Wish("", ""))
    kind: str = ""
    day: date | None = None


class Reader:
    def __init__(self, one: RecodingSheet) -> None:
        self._mapping: Mapping[str, int] = one.mapping

    def read(self, number: int, cells: list[Any]) -> Read | None:
        """None for a row that is empty in all columns that count."""
        found, given = picked(self._mapping, cells)
        if not given:
            return None
        row = Read(number, given)
        cell = Cells(row, found)
        old = cell(RecodingField.OLD, code_of, "")
        new = cell(RecodingField.NEW, code_of, "")
        row.wish = Wish(
            old,
            new,
            cell.text(RecodingField.NAME, 100),
            cell.text(RecodingField.NOTE, 200),
        )
        row.kind = cell(RecodingField.KIND, _kind, "")
        row.day = cell(RecodingField.DAY, values.day, None)
        for where, code in ((RecodingField.OLD, old), (RecodingField.NEW, new)):
            if not codes.key(code) and not row.is_told(where):
                row.add(where, _("编码为空。"))
        return row


@dataclass
class Judged:
    """A row with its verdict and what it comes to; ``touched`` by old code."""

    read: Read
    verdict: RowVerdict = RowVerdict.ERROR
    turnings: tuple[Turning, ...] = ()
    notes: tuple[str, ...] = ()
    touched: dict[str, int] = field(default_factory=dict)

    @property
    def number(self) -> int:
        return self.read.number

    @property
    def given(self) -> Mapping[str, str]:
        return self.read.given

    @property
    def problems(self) -> Sequence[Problem]:
        return self.read.problems

    @property
    def verdict_label(self) -> Text:
        return self.verdict.label

    def as_row(self, one: RecodingSheet) -> RecodingSheetRow:
        row, wish = self.read, self.read.wish
        old = self.turnings[0].old if self.turnings else None
        return RecodingSheetRow(
            recoding_sheet=one,
            number=row.number,
            verdict=self.verdict,
            code=old.code if old else wish.old,
            name=old.name if old else "",
            new_code=codes.written(wish.new),
            new_name=wish.name,
            note=wish.note,
            text=" ".join((*row.given.values(), old.name if old else ""))[:300],
            given=row.given,
            problems=[problem.as_json() for problem in row.problems],
            lines=[
                {
                    "code": turning.new_code,
                    "name": turning.new_name,
                    "kind": turning.kind.value,
                    "is_there": turning.new is not None,
                    "grade": turning.grade,
                }
                for turning in self.turnings
            ],
            notes=list(self.notes),
            touched=self.touched,
        )


VERDICTS = {
    Way.REPLACE: RowVerdict.REPLACE,
    Way.MERGE: RowVerdict.MERGE,
    Way.SPLIT: RowVerdict.SPLIT,
    Way.CHAIN: RowVerdict.CHAIN,
    Way.UNKNOWN: RowVerdict.UNKNOWN,
    Way.TWICE: RowVerdict.CONFLICT,
    Way.CROSSED: RowVerdict.CONFLICT,
    Way.CIRCLE: RowVerdict.CIRCLE,
}


def judged(rows: Iterable[Read], *, at: datetime) -> list[Judged]:
    """Rows that can be read are judged together, the others stay errors."""
    found = [Judged(row) for row in rows]
    sound = [one for one in found if not one.read.problems]
    judgments = judge([one.read.wish for one in sound], at=at)
    day = next((one.read.day for one in sound if one.read.day is not None), None)
    for one, judgment in zip(sound, judgments, strict=True):
        _fill(one, judgment, day)
    return found


def _fill(one: Judged, judgment: Judgment, day: date | None) -> None:
    row = one.read
    one.verdict, one.turnings = VERDICTS[judgment.way], judgment.turnings
    one.notes = judgment.notes
    if judgment.problem:
        where = "" if judgment.turnings else RecodingField.OLD.value
        row.add(where, judgment.problem)
        if judgment.turnings:
            one.verdict = RowVerdict.CONFLICT
    meant = {turning.kind.value for turning in judgment.turnings}
    if row.kind and meant and row.kind not in meant:
        one.verdict = RowVerdict.CONFLICT
        words = {"kind": RecodingKind(meant.pop()).label}
        row.add(
            RecodingField.KIND,
            _("按整张表看是%(kind)s。核对是否少了或多了行。") % words,
        )
    if row.day is not None and row.day != day:
        one.verdict = RowVerdict.CONFLICT
        row.add(
            RecodingField.DAY,
            _("一张表只能有一个施行日期，前面写的是 %(day)s。")
            % {"day": day.isoformat() if day else "—"},
        )


# --- the empty sheet ------------------------------------------------------------------

HOW: Mapping[Any, Any] = {
    RecodingField.OLD: gettext_lazy(
        "必填，文本格式。合并时几行写同一个新编码，拆分时几行写同一个旧编码。"
    ),
    RecodingField.NEW: gettext_lazy("必填，文本格式，如 51.2300、52.7x00。"),
    RecodingField.NAME: gettext_lazy(
        "目录中没有新编码时填写；替换时留空则沿用原名称。"
    ),
    RecodingField.KIND: gettext_lazy("替换、合并、拆分，可以留空，由整张表判断。"),
    RecodingField.NOTE: gettext_lazy("理由或文号，随每一行保存。"),
    RecodingField.DAY: gettext_lazy("可以留空；填写时整张表须是同一天。"),
}


def template() -> bytes:
    return template_workbook(
        "编码对照表",
        COLUMNS,
        how=HOW,
        choices={RecodingField.KIND: RecodingKind.labels},
        widths={RecodingField.NAME: 40, RecodingField.NOTE: 30, **CODE_WIDTHS},
    )


CODE_WIDTHS = dict.fromkeys((RecodingField.OLD, RecodingField.NEW), 18) | dict.fromkeys(
    (RecodingField.KIND, RecodingField.DAY), 12
)
