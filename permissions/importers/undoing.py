"""Taking an import back: all of it or nothing, and the rows in the way are named.

A line that was revoked or voided since is in nobody's way: what the import gave is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions import services
from permissions.enums import GrantStatus
from permissions.models import GrantEvent, GrantImport, GrantImportRow, GrantState
from permissions.queries.grants import grant_states
from permissions.services import ActRefused
from permissions.services.refusals import ChangedMeanwhile
from portal.parameters.queries import value_of
from portal.parameters.registry import UNDO_HOURS
from portal.sheets.cells import Problem
from portal.sheets.models import Outcome
from portal.ui.moments import write_moment
from portal.ui.phrases import listed

OVER = frozenset({GrantStatus.REVOKED, GrantStatus.VOID})
NAMED = 5
SETTLED = gettext_lazy("这项授权已另行取消或作废，不用撤销。")


class NotWhole(ActRefused):
    """``rows``: by their number, why the line of each cannot be taken back."""

    def __init__(self, rows: Mapping[int, str]) -> None:
        self.rows = dict(rows)
        numbers = sorted(rows)
        first = numbers[0]
        super().__init__(
            _(
                "不能整批撤销，没有撤销任何一行：第 %(numbers)s 行，共 %(count)s 行。"
                "第 %(first)s 行：%(why)s"
                "先在权限维护取消或作废这些授权，再撤销这次导入。"
            )
            % {
                "numbers": listed(str(one) for one in numbers[:NAMED]),
                "count": len(numbers),
                "first": first,
                "why": rows[first],
            }
        )


def written(one: GrantImport) -> list[GrantImportRow]:
    """What the import wrote and nobody took back, the last first: what builds on an
    earlier row goes before it."""
    return list(_done(one).select_related("event__grant").order_by("-number"))


def _done(one: GrantImport) -> QuerySet[GrantImportRow]:
    rows = GrantImportRow.objects.filter(grant_import=one, outcome=Outcome.DONE)
    return rows.exclude(event=None)


def must_be_whole(one: GrantImport, at: datetime) -> None:
    """Raise NotWhole if a line stands that could not be taken back; two queries."""
    events = {
        row.event.grant_id: (row.number, row.event) for row in written(one) if row.event
    }
    hours = value_of(UNDO_HOURS)
    found = {}
    grants = _done(one).order_by().values("event__grant")
    for state in grant_states().filter(grant__in=grants).exclude(status__in=OVER):
        number, event = events[state.grant_id]
        if why := _in_the_way(state, event, at, hours):
            found[number] = why
    if found:
        raise NotWhole(found)


def _in_the_way(state: GrantState, event: GrantEvent, at: datetime, hours: int) -> str:
    last = state.last_event
    if last.pk != event.pk:
        status, moment = state.get_status_display(), write_moment(last.recorded_at)
        return str(ChangedMeanwhile(status, last.by.name, moment))
    refusal = services.why_not_undoable(state, at, hours=hours)
    return str(refusal()) if refusal else ""


def take_back(one: GrantImport, row: GrantImportRow, *, at: datetime) -> None:
    """One row, inside the transaction of all; raises NotWhole."""
    if row.event is None or one.undone_by is None:
        raise RuntimeError("a row that is taken back was written, by somebody's word")
    state = GrantState.objects.get(grant=row.event.grant_id)
    if state.status in OVER:
        row.outcome = Outcome.LEFT
        row.problems = [*row.problems, Problem("", str(SETTLED)).as_json()]
        return
    try:
        services.undo(event=row.event, by=one.undone_by, at=at, reason=one.undo_reason)
    except ActRefused as refused:
        raise NotWhole({row.number: str(refused)}) from refused
    row.outcome = Outcome.UNDONE
