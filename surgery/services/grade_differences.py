"""Comparing the grades of the HIS with ours, and pushing ours again.

The HIS is read with no transaction open; what was found is then written in one. A
difference is a row from the look that found it to the one that found it gone, so that
a page can say since when.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, gettext_noop

from portal.accounts.models import User
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.bell import ring_on_commit
from portal.directory.dictionaries import BY_VIEW
from portal.directory.models import PulledView, SyncRun
from portal.directory.sync import pull
from portal.his.contract.interfaces import V_YW_OP_GRADE
from portal.his.gateway import HisReader
from portal.parameters.days import day_of, start_of
from surgery.models import GradeComparison, GradeDifference, Procedure
from surgery.outbound import Turn, days_told, tell_grades, why_not_told
from surgery.queries.grade_differences import (
    Apart,
    Graded,
    asked_comparison,
    differences,
    in_our_spelling,
    open_differences,
    ours,
    theirs,
)
from surgery.queries.his_items import his_items

Kind, Field = GradeDifference.Kind, GradeDifference.Field
VIEW = V_YW_OP_GRADE.name
SUBJECT = "surgery.gradecomparison"
HELD = gettext_noop("大量行消失，拉取已停下，待信息科确认后再比对")
TASK = "surgery.compare_grades"
AFTER_MIDNIGHT = timedelta(hours=1)
BETWEEN_TRIES = timedelta(hours=1)
ROWS_AT_ONCE = 400
MOST = 500  # of one push
REASON_LENGTH = 200


class NothingToPush(Exception):
    """None of what was chosen can be pushed."""

    message: str | Promise = gettext_lazy(
        "所选差异都不能推送：HIS 没有这些手术项目，或本院目录没有，或已不存在。"
    )


class ReasonMissing(NothingToPush):
    message = gettext_lazy("请填写原因。")


@transaction.atomic
def ask_comparison(*, by: User, at: datetime) -> GradeComparison:
    """立即比对: a worker does it soon; one that already waits is enough."""
    waiting = asked_comparison()
    if waiting is not None:
        return waiting
    asked = GradeComparison.objects.create(asked_at=at, by=by)
    ring_on_commit(TASK)
    return asked


def compare_if_due(*, gateway: HisReader, at: datetime) -> GradeComparison | None:
    """The one somebody asked for; or the nightly one, once a day after one o'clock, and
    when the HIS could not be read again an hour later."""
    asked = asked_comparison()
    if asked is not None:
        return compare(gateway=gateway, at=at, asked=asked)
    since = start_of(day_of(at)) + AFTER_MIDNIGHT
    today = GradeComparison.objects.filter(asked_at__gte=since)
    is_done = Q(problem="") | Q(asked_at__gt=at - BETWEEN_TRIES)
    if at < since or today.filter(is_done).exists():
        return None
    return compare(gateway=gateway, at=at)


def compare(
    *, gateway: HisReader, at: datetime, asked: GradeComparison | None = None
) -> GradeComparison:
    """Read the grades of the HIS and hold ours against them; never raises for a HIS
    that is away: then the comparison says why, and what was found before stays."""
    one = asked or GradeComparison(asked_at=at)
    one.ended_at = at
    run = pull(BY_VIEW[VIEW], gateway=gateway, at=at)
    if run.state == SyncRun.State.TAKEN:
        return _compared(one, at)
    one.problem = run.error or HELD
    one.save()
    return one


@transaction.atomic
def _compared(comparison: GradeComparison, at: datetime) -> GradeComparison:
    # Two at once follow one another.
    PulledView.objects.select_for_update().get(view=VIEW)
    mine, as_spelled = ours(), theirs()
    shown = in_our_spelling(as_spelled, mine)
    told = in_our_spelling(days_told(as_spelled, day_of(at)), mine)
    graded = {
        code: Graded(grade, told[code].effective_from if code in told else None)
        for code, (_pk, _name, grade) in mine.items()
    }
    found = list(differences(graded, shown))
    known = {_likeness(row): row for row in open_differences()}
    news = {_likeness(one): one for one in found}
    gone = [row.pk for like, row in known.items() if like not in news]
    for start in range(0, len(gone), ROWS_AT_ONCE):
        rows = GradeDifference.objects.filter(pk__in=gone[start : start + ROWS_AT_ONCE])
        rows.update(gone_at=at)
    new = [_row(one, mine, at) for like, one in news.items() if like not in known]
    GradeDifference.objects.bulk_create(new, batch_size=ROWS_AT_ONCE)
    kinds = [one.kind for one in found]
    comparison.ours = sum(one.has_grade for one in graded.values())
    comparison.theirs = sum(one.has_grade for one in shown.values())
    comparison.missing = kinds.count(Kind.MISSING)
    comparison.extra = kinds.count(Kind.EXTRA)
    comparison.different = kinds.count(Kind.DIFFERENT)
    comparison.found, comparison.settled = len(new), len(gone)
    comparison.save()
    return comparison


def _likeness(one: Apart | GradeDifference) -> tuple[str, ...]:
    """With another value on either side it is another difference."""
    return (one.code, one.kind, one.field, one.ours, one.theirs)


def _row(
    one: Apart, mine: dict[str, tuple[int, str, str]], at: datetime
) -> GradeDifference:
    pk, name, _grade = mine.get(one.code, (None, "", ""))
    return GradeDifference(
        kind=one.kind,
        field=one.field,
        code=one.code,
        name=name,
        procedure_id=pk,
        ours=one.ours,
        theirs=one.theirs,
        found_at=at,
    )


# --- pushing again --------------------------------------------------------------------


@dataclass(frozen=True)
class Pushed:
    """How many were promised to the HIS again, and how many could not be."""

    told: int
    left: int


@transaction.atomic
def push_again(*, chosen: Sequence[int], by: User, at: datetime, reason: str) -> Pushed:
    """Tell the HIS our grades where it shows others, through the same loop as ever.

    ``chosen`` are keys of differences; what is gone by now is left out. What the HIS
    showed when it was looked at is the grade it must still have. Raises NothingToPush.
    """
    words = reason.strip()[:REASON_LENGTH]
    if not words:
        raise ReasonMissing
    rows = list(
        open_differences()
        .filter(pk__in=chosen[:MOST])
        .select_related("procedure")
        .order_by("code", "field")
    )
    turns = _turns(rows, day_of(at))
    shown = {row.procedure_id: _shown(row) for row in rows if row.procedure_id}
    told = tell_grades(turns, by=by, at=at, reason=words, shown=shown)
    if not told:
        raise NothingToPush
    record(
        EventKind.MESSAGE_RETRIED,
        by=by,
        subject=(SUBJECT, ""),
        reason=words,
        told=told,
        left=len(chosen) - told,
    )
    return Pushed(told, len(chosen) - told)


def _turns(rows: Sequence[GradeDifference], today: date) -> list[Turn]:
    procedures: list[Procedure] = [one.procedure for one in rows if one.procedure]
    cannot = why_not_told(procedures)
    items = his_items(procedures)
    told = days_told([one.proc_code for one in items.values()], today)
    turns = []
    for row in rows:
        one = row.procedure
        if one is None or one.pk in cannot:
            continue
        last = told.get(items[one.pk].proc_code)
        is_same = last is not None and last.new_grade == str(one.grade)
        since = last.effective_from if last is not None and is_same else today
        turns.append(Turn(one, one.grade, since))
    return turns


def _shown(row: GradeDifference) -> str | None:
    """The grade the HIS must still have; None where it showed no line at all."""
    if row.field == Field.EFFECTIVE_FROM and row.procedure is not None:
        return str(row.procedure.grade)
    return row.theirs or None
