"""Grades of our catalogue as messages for the HIS (domain 9.4).

On the other side: ``YW_OPGRADE_SAVE`` of ``portal.his.contract``, proved by
``V_YW_OP_GRADE``. The HIS knows one grade of a procedure, the one of today: a grade of
a later day waits with us until its day has come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.his import site
from portal.his.contract.interfaces import YW_OPGRADE_SAVE
from portal.his.messages import OpGradeSave
from portal.his.targets import DEFAULT, targets
from portal.outbox.comparison import NO_GRADE, grade_after
from portal.outbox.kinds import OPGRADE_SAVE, stream_of_procedure
from portal.outbox.models import Message, State
from portal.outbox.services import Promise, enqueue_all, withdraw
from portal.parameters.days import day_of, start_of
from surgery.models import Procedure
from surgery.queries.his_items import HisItem, his_items

# Parameters of one statement: SQLite takes about a thousand.
STREAMS_AT_ONCE = 400
NOT_TAKEN = (State.STOPPED, State.REJECTED)


@dataclass(frozen=True)
class Turn:
    """What a procedure is from a day on.

    - ``grade``: 0 is none any more; a procedure out of use is told as having none.
    - ``subject``: whose arrival at the HIS a page shows; without one the procedure's,
      see ``subject_of``.
    """

    procedure: Procedure
    grade: int
    effective_from: date
    subject: str = ""
    doc_no: str = ""

    @property
    def code(self) -> str:
        """The grade as the contract writes it."""
        return str(self.grade) if self.procedure.is_enabled else NO_GRADE


def subject_of(procedure: Procedure) -> str:
    """For ``portal.outbox.queries.arrival_of``."""
    return f"surgery.procedure:{procedure.pk}"


def tell_grades(
    turns: Iterable[Turn],
    *,
    by: User,
    at: datetime,
    reason: str,
    version: str = "",
    shown: Mapping[int, str | None] | None = None,
) -> int:
    """Promise the HIS what these procedures are; how many messages that makes.

    Every act that changes a grade, or whether a procedure is in use, calls this once,
    after it has saved, inside its own transaction::

        tell_grades(
            [Turn(procedure, procedure.grade, effective_on, f"surgery.gradechange:{pk}")],
            by=by, at=at, reason=reason, version="2026.2",
        )

    Thousands at once cost a few queries per 400. At most one turn of a procedure for
    each day. A turn of a later day is sent on that day; a second one for the same day
    replaces it. Nothing is told of a grade the HIS was told before, of one that a
    later turn already in force has replaced, nor where ``why_not_told`` says why not.
    Of those in ``shown``, what the HIS was seen to have by key of the procedure (None: no
    such line), it is told, whatever was told before.
    """
    taking = [
        target.name
        for target in targets().values()
        if YW_OPGRADE_SAVE.name not in target.lacking()
    ]
    if not taking:
        return 0
    found = list(turns)
    items = his_items(turn.procedure for turn in found)
    promises = [
        promise
        for target in taking
        for promise in _promises(target, found, items, by, at, reason, version, shown)
    ]
    return enqueue_all(promises, at=at)


def _promises(
    target: str,
    turns: Sequence[Turn],
    items: Mapping[int, HisItem],
    by: User,
    at: datetime,
    reason: str,
    version: str,
    shown: Mapping[int, str | None] | None,
) -> Iterator[Promise]:
    """What one target is told; ``shown`` is what the HIS was seen to have."""
    told = _told((item.proc_code for item in items.values()), target)
    today = day_of(at)
    for turn in turns:
        item = items.get(turn.procedure.pk)
        if item is None:
            continue
        mine = told.get(item.proc_code, ())
        if shown and turn.procedure.pk in shown and target == DEFAULT:
            before = shown[turn.procedure.pk]
        else:
            known = item.grade if target == DEFAULT else None
            before = _before(turn, mine, known)
            if before == turn.code or _is_replaced(turn, mine, today):
                continue
        promise = _promise(turn, item, before, today, by, reason, version)
        yield replace(promise, target=target)


def withdraw_grades(
    procedures: Iterable[Procedure], *, at: datetime, effective_from: date | None = None
) -> None:
    """Stop what waits for its day: the turn of that day, or every later one."""
    codes = [item.proc_code for item in his_items(procedures).values()]
    for streams in _streams(codes):
        for target in targets():
            withdraw(
                streams=streams,
                at=at,
                concerns=lambda call: (
                    isinstance(call, OpGradeSave)
                    and effective_from in {None, call.effective_from}
                ),
                target=target,
            )


def why_not_told(procedures: Collection[Procedure]) -> dict[int, str]:
    """Why nothing goes to the HIS of some, by key; the others are not in it."""
    if YW_OPGRADE_SAVE.name in (lacking := site.lacking()):
        reason = _("HIS 未提供接口，不推送：%(why)s") % {
            "why": _(lacking[YW_OPGRADE_SAVE.name])
        }
        return {one.pk: reason for one in procedures}
    items = his_items(procedures)
    reason = _("HIS 没有这个手术项目，不推送；请先在 HIS 建立项目")
    return {one.pk: reason for one in procedures if one.pk not in items}


# --- what was told --------------------------------------------------------------------


def _told(
    codes: Iterable[str], target: str = DEFAULT
) -> dict[str, Sequence[OpGradeSave]]:
    """What a target was or will be told of each, by its day, the latest word last."""
    found: dict[str, list[OpGradeSave]] = defaultdict(list)
    for streams in _streams(codes):
        rows = Message.objects.filter(
            target=target, stream__in=streams, kind=OPGRADE_SAVE.name
        )
        kept = rows.exclude(state__in=NOT_TAKEN).order_by("id")
        for payload in kept.values_list("payload", flat=True):
            call = OpGradeSave.from_payload(payload)
            found[call.proc_code].append(call)
    return {
        code: sorted(calls, key=lambda call: call.effective_from)
        for code, calls in found.items()
    }


def days_told(codes: Iterable[str], today: date) -> dict[str, OpGradeSave]:
    """What the HIS was told last of each that is in force today, by its spelling."""
    return {
        code: mine[-1]
        for code, calls in _told(codes).items()
        if (mine := [call for call in calls if call.effective_from <= today])
    }


def _streams(codes: Iterable[str]) -> Iterator[list[str]]:
    streams = [stream_of_procedure(code) for code in codes]
    for start in range(0, len(streams), STREAMS_AT_ONCE):
        yield streams[start : start + STREAMS_AT_ONCE]


def _before(turn: Turn, told: Sequence[OpGradeSave], known: str | None) -> str | None:
    """The grade there on that day but for this turn; None where nobody knows.

    ``known`` is the one it is seen to have.
    """
    earlier = [call for call in told if call.effective_from <= turn.effective_from]
    return grade_after(earlier[-1]) if earlier else known


def _is_replaced(turn: Turn, told: Sequence[OpGradeSave], today: date) -> bool:
    """Recorded late, for days that another grade has ended already."""
    return any(turn.effective_from < call.effective_from <= today for call in told)


def _promise(
    turn: Turn,
    item: HisItem,
    before: str | None,
    today: date,
    by: User,
    reason: str,
    version: str,
) -> Promise:
    is_later = turn.effective_from > today
    grade = turn.code
    message = OpGradeSave(
        request_id="",
        op=_operation(before, grade),
        his_item_id=item.his_item_id,
        proc_code=item.proc_code,
        # What it is on a later day may still be told otherwise until then.
        old_grade=None if is_later else before,
        new_grade=grade,
        effective_from=turn.effective_from,
        grade_version=version,
        reason=reason,
        doc_no=turn.doc_no,
        operator=by.staff_no,
    )
    return Promise(
        message,
        turn.subject or subject_of(turn.procedure),
        start_of(turn.effective_from) if is_later else None,
        grade == NO_GRADE or grade > (before or NO_GRADE),
    )


def _operation(before: str | None, grade: str) -> str:
    if grade == NO_GRADE:
        return "VOID"
    return "ADD" if before == NO_GRADE else "UPDATE"
