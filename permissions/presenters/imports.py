"""Imports and their rows as pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from permissions.importers.columns import Field
from permissions.models import GrantImport, GrantImportRow
from permissions.models.imports import (
    UNDER_WAY,
    ImportState,
    Outcome,
    Verdict,
)
from permissions.queries.imports import (
    counts_of,
    errors_file_of,
    outcome,
    same_file_before,
)
from portal.jobs.models import JobState
from portal.jobs.views import Progress, progress_of
from portal.parameters.queries import value_of
from portal.parameters.registry import UNDO_HOURS
from portal.ui.elements import Chip, Element, Kpi, Note
from portal.ui.moments import write_moment, write_short
from portal.ui.phrases import spanning

STATE_CHIPS = {
    ImportState.UPLOADED: ("info", "upload"),
    ImportState.CHECKING: ("info", "progress"),
    ImportState.CHECKED: ("warn", "clock"),
    ImportState.APPLYING: ("info", "progress"),
    ImportState.APPLIED: ("ok", "circle-check"),
    ImportState.UNDOING: ("info", "progress"),
    ImportState.UNDONE: ("mute", "arrow-back-up"),
    ImportState.DISCARDED: ("mute", "x"),
}
VERDICT_CHIPS = {
    Verdict.NEW: ("ok", "plus"),
    Verdict.SAME: ("mute", "equal"),
    Verdict.RENEW: ("info", "calendar-due"),
    Verdict.CONFLICT: ("warn", "alert-triangle"),
    Verdict.ERROR: ("bad", "circle-x"),
}
OUTCOME_CHIPS = {
    Outcome.DONE: ("ok", "circle-check"),
    Outcome.REFUSED: ("bad", "circle-x"),
    Outcome.UNDONE: ("mute", "arrow-back-up"),
    Outcome.LEFT: ("warn", "alert-triangle"),
}


@dataclass(frozen=True)
class ImportRow:
    """One import as the list shows it."""

    id: int
    url: str
    name: str
    sheet: str
    started_by: str
    started_at: str
    state: Chip
    counts: str
    written: str
    reason: str


def import_rows(imports: Sequence[GrantImport]) -> list[ImportRow]:
    """One query for the counts of all."""
    counts = counts_of([one.pk for one in imports])
    return [_import_row(one, counts[one.pk]) for one in imports]


def _import_row(one: GrantImport, counts: dict[str, int]) -> ImportRow:
    shown = [
        f"{verdict.label} {counts[verdict]:,}"
        for verdict in Verdict
        if verdict in counts
    ]
    done = outcome(counts, Outcome.DONE) + outcome(counts, Outcome.LEFT)
    return ImportRow(
        id=one.pk,
        url=detail_url(one),
        name=one.file.name,
        sheet=one.sheet,
        started_by=one.started_by.name,
        started_at=write_short(one.started_at),
        state=state_chip(one),
        counts=" · ".join(shown),
        written=f"{done:,}" if one.applied_at else "",
        reason=one.reason,
    )


def detail_url(one: GrantImport) -> str:
    return reverse("permissions:grant-import-detail", args=[one.pk])


def state_chip(one: GrantImport) -> Chip:
    tone, icon = STATE_CHIPS[ImportState(one.state)]
    return Chip(tone, icon, one.get_state_display())  # type: ignore[arg-type]


@dataclass(frozen=True)
class SheetRow:
    """One row of a sheet with its verdict."""

    number: int
    name: str
    emp_no: str
    url: str
    what: str
    item: str
    span: str
    was: str
    verdict: Chip
    outcome: Chip | None
    problems: Sequence[str]

    @property
    def who(self) -> str:
        return f"{self.name} {self.emp_no}".strip()

    @property
    def written(self) -> str:
        return str(self.outcome.text) if self.outcome else ""

    @property
    def why(self) -> str:
        return "\n".join(self.problems)


def sheet_rows(rows: Sequence[GrantImportRow]) -> list[SheetRow]:
    return [_sheet_row(row) for row in rows]


def _sheet_row(row: GrantImportRow) -> SheetRow:
    given, line = row.given, row.line
    person = row.practitioner
    tone, icon = VERDICT_CHIPS[Verdict(row.verdict)]
    ends = line.get("valid_to") or given.get(Field.VALID_TO, "") or _("长期")
    return SheetRow(
        number=row.number,
        name=person.name if person else given.get(Field.NAME, ""),
        emp_no=person.emp_no if person else given.get(Field.EMP_NO, ""),
        url=reverse("permissions:practitioner-detail", args=[person.emp_no])
        if person
        else "",
        what=line.get("what") or given.get(Field.PRIVILEGE, ""),
        item=given.get(Field.ITEM, ""),
        span=spanning(
            line.get("valid_from") or given.get(Field.VALID_FROM, ""), str(ends)
        ),
        was=line.get("was", ""),
        verdict=Chip(tone, icon, row.get_verdict_display()),  # type: ignore[arg-type]
        outcome=_outcome_chip(row),
        problems=[problem_words(problem) for problem in row.problems],
    )


def _outcome_chip(row: GrantImportRow) -> Chip | None:
    if not row.outcome:
        return None
    tone, icon = OUTCOME_CHIPS[Outcome(row.outcome)]
    return Chip(tone, icon, row.get_outcome_display())  # type: ignore[arg-type]


def problem_words(problem: dict[str, Any]) -> str:
    """「工号 1301：没有这个工号…」"""
    if not problem["field"]:
        return str(problem["reason"])
    where = str(Field(problem["field"]).label)
    given = f" {problem['given']}" if problem["given"] else ""
    return f"{where}{given}：{problem['reason']}"


# --- one import -----------------------------------------------------------------------


@dataclass(frozen=True)
class ImportPage:
    """Everything around the rows of one import."""

    id: int
    name: str
    sheet: str
    state: Chip
    started: str
    written: str
    undone: str
    reason: str
    doc_no: str
    figures: Sequence[Kpi]
    notes: Sequence[Element]
    progress: Progress | None
    has_failed: bool
    file_url: str
    errors_url: str
    may_map: bool
    may_write: bool
    may_undo: bool
    undo_hours: int
    proposed: int
    sheets: Sequence[tuple[str, str, bool]] = field(default_factory=list)
    headings: Sequence[str] = ()
    samples: Sequence[Sequence[str]] = ()


def import_page(one: GrantImport, proposed: int) -> ImportPage:
    counts = counts_of([one.pk])[one.pk]
    job = one.job
    is_under_way = one.state in UNDER_WAY
    has_failed = bool(is_under_way and job and job.state == JobState.FAILED)
    result = errors_file_of(one)
    sheet = next((s for s in one.preview if s["name"] == one.sheet), None)
    writable = counts.get(Verdict.NEW, 0) + counts.get(Verdict.RENEW, 0)
    return ImportPage(
        id=one.pk,
        name=one.file.name,
        sheet=one.sheet,
        state=state_chip(one),
        started=f"{one.started_by.name} {write_moment(one.started_at)}",
        written=_by_at(one.applied_by, one.applied_at, one.second),
        undone=_by_at(one.undone_by, one.undone_at, None),
        reason=one.reason,
        doc_no=one.doc_no,
        figures=_figures(one, counts),
        notes=list(_notes(one)),
        progress=progress_of(job) if job and is_under_way and not has_failed else None,
        has_failed=has_failed,
        file_url=reverse("files:download", args=[one.file_id]),
        errors_url=reverse("files:download", args=[result]) if result else "",
        may_map=one.state in {ImportState.UPLOADED, ImportState.CHECKED},
        may_write=one.state == ImportState.CHECKED and writable > 0,
        may_undo=_may_undo(one),
        undo_hours=value_of(UNDO_HOURS),
        proposed=proposed,
        sheets=_sheets(one),
        headings=sheet["headings"] if sheet else (),
        samples=sheet["samples"] if sheet else (),
    )


def _by_at(by: Any, at: Any, second: Any) -> str:
    if by is None:
        return ""
    names = by.name if second is None else f"{by.name}、{second.name}"
    return f"{names} {write_moment(at)}"


def _may_undo(one: GrantImport) -> bool:
    if one.state != ImportState.APPLIED or one.applied_at is None:
        return False
    hours = (timezone.now() - one.applied_at).total_seconds() / 3600
    return hours <= value_of(UNDO_HOURS)


def _sheets(one: GrantImport) -> list[tuple[str, str, bool]]:
    """Value, words and whether it is the one read; only those with headings."""
    return [
        (
            sheet["name"],
            _("%(name)s（隐藏）") % {"name": sheet["name"]}
            if sheet["is_hidden"]
            else sheet["name"],
            sheet["name"] == one.sheet,
        )
        for sheet in one.preview
        if sheet["heading_row"] is not None and sheet["name"]
    ]


def _figures(one: GrantImport, counts: dict[str, int]) -> list[Kpi]:
    if one.state in {ImportState.UPLOADED, ImportState.CHECKING}:
        return []
    url = detail_url(one)
    tones = {Verdict.CONFLICT: "warn", Verdict.ERROR: "bad"}
    figures = [
        Kpi(
            verdict.label,
            f"{counts.get(verdict, 0):,}",
            _("行"),
            tone=tones.get(verdict, "") if counts.get(verdict) else "",  # type: ignore[arg-type]
            url=f"{url}?view={verdict.lower()}",
        )
        for verdict in Verdict
    ]
    if one.applied_at:
        figures.insert(0, _written(one, counts, url))
    return figures


def _written(one: GrantImport, counts: dict[str, int], url: str) -> Kpi:
    done, refused, undone, left = (
        outcome(counts, kind)
        for kind in (Outcome.DONE, Outcome.REFUSED, Outcome.UNDONE, Outcome.LEFT)
    )
    if one.undone_at:
        note = _("撤销 %(undone)s，未撤销 %(left)s") % {"undone": undone, "left": left}
    else:
        note = _("未写入 %(n)s") % {"n": refused}
    total = done + undone + left
    return Kpi(_("已写入"), f"{total:,}", _("行"), note, url=f"{url}?view=written")


def _notes(one: GrantImport) -> Any:
    if one.problem:
        yield Note("bad", one.problem)
    if not one.sheet and not any(sheet["headings"] for sheet in one.preview):
        text = _("没有找到表头。每列第一行写列名，可下载模板核对；改好后重新上传。")
        yield Note("bad", text)
    same = same_file_before(one)
    if same is not None:
        text = _(
            "同一份文件 %(at)s 已由%(who)s上传过，现为「%(state)s」。核对后再决定是否继续。"
        ) % {
            "at": write_moment(same.started_at),
            "who": same.started_by.name,
            "state": same.get_state_display(),
        }
        yield Note("warn", text, detail_url(same), _("查看那一次"))
