"""Writing what a dry run showed into the catalogue, and taking it back; all in one go.

What the catalogue says is looked at again under lock: a row it has moved on from is
told so and not written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.audit.acting import acting
from portal.sheets.cells import Problem
from portal.sheets.models import Outcome
from portal.sheets.work import ROWS_AT_ONCE, parts
from portal.ui.moments import write_moment
from surgery import codes
from surgery.enums import Grade, Source
from surgery.importers.refusals import SETTLED, NotWhole
from surgery.models import Procedure, ProcedureImport, ProcedureImportRow
from surgery.models.imports import Sort, Verdict
from surgery.services.listed_grades import (
    Listed,
    changes_of,
    set_grades,
    take_back_grades,
)

Rows = Sequence[ProcedureImportRow]
Found = Mapping[str, Procedure]


def written_to() -> int:
    """The newest history row of any procedure."""
    newest = Procedure.history.aggregate(newest=Max("history_id"))["newest"]
    return newest or 0


def locked(rows: Rows) -> dict[str, Procedure]:
    """The procedures these rows are about, by the key of their code, locked."""
    found: dict[str, Procedure] = {}
    keys = sorted({codes.key(row.code) for row in rows})
    for part in parts(keys, ROWS_AT_ONCE):
        mine = Procedure.objects.select_for_update().filter(code_key__in=part)
        found |= {one.code_key: one for one in mine.order_by("pk")}
    return found


# --- writing --------------------------------------------------------------------------


def must_be_as_seen(rows: Rows, found: Found) -> list[ProcedureImportRow]:
    """Rows the catalogue has moved on from, each with what is in the way."""
    moved = []
    for row in rows:
        now = found.get(codes.key(row.code))
        if row.verdict == Verdict.NEW and now is not None:
            why = _("试运行后目录中已新增这个编码。重新试运行。")
        elif row.verdict == Verdict.CHANGED and (
            now is None or says(now, row.before) != row.before
        ):
            why = _("试运行后目录中的这一条已有修改。重新试运行。")
        else:
            continue
        row.problems = [*row.problems, Problem("", why).as_json()]
        moved.append(row)
    return moved


def says(procedure: Procedure, fields: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(procedure, name) for name in fields}


def write(one: ProcedureImport, rows: Rows, found: Found, *, at: datetime) -> None:
    """All of these rows, with their history; ``found`` comes locked.

    Grades go through their ledger, by who decided on the list.
    """
    if one.sort == Sort.GRADES:
        wishes = [
            Listed(found[codes.key(row.code)], Grade(row.after["grade"]))
            for row in rows
        ]
        if one.second is not None and wishes:
            one.version = set_grades(wishes, one=one, by=one.second, at=at)
        return
    new = [row for row in rows if row.verdict == Verdict.NEW]
    changed = [row for row in rows if row.verdict == Verdict.CHANGED]
    with acting(by=one.applied_by, reason=one.reason):
        Procedure.objects.bulk_create(
            [Procedure(**row.after, source=Source.NATIONAL) for row in new],
            batch_size=ROWS_AT_ONCE,
        )
        _set_fields([(found[codes.key(row.code)], row.after) for row in changed])


def _set_fields(wishes: Sequence[tuple[Procedure, dict[str, Any]]]) -> None:
    """Rows that change the same fields together: one statement for many."""
    alike: dict[tuple[str, ...], list[Procedure]] = defaultdict(list)
    for procedure, after in wishes:
        for name, value in after.items():
            setattr(procedure, name, value)
        alike[tuple(sorted(after))].append(procedure)
    for fields, procedures in sorted(alike.items()):
        Procedure.objects.bulk_update(procedures, fields, batch_size=ROWS_AT_ONCE)


# --- taking back ----------------------------------------------------------------------


def changed_since(one: ProcedureImport, found: Found) -> dict[int, Any]:
    """By procedure, the newest change after this import was written."""
    newest: dict[int, Any] = {}
    for part in parts(sorted(each.pk for each in found.values()), ROWS_AT_ONCE):
        later = Procedure.history.filter(id__in=part, history_id__gt=one.told_to)
        for change in later.select_related("history_user").order_by("history_id"):
            newest[change.id] = change
    return newest


def take_back(
    one: ProcedureImport, rows: Rows, found: Found, *, by: User, at: datetime
) -> None:
    """Put back what the rows changed; new procedures go out of use, none is deleted.

    All of them or, raising NotWhole, none. What somebody has put back already stays.
    """
    if one.sort == Sort.GRADES:
        _take_back_grades(one, rows, found, by=by, at=at)
        return
    later = changed_since(one, found)
    wishes: list[tuple[Procedure, dict[str, Any]]] = []
    in_the_way: dict[int, str] = {}
    for row in rows:
        procedure = found[codes.key(row.code)]
        back = {"is_enabled": False} if row.verdict == Verdict.NEW else row.before
        change = later.get(procedure.pk)
        if change and says(procedure, back) == back:
            _settle(row)
        elif change and (row.verdict == Verdict.NEW or _moved_on(procedure, row)):
            in_the_way[row.number] = _by_whom(change)
        else:
            row.outcome = Outcome.UNDONE
            wishes.append((procedure, back))
    if in_the_way:
        raise NotWhole(in_the_way)
    with acting(by=by, reason=one.undo_reason):
        _set_fields(wishes)


def _moved_on(procedure: Procedure, row: ProcedureImportRow) -> bool:
    """Whether the very fields it wrote say something else by now."""
    wrote: dict[str, Any] = row.after
    return says(procedure, wrote) != wrote


def _take_back_grades(
    one: ProcedureImport, rows: Rows, found: Found, *, by: User, at: datetime
) -> None:
    changes = changes_of(one)
    wishes = []
    in_the_way: dict[int, str] = {}
    for row in rows:
        procedure = found[codes.key(row.code)]
        taken = changes[procedure.pk]
        if taken.is_undone:
            _settle(row)
        elif taken.refusal is not None:
            in_the_way[row.number] = str(taken.refusal)
        else:
            row.outcome = Outcome.UNDONE
            wishes.append((procedure, taken.change))
    if in_the_way:
        raise NotWhole(in_the_way)
    if wishes:
        take_back_grades(wishes, one=one, by=by, at=at)


def _settle(row: ProcedureImportRow) -> None:
    row.outcome = Outcome.LEFT
    row.problems = [*row.problems, Problem("", str(SETTLED)).as_json()]


def _by_whom(change: Any) -> str:
    who = change.history_user.name if change.history_user else _("系统")
    return _(
        "%(at)s %(who)s已修改（%(why)s）。"
        "先在手术目录改回，新增的停用，再撤销这次导入。"
    ) % {
        "at": write_moment(change.history_date),
        "who": who,
        "why": change.history_change_reason,
    }
