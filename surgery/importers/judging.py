"""The dry run: what each row would change in the catalogue. Nothing is written.

The catalogue is read once, whatever the sheet is long; rows of the same code meet each
other in their order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from portal.approvals.workflow import ProposalState
from portal.sheets.cells import Problem
from portal.sheets.models import Outcome
from portal.ui.elements import Text
from surgery import codes
from surgery.importers.reading import CODE, NAME, Read
from surgery.models import GradeProposal, Procedure, ProcedureAlias
from surgery.models.imports import (
    ProcedureImport,
    ProcedureImportRow,
    Sort,
    Verdict,
)

FIELDS = (
    *("name", "code_extra", "category", "entry_option", "grade"),
    *("is_national_level4", "is_mini_invasive", "is_enabled"),
)


@dataclass(frozen=True)
class Entry:
    """A procedure of the catalogue as far as a sheet speaks of it."""

    pk: int
    code: str
    says: Mapping[str, Any]


@dataclass
class Judged:
    """A row with its verdict, and what it would change."""

    read: Read
    verdict: Verdict = Verdict.ERROR
    entry: Entry | None = None
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

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

    def as_row(self, one: ProcedureImport) -> ProcedureImportRow:
        row = self.read
        return ProcedureImportRow(
            procedure_import=one,
            number=row.number,
            verdict=self.verdict,
            code=row.code,
            name=row.name,
            text=" ".join(row.given.values())[:300],
            given=row.given,
            problems=[problem.as_json() for problem in row.problems],
            procedure_id=self.entry.pk if self.entry else None,
            before=self.before,
            after=self.after,
        )


class Catalogue:
    """Procedures by the key of their code, with all their names."""

    def __init__(self) -> None:
        self._by_key: dict[str, Entry] = {}
        rows = Procedure.objects.order_by("pk").values_list(
            "pk", "code", "code_key", *FIELDS
        )
        for pk, code, key, *says in rows:
            found = Entry(pk, code, dict(zip(FIELDS, says, strict=True)))
            self._by_key[key] = found
        self._aliases: dict[int, set[str]] = defaultdict(set)
        aliases = ProcedureAlias.objects.filter(is_dropped=False).order_by("pk")
        for procedure, name in aliases.values_list("procedure_id", "name"):
            self._aliases[procedure].add(codes.folded(name))

    def get(self, key: str) -> Entry | None:
        return self._by_key.get(key)

    def is_called(self, entry: Entry, name: str) -> bool:
        asked = codes.folded(name)
        own = codes.folded(entry.says["name"])
        return asked == own or asked in self._aliases.get(entry.pk, ())


def taken_back() -> frozenset[int]:
    """Procedures an import brought and its undo put out of use: a later one may wake
    them, which it may not do with what the hospital stopped."""
    rows = ProcedureImportRow.objects.filter(
        verdict=Verdict.NEW, outcome=Outcome.UNDONE
    ).order_by()
    stopped = Procedure.objects.filter(is_enabled=False, code__in=rows.values("code"))
    return frozenset(stopped.order_by("pk").values_list("pk", flat=True))


def asked_for() -> frozenset[int]:
    """Procedures of which somebody asked for another grade and waits."""
    waiting = GradeProposal.objects.filter(state=ProposalState.SUBMITTED.value)
    return frozenset(waiting.order_by("pk").values_list("procedure_id", flat=True))


class Judge:
    """Judges the rows of one sheet of one sort."""

    def __init__(self, sort: str) -> None:
        self._is_national = sort == Sort.NATIONAL
        self._catalogue = Catalogue()
        self._taken_back = taken_back() if self._is_national else frozenset()
        self._asked = asked_for() if sort == Sort.GRADES else frozenset()
        self._seen: dict[str, Read] = {}

    def judge(self, rows: Iterable[Read]) -> list[Judged]:
        return [self._judged(row) for row in rows]

    def _judged(self, row: Read) -> Judged:
        judged = Judged(row, entry=self._catalogue.get(row.key))
        earlier = self._seen.setdefault(row.key, row) if row.key else row
        if row.problems:
            return judged
        if earlier is not row:
            judged.verdict = Verdict.CONFLICT
            row.add(CODE, _("与第 %(row)s 行编码相同。只保留一行。") % _at(earlier))
        elif judged.entry is None:
            self._not_there(judged)
        elif not self._is_national and not self._catalogue.is_called(
            judged.entry, row.name
        ):
            judged.verdict = Verdict.CONFLICT
            words = {"name": judged.entry.says["name"], "code": judged.entry.code}
            row.add(NAME, _("目录中 %(code)s 是「%(name)s」。核对编码和名称。") % words)
        elif judged.entry.pk in self._asked:
            judged.verdict = Verdict.CONFLICT
            row.add(CODE, _("有一份待审定的定级申请，先办结那一份。"))
        else:
            self._compare(judged, judged.entry)
        return judged

    def _not_there(self, judged: Judged) -> None:
        row = judged.read
        if self._is_national:
            judged.verdict = Verdict.NEW
            judged.after = {"code": row.code, **row.says}
            return
        judged.verdict = Verdict.UNKNOWN
        row.add(CODE, _("手术目录中没有这个编码。先导入国临目录或新增手术，再导入。"))

    def _compare(self, judged: Judged, entry: Entry) -> None:
        says = dict(judged.read.says)
        if entry.pk in self._taken_back:
            says["is_enabled"] = True
        judged.after = {
            name: value for name, value in says.items() if entry.says[name] != value
        }
        judged.before = {name: entry.says[name] for name in judged.after}
        judged.verdict = Verdict.CHANGED if judged.after else Verdict.SAME


def _at(row: Read) -> dict[str, int]:
    return {"row": row.number}
