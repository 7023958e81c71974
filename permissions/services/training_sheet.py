"""Training records from a sheet (.csv): all rows go in, or none and each bad one is told.

Columns by their names, in any order; UTF-8 or GB18030, as office programs save it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from permissions.models import Training
from permissions.services import rules
from permissions.services.refusals import ActRefused
from permissions.services.trainings import Passed, record_training
from portal.accounts.models import User
from portal.directory.models import Practitioner

MOST_ROWS = 5000
NEEDED = ("工号", "课程", "完成日期")
COLUMNS = (
    *NEEDED,
    *("有效期至", "成绩", "合格线", "举办单位", "学时", "证书编号", "材料"),
)
ENCODINGS = ("utf-8-sig", "gb18030")
TEXT_LIMITS = {"举办单位": 80, "证书编号": 50, "材料": 100}


class SheetRefused(ActRefused):
    """``rows``: by line number of the sheet, why it cannot go in."""

    field = "sheet"

    def __init__(self, message: str, rows: Mapping[int, str] | None = None) -> None:
        self.rows = dict(rows or {})
        super().__init__(message)


class BadCell(Exception):
    """One cell cannot be read; the text says which and what it should be."""


@dataclass(frozen=True)
class Line:
    number: int
    practitioner: Practitioner
    passed: Passed


@transaction.atomic
def import_trainings(
    *, sheet: bytes, by: User | None, at: datetime, reason: str
) -> int:
    """How many records were added; raises SheetRefused and leaves nothing."""
    text = rules.clear_reason(reason)
    problems: dict[int, str] = {}
    done = 0
    for number, line in lines_of(sheet):
        try:
            if isinstance(line, BadCell):
                raise ActRefused(str(line))
            with transaction.atomic():
                record_training(
                    practitioner=line.practitioner,
                    passed=line.passed,
                    by=by,
                    at=at,
                    reason=text,
                )
            done += 1
        except ActRefused as refused:
            problems[number] = str(refused)
    if problems:
        message = _("%(total)s 行中有 %(bad)s 行不能导入，全部没有保存。") % {
            "total": done + len(problems),
            "bad": len(problems),
        }
        raise SheetRefused(message, problems)
    return done


def lines_of(sheet: bytes) -> Iterator[tuple[int, Line | BadCell]]:
    """Every row under the names; the first line of the sheet is number 1."""
    reader = csv.DictReader(io.StringIO(_decoded(sheet)))
    names = [name.strip() for name in reader.fieldnames or ()]
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise SheetRefused(_("缺少列：%(names)s。") % {"names": "、".join(missing)})
    rows = [
        {str(name).strip(): (cell or "").strip() for name, cell in row.items() if name}
        for row in reader
    ]
    if not rows:
        raise SheetRefused(_("表格没有数据行。"))
    if len(rows) > MOST_ROWS:
        raise SheetRefused(_("最多 %(most)s 行，请分次导入。") % {"most": MOST_ROWS})
    people = Practitioner.objects.filter(emp_no__in={row["工号"] for row in rows})
    known = {one.emp_no: one for one in people.order_by("pk")}
    courses = {one.code: one for one in Training.objects.order_by("pk")}
    courses |= {one.name: one for one in courses.values()}
    for number, row in enumerate(rows, start=2):
        try:
            yield number, _line(number, row, known, courses)
        except BadCell as bad:
            yield number, bad


def _decoded(sheet: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return sheet.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetRefused(_("不是文本表格。请另存为 .csv（UTF-8）再导入。"))


def _line(
    number: int,
    row: Mapping[str, str],
    known: Mapping[str, Practitioner],
    courses: Mapping[str, Training],
) -> Line:
    practitioner, training = known.get(row["工号"]), courses.get(row["课程"])
    if practitioner is None:
        raise BadCell(_("没有工号 %(value)s 的医师。") % {"value": row["工号"]})
    if training is None:
        raise BadCell(_("没有课程 %(value)s。") % {"value": row["课程"]})
    for name, most in TEXT_LIMITS.items():
        if len(row.get(name, "")) > most:
            raise BadCell(
                _("%(name)s最多 %(most)s 个字。") % {"name": name, "most": most}
            )
    passed_on = _day(row, "完成日期")
    if passed_on is None:
        raise BadCell(_("完成日期不能空。"))
    mark = _number(row, "合格线")
    return Line(
        number,
        practitioner,
        Passed(
            training=training,
            passed_on=passed_on,
            valid_to=_day(row, "有效期至"),
            provider=row.get("举办单位", ""),
            hours=_number(row, "学时"),
            score=_number(row, "成绩"),
            pass_mark=60 if mark is None else mark,
            certificate_no=row.get("证书编号", ""),
            document=row.get("材料", ""),
        ),
    )


def _day(row: Mapping[str, str], name: str) -> date | None:
    text = row.get(name, "").replace("/", "-")
    if not text:
        return None
    try:
        return date(*(int(part) for part in text.split("-")))
    except (TypeError, ValueError):
        raise BadCell(
            _("%(name)s「%(value)s」不是日期，写成 2026-03-01。")
            % {"name": name, "value": row[name]}
        ) from None


def _number(row: Mapping[str, str], name: str) -> int | None:
    text = row.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) > 999:
        raise BadCell(
            _("%(name)s「%(value)s」不是整数。") % {"name": name, "value": text}
        )
    return int(text)
