"""编码调整: decided by two, done on its day, taken back as a whole.

This room's part: the entries and their grades. What follows for the grants is the upper
room's (``permissions.recoding``), in the same transaction: ``take_effect`` and
``take_back`` are called from there alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from portal.accounts.models import User
from portal.audit.acting import acting
from portal.audit.refusing import clear_reason
from portal.parameters.days import day_of
from portal.sheets.models import ImportState, Outcome
from surgery import codes
from surgery.enums import Grade, GradeAct, RecodingState
from surgery.models import (
    GradeChange,
    GradeVersion,
    Procedure,
    Recoding,
    RecodingLine,
    RecodingSheet,
)
from surgery.models.procedures import find_anew
from surgery.services.grade_ledger import Entry, write_version
from surgery.services.grading_refusals import DocumentMissing, OwnGradeProposal
from surgery.services.listed_grades import must_be_decided, must_decide
from surgery.services.recoding_entries import Targets, lower_again, targets_of
from surgery.services.recoding_plan import (
    Turning,
    Wish,
    grades_touched,
    judge,
    lines_of,
)
from surgery.services.recoding_refusals import (
    CodesCannot,
    DayInPast,
    DeciderIsProposer,
    NothingToRecode,
    NotInThatState,
)

# --- deciding and calling off ---------------------------------------------------------


@transaction.atomic
def decide(
    *,
    wishes: Sequence[Wish],
    effective_on: date,
    by: User,
    second: User,
    at: datetime,
    reason: str,
    doc_no: str,
    meeting: str = "",
) -> Recoding:
    """定下编码调整 for a day, today or later; ``second`` decides on what ``by`` brings.

    Where grades 3 and 4 are touched, the committee does (GR02). Nothing is done yet.
    """
    text = clear_reason(reason)
    if not doc_no.strip():
        raise DocumentMissing
    if second.pk == by.pk:
        raise DeciderIsProposer
    if effective_on < day_of(at):
        raise DayInPast
    turnings = turnings_of(wishes, at=at)
    must_be_decided(second=second, grades=grades_touched(turnings), meeting=meeting)
    one = Recoding(
        effective_on=effective_on,
        reason=text,
        doc_no=doc_no.strip(),
        meeting=meeting.strip(),
        proposed_by=by,
        decided_by=second,
        decided_at=at,
    )
    with acting(by=second, reason=text):
        _save(one, at)
        for turning in turnings:
            _save(_line(one, turning), at)
    return one


def turnings_of(
    wishes: Sequence[Wish], *, at: datetime, but: Recoding | None = None
) -> list[Turning]:
    """What these come to, their entries locked; raises RecodingRefused."""
    keys = {key for one in wishes for key in (one.pair.old, one.pair.new)}
    _locked_entries(Q(code_key__in=keys))
    judgments = judge(wishes, at=at, but=but)
    if problems := [_told(one.wish, one.problem) for one in judgments if one.problem]:
        raise CodesCannot(problems)
    if not (turnings := lines_of(judgments)):
        raise NothingToRecode
    return turnings


def _told(wish: Wish, problem: str) -> str:
    return f"{wish.old} → {wish.new} {problem.rstrip('。')}"


def _line(one: Recoding, turning: Turning) -> RecodingLine:
    return RecodingLine(
        recoding=one,
        kind=turning.kind,
        old=turning.old,
        old_code=turning.old.code,
        old_name=turning.old.name,
        new_code=turning.new_code,
        new_name=turning.new_name,
        note=turning.note,
    )


@transaction.atomic
def cancel(*, recoding: Recoding, by: User, at: datetime, reason: str) -> Recoding:
    """撤回: before its day, all stays as it is."""
    text = clear_reason(reason)
    one = locked(recoding, RecodingState.PLANNED)
    one.state, one.problem = RecodingState.CANCELED, ""
    one.ended_by, one.ended_at, one.end_reason = by, at, text
    with acting(by=by, reason=text):
        _save(one, at)
    _close_sheet(one, by=by, at=at, reason=text)
    return one


def _close_sheet(one: Recoding, *, by: User, at: datetime, reason: str) -> None:
    """The sheet it came by is taken back with it."""
    sheet = RecodingSheet.objects.select_for_update().filter(recoding=one).first()
    if sheet is None:
        return
    sheet.state = ImportState.UNDONE
    sheet.undone_by, sheet.undone_at, sheet.undo_reason = by, at, reason
    with acting(by=by, reason=reason):
        _save(sheet, at)
    sheet.rows.filter(outcome=Outcome.DONE).update(outcome=Outcome.UNDONE)


def locked(recoding: Recoding, *allowed: RecodingState) -> Recoding:
    """As it stands now; refused unless it is in one of these states."""
    # By itself first: SQL Server cannot lock one of several joined tables.
    Recoding.objects.select_for_update().get(pk=recoding.pk)
    one = Recoding.objects.select_related(
        "decided_by", "proposed_by", "version", "ended_by"
    ).get(pk=recoding.pk)
    if one.state not in allowed:
        raise NotInThatState(one.get_state_display())
    return one


def due(at: datetime) -> QuerySet[Recoding]:
    """Those whose day has come, in the order they were decided."""
    planned = Recoding.objects.filter(state=RecodingState.PLANNED)
    return planned.filter(effective_on__lte=day_of(at)).order_by("effective_on", "pk")


def could_not(*, recoding: Recoding, problem: str, at: datetime) -> None:
    """Why it could not be done on its day; it waits, and is tried again."""
    one = locked(recoding, RecodingState.PLANNED)
    if one.problem == problem[:300]:
        return
    one.problem = problem[:300]
    with acting(by=None, reason="到施行日未能施行"):
        _save(one, at)


# --- doing it -------------------------------------------------------------------------


def take_effect(*, recoding: Recoding, at: datetime) -> list[RecodingLine]:
    """Old entries end, new ones begin with what the old ones had, grades go over.

    Inside the upper room's transaction, ``recoding`` locked. Raises RecodingRefused
    where the catalogue has moved on since it was decided.
    """
    lines = list(recoding.lines.select_related("old").order_by("pk"))
    wishes = [Wish(one.old_code, one.new_code, one.new_name, one.note) for one in lines]
    turnings = turnings_of(wishes, at=at, but=recoding)
    by, reason, today = recoding.decided_by, recoding.reason, day_of(at)
    with acting(by=by, reason=reason):
        targets = targets_of(turnings, today, at)
        for one in {turning.old.pk: turning.old for turning in turnings}.values():
            one.is_enabled, one.effective_to = False, today
            _save(one, at)
        for line, turning in zip(lines, turnings, strict=True):
            line.new, made = targets[codes.key(turning.new_code)]
            line.is_made = made
            line.new_name = line.new.name
            _save(line, at)
    recoding.version = _carry_grades(turnings, targets, recoding, at)
    recoding.state, recoding.applied_at = RecodingState.APPLIED, at
    recoding.problem = ""
    with acting(by=by, reason=reason):
        _save(recoding, at)
    find_anew({new.pk for new, _made in targets.values()}, str(recoding._state.db))
    return lines


def _carry_grades(
    turnings: Sequence[Turning], targets: Targets, one: Recoding, at: datetime
) -> GradeVersion | None:
    """From today the old entries have no grade and the new ones theirs."""
    wanted: dict[int, tuple[Procedure, int]] = {}
    for turning in turnings:
        new = targets[codes.key(turning.new_code)][0]
        wanted[turning.old.pk] = (turning.old, Grade.UNGRADED)
        wanted[new.pk] = (new, turning.grade)
    return _graded(list(wanted.values()), one, at, by=one.decided_by, reason=one.reason)


def _graded(
    wanted: Sequence[tuple[Procedure, int]],
    one: Recoding,
    at: datetime,
    *,
    by: User,
    reason: str,
) -> GradeVersion | None:
    """One version of the catalogue; None where no grade becomes another."""
    entries = [
        Entry(
            procedure=procedure,
            act=GradeAct.RECODE,
            grade=grade,
            effective_from=day_of(at),
            reason=reason,
            meeting=one.meeting,
            doc_no=one.doc_no,
        )
        for procedure, grade in wanted
        if procedure.grade != grade
    ]
    if not entries:
        return None
    return write_version(
        entries, by=by, at=at, reason=reason, meeting=one.meeting, doc_no=one.doc_no
    )


# --- taking it back -------------------------------------------------------------------


def must_be_allowed_to_undo(recoding: Recoding, by: User) -> None:
    """Who may decide on these grades, and never who brought it."""
    if recoding.proposed_by_id == by.pk:
        raise OwnGradeProposal
    changes = GradeChange.objects.filter(version=recoding.version_id)
    pairs = changes.order_by("pk").values_list("grade_before", "grade")
    must_decide(by, {grade for pair in pairs for grade in pair} or {Grade.UNGRADED})


def take_back(
    *, recoding: Recoding, by: User, at: datetime, reason: str
) -> list[RecodingLine]:
    """The old entries are in use again with their grades, made ones are not any more.

    From now on: what was asked and answered between stays as it was. Inside the upper
    room's transaction, which has asked what stands in the way.
    """
    lines = list(recoding.lines.select_related("old", "new").order_by("pk"))
    entries = _locked_entries(Q(pk__in=entries_of(lines)))
    today = day_of(at)
    with acting(by=by, reason=reason):
        for line in {one.old_id: one for one in lines}.values():
            old = entries[line.old_id]
            old.is_enabled, old.effective_to = True, None
            _save(old, at)
        for key in {one.new_id for one in lines if one.is_made and one.new_id}:
            _stop(entries[key], today, at)
        for key in {one.new_id for one in lines if not one.is_made and one.new_id}:
            lower_again(entries[key], recoding, at)
    changes = GradeChange.objects.filter(version=recoding.version_id).order_by("pk")
    wanted = [(entries[one.procedure_id], one.grade_before) for one in changes]
    recoding.undo_version = _graded(wanted, recoding, at, by=by, reason=reason)
    recoding.state = RecodingState.UNDONE
    recoding.ended_by, recoding.ended_at, recoding.end_reason = by, at, reason
    with acting(by=by, reason=reason):
        _save(recoding, at)
    _close_sheet(recoding, by=by, at=at, reason=reason)
    find_anew(entries.keys(), str(recoding._state.db))
    return lines


def _stop(entry: Procedure, today: date, at: datetime) -> None:
    """One that began today has no whole day behind it: it never began."""
    entry.is_enabled, entry.effective_to = False, today
    if entry.effective_from is not None and entry.effective_from >= today:
        entry.effective_from = entry.effective_to = None
    _save(entry, at)


def entries_of(lines: Sequence[RecodingLine]) -> set[int]:
    found = {one.old_id for one in lines}
    return found | {one.new_id for one in lines if one.new_id is not None}


def _locked_entries(which: Q) -> dict[int, Procedure]:
    found = Procedure.objects.select_for_update().filter(which)
    return {one.pk: one for one in found.order_by("pk")}


def _save(row: Any, at: datetime) -> None:
    """The history row carries the moment of the act."""
    row._history_date = at
    row.save()
