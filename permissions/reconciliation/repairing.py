"""按本院修复: the HIS is told again what it should show, through the same loop as ever.

Asked of the ledger anew: what has changed here since the look, or is on its way, is left
out. A drift that is being repaired is not repaired twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from permissions.enums import DriftAct, DriftState, DriftTarget
from permissions.models import Drift, DriftDecision
from permissions.outbound.apart import Apart, steps_to
from permissions.outbound.flags import is_lower
from permissions.outbound.rows import op_lines
from permissions.outbound.table import ORDER, Step, reaches
from permissions.outbound.ways import OP
from permissions.outbound.wording import About, call_of
from permissions.reconciliation import grades
from permissions.reconciliation.keeping import ROWS_AT_ONCE, STILL_THERE, chunks
from permissions.reconciliation.outcome import (
    IN_HAND,
    NO_CALL,
    NOT_SO_ANY_MORE,
    ON_ITS_WAY,
    Outcome,
    locked,
    note,
)
from permissions.reconciliation.owed import NOTHING_OWED, House, Owed
from permissions.reconciliation.rights import apart_of
from portal.accounts.models import User
from portal.audit.refusing import clear_reason
from portal.directory.models import Practitioner
from portal.his.messages import DoctorOpSet
from portal.outbox.kinds import Call
from portal.outbox.models import Message, State
from portal.outbox.services import enqueue
from portal.parameters.days import day_of


@transaction.atomic
def repair(*, chosen: Collection[int], by: User, at: datetime, reason: str) -> Outcome:
    """Promise the HIS its rows as they should be; raises ActRefused for the reason."""
    text = clear_reason(reason)
    outcome = Outcome()
    to_do = []
    for drift in locked(chosen, outcome):
        if drift.state == DriftState.OPEN:
            to_do.append(drift)
        else:
            outcome.left[drift.pk] = IN_HAND
    of_grades = [one for one in to_do if one.target == DriftTarget.GRADE]
    of_rights = [one for one in to_do if one.target != DriftTarget.GRADE]
    if of_grades:
        grades.repair(of_grades, outcome, by=by, at=at, reason=text)
    if of_rights:
        _repair_rights(of_rights, outcome, by=by, at=at, reason=text)
    return outcome


def _repair_rights(
    drifts: Sequence[Drift], outcome: Outcome, *, by: User, at: datetime, reason: str
) -> None:
    people = {one.practitioner_id: one.emp_no for one in drifts if one.practitioner_id}
    list(Practitioner.objects.select_for_update().filter(pk__in=people).order_by("pk"))
    house = House()
    # Proved to the HIS since it was looked at: what was seen there is old.
    since = min(one.last_seen for one in drifts)
    owed = house.owed(people, at=at, since=since)
    mine: dict[str, list[Drift]] = {}
    for drift in drifts:
        mine.setdefault(drift.emp_no, []).append(drift)
    for emp_no, some in mine.items():
        one = _Person(house, emp_no, owed.get(emp_no, NOTHING_OWED), by, at, reason)
        one.repair(some, outcome)


class _Person:
    """The drifts of one number, put right together."""

    def __init__(
        self,
        house: House,
        emp_no: str,
        owed: Owed,
        by: User,
        at: datetime,
        reason: str,
    ) -> None:
        self._house, self._owed = house, owed
        self._by, self._at, self._reason = by, at, reason
        self._about = About(emp_no, reason, "", by.staff_no)

    def repair(self, drifts: Sequence[Drift], outcome: Outcome) -> None:
        is_whole = self._house.ways.push.whole_sets
        steps: list[tuple[Step, Drift]] = []
        of_set: list[Drift] = []
        for drift in drifts:
            found = self._as_it_is_now(drift, outcome)
            if found is None:
                continue
            if is_whole and found.key.right.function == OP:
                of_set.append(drift)
                continue
            mine = steps_to(found, day_of(self._at), self._house.flags)
            if not mine:
                outcome.left[drift.pk] = NO_CALL
            steps += [(step, drift) for step in mine]
        # What takes away goes first, or what is given might overlap it.
        for step, drift in sorted(steps, key=lambda pair: ORDER[pair[0].op]):
            self._tell(call_of(step, self._about), drift, self._lowers(step, drift))
        repaired = {drift.pk: (drift, drift.subject) for _step, drift in steps}
        if of_set:
            self._tell(self._set(), of_set[0])
            repaired |= {one.pk: (one, of_set[0].subject) for one in of_set}
        for drift, subject in repaired.values():
            drift.state, drift.told_as = DriftState.REPAIRING, subject
            drift.save()
            note(drift, DriftAct.REPAIR, by=self._by, at=self._at, reason=self._reason)
        outcome.done += len(repaired)

    def _as_it_is_now(self, drift: Drift, outcome: Outcome) -> Apart | None:
        """The HIS as it was seen beside the ledger of this moment."""
        seen = apart_of(drift)
        key, day = seen.key, day_of(self._at)
        if self._owed.on_its_way({key}):
            outcome.left[drift.pk] = ON_ITS_WAY
            return None
        # All of the right: what is over may still be in the way of another row.
        ours = {k: row for k, row in self._owed.rows.items() if k.right == key.right}
        theirs = {key: seen.theirs} if seen.theirs else {}
        found = self._house.apart(ours, theirs, day)
        now = next((one for one in found if one.key == key), None)
        if now is None:
            outcome.left[drift.pk] = NOT_SO_ANY_MORE
        return now

    def _set(self) -> DoctorOpSet:
        """A HIS that replaces all surgical rights gets all of them."""
        day = day_of(self._at)
        rows = frozenset(
            (key, row.last_day)
            for key, row in self._owed.rows.items()
            if key.right.function == OP and reaches(row.last_day, day)
        )
        return DoctorOpSet(
            request_id="",
            emp_no=self._about.emp_no,
            day=day,
            lines=op_lines(rows, ()),
            reason=self._reason,
            doc_no="",
            operator=self._by.staff_no,
        )

    def _lowers(self, step: Step, drift: Drift) -> bool | None:
        """A coarse field that loses something; the others say it by their operation."""
        none = self._house.flags.get(step.key)
        return None if none is None else is_lower(step.value, drift.theirs_value)

    def _tell(
        self, message: Call, drift: Drift, takes_away: bool | None = None
    ) -> None:
        enqueue(
            message=message, subject=drift.subject, at=self._at, takes_away=takes_away
        )


# --- what came of it ------------------------------------------------------------------


@transaction.atomic
def settle_repairs(*, at: datetime) -> int:
    """Repairs whose messages were read back are over; those a person stopped are open
    again. How many were settled.

    What an earlier repair of the same drift promised is past: it decided then.
    """
    rows = Drift.objects.select_for_update().filter(
        STILL_THERE, state=DriftState.REPAIRING
    )
    repairing = list(rows.order_by("pk"))
    promises = _promised({one.told_as for one in repairing})
    since = _repaired_at([one.pk for one in repairing])
    settled = 0
    for drift in repairing:
        told, begun = promises.get(drift.told_as, ()), since[drift.pk]
        mine = {state for promised, state in told if promised >= begun}
        if State.STOPPED in mine:
            drift.state = DriftState.OPEN
        elif mine == {State.CONFIRMED}:
            drift.state, drift.closed_at = DriftState.REPAIRED, at
        else:
            continue
        drift.save()
        settled += 1
    return settled


def _promised(
    subjects: Collection[str],
) -> Mapping[str, Sequence[tuple[datetime, str]]]:
    """Of each subject when a message was promised, and its state."""
    found: dict[str, list[tuple[datetime, str]]] = {}
    ordered = sorted(subjects)
    for start in range(0, len(ordered), ROWS_AT_ONCE):
        some = ordered[start : start + ROWS_AT_ONCE]
        rows = Message.objects.filter(subject__in=some).order_by()
        for subject, at, state in rows.values_list("subject", "enqueued_at", "state"):
            found.setdefault(subject, []).append((at, state))
    return found


def _repaired_at(keys: Sequence[int]) -> Mapping[int, datetime]:
    """When it was last decided to repair each of them."""
    acts = DriftDecision.objects.filter(act=DriftAct.REPAIR).order_by()
    return {
        drift: last
        for some in chunks(keys)
        for drift, last in acts.filter(drift__in=some)
        .values_list("drift")
        .annotate(Max("recorded_at"))
    }
