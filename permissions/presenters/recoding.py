"""Re-codings, their lines and the rows of their sheets as pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.queries.recoding import sizes_of
from permissions.recoding import Foreseen, Touched
from permissions.recoding.refusals import crossing_words
from permissions.recoding.sheet import SHEETS
from portal.accounts.models import User
from portal.sheets.presenters import Look, outcome_chip, problem_words, state_chip
from portal.ui.elements import Chip, Grade, Note, Tone
from portal.ui.moments import write_moment, write_short
from portal.ui.phrases import listed
from surgery.enums import RecodingKind, RecodingState
from surgery.importers.recoding import COLUMNS
from surgery.models import Recoding, RecodingLine, RecodingSheet, RecodingSheetRow
from surgery.models.recoding import RowVerdict
from surgery.presenters.grade_versions import grade_chip
from surgery.queries.procedures import procedures_by_code

LOOK = Look(
    url="permissions:recoding-sheet",
    verdicts=RowVerdict,
    chips={
        RowVerdict.REPLACE: ("ok", "arrow-narrow-right"),
        RowVerdict.MERGE: ("info", "components"),
        RowVerdict.SPLIT: ("info", "git-compare"),
        RowVerdict.CHAIN: ("info", "versions"),
        RowVerdict.UNKNOWN: ("warn", "help-circle"),
        RowVerdict.CONFLICT: ("warn", "alert-triangle"),
        RowVerdict.CIRCLE: ("bad", "rotate-2"),
        RowVerdict.ERROR: ("bad", "circle-x"),
    },
    kind_of=lambda _one: SHEETS,
)
STATES: Mapping[str, tuple[Tone, str]] = {
    RecodingState.PLANNED: ("info", "clock"),
    RecodingState.APPLIED: ("ok", "circle-check"),
    RecodingState.CANCELED: ("mute", "x"),
    RecodingState.UNDONE: ("mute", "arrow-back-up"),
}
KINDS: Mapping[str, tuple[Tone, str]] = {
    RecodingKind.REPLACE: ("ok", "arrow-narrow-right"),
    RecodingKind.MERGE: ("info", "components"),
    RecodingKind.SPLIT: ("info", "git-compare"),
}


def recoding_name(one: Recoding) -> str:
    return _("第 %(number)s 号编码调整") % {"number": one.pk}


def recoding_chip(one: Recoding) -> Chip:
    tone, icon = STATES[one.state]
    return Chip(tone, icon, one.get_state_display())


def kind_chip(kind: str) -> Chip:
    tone, icon = KINDS[kind]
    return Chip(tone, icon, RecodingKind(kind).label)


# --- the list -------------------------------------------------------------------------


@dataclass(frozen=True)
class RecodingRow:
    """One re-coding as the list shows it."""

    id: int
    url: str
    name: str
    state: Chip
    effective_on: str
    codes: str
    counts: str
    grants: str
    doc_no: str
    reason: str
    proposed_by: str
    decided_by: str
    decided_at: str
    problem: str


def recoding_rows(found: Sequence[Recoding]) -> list[RecodingRow]:
    """Two queries for the sizes of all."""
    sizes = sizes_of([one.pk for one in found]) if found else {}
    rows = []
    for one in found:
        size = sizes[one.pk]
        counts = [
            f"{kind.label} {size.kinds[kind]}"
            for kind in RecodingKind
            if kind in size.kinds
        ]
        total = sum(size.kinds.values())
        more = _("等 %(count)s 条") % {"count": total}
        codes = listed(size.codes)
        rows.append(
            RecodingRow(
                id=one.pk,
                url=reverse("permissions:recoding-detail", args=[one.pk]),
                name=recoding_name(one),
                state=recoding_chip(one),
                effective_on=one.effective_on.isoformat(),
                codes=f"{codes} {more}" if total > len(size.codes) else codes,
                counts=" · ".join(counts),
                grants=f"{size.grants:,}" if one.applied_at else "",
                doc_no=one.doc_no,
                reason=one.reason,
                proposed_by=one.proposed_by.name,
                decided_by=one.decided_by.name,
                decided_at=write_short(one.decided_at),
                problem=one.problem if one.state == RecodingState.PLANNED else "",
            )
        )
    return rows


# --- one re-coding --------------------------------------------------------------------


@dataclass(frozen=True)
class LineRow:
    """One old and one new code, with what that concerns."""

    kind: Chip
    old_code: str
    old_name: str
    old_url: str
    new_code: str
    new_name: str
    new_url: str
    target: str
    note: str
    touched: Touched | None


def line_rows(
    lines: Sequence[RecodingLine], touched: Mapping[str, Touched]
) -> list[LineRow]:
    """Of a split the counts stand at its first line."""
    left = dict(touched)
    return [
        LineRow(
            kind=kind_chip(one.kind),
            old_code=one.old_code,
            old_name=one.old_name,
            old_url=reverse("surgery:procedure-detail", args=[one.old_id]),
            new_code=one.new_code,
            new_name=one.new_name,
            new_url=reverse("surgery:procedure-detail", args=[one.new_id])
            if one.new_id
            else "",
            target=_target(one),
            note=one.note,
            touched=left.pop(one.old_code, None),
        )
        for one in lines
    ]


def _target(one: RecodingLine) -> str:
    if one.new_id is None:
        return ""
    return _("新增") if one.is_made else _("目录中已有")


@dataclass(frozen=True)
class CarriedRow:
    """One right that ended, and the one it goes on in."""

    name: str
    emp_no: str
    old_code: str
    new_code: str
    role: str
    old_url: str
    new_url: str
    standing: str


def carried_rows(rows: Iterable[Any]) -> list[CarriedRow]:
    """``rows`` are ``RecodedGrant`` with their lines and states."""
    return [
        CarriedRow(
            name=row.state.practitioner.name,
            emp_no=row.state.practitioner.emp_no,
            old_code=row.state.item_code,
            new_code=row.into.item_code,
            role=str(row.state.get_role_display()),
            old_url=_history(row.state_id),
            new_url=_history(row.into.state.pk),
            standing=str(row.into.state.get_status_display()),
        )
        for row in rows
    ]


def _history(state_id: int) -> str:
    return reverse("permissions:grant-history", args=[state_id])


def grades_ahead(lines: Sequence[RecodingLine]) -> dict[str, int]:
    """By new code, the grade it would have today: the strictest that comes together.

    ``lines`` come with their entries.
    """
    codes = {one.new_code for one in lines}
    there = procedures_by_code(codes)
    grades = {code: there[code].grade if code in there else 0 for code in codes}
    for one in lines:
        grades[one.new_code] = max(grades[one.new_code], one.old.grade)
    return grades


def notes_of(one: Recoding, foreseen: Foreseen | None) -> list[Note]:
    """What one should know before the day, or why it has not come."""
    notes = []
    if one.problem and one.state == RecodingState.PLANNED:
        text = _("到施行日没有施行：%(why)s 处理后系统会再试。") % {"why": one.problem}
        notes.append(Note("bad", text))
    if foreseen is None:
        return notes
    if pairs := foreseen.carried.crossing:
        said = listed([crossing_words(*pair) for pair in pairs[:3]])
        notes.append(
            Note("bad", _("授权互相交叉，须先改好：%(said)s。") % {"said": said})
        )
    if foreseen.carried.united:
        text = _(
            "%(count)s 位医师的几条授权合为一条：取较晚的到期日，有一条暂停则整条暂停。"
        ) % {"count": len({i.main.practitioner_id for i in foreseen.carried.united})}
        notes.append(Note("info", text))
    if foreseen.short:
        text = _(
            "%(count)s 条授权达不到从严后的级别，施行时暂停，须按新级别重新审批。"
        ) % {"count": len(foreseen.short)}
        notes.append(Note("warn", text))
    return notes + _left_behind(foreseen.total)


def _left_behind(total: Touched) -> list[Note]:
    """What does not go over to the new codes by itself."""
    notes = []
    if total.applications:
        text = _("%(count)s 份待审申请会退回，请提出人按新编码重报。") % {
            "count": total.applications
        }
        notes.append(Note("info", text))
    if total.booked:
        text = _(
            "%(count)s 台预约手术仍用旧编码，施行后核对为不得开展，请科室在 HIS 改用新编码。"
        ) % {"count": total.booked}
        notes.append(Note("warn", text))
    if total.reviews:
        text = _("%(count)s 条授权正在复核，复核随授权转到新编码。") % {
            "count": total.reviews
        }
        notes.append(Note("info", text))
    return notes


def ended_words(one: Recoding) -> str:
    if one.ended_at is None or one.ended_by is None:
        return ""
    return f"{one.ended_by.name} {write_moment(one.ended_at)} {one.end_reason}"


def may_undo(one: Recoding, user: User) -> bool:
    return one.state == RecodingState.APPLIED and one.proposed_by_id != user.pk


# --- the rows of a sheet --------------------------------------------------------------

TOUCHED = (
    ("grants", gettext_lazy("授权")),
    ("applications", gettext_lazy("申请")),
    ("booked", gettext_lazy("预约手术")),
    ("messages", gettext_lazy("待送 HIS")),
    ("reviews", gettext_lazy("复核中")),
)


@dataclass(frozen=True)
class SheetRow:
    """One row of a sheet with its verdict and what it comes to."""

    number: int
    code: str
    name: str
    new_code: str
    new_name: str
    verdict: Chip
    target: str
    grade: Grade | None
    touches: str
    outcome: Chip | None
    notes: Sequence[str]
    problems: Sequence[str]

    @property
    def written(self) -> str:
        return str(self.outcome.text) if self.outcome else ""

    @property
    def why(self) -> str:
        return "\n".join((*self.problems, *self.notes))


def sheet_rows(rows: Sequence[RecodingSheetRow]) -> list[SheetRow]:
    return [_sheet_row(row) for row in rows]


def _sheet_row(row: RecodingSheetRow) -> SheetRow:
    lines = row.lines
    there = {line["is_there"] for line in lines}
    target = ""
    if there == {True}:
        target = _("目录中已有")
    elif there:
        target = _("将新增")
    return SheetRow(
        number=row.number,
        code=row.code or row.given.get("OLD", ""),
        name=row.name,
        new_code=listed([line["code"] for line in lines]) or row.new_code,
        new_name=listed([line["name"] for line in lines]) or row.new_name,
        verdict=LOOK.verdict_chip(row),
        target=target,
        grade=grade_chip(lines[0]["grade"]) if lines else None,
        touches=touched_words(row.touched),
        outcome=outcome_chip(row),
        notes=row.notes,
        problems=[problem_words(problem, COLUMNS) for problem in row.problems],
    )


def touched_words(touched: Mapping[str, int]) -> str:
    """「授权 12 · 预约手术 3」; nothing where nothing is concerned."""
    return " · ".join(
        f"{word} {touched[name]:,}" for name, word in TOUCHED if touched.get(name)
    )


@dataclass(frozen=True)
class SheetSums:
    """Of one sheet: how many new codes are there already, and what all concerns."""

    there: int
    made: int
    touched: Touched


def sums_of(one: RecodingSheet) -> SheetSums:
    """One query; sheets have a thousand rows at most."""
    rows = SHEETS.rows_of(one).filter(verdict__in=SHEETS.writable)
    targets: dict[str, bool] = {}
    total = Touched()
    for lines, touched in rows.values_list("lines", "touched"):
        targets |= {line["code"]: line["is_there"] for line in lines}
        total += Touched(**touched) if touched else Touched()
    there = sum(targets.values())
    return SheetSums(there, len(targets) - there, total)


def open_sheet_words(one: RecodingSheet) -> tuple[str, str, Chip]:
    return LOOK.address(one), one.file.name, state_chip(one)
