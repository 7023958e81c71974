"""Acts on the catalogue: an entry added, changed, put out of use and into it again.

What an entry is worth, its grade, is decided elsewhere; a new entry has none. The code
of an entry stays: another code is another act.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from portal.accounts.models import User
from portal.accounts.services.system import system_account
from portal.audit.acting import acting
from portal.audit.refusing import clear_reason
from portal.directory.models import Department
from portal.parameters.days import day_of
from surgery import codes
from surgery.enums import Grade, Source
from surgery.models import Procedure, ProcedureAlias, ProcedureDepartment
from surgery.outbound import Turn, tell_grades
from surgery.queries.catalogue import last_change_of, switch_ahead
from surgery.queries.procedures import procedure_by_code
from surgery.services.refusals import (
    AlreadySo,
    ChangedMeanwhile,
    CodeMalformed,
    CodeTaken,
    DepartmentUnknown,
    EndsBeforeStart,
    NothingAhead,
    NothingChanged,
)

ARRIVED = "到了定好的启用、停用日期"


@dataclass(frozen=True)
class Attributes:
    """What the office may say of an entry, but for its code and its grade.

    ``aliases`` are names, ``departments`` codes; none of the latter means any.
    """

    name: str
    category: str
    code_insurance: str = ""
    code_extra: str = ""
    entry_option: str = ""
    is_national_level4: bool = False
    is_mini_invasive: bool = False
    restricted_class: int = 0
    needs_special_licence: bool = False
    is_day_surgery: bool = False
    is_new_technique: bool = False
    incision_class: str = ""
    site: str = ""
    needs_side: bool = False
    place: str = "ALL"
    specialty: str = ""
    his_item_id: str = ""
    charge_item: str = ""
    remark: str = ""
    aliases: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()

    @property
    def columns(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in COLUMNS}


COLUMNS = tuple(
    field.name
    for field in fields(Attributes)
    if field.name not in ("aliases", "departments")
)


@transaction.atomic
def add_procedure(
    *,
    code: str,
    attributes: Attributes,
    effective_from: date,
    by: User,
    at: datetime,
    reason: str,
) -> Procedure:
    """新增手术: ungraded, in use from ``effective_from`` on. Raises CatalogueRefused."""
    text = clear_reason(reason)
    as_written = codes.written(code)
    if not codes.is_valid(as_written):
        raise CodeMalformed(code.strip())
    if known := procedure_by_code(as_written):
        raise CodeTaken(known.code, known.name)
    entry = Procedure(
        code=as_written,
        grade=Grade.UNGRADED,
        source=Source.HOSPITAL,
        is_enabled=effective_from <= day_of(at),
        effective_from=effective_from,
        **attributes.columns,
    )
    with acting(by=by, reason=text):
        try:
            with transaction.atomic():
                _save(entry, at)
        except IntegrityError as error:  # somebody else was faster
            known = procedure_by_code(as_written)
            if known is None:
                raise
            raise CodeTaken(known.code, known.name) from error
        _name(entry, attributes.aliases, at)
        _place(entry, attributes.departments, at)
    return entry


@transaction.atomic
def change_procedure(
    *,
    procedure: Procedure,
    attributes: Attributes,
    by: User,
    at: datetime,
    reason: str,
    seen: int | None = None,
) -> Procedure:
    """修改手术. ``seen`` is the last change the person had before them."""
    text = clear_reason(reason)
    entry = _locked(procedure, seen)
    changed = {
        name: value
        for name, value in attributes.columns.items()
        if getattr(entry, name) != value
    }
    for name, value in changed.items():
        setattr(entry, name, value)
    with acting(by=by, reason=text):
        is_named = _name(entry, attributes.aliases, at)
        is_placed = _place(entry, attributes.departments, at)
        if not (changed or is_named or is_placed):
            raise NothingChanged
        if changed:
            _save(entry, at)
    return entry


@transaction.atomic
def switch_procedure(
    *,
    procedure: Procedure,
    is_enabled: bool,
    on: date,
    by: User,
    at: datetime,
    reason: str,
    seen: int | None = None,
) -> Procedure:
    """停用、启用 from a day on; one ahead is kept and takes effect by ``switch_due``.

    One that is ahead already moves to this day.
    """
    text = clear_reason(reason)
    entry = _locked(procedure, seen)
    if entry.is_enabled == is_enabled:
        raise AlreadySo
    if switch_ahead(entry, day_of(at)) == on:
        raise NothingChanged
    if is_enabled:
        entry.effective_from = on
        if entry.effective_to and entry.effective_to >= on:
            entry.effective_to = None  # an end that never came to pass
    else:
        if entry.effective_from and on <= entry.effective_from:
            raise EndsBeforeStart(entry.effective_from)
        entry.effective_to = on
    if on <= day_of(at):
        _turn(entry)
    with acting(by=by, reason=text):
        _save(entry, at)
    if entry.is_enabled == is_enabled:
        tell_grades([Turn(entry, entry.grade, on)], by=by, at=at, reason=text)
    return entry


@transaction.atomic
def recall_switch(
    *,
    procedure: Procedure,
    by: User,
    at: datetime,
    reason: str,
    seen: int | None = None,
) -> Procedure:
    """撤回 a 停用 or 启用 whose day has not come: the entry stays as it is.

    The HIS was told nothing of it yet. Raises CatalogueRefused.
    """
    text = clear_reason(reason)
    entry = _locked(procedure, seen)
    if switch_ahead(entry, day_of(at)) is None:
        raise NothingAhead
    if entry.is_enabled:
        entry.effective_to = None
    else:
        entry.effective_from = _began(entry)
    with acting(by=by, reason=text):
        _save(entry, at)
    return entry


@transaction.atomic
def switch_due(*, at: datetime) -> int:
    """Put out of use and into it what was meant for today or before; how many."""
    day = day_of(at)
    ends = Q(is_enabled=True, effective_to__lte=day)
    is_back = Q(effective_to=None) | Q(effective_from__gt=F("effective_to"))
    begins = Q(is_back, is_enabled=False, effective_from__lte=day)
    due = Procedure.objects.select_for_update().filter(ends | begins)
    entries = list(due.order_by("pk"))
    with acting(by=None, reason=ARRIVED):
        for entry in entries:
            _turn(entry)
            _save(entry, at)
    turns = [Turn(entry, entry.grade, day) for entry in entries]
    if turns:
        tell_grades(turns, by=system_account(), at=at, reason=ARRIVED)
    return len(entries)


# --- what the acts share --------------------------------------------------------------


def _turn(entry: Procedure) -> None:
    """Its end is kept while it is out of use, until the very day it comes back."""
    entry.is_enabled = not entry.is_enabled
    if entry.is_enabled:
        entry.effective_to = None


def _began(entry: Procedure) -> date | None:
    """Since when it had been in use before it ended, as its history knows; a day that
    was planned and moved is none."""
    rows = entry.history.filter(is_enabled=True).order_by("-history_id")
    began: date | None = rows.values_list("effective_from", flat=True).first()
    return began


def _locked(procedure: Procedure, seen: int | None) -> Procedure:
    entry: Procedure = Procedure.objects.select_for_update().get(pk=procedure.pk)
    if seen is not None and seen != last_change_of(entry):
        raise ChangedMeanwhile
    return entry


def _save(row: Procedure | ProcedureAlias | ProcedureDepartment, at: datetime) -> None:
    row._history_date = at  # type: ignore[union-attr]  # read by simple-history
    row.save()


def _name(entry: Procedure, names: Iterable[str], at: datetime) -> bool:
    """Keep exactly these aliases; whether any changed."""
    wanted = dict.fromkeys(name for name in names if name != entry.name)
    rows = {one.name: one for one in entry.aliases.all()}
    for name in wanted:
        rows.setdefault(name, ProcedureAlias(procedure=entry, name=name))
    return _keep(rows, set(wanted), at)


def _place(entry: Procedure, departments: Iterable[str], at: datetime) -> bool:
    """Keep exactly these departments; whether any changed."""
    wanted = set(departments)
    known = {one.code: one for one in Department.objects.filter(code__in=wanted)}
    if unknown := sorted(wanted - known.keys()):
        raise DepartmentUnknown(unknown[0])
    standing = entry.departments.select_related("department")
    rows = {one.department.code: one for one in standing}
    for code in sorted(wanted):
        new = ProcedureDepartment(procedure=entry, department=known[code])
        rows.setdefault(code, new)
    return _keep(rows, wanted, at)


def _keep(rows: dict[str, Any], wanted: set[str], at: datetime) -> bool:
    """Rows are never deleted: what is not wanted any more is marked."""
    changed = [
        row
        for key, row in rows.items()
        if row.pk is None or row.is_dropped == (key in wanted)
    ]
    for row in changed:
        if row.pk is not None:
            row.is_dropped = not row.is_dropped
        _save(row, at)
    return bool(changed)
