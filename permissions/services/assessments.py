"""能力评估: recorded once, says when the next is due; failed, it opens a review."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.enums import AssessmentResult, Trigger
from permissions.models import Assessment, GrantState
from permissions.queries.assessments import carried_from, last_day_to_assess
from permissions.services import rules, telling
from permissions.services.changes import locked
from permissions.services.refusals import ActRefused, OwnRight
from permissions.services.reviews import open_review
from portal.accounts.models import User
from portal.parameters.days import day_of


class NotAssessed(ActRefused):
    message = gettext_lazy("权限字典没有为这项权限规定评估间隔，不用评估。")


class AssessedInFuture(ActRefused):
    field = "assessed_on"
    message = gettext_lazy("评估日期不能晚于今天。")


class AssessedBefore(ActRefused):
    field = "assessed_on"

    def __init__(self, first: date) -> None:
        super().__init__(
            _("评估日期须晚于 %(day)s：授权生效或上次评估的日期。")
            % {"day": first.isoformat()}
        )


class NextDueOutOfRange(ActRefused):
    field = "next_due"

    def __init__(self, first: date, last: date) -> None:
        super().__init__(
            _("下次评估须在 %(first)s 至 %(last)s 之间。")
            % {"first": first.isoformat(), "last": last.isoformat()}
        )


class DocumentMissing(ActRefused):
    field = "doc_no"
    message = gettext_lazy("写明评估表或会议纪要的文号。")


@transaction.atomic
def assess(
    *,
    state: GrantState,
    assessed_on: date,
    result: AssessmentResult | str,
    doc_no: str,
    note: str,
    by: User,
    at: datetime,
    next_due: date | None = None,
) -> Assessment:
    """Record one assessment; raises ActRefused and leaves nothing.

    Without ``next_due`` it is as far off as the catalogue allows.
    """
    text = rules.clear_reason(note)
    current = locked(state)
    months = current.privilege.assessment_months
    if months is None:
        raise NotAssessed
    if by.practitioner_id is not None and by.practitioner_id == current.practitioner_id:
        raise OwnRight
    if not doc_no.strip():
        raise DocumentMissing
    _must_be_next(current, assessed_on, at)
    made = Assessment(
        state=current,
        assessed_on=assessed_on,
        result=result,
        doc_no=doc_no.strip(),
        note=text,
        next_due=_next_due(assessed_on, months, result, next_due),
        by=by,
        recorded_at=at,
    )
    made.save()
    if made.result == AssessmentResult.FAIL:
        _reopen(current, made, at)
    return made


def _must_be_next(state: GrantState, assessed_on: date, at: datetime) -> None:
    if assessed_on > day_of(at):
        raise AssessedInFuture
    # What was assessed under the code it had before was this right.
    lines = GrantState.objects.filter(grant__in=carried_from(state.grant_id))
    starts = lines.order_by("pk").values_list("valid_from", flat=True)
    began = day_of(min(starts))
    if assessed_on < began:
        raise AssessedBefore(began)
    made = Assessment.objects.filter(state__in=lines.order_by().values("pk"))
    last = made.order_by("-assessed_on").first()
    if last is not None and assessed_on <= last.assessed_on:
        raise AssessedBefore(last.assessed_on)


def _next_due(
    assessed_on: date, months: int, result: str, asked: date | None
) -> date | None:
    if result == AssessmentResult.FAIL:
        return None
    latest = rules.months_after(assessed_on, months)
    if asked is None:
        return latest
    if not assessed_on < asked <= latest:
        raise NextDueOutOfRange(assessed_on, latest)
    return asked


def _reopen(state: GrantState, made: Assessment, at: datetime) -> None:
    review, _is_new = open_review(
        state.practitioner,
        Trigger.ASSESSMENT_FAILED,
        [state],
        why=f"{made.assessed_on} 能力评估不合格，依据 {made.doc_no}",
        at=at,
    )
    telling.reviewed(review, suspended=0, lines=1, at=at)


def due_on(state: GrantState, last_due: date | None) -> date:
    """The last day for the next assessment: by the last one, or from the grant on (or
    from that it carries on)."""
    months = state.grant.privilege.assessment_months or 0
    due = last_due or state.grant.first_due
    return last_day_to_assess(state.valid_from, months, due)
