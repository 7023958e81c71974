"""Re-coding in both rooms at once: entries, grades and grants, together or not at all."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import OperationalError, transaction

from permissions.enums import EventKind, GrantStatus, ItemKind, ReasonCode
from permissions.ledger import fold
from permissions.models import (
    Application,
    Grant,
    GrantEvent,
    GrantState,
    RecodedGrant,
    Terms,
)
from permissions.queries.assessments import last_day_to_assess, next_dues
from permissions.queries.ledger import as_recorded
from permissions.recoding.carrying import (
    Carried,
    Going,
    carried,
    living_of,
    suspended_at,
)
from permissions.recoding.obstacles import stands_in_the_way
from permissions.recoding.refusals import LinesCross
from permissions.recoding.reviewing import carry, carry_back, lock_reviews
from permissions.regrading.acts import follow, recall
from permissions.regrading.reaching import reaches
from permissions.services.changes import Said, change
from permissions.services.ledger import locked_practitioner, open_line
from permissions.services.proposals import give_back
from permissions.services.rules import GRADE_OF_ITEMS
from portal.accounts.models import User
from portal.approvals.workflow import ProposalState
from portal.audit.acting import acting
from portal.audit.refusing import ActRefused, clear_reason
from portal.directory.models import Practitioner
from portal.parameters.days import day_of
from surgery.enums import RecodingState
from surgery.models import Procedure, Recoding
from surgery.services import recoding as rooms
from surgery.services.recoding_refusals import StandsInTheWay

MOST_WORDS = 200
logger = logging.getLogger(__name__)


@transaction.atomic
def decide(*, at: datetime, **said: Any) -> Recoding:
    """定下编码调整; one for today is done at once."""
    one = rooms.decide(at=at, **said)
    return apply(recoding=one, at=at) if one.effective_on <= day_of(at) else one


@transaction.atomic
def apply(*, recoding: Recoding, at: datetime) -> Recoding:
    """施行: from this moment on the new codes have what the old ones had.

    What was asked of past days is answered as before. Raises ActRefused and leaves
    nothing where the catalogue or a grant does not allow it any more.
    """
    one = rooms.locked(recoding, RecodingState.PLANNED)
    lines = rooms.take_effect(recoding=one, at=at)
    entries = {line.new_code: line.new for line in lines if line.new is not None}
    becomes: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        becomes[line.old_code].append(line.new_code)
    _lock(becomes, at)
    plan = carried(becomes, at)
    if plan.crossing:
        raise LinesCross(plan.crossing)
    _carry(plan, entries, one, at)
    with acting(by=one.decided_by, reason=words_of(one, one.reason)):
        carry(one, at)
    _give_back(becomes, at)
    if one.version is not None:
        follow(one.version.changes.order_by("pk"), at)
    return one


@transaction.atomic
def undo(*, recoding: Recoding, by: User, at: datetime, reason: str) -> Recoding:
    """撤销整份调整: from this moment on the old codes have what they had.

    Refused, naming it, where something was built on the new codes since.
    """
    text = clear_reason(reason)
    one = rooms.locked(recoding, RecodingState.APPLIED)
    rooms.must_be_allowed_to_undo(one, by)
    if found := stands_in_the_way(one, at):
        raise StandsInTheWay(found)
    rows = list(
        RecodedGrant.objects.filter(recoding=one)
        .select_related("state__grant__privilege", "event", "into")
        .order_by("state__practitioner", "pk")
    )
    lock_reviews({row.state.practitioner_id for row in rows})
    opened = living_of({row.into_id for row in rows if row.is_opened}, at)
    events = _end(opened, one, by=by, at=at, reason=text)
    if one.version is not None:
        recall(one.version.changes.all(), by=by, at=at, reason=text)
    grants = {key for row in rows for key in (row.state.grant_id, row.into_id)}
    dues = next_dues(pk__in=grants)
    ended: dict[int, list[RecodedGrant]] = defaultdict(list)
    for row in rows:
        ended[row.state_id].append(row)
    lines = rooms.take_back(recoding=one, by=by, at=at, reason=text)
    again: dict[int, Grant] = {}
    for state, parts in ended.items():
        if grant := _open_again(parts, dues, by=by, at=at, reason=text):
            again[state] = grant
    with acting(by=by, reason=words_of(one, text)):
        carry_back(rows, again, events, at)
    made = {line.new_code: [line.old_code] for line in lines if line.is_made}
    _give_back(made, at)
    return one


def apply_due(*, at: datetime) -> int:
    """到日施行: each in a transaction of its own; safe to run twice, and side by side.

    What cannot be done says why and is tried again; how many were done.
    """
    done = 0
    for one in list(rooms.due(at)):
        try:
            apply(recoding=one, at=at)
        except ActRefused as refused:
            _could_not(one, str(refused.message), at)
        except OperationalError:
            # Of two acts that wait for one another the database ends one: a review
            # concluded meanwhile goes first. Nothing was written; the next beat tries.
            logger.warning("recoding put off", extra={"recoding": one.pk})
        else:
            done += 1
    return done


@transaction.atomic
def _could_not(one: Recoding, problem: str, at: datetime) -> None:
    """Another worker may have done it, or somebody taken it back, in the meantime."""
    try:
        rooms.could_not(recoding=one, problem=problem, at=at)
    except ActRefused:
        return


# --- lines ----------------------------------------------------------------------------


def _lock(codes: Iterable[str], at: datetime) -> None:
    """Everybody concerned, in one order, before anything is looked at."""
    held = GrantState.objects.filter(
        item_kind=ItemKind.PROCEDURE, item_code__in=list(codes)
    )
    concerned = set(held.order_by().values_list("practitioner", flat=True))
    lock_reviews(concerned)
    people = Practitioner.objects.select_for_update().filter(
        pk__in=held.order_by().values("practitioner")
    )
    list(people.order_by("pk").values_list("pk"))


def _carry(
    plan: Carried, entries: dict[str, Procedure], one: Recoding, at: datetime
) -> None:
    """Old lines end first: a HIS takes them away before it gets the new ones."""
    dues = next_dues(pk__in=[state.grant_id for state in plan.ending])
    events = _end(plan.ending, one, by=one.decided_by, at=at, reason=one.reason)
    for going in plan.goings:
        into = going.own.grant if going.own is not None else None
        if into is None:
            into = _open(going, entries[going.target], dues, one, at)
        for state in going.sources:
            if going.own is not None and state.pk == going.own.pk:
                continue
            RecodedGrant(
                recoding=one,
                state=state,
                event=events[state.pk],
                into=into,
                is_opened=going.own is None,
            ).save()


def _end(
    states: Iterable[GrantState],
    one: Recoding,
    *,
    by: User,
    at: datetime,
    reason: str,
) -> dict[int, GrantEvent]:
    said = Said(by, at, words_of(one, reason))
    return {state.pk: change(EventKind.RECODE, state, said) for state in states}


def words_of(one: Recoding, reason: str) -> str:
    """In Chinese, as it is kept in histories and told to the HIS."""
    return f"编码调整第 {one.pk} 号：{reason}"[:MOST_WORDS]


def _open(
    going: Going,
    entry: Procedure,
    dues: Mapping[int, date],
    one: Recoding,
    at: datetime,
) -> Grant:
    main = going.main
    values = _values(main.grant) | {
        "item_code": entry.code,
        "item_name": entry.name,
        "item_grade": GRADE_OF_ITEMS.get(main.privilege.code, entry.grade),
        "conditions": _joined(state.grant.conditions for state in going.sources),
        "valid_from": max(going.span.valid_from, at),
        "valid_to": going.span.valid_to,
    }
    pause = _pause_of(going, entry, at)
    return _opened(
        values,
        follows=main.grant,
        names_of=main.grant,
        first_due=min(
            filter(None, (_due(one, dues) for one in going.sources)), default=None
        ),
        pause=pause,
        until=going.until if pause and going.is_suspended else None,
        by=one.decided_by,
        at=at,
        reason=words_of(one, one.reason),
    )


def _open_again(
    parts: Sequence[RecodedGrant],
    dues: Mapping[int, date],
    *,
    by: User,
    at: datetime,
    reason: str,
) -> Grant | None:
    """What ended by it, as it stood but for that; nothing where its time is over.

    ``parts`` are the lines it went on in, several where its code was split.
    """
    row = parts[-1]
    state = row.state
    before = [one for one in as_recorded(state.grant) if one.pk != row.event_id]
    standing = fold(state.grant.span, before)
    ends = standing.span.valid_to if standing is not None else None
    if standing is None or (ends is not None and ends <= at):
        return None
    until = standing.suspended_until
    is_paused = standing.status_at(at) is GrantStatus.SUSPENDED
    values = _values(state.grant) | {
        "valid_from": max(state.grant.valid_from, at),
        "valid_to": ends,
    }
    due = _due(state, dues)
    return _opened(
        values,
        follows=row.into,
        names_of=state.grant,
        # Who was assessed under a new code in between was assessed.
        first_due=due and max(due, *(dues.get(part.into_id, due) for part in parts)),
        pause=_suspension_of(before) if is_paused else None,
        until=until if is_paused else None,
        by=by,
        at=at,
        reason=words_of(row.recoding, reason),
    )


def _opened(
    values: dict[str, Any],
    *,
    follows: Grant,
    names_of: Grant,
    first_due: date | None,
    pause: str | None,
    until: datetime | None,
    by: User,
    at: datetime,
    reason: str,
) -> Grant:
    """A line that goes on; one that is suspended, for the reason code ``pause``, is so
    from its first moment, and the HIS is not told of it in between."""
    person = locked_practitioner(values["practitioner"].pk)
    with acting(by=by, reason=reason):
        grant = open_line(
            values | {"practitioner": person},
            by=by,
            at=at,
            reason=reason,
            follows=follows,
            names_of=names_of,
            first_due=first_due,
            is_told=pause is None,
        )
    if pause is not None:
        said = Said(by, at, reason, pause)
        state = GrantState.objects.get(grant=grant)
        change(EventKind.SUSPEND, state, said, until=until)
    return grant


def _due(state: GrantState, dues: Mapping[int, date]) -> date | None:
    """The last day to assess a line as it stands; None where its entry asks for none."""
    months = state.grant.privilege.assessment_months
    if months is None:
        return None
    return last_day_to_assess(state.valid_from, months, dues.get(state.grant_id))


def _values(grant: Grant) -> dict[str, Any]:
    """The fields of ``Terms`` as they were granted."""
    return {field.name: getattr(grant, field.name) for field in Terms._meta.fields}


def _joined(conditions: Iterable[str]) -> str:
    return "；".join(dict.fromkeys(filter(None, conditions)))[:MOST_WORDS]


def _pause_of(going: Going, entry: Procedure, at: datetime) -> str | None:
    """Why a line is suspended from its first moment: one it goes on from is, or it does
    not reach the stricter grade of what it was merged into. None where it is not."""
    if going.is_suspended:
        paused = [one for one in going.sources if suspended_at(one, at)]
        found = (_suspension_of(as_recorded(one.grant)) for one in paused)
        return next((code for code in found if code is not None), ReasonCode.R19)
    is_short = entry.grade and not reaches(going.main.privilege.code, entry.grade)
    return ReasonCode.R19 if is_short else None


def _suspension_of(events: Sequence[GrantEvent]) -> str | None:
    """The reason code of the last suspension."""
    paused = [one for one in events if one.kind == EventKind.SUSPEND]
    return paused[-1].reason_code if paused else None


# --- applications ---------------------------------------------------------------------


def _give_back(becomes: dict[str, list[str]], at: datetime) -> None:
    """退回 what was asked for under a code that is not in use any more."""
    open_ = Application.objects.filter(
        state=ProposalState.SUBMITTED.value,
        item_kind=ItemKind.PROCEDURE,
        item_code__in=list(becomes),
    )
    for one in open_.order_by("practitioner", "pk"):
        codes = "、".join(becomes[one.item_code])
        reason = f"编码 {one.item_code} 已调整为 {codes}，请按新编码重新提出"
        give_back(application=one, at=at, reason=reason[:MOST_WORDS])
