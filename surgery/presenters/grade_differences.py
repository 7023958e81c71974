"""What the page 手术级别差异 shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.outbox.models import Message
from portal.outbox.presenters import LiveArrival, live_arrival
from portal.outbox.queries import arrival_of
from portal.ui.elements import Chip, Grade, Kpi, Note
from portal.ui.moments import write_moment, write_short
from surgery.enums import Grade as GradeCode
from surgery.models import GradeComparison, GradeDifference
from surgery.outbound import subject_of, why_not_told

Kind, Field = GradeDifference.Kind, GradeDifference.Field
KIND_CHIPS: Mapping[str, Chip] = {
    Kind.MISSING: Chip("warn", "help-circle", Kind.MISSING.label),
    Kind.EXTRA: Chip("info", "plus", Kind.EXTRA.label),
    Kind.DIFFERENT: Chip("bad", "git-compare", Kind.DIFFERENT.label),
}


@dataclass(frozen=True)
class Side:
    """A value on one side: a grade with its colour, or words."""

    words: str
    grade: Grade | None = None


@dataclass(frozen=True)
class DifferenceRow:
    id: int
    code: str
    name: str
    kind: Chip
    field: str
    ours: Side
    theirs: Side
    since: str
    since_in_full: str
    gone: str
    why_not: str  # why pushing it again is no way out; empty: it is one
    arrival: LiveArrival | None


def difference_rows(rows: Sequence[GradeDifference]) -> list[DifferenceRow]:
    """The way of each to the HIS comes by a few queries for all of them."""
    procedures = [row.procedure for row in rows if row.procedure is not None]
    cannot = why_not_told(procedures)
    arrivals = arrival_of({subject_of(one) for one in procedures})
    return [_row(row, cannot, arrivals) for row in rows]


def _row(
    row: GradeDifference, cannot: Mapping[int, str], arrivals: Mapping[str, Message]
) -> DifferenceRow:
    one = row.procedure
    message = arrivals.get(subject_of(one)) if one is not None else None
    # What was told before the difference was seen is no answer to it.
    is_answer = message is not None and message.enqueued_at >= row.found_at
    return DifferenceRow(
        id=row.pk,
        code=row.code,
        name=row.name or _("不在本院目录"),
        kind=KIND_CHIPS[row.kind],
        field=str(Field(row.field).label),
        ours=_side(row, row.ours),
        theirs=_side(row, row.theirs),
        since=write_short(row.found_at),
        since_in_full=write_moment(row.found_at),
        gone=write_short(row.gone_at) if row.gone_at else "",
        why_not=_why_not(row, cannot),
        arrival=live_arrival(message) if message is not None and is_answer else None,
    )


def _side(row: GradeDifference, value: str) -> Side:
    if row.field != Field.GRADE:
        return Side(value)
    if not value:
        return Side(_("无此手术"))
    grade = GradeCode(int(value))
    return Side(str(grade.label), Grade(int(grade) or None))


def _why_not(row: GradeDifference, cannot: Mapping[int, str]) -> str:
    if row.procedure_id is None:
        return _("本院目录没有；请登记到目录，或在 HIS 作废")
    return cannot.get(row.procedure_id, "")


# --- around the list ------------------------------------------------------------------


@dataclass(frozen=True)
class ComparisonRow:
    """One look at the grades of the HIS that is over."""

    at: str
    by: str
    result: Chip
    ours: str
    theirs: str
    missing: str
    extra: str
    different: str
    found: str
    settled: str


def comparison_rows(found: Sequence[GradeComparison]) -> list[ComparisonRow]:
    return [_comparison(one) for one in found]


def _comparison(one: GradeComparison) -> ComparisonRow:
    def number(count: int) -> str:
        return "—" if one.problem else f"{count:,}"

    return ComparisonRow(
        at=write_moment(one.ended_at),
        by=f"{one.by.name} {one.by.staff_no}" if one.by else _("每夜自动"),
        result=_result(one),
        ours=number(one.ours),
        theirs=number(one.theirs),
        missing=number(one.missing),
        extra=number(one.extra),
        different=number(one.different),
        found=number(one.found),
        settled=number(one.settled),
    )


def _result(one: GradeComparison) -> Chip:
    if one.problem:
        return Chip("warn", "alert-triangle", _("未能比对"), title=_(one.problem))
    if one.total:
        words = _("%(count)s 项差异") % {"count": f"{one.total:,}"}
        return Chip("bad", "git-compare", words)
    return Chip("ok", "circle-check", _("两边一致"))


def tiles(last: GradeComparison | None, counts: Mapping[str, int]) -> list[Kpi]:
    """How many differences are open, of each kind."""

    def kpi(kind: GradeDifference.Kind, note: str, tone: Any) -> Kpi:
        count = counts.get(kind, 0)
        return Kpi(kind.label, f"{count:,}", _("项"), note, tone if count else "ok")

    sizes = _("尚未比对")
    if last is not None:
        sizes = _("本院 %(ours)s 项，HIS %(theirs)s 项") % {
            "ours": f"{last.ours:,}",
            "theirs": f"{last.theirs:,}",
        }
    at = write_short(last.ended_at) if last is not None else "—"
    return [
        kpi(Kind.DIFFERENT, _("两边级别或日期不同"), "bad"),
        kpi(Kind.MISSING, _("本院已定级，HIS 没有"), "warn"),
        kpi(Kind.EXTRA, _("HIS 有级别，本院没有"), "warn"),
        Kpi(_("上次比对"), at, note=sizes),
    ]


def his_note(last: Any) -> Note:
    """For the page of the HIS: how its grades stand beside ours; ``last`` is
    ``latest_comparison()``."""
    url, link = reverse("surgery:grade-difference-list"), _("查看级别差异")
    if last is None:
        return Note("mute", _("手术级别还没有与 HIS 比对过。"), url, link)
    at = {"at": write_short(last.ended_at), "count": f"{last.open_count:,}"}
    if last.problem:
        words = _("手术级别 %(at)s 未能比对，此前发现 %(count)s 项差异。") % at
        return Note("warn", words, url, link)
    if last.open_count:
        words = _("手术级别与 HIS 有 %(count)s 项差异（%(at)s 比对）。") % at
        return Note("warn", words, url, link)
    return Note("ok", _("手术级别与 HIS 一致（%(at)s 比对）。") % at, url, link)


def problem_note(found: Sequence[GradeComparison]) -> Note | None:
    """The last look failed: what is shown is older."""
    if not found or not found[0].problem:
        return None
    words = _(
        "最近一次比对没有完成：%(why)s。下面仍是上一次的结果；HIS 恢复后自动再比对。"
    ) % {"why": _(found[0].problem)}
    return Note("warn", words)
