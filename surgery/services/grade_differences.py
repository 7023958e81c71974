"""The grades of the HIS beside ours, and telling ours again.

What differs is kept, shown and decided by the room above (``permissions.reconciliation``),
as every other drift is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext_noop

from portal.accounts.models import User
from portal.directory.dictionaries import BY_VIEW
from portal.directory.models import SyncRun
from portal.directory.sync import pull
from portal.his.contract.interfaces import V_YW_OP_GRADE
from portal.his.gateway import HisReader
from portal.his.messages import OpGradeSave
from portal.outbox.kinds import OPGRADE_SAVE
from portal.outbox.promises import calls_under_way
from portal.parameters.days import day_of
from surgery.models import Procedure
from surgery.outbound import Turn, days_told, tell_grades
from surgery.queries.grade_differences import (
    Apart,
    Graded,
    differences,
    in_our_spelling,
    ours,
    theirs,
    unreadable,
)
from surgery.queries.his_items import his_items

VIEW = V_YW_OP_GRADE.name
HELD = gettext_noop("大量行消失，拉取已停下，待信息科确认后再比对")


class NotRead(Exception):
    """The HIS did not show its grades; the words say why."""


@dataclass(frozen=True)
class Graduated:
    """Key and name of a procedure of ours."""

    pk: int
    name: str


@dataclass(frozen=True)
class Compared:
    """``known`` are the procedures of ours, ``on_the_way`` codes whose message is open,
    ``unclear`` codes of which the HIS has a row nobody can read, of ``unreadable`` rows;
    ``spelled`` what the HIS calls a code where it is not as we do; ``ours`` and
    ``theirs`` how many have a grade."""

    found: Sequence[Apart]
    known: dict[str, Graduated]
    on_the_way: frozenset[str]
    unclear: frozenset[str]
    spelled: dict[str, str]
    ours: int
    theirs: int
    unreadable: int


def compare(*, gateway: HisReader, at: datetime, since: datetime) -> Compared:
    """Read the grades of the HIS and hold ours against them; raises ``NotRead``.

    What was promised or proved after ``since`` is on its way: it need not be shown yet.
    """
    # Asked first: what is told while we read is under way at the end too.
    under_way = on_the_way(at, since)
    run = pull(BY_VIEW[VIEW], gateway=gateway, at=at)
    if run.state != SyncRun.State.TAKEN:
        raise NotRead(run.error or HELD)
    mine, as_spelled, set_aside = ours(), theirs(), unreadable()
    shown = in_our_spelling(as_spelled, mine)
    told = in_our_spelling(days_told(as_spelled, day_of(at)), mine)
    graded = {
        code: Graded(grade, told[code].effective_from if code in told else None)
        for code, (_pk, _name, grade) in mine.items()
    }
    spelled = in_our_spelling({code: code for code in as_spelled}, mine)
    return Compared(
        found=list(differences(graded, shown)),
        known={code: Graduated(pk, name) for code, (pk, name, _g) in mine.items()},
        on_the_way=frozenset(in_our_spelling(dict.fromkeys(under_way, 1), mine)),
        unclear=frozenset(in_our_spelling(dict.fromkeys(set_aside, 1), mine)),
        spelled=spelled,
        ours=sum(one.has_grade for one in graded.values()),
        theirs=sum(one.has_grade for one in shown.values()),
        unreadable=len(set_aside),
    )


def on_the_way(at: datetime, since: datetime) -> set[str]:
    """Codes, as the HIS spells them, of which a message is open or new."""
    calls = calls_under_way(OPGRADE_SAVE, at, since)
    return {call.proc_code for call in calls if isinstance(call, OpGradeSave)}


@dataclass(frozen=True)
class Again:
    """A procedure whose grade the HIS is told again; ``shown`` is the one it must still
    have (None: no line at all), ``subject`` whose arrival a page shows."""

    procedure: Procedure
    shown: str | None
    subject: str


def tell_again(some: Sequence[Again], *, by: User, at: datetime, reason: str) -> int:
    """Our grades where the HIS shows others, through the same loop as ever; how many
    messages that makes. A HIS that was changed since it was looked at refuses them."""
    today = day_of(at)
    items = his_items(one.procedure for one in some)
    told = days_told([one.proc_code for one in items.values()], today)
    turns = []
    for one in some:
        if (item := items.get(one.procedure.pk)) is None:
            continue
        turn = Turn(one.procedure, one.procedure.grade, today, one.subject)
        last = told.get(item.proc_code)
        is_same = last is not None and last.new_grade == turn.code
        since = last.effective_from if last is not None and is_same else today
        turns.append(replace(turn, effective_from=since))
    shown = {one.procedure.pk: one.shown for one in some}
    return tell_grades(turns, by=by, at=at, reason=reason, shown=shown)
