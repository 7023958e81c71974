"""Imports and their rows as pages show them, whatever room they are of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.jobs.models import Job, JobState
from portal.jobs.views import Progress, progress_of
from portal.parameters.queries import value_of
from portal.parameters.registry import UNDO_HOURS
from portal.sheets.columns import Columns
from portal.sheets.kinds import ImportKind
from portal.sheets.models import (
    UNDER_WAY,
    ImportState,
    Outcome,
    SheetImport,
    SheetRow,
)
from portal.ui.elements import Chip, Element, Kpi, Note, Tone
from portal.ui.moments import write_moment, write_short

STATE_CHIPS: Mapping[str, tuple[Tone, str]] = {
    ImportState.UPLOADED: ("info", "upload"),
    ImportState.CHECKING: ("info", "progress"),
    ImportState.CHECKED: ("warn", "clock"),
    ImportState.APPLYING: ("info", "progress"),
    ImportState.APPLIED: ("ok", "circle-check"),
    ImportState.UNDOING: ("info", "progress"),
    ImportState.UNDONE: ("mute", "arrow-back-up"),
    ImportState.DISCARDED: ("mute", "x"),
}
OUTCOME_CHIPS: Mapping[str, tuple[Tone, str]] = {
    Outcome.DONE: ("ok", "circle-check"),
    Outcome.REFUSED: ("bad", "circle-x"),
    Outcome.UNDONE: ("mute", "arrow-back-up"),
    Outcome.LEFT: ("warn", "alert-triangle"),
}


@dataclass(frozen=True)
class Look:
    """How a room's imports are shown.

    ``url`` begins the names of their pages (``permissions:grant-import``), ``sort_of``
    says which of several sheets one is. ``chips`` have tone and icon of each verdict; a verdict of tone ``warn`` or ``bad`` colors its
    count.
    """

    url: str
    verdicts: type[models.TextChoices]
    chips: Mapping[str, tuple[Tone, str]]
    kind_of: Callable[[Any], ImportKind[Any, Any]]
    sort_of: Callable[[Any], str] = str

    def address(self, one: SheetImport, act: str = "detail") -> str:
        return reverse(f"{self.url}-{act}", args=[one.pk])

    def tone(self, verdict: str) -> Any:
        tone, _icon = self.chips[verdict]
        return tone if tone in {"warn", "bad"} else ""

    def verdict_chip(self, row: Any) -> Chip:
        tone, icon = self.chips[row.verdict]
        return Chip(tone, icon, row.get_verdict_display())


# --- the list -------------------------------------------------------------------------


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
    sort: str = ""


def counts_of(kind: ImportKind[Any, Any], ids: Sequence[int]) -> dict[int, Counts]:
    """By import, how many rows have each verdict and outcome; one query."""
    found: dict[int, Counts] = {one: {} for one in ids}
    rows = (
        kind.rows._default_manager.filter(**{f"{kind.link}__in": ids})
        .order_by()
        .values(kind.link, "verdict", "outcome")
        .annotate(count=Count("pk"))
    )
    for row in rows:
        counts = found[row[kind.link]]
        for name in (row["verdict"], f"OUTCOME_{row['outcome']}"):
            counts[name] = counts.get(name, 0) + row["count"]
    return found


Counts = dict[str, int]


def outcome(counts: Counts, kind: Outcome) -> int:
    return counts.get(f"OUTCOME_{kind}", 0)


def import_rows(imports: Sequence[Any], look: Look) -> list[ImportRow]:
    """One query for the counts of all; they stand in one table."""
    if not imports:
        return []
    counts = counts_of(look.kind_of(imports[0]), [one.pk for one in imports])
    return [_import_row(one, counts[one.pk], look) for one in imports]


def _import_row(one: Any, counts: Counts, look: Look) -> ImportRow:
    shown = [
        f"{verdict.label} {counts[verdict]:,}"
        for verdict in look.verdicts
        if verdict in counts
    ]
    done = outcome(counts, Outcome.DONE) + outcome(counts, Outcome.LEFT)
    return ImportRow(
        id=one.pk,
        url=look.address(one),
        name=one.file.name,
        sheet=one.sheet,
        started_by=one.started_by.name,
        started_at=write_short(one.started_at),
        state=state_chip(one),
        counts=" · ".join(shown),
        written=f"{done:,}" if one.applied_at else "",
        reason=one.reason,
        sort=look.sort_of(one),
    )


def state_chip(one: SheetImport) -> Chip:
    tone, icon = STATE_CHIPS[one.state]
    return Chip(tone, icon, one.get_state_display())


def outcome_chip(row: SheetRow) -> Chip | None:
    if not row.outcome:
        return None
    tone, icon = OUTCOME_CHIPS[row.outcome]
    return Chip(tone, icon, row.get_outcome_display())


def problem_words(problem: Mapping[str, Any], columns: Columns) -> str:
    """「工号 1301：没有这个工号…」"""
    if not problem["field"]:
        return str(problem["reason"])
    where = str(columns.fields(problem["field"]).label)
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
    urls: Mapping[str, str]
    sheets: Sequence[tuple[str, str, bool]] = field(default_factory=list)
    headings: Sequence[str] = ()
    samples: Sequence[Sequence[str]] = ()


ACTS = ("detail", "sheet", "check", "write", "undo", "discard", "resume")


def import_page(one: Any, look: Look) -> ImportPage:
    kind = look.kind_of(one)
    counts = counts_of(kind, [one.pk])[one.pk]
    job = one.job
    is_under_way = one.state in UNDER_WAY
    has_failed = bool(is_under_way and job and job.state == JobState.FAILED)
    result = _errors_file_of(one, kind)
    sheet = next((s for s in one.preview if s["name"] == one.sheet), None)
    writable = sum(counts.get(verdict, 0) for verdict in kind.writable)
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
        figures=_figures(one, counts, look),
        notes=list(_notes(one, look)),
        progress=progress_of(job) if job and is_under_way and not has_failed else None,
        has_failed=has_failed,
        file_url=reverse("files:download", args=[one.file_id]),
        errors_url=reverse("files:download", args=[result]) if result else "",
        may_map=one.state in {ImportState.UPLOADED, ImportState.CHECKED},
        may_write=one.state == ImportState.CHECKED and writable > 0,
        may_undo=_may_undo(one),
        undo_hours=value_of(UNDO_HOURS),
        urls={act: look.address(one, act) for act in ACTS},
        sheets=_sheets(one),
        headings=sheet["headings"] if sheet else (),
        samples=sheet["samples"] if sheet else (),
    )


def _by_at(by: Any, at: Any, second: Any) -> str:
    if by is None:
        return ""
    names = by.name if second is None else f"{by.name}、{second.name}"
    return f"{names} {write_moment(at)}"


def _errors_file_of(one: SheetImport, kind: ImportKind[Any, Any]) -> int | None:
    """The key of the file with what the last dry run found wrong."""
    tries = Job.objects.filter(kind=kind.check, about=one.pk).order_by("-pk")
    return tries.values_list("result_file", flat=True).first()


def _may_undo(one: SheetImport) -> bool:
    if one.state != ImportState.APPLIED or one.applied_at is None:
        return False
    hours = (timezone.now() - one.applied_at).total_seconds() / 3600
    return hours <= value_of(UNDO_HOURS)


def _sheets(one: SheetImport) -> list[tuple[str, str, bool]]:
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


def _figures(one: SheetImport, counts: Counts, look: Look) -> list[Kpi]:
    if one.state in {ImportState.UPLOADED, ImportState.CHECKING}:
        return []
    url = look.address(one)
    figures = [
        Kpi(
            verdict.label,
            f"{counts.get(verdict, 0):,}",
            _("行"),
            tone=look.tone(verdict) if counts.get(verdict) else "",
            url=f"{url}?view={verdict.lower()}",
        )
        for verdict in look.verdicts
    ]
    if one.applied_at:
        figures.insert(0, _written(one, counts, url))
    return figures


def _written(one: SheetImport, counts: Counts, url: str) -> Kpi:
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


def _notes(one: Any, look: Look) -> Iterator[Element]:
    if one.problem:
        yield Note("bad", one.problem)
    if not one.sheet and not any(sheet["headings"] for sheet in one.preview):
        text = _("没有找到表头。每列第一行写列名，可下载模板核对；改好后重新上传。")
        yield Note("bad", text)
    same = _same_file_before(one, look.kind_of(one))
    if same is not None:
        text = _(
            "同一份文件 %(at)s 已由%(who)s上传过，现为「%(state)s」。核对后再决定是否继续。"
        ) % {
            "at": write_moment(same.started_at),
            "who": same.started_by.name,
            "state": same.get_state_display(),
        }
        yield Note("warn", text, look.address(same), _("查看那一次"))


def _same_file_before(one: Any, kind: ImportKind[Any, Any]) -> Any:
    """The last import of exactly this file before this one."""
    earlier = kind.found().filter(file__sha256=one.file.sha256, pk__lt=one.pk)
    living = earlier.exclude(state=ImportState.DISCARDED)
    return living.select_related("started_by").order_by("-pk").first()
