"""One row of a sheet of trainings: whom and what it means, and what it would do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from permissions.importers.records import People
from permissions.importers.trainings.columns import Field
from permissions.models import (
    Training,
    TrainingImport,
    TrainingImportRow,
    TrainingRecord,
)
from permissions.models.record_imports import Verdict
from permissions.services.refusals import ActRefused
from permissions.services.trainings import Passed, must_be_sound
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import day_of
from portal.sheets import values
from portal.sheets.cells import Cells, GivenRow, picked
from portal.sheets.values import Misread
from portal.ui.elements import Text

FIELD_OF = {
    "passed_on": Field.PASSED_ON,
    "valid_to": Field.VALID_TO,
    "score": Field.SCORE,
    "pass_mark": Field.PASS_MARK,
    "training": Field.COURSE,
    "practitioner": Field.EMP_NO,
}
MOST_NUMBER = 999
Key = tuple[int, int, date]  # practitioner, course, day


@dataclass
class Judged(GivenRow):
    """A row with its verdict; ``passed`` is there when nothing was wrong in a cell."""

    practitioner: Practitioner | None = None
    passed: Passed | None = None
    verdict: Verdict = Verdict.ERROR

    @property
    def verdict_label(self) -> Text:
        return self.verdict.label

    def as_row(self, one: TrainingImport) -> TrainingImportRow:
        return TrainingImportRow(
            training_import=one,
            number=self.number,
            verdict=self.verdict,
            text=" ".join(self.given.values())[:300],
            given=self.given,
            passed=as_json(self.passed) if self.passed else {},
            problems=[problem.as_json() for problem in self.problems],
            practitioner=self.practitioner,
        )


def as_json(passed: Passed) -> dict[str, Any]:
    kept = {name: value for name, value in asdict(passed).items() if name != "training"}
    kept["passed_on"] = passed.passed_on.isoformat()
    kept["valid_to"] = passed.valid_to.isoformat() if passed.valid_to else None
    return {**kept, "training": passed.training.pk, "course": str(passed.training.code)}


def passed_of(kept: Mapping[str, Any], courses: Mapping[int, Training]) -> Passed:
    given = {name: value for name, value in kept.items() if name != "course"}
    last = given["valid_to"]
    given["training"] = courses[given["training"]]
    given["passed_on"] = date.fromisoformat(given["passed_on"])
    given["valid_to"] = date.fromisoformat(last) if last else None
    return Passed(**given)


class Reader:
    """Reads and judges the rows of one sheet for the person who brings it."""

    def __init__(self, mapping: Mapping[str, int], *, by: User, at: datetime) -> None:
        self._mapping, self._today = mapping, day_of(at)
        self._people = People(by)
        courses = list(Training.objects.order_by("pk"))
        self._courses = {one.code.upper(): one for one in courses}
        self._courses |= {values.plain(one.name).upper(): one for one in courses}

    def read(self, number: int, cells: list[Any]) -> Judged | None:
        """None for a row that is empty in all columns that count."""
        found, given = picked(self._mapping, cells)
        if not given:
            return None
        row = Judged(number, given)
        cell = Cells(row, found)
        row.practitioner = self._people.meant(
            row, cell, emp_no=Field.EMP_NO, name=Field.NAME
        )
        self._fill(row, cell)
        return row

    def _course(self, row: Judged, cell: Cells) -> Training | None:
        text = cell(Field.COURSE, values.plain, "").upper()
        # 「TR01 抗菌药物合理应用培训」 as pages write it.
        found = self._courses.get(text) or self._courses.get(text.partition(" ")[0])
        if found is None and not row.is_told(Field.COURSE):
            row.add(Field.COURSE, _("没有这门课程。"))
        return found

    def _fill(self, row: Judged, cell: Cells) -> None:
        training = self._course(row, cell)
        passed_on = cell(Field.PASSED_ON, values.day, None)
        if passed_on is None and not row.is_told(Field.PASSED_ON):
            row.add(Field.PASSED_ON, _("完成日期不能空。"))
        mark = cell(Field.PASS_MARK, number, None)
        rest: dict[str, Any] = {
            "valid_to": cell(Field.VALID_TO, values.last_day, None),
            "score": cell(Field.SCORE, number, None),
            "pass_mark": 60 if mark is None else mark,
            "hours": cell(Field.HOURS, number, None),
            "provider": cell.text(Field.PROVIDER, 80),
            "certificate_no": cell.text(Field.CERTIFICATE, 50),
            "document": cell.text(Field.DOCUMENT, 100),
        }
        if training is None or passed_on is None or row.problems:
            return
        passed = Passed(training=training, passed_on=passed_on, **rest)
        try:
            must_be_sound(passed, self._today)
        except ActRefused as refused:
            row.add(FIELD_OF.get(refused.field, ""), str(refused))
        else:
            row.passed = passed


def number(cell: Any) -> int | None:
    """A whole number; None for an empty cell."""
    text = values.plain(cell).removesuffix(".0")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) > MOST_NUMBER:
        raise Misread(_("不是 0 至 999 的整数。"))
    return int(text)


def judged(rows: Iterable[Judged]) -> list[Judged]:
    """All in their order: what is there already, and what stands twice in the sheet."""
    found = list(rows)
    people = {row.practitioner.pk for row in found if row.practitioner}
    kept = _kept(people)
    seen: dict[Key, int] = {}
    for row in found:
        if row.passed is None or row.practitioner is None or row.problems:
            continue
        passed = row.passed
        key = (row.practitioner.pk, passed.training.pk, passed.passed_on)
        if key in kept:
            _meets(row, passed, kept[key])
        elif key in seen:
            row.add(
                Field.PASSED_ON, _("与第 %(number)s 行重复。") % {"number": seen[key]}
            )
        else:
            row.verdict = Verdict.NEW
            seen[key] = row.number
    return found


def _meets(row: Judged, passed: Passed, record: TrainingRecord) -> None:
    if (record.score, record.valid_to) == (passed.score, passed.valid_to):
        row.verdict = Verdict.SAME
        return
    row.verdict = Verdict.CONFLICT
    row.add(
        Field.PASSED_ON,
        _("这一天已有记录：成绩 %(score)s，有效期至 %(until)s。录错的先作废。")
        % {
            "score": "—" if record.score is None else record.score,
            "until": record.valid_to.isoformat() if record.valid_to else _("长期"),
        },
    )


def _kept(people: set[int]) -> dict[Key, TrainingRecord]:
    """The records of these people that count; read for all, for a sheet has many."""
    rows = TrainingRecord.objects.filter(is_void=False).order_by("pk")
    return {
        (one.practitioner_id, one.training_id, one.passed_on): one
        for one in rows.iterator(chunk_size=5000)
        if one.practitioner_id in people
    }
