"""Rows and drawers of reviews, assessments and what events came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from permissions.enums import (
    AssessmentResult,
    LineDecision,
    Outcome,
    ReviewState,
    Trigger,
)
from permissions.models import Assessment, EventReading, GrantState, Review, ReviewLine
from permissions.presenters import words
from permissions.queries.grants import standing_of
from permissions.services.assessments import due_on
from permissions.services.triggers import REASON_OF, why
from portal.ui.elements import Chip, Grade, Moment, Text, Timeline
from portal.ui.moments import today, write_day, write_moment, write_short
from portal.ui.phrases import said, spanning

STATE_CHIPS: Mapping[str, Chip] = {
    ReviewState.OPEN: Chip("warn", "hourglass", ReviewState.OPEN.label),
    ReviewState.KEPT: Chip("ok", "circle-check", ReviewState.KEPT.label),
    ReviewState.SUSPENDED: Chip("warn", "player-pause", ReviewState.SUSPENDED.label),
    ReviewState.REVOKED: Chip("bad", "ban", ReviewState.REVOKED.label),
    ReviewState.CLOSED: Chip("mute", "x", ReviewState.CLOSED.label),
}
RESULT_CHIPS: Mapping[str, Chip] = {
    AssessmentResult.PASS: Chip("ok", "circle-check", AssessmentResult.PASS.label),
    AssessmentResult.CONDITIONAL: Chip(
        "warn", "alert-triangle", AssessmentResult.CONDITIONAL.label
    ),
    AssessmentResult.FAIL: Chip("bad", "circle-x", AssessmentResult.FAIL.label),
}
DECISION_CHIPS: Mapping[str, Chip] = {
    LineDecision.KEEP: Chip("ok", "equal", LineDecision.KEEP.label),
    LineDecision.SUSPEND: Chip("warn", "player-pause", LineDecision.SUSPEND.label),
    LineDecision.REVOKE: Chip("bad", "ban", LineDecision.REVOKE.label),
    LineDecision.RECODE: Chip("info", "git-compare", LineDecision.RECODE.label),
}


@dataclass(frozen=True)
class ReviewRow:
    """``url`` opens the drawer; a mass review has no practitioner."""

    id: int
    url: str
    name: str
    emp_no: str
    practitioner_url: str
    department: str
    trigger: Text
    why: str
    about: str
    opened: str
    due: str
    due_tone: str
    owner: str
    state: Chip


def review_rows(reviews: Sequence[Any]) -> list[ReviewRow]:
    """``reviews`` as ``queries.reviews.reviews`` gives them."""
    return [_row(review) for review in reviews]


def _row(review: Any) -> ReviewRow:
    person = review.practitioner
    due, tone = _due(review)
    return ReviewRow(
        id=review.pk,
        url=reverse("permissions:review-detail", args=[review.pk]),
        name=person.name if person else _("成批变动"),
        emp_no=person.emp_no if person else "",
        practitioner_url=reverse(
            "permissions:practitioner-detail", args=[person.emp_no]
        )
        if person
        else "",
        department=person.department.name if person else "—",
        trigger=Trigger(review.trigger).label,
        why=review.why,
        about=_about(review),
        opened=write_short(review.opened_at),
        due=due,
        due_tone=tone,
        owner=review.owner.name if review.owner else "—",
        state=STATE_CHIPS[review.state],
    )


def _about(review: Any) -> str:
    if review.trigger == Trigger.MASS:
        return _("%(n)s 个变动") % {"n": review.held_count}
    return _("%(n)s 项") % {"n": review.line_count}


def _due(review: Review) -> tuple[str, str]:
    if review.state != ReviewState.OPEN:
        return write_short(review.concluded_at), "m"
    late = (today() - review.due_on).days
    if late > 0:
        return _("超期 %(n)s 天") % {"n": late}, "bad b5"
    return write_day(review.due_on), ""


@dataclass(frozen=True)
class LineRow:
    what: str
    codes: str
    grade: Grade | None
    ends_on: str
    standing: Chip
    decision: Chip | None


@dataclass(frozen=True)
class HeldRow:
    name: str
    emp_no: str
    url: str
    why: str
    outcome: Text


@dataclass(frozen=True)
class ReviewPage:
    """What the drawer shows of one review."""

    row: ReviewRow
    is_mass: bool
    is_open: bool
    lines: Sequence[LineRow]
    held: Sequence[HeldRow]
    code: str
    conclusion: str
    history: Timeline


def review_page(
    review: Any,
    lines: Sequence[ReviewLine],
    readings: Sequence[EventReading],
    history: Sequence[Any],
) -> ReviewPage:
    is_mass = review.trigger == Trigger.MASS
    return ReviewPage(
        row=_row(review),
        is_mass=is_mass,
        is_open=review.state == ReviewState.OPEN,
        lines=[_line(line) for line in lines],
        held=[_held(reading) for reading in readings] if is_mass else (),
        code=suggested_code(review),
        conclusion=review.conclusion,
        history=Timeline([_moment(row) for row in history]),
    )


def suggested_code(review: Review) -> str:
    code = REASON_OF.get(Trigger(review.trigger))
    return code.value if code else ""


def _line(line: ReviewLine) -> LineRow:
    state = line.state
    what, codes = words.what(state.grant)
    return LineRow(
        what=what,
        codes=codes,
        grade=words.grade_of(state.grant.privilege, state.grant.item_grade),
        ends_on=words.span(state.valid_from, state.valid_to)[1],
        standing=words.STANDING_CHIPS[standing_of(state, timezone.now())],
        decision=DECISION_CHIPS.get(line.decision),
    )


def line_labels(lines: Sequence[ReviewLine]) -> dict[int, str]:
    """How each line is called in the form, with how it stands."""
    now = timezone.now()
    found = {}
    for line in lines:
        state = line.state
        standing = words.STANDING_CHIPS[standing_of(state, now)].text
        span = spanning(*words.span(state.valid_from, state.valid_to))
        found[line.pk] = f"{words.what_in_one(state.grant)} · {standing} · {span}"
    return found


def _held(reading: EventReading) -> HeldRow:
    person = reading.event.practitioner
    return HeldRow(
        name=person.name,
        emp_no=person.emp_no,
        url=reverse("permissions:practitioner-detail", args=[person.emp_no]),
        why=why(reading.event, Trigger(reading.trigger)),
        outcome=Outcome(reading.outcome).label,
    )


def _moment(row: Any) -> Moment:
    """One row of the review's history, newest first."""
    if row.history_type == "+":
        text = _("打开复核")
    elif row.state != ReviewState.OPEN:
        text = _("办结：%(state)s") % {"state": ReviewState(row.state).label}
    else:
        text = _("认领")
    who = row.history_user.name if row.history_user else _("系统")
    return Moment(
        write_moment(row.history_date), text, said(who, row.history_change_reason)
    )


