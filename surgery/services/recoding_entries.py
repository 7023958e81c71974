"""The entries that new codes stand for: made, woken, or there and as strict as what
they take in. ``recoding`` calls this when its day has come, and when it is undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from surgery import codes
from surgery.enums import Grade
from surgery.models import (
    Filing,
    Procedure,
    ProcedureAlias,
    ProcedureDepartment,
    Recoding,
)
from surgery.services.procedures import COLUMNS
from surgery.services.recoding_plan import STRICT, Turning, strictest

Targets = dict[str, tuple[Procedure, bool]]


def targets_of(turnings: Sequence[Turning], today: date, at: datetime) -> Targets:
    """The new entries by key; one that was not there has what its first source had."""
    found: Targets = {}
    for one in turnings:
        key = codes.key(one.new_code)
        sources = [each.old for each in turnings if codes.key(each.new_code) == key]
        if key in found:
            continue
        if one.new is None:
            found[key] = (_made(one, sources, today, at), True)
        else:
            found[key] = (one.new, not one.new.is_enabled)
            _raise(one.new, sources, today, at)
        _file(found[key][0], sources, at)
    return found


def _raise(
    entry: Procedure, sources: Sequence[Procedure], today: date, at: datetime
) -> None:
    """One that is there is as strict as what it takes in; one that was made by a
    re-coding that was undone wakes."""
    wanted: dict[str, Any] = dict(strictest([entry, *sources]))
    if not entry.is_enabled:
        wanted |= {"is_enabled": True, "effective_from": today, "effective_to": None}
    if any(getattr(entry, name) != value for name, value in wanted.items()):
        for name, value in wanted.items():
            setattr(entry, name, value)
        _save(entry, at)


def lower_again(entry: Procedure, recoding: Recoding, at: datetime) -> None:
    """What taking in others had raised, unless somebody has said otherwise since.

    Its history knows what it was; the first row of that moment is the one that raised.
    """
    rows = entry.history.order_by("history_id")
    raised = rows.filter(
        history_date=recoding.applied_at, history_change_reason=recoding.reason
    ).first()
    before = raised and rows.filter(history_id__lt=raised.history_id).last()
    if before is None:
        return
    names = [name for name in STRICT if getattr(before, name) != getattr(raised, name)]
    if names and all(getattr(entry, one) == getattr(raised, one) for one in names):
        for name in names:
            setattr(entry, name, getattr(before, name))
        _save(entry, at)


def _made(
    turning: Turning, sources: Sequence[Procedure], today: date, at: datetime
) -> Procedure:
    first = turning.old
    values = {name: getattr(first, name) for name in COLUMNS}
    values |= strictest(sources) | {"name": turning.new_name}
    entry = Procedure(
        code=turning.new_code,
        grade=Grade.UNGRADED,
        source=first.source,
        effective_from=today,
        **values,
    )
    _save(entry, at)
    names = [name.name for name in first.aliases.filter(is_dropped=False)]
    if first.name != entry.name:
        names.append(first.name)
    for name in dict.fromkeys(names):
        if name != entry.name:
            _save(ProcedureAlias(procedure=entry, name=name), at)
    for place in first.departments.filter(is_dropped=False):
        _save(ProcedureDepartment(procedure=entry, department=place.department), at)
    return entry


def _file(entry: Procedure, sources: Sequence[Procedure], at: datetime) -> None:
    """A restricted technique that was filed is filed under its new code too."""
    if Filing.objects.filter(procedure=entry).exists():
        return
    filed = Filing.objects.filter(procedure__in=[one.pk for one in sources]).first()
    if filed is not None:
        names = ("filed_on", "authority", "document_no", "document")
        values = {name: getattr(filed, name) for name in names}
        _save(Filing(procedure=entry, **values), at)


def _save(row: Any, at: datetime) -> None:
    """The history row carries the moment of the act."""
    row._history_date = at
    row.save()
