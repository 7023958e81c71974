"""Deciding on grades: the decision and what follows from it, together or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from permissions.enums import DriftState, EventKind, ReasonCode, RegradeOutcome
from permissions.models import Drift, FollowedVersion, GrantState, RegradedGrant
from permissions.regrading.reaching import item_codes, item_lines, reaches
from permissions.services import telling
from permissions.services.changes import Said, change, suspend
from permissions.services.persons import must_not_be_own
from permissions.services.refusals import ActRefused
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.parameters.days import day_of
from portal.ui.phrases import in_chinese
from surgery.enums import Grade
from surgery.models import GradeChange, GradeProposal, GradeVersion
from surgery.queries.grading import standing_changes
from surgery.services import grading
from surgery.services.grade_ledger import apply_due

# A line granted after the decision is found when its turn comes, so long back.
LOOK_BACK = timedelta(days=7)


@transaction.atomic
def approve(
    *, proposals: Sequence[GradeProposal], by: User, at: datetime, **said: Any
) -> GradeVersion:
    """同意: a new version, and of every grant it concerns whether it is kept for a
    while or suspended on the day."""
    version = grading.approve(
        proposals=proposals, by=by, at=at, shown=_shown(proposals), **said
    )
    follow(version.changes.order_by("pk"), at)
    return version


def _shown(proposals: Sequence[GradeProposal]) -> dict[int, str | None]:
    """What the HIS has of those that were proposed because it has it: asked to change
    from what it was told last, it would refuse. By procedure."""
    adopted = Drift.objects.filter(
        grade_proposal__in=proposals, state=DriftState.ADOPTED, closed_at__isnull=True
    )
    rows = adopted.order_by("pk").values_list("procedure_id", "theirs_value")
    return {procedure: value or None for procedure, value in rows}


def follow(changes: Iterable[GradeChange], at: datetime) -> None:
    """Of every grant that changes of grades concern, whether it goes on; inside the
    transaction that made them."""
    made = list(changes)
    for one in made:
        _note(one, at)
    _settle_due(made, at)


@transaction.atomic
def undo(
    *, version: GradeVersion, by: User, at: datetime, reason: str, doc_no: str = ""
) -> GradeVersion:
    """撤销一版: grants that waited are kept, those suspended for it hold again."""
    made = grading.undo(version=version, by=by, at=at, reason=reason, doc_no=doc_no)
    taken = GradeChange.objects.filter(undone_by__version=made)
    recall(taken, by=by, at=at, reason=reason)
    return made


def recall(
    taken: QuerySet[GradeChange], *, by: User, at: datetime, reason: str
) -> None:
    """Grants that waited for these changes are kept, those suspended hold again."""
    rows = RegradedGrant.objects.filter(change__in=taken).select_related("state")
    for row in rows.order_by("state__practitioner", "pk"):
        _recall(row, by=by, at=at, reason=reason)


def follow_due(*, at: datetime) -> int:
    """到日生效: what was decided for today holds, grants whose time is over are
    suspended; how many grades and grants. Safe to run twice, and side by side."""
    with transaction.atomic():
        graded = len(apply_due(at=at))
    _follow_lists(at)
    return graded + _settle_due(_lately_due(day_of(at)), at)


@transaction.atomic
def _follow_lists(at: datetime) -> None:
    """What a list decided or took back, it decided without knowing of grants.

    A version is marked once it was looked at: however long nobody came by, none is
    missed, in whatever order they were committed.
    """
    new = _unfollowed()
    held = item_codes(at).values("item_code")
    listed = standing_changes().filter(version__in=new, proposal=None, code__in=held)
    for one in listed.select_related("by", "procedure").order_by("pk"):
        _note(one, at)
    FollowedVersion.objects.bulk_create(
        [FollowedVersion(version_id=pk, at=at) for pk in new]
    )
    undone = RegradedGrant.objects.filter(
        outcome__in=(RegradeOutcome.WAITING, RegradeOutcome.SUSPENDED),
        change__undone_by__isnull=False,
    ).select_related("state", "change__undone_by__by")
    for row in undone.order_by("state__practitioner", "pk"):
        taken: Any = row.change.undone_by
        try:
            _recall(row, by=taken.by, at=at, reason=taken.reason)
        except ActRefused:
            continue  # nobody gives their own right back: it stays for another person


def _unfollowed() -> list[int]:
    """Versions nobody has looked at, locked; another worker may have been quicker."""
    waiting = GradeVersion.objects.filter(followed=None).order_by("pk")
    locked = GradeVersion.objects.select_for_update().filter(
        pk__in=list(waiting.values_list("pk", flat=True))
    )
    keys = list(locked.order_by("pk").values_list("pk", flat=True))
    done = FollowedVersion.objects.filter(pk__in=keys).order_by()
    return sorted(set(keys) - set(done.values_list("pk", flat=True)))


# --- what follows ---------------------------------------------------------------------


def _note(made: GradeChange, at: datetime) -> None:
    """Remember every grant for the procedure that does not reach its new grade."""
    known = set(
        RegradedGrant.objects.filter(change=made)
        .order_by()
        .values_list("state", flat=True)
    )
    with acting(by=made.by, reason=why(made)):
        for state in item_lines(made.code, at):
            is_new = state.pk not in known
            if is_new and not reaches(state.privilege.code, made.grade):
                row = RegradedGrant(change=made, state=state, due_on=due_on(made))
                _save(row, at)
                telling.regraded(state.practitioner, made, row.due_on, at=at)


def due_on(made: GradeChange) -> date:
    """The day a grant that does not reach the new grade is suspended."""
    if made.transition_until is not None:
        return made.transition_until + timedelta(days=1)
    return made.effective_from


@in_chinese
def why(made: GradeChange) -> str:
    """In Chinese, as it is kept in histories and told to doctors."""
    before, after = Grade(made.grade_before).label, Grade(made.grade).label
    what = f"由{before}调为{after}" if made.grade else f"作废定级（原{before}）"
    return f"手术级别调整：{made.code} {made.name}{what}"[:200]


def _lately_due(today: date) -> list[GradeChange]:
    """Changes whose grants came due within the last days: others may have come since."""
    first = today - LOOK_BACK
    over = Q(
        transition_until__lt=today,
        transition_until__gte=first - timedelta(days=1),
    )
    at_once = Q(
        transition_until__isnull=True,
        effective_from__lte=today,
        effective_from__gte=first,
    )
    found = standing_changes().filter(over | at_once)
    return list(found.select_related("by").order_by("pk"))


def _settle_due(changes: Iterable[GradeChange], at: datetime) -> int:
    """Suspend what is due, each in a transaction of its own where none is open."""
    today = day_of(at)
    for one in changes:
        if due_on(one) <= today:
            _note(one, at)
    due = RegradedGrant.objects.filter(
        outcome=RegradeOutcome.WAITING, due_on__lte=today
    )
    keys = due.order_by("state__practitioner", "pk").values_list("pk", flat=True)
    return sum(_settle(pk, at) for pk in list(keys))


@transaction.atomic
def _settle(pk: int, at: datetime) -> bool:
    """One grant; another worker may have been quicker."""
    row = (
        RegradedGrant.objects.select_for_update()
        .filter(pk=pk, outcome=RegradeOutcome.WAITING)
        .first()
    )
    if row is None:
        return False
    made, state = row.change, row.state
    row.outcome = RegradeOutcome.KEPT
    if not reaches(state.privilege.code, made.procedure.grade):
        event = _suspended(state, made, at)
        if event is not None:
            row.outcome, row.event = RegradeOutcome.SUSPENDED, event
    with acting(by=made.by, reason=why(made)):
        _save(row, at)
    return True


def _suspended(state: GrantState, made: GradeChange, at: datetime) -> Any:
    """None where the line has ended or is suspended already."""
    code = ReasonCode.R19 if made.grade else ReasonCode.R16
    try:
        return suspend(
            state=state, by=made.by, at=at, reason_code=code, reason=why(made)
        )
    except ActRefused:
        return None


def _recall(row: RegradedGrant, *, by: User, at: datetime, reason: str) -> None:
    """Nobody gives their own right back by undoing; what changed since stays."""
    state = row.state
    is_ours = row.event_id is not None and state.last_event_id == row.event_id
    if is_ours:
        must_not_be_own(by, state.practitioner_id)
        said = Said(by, at, reason, undoes=row.event)
        change(EventKind.RESTORE, state, said)
    if is_ours or row.outcome == RegradeOutcome.WAITING:
        row.outcome = RegradeOutcome.RECALLED
        with acting(by=by, reason=reason):
            _save(row, at)


def _save(row: RegradedGrant, at: datetime) -> None:
    """Its history row carries the moment of the act."""
    row._history_date = at  # type: ignore[attr-defined]  # read by simple-history
    row.save()