# --- assessments ----------------------------------------------------------------------


@dataclass(frozen=True)
class AssessedRow:
    """A right that must be assessed from time to time."""

    id: int
    url: str
    name: str
    emp_no: str
    practitioner_url: str
    department: str
    what: str
    codes: str
    grade: Grade | None
    last: str
    due: str
    due_tone: str


def assessed_rows(states: Sequence[Any]) -> list[AssessedRow]:
    """``states`` as ``queries.reviews.assessed_states`` gives them."""
    return [_assessed(state) for state in states]


def _assessed(state: Any) -> AssessedRow:
    person = state.practitioner
    what, codes = words.what(state.grant)
    due, tone = _assessment_due(state)
    return AssessedRow(
        id=state.pk,
        url=reverse("permissions:assessment-new", args=[state.pk]),
        name=person.name,
        emp_no=person.emp_no,
        practitioner_url=reverse(
            "permissions:practitioner-detail", args=[person.emp_no]
        ),
        department=person.department.name,
        what=what,
        codes=codes,
        grade=words.grade_of(state.grant.privilege, state.grant.item_grade),
        last=write_day(state.last_on) if state.last_on else _("未评估过"),
        due=due,
        due_tone=tone,
    )


def _assessment_due(state: Any) -> tuple[str, str]:
    if state.last_on is not None and state.last_due is None:
        return _("不合格，复核中"), "bad b5"
    on: date = due_on(state, state.last_due)
    late = (today() - on).days
    if late > 0:
        return _("超期 %(n)s 天") % {"n": late}, "bad b5"
    return on.isoformat(), "warn b5" if late > -30 else ""


def assessment_timeline(rows: Sequence[Assessment]) -> Timeline:
    return Timeline(
        [
            Moment(
                write_day(row.assessed_on),
                str(RESULT_CHIPS[row.result].text),
                said(row.by.name, f"{row.note} · {row.doc_no}"),
                "bad" if row.result == AssessmentResult.FAIL else "ok",
            )
            for row in rows
        ]
    )


def assessed_subject(state: GrantState) -> tuple[str, str]:
    return words.person(state.practitioner), words.what_in_one(state.grant)
