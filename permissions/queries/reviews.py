"""Reviews, assessments and the lines an event concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from permissions.enums import (
    GrantStatus,
    LineDecision,
    ReviewState,
    TitleRule,
    Trigger,
)
from permissions.models import (
    Assessment,
    EventReading,
    GrantState,
    Privilege,
    Review,
    ReviewLine,
    ScopeLimit,
)
from permissions.queries.certificates import lapsed_kinds
from permissions.queries.grants import grant_states, is_suspended
from portal.directory.models import (
    Practitioner,
    PractitionerEvent,
    PractitionerScope,
)
from portal.his.contract.codes import TITLE_RANK
from portal.parameters.days import day_of, months_after, start_of

# A line that another code goes on with is counted there.
CONCLUSIONS = [one for one in LineDecision if one is not LineDecision.RECODE]
NOT_ENDED = (GrantStatus.ACTIVE, GrantStatus.SUSPENDED)


# --- reviews --------------------------------------------------------------------------


def reviews() -> QuerySet[Review]:
    """With everything a row shows."""
    return Review.objects.select_related(
        "practitioner__department", "owner", "concluded_by"
    ).annotate(
        line_count=Count(
            "lines", distinct=True, filter=Q(lines__decision__in=CONCLUSIONS)
        ),
        held_count=Count("readings", distinct=True, filter=Q(trigger=Trigger.MASS)),
    )


def open_reviews() -> QuerySet[Review]:
    return Review.objects.filter(state=ReviewState.OPEN)


def review_or_none(review_id: int) -> Review | None:
    return reviews().filter(pk=review_id).first()


def reviews_of(practitioner: Practitioner) -> list[Review]:
    return list(reviews().filter(practitioner=practitioner).order_by("-pk"))


def lines_of(review: Review) -> list[ReviewLine]:
    return list(
        ReviewLine.objects.filter(review=review)
        .select_related(
            "state__grant__privilege",
            "state__practitioner__department",
            "state__last_event",
            "event",
        )
        .order_by("pk")
    )


def undecided_of(review: Review) -> list[ReviewLine]:
    """Those that wait for a conclusion: not what has another code by now."""
    return [one for one in lines_of(review) if one.decision == LineDecision.NONE]


def readings_of(review: Review) -> list[EventReading]:
    """The events behind a review, as they came."""
    found = EventReading.objects.filter(review=review)
    return list(found.select_related("event__practitioner").order_by("pk"))


def unread_events(floor: int, limit: int) -> list[PractitionerEvent]:
    """Events above the floor that nobody has read, in their order."""
    read = EventReading.objects.filter(event=OuterRef("pk")).order_by()
    found = PractitionerEvent.objects.filter(~Exists(read), pk__gt=floor)
    return list(found.select_related("practitioner").order_by("pk")[:limit])


# --- lines ----------------------------------------------------------------------------


def open_lines(practitioner: Practitioner, at: datetime) -> list[GrantState]:
    """Rights that hold, are suspended or begin later: everything not ended."""
    lines = grant_states().filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=at),
        practitioner=practitioner,
        status__in=NOT_ENDED,
    )
    return list(lines.order_by("privilege__sort", "item_code", "pk"))


@dataclass(frozen=True)
class Concerned:
    """The lines an event concerns, and which of them may be suspended for it."""

    lines: Sequence[GrantState]
    to_suspend: Sequence[GrantState]


def concerned(trigger: Trigger, practitioner: Practitioner, at: datetime) -> Concerned:
    """By what the event says: all lines, or those whose condition is no longer met."""
    lines = open_lines(practitioner, at)
    match trigger:
        case Trigger.BACK | Trigger.LICENSE:
            lines = [line for line in lines if is_suspended(line, at)]
            return Concerned(lines, ())
        case Trigger.TITLE:
            lines = [line for line in lines if not _has_title(practitioner, line)]
        case Trigger.SCOPE:
            lines = _out_of_scope(practitioner, lines, at)
        case Trigger.CERTIFICATE:
            gone = lapsed_kinds(practitioner, day_of(at))
            lines = [line for line in lines if gone & _demanded_by(line)]
    active = [line for line in lines if not is_suspended(line, at)]
    if trigger is Trigger.TITLE:
        # A warning is for people; only what the rule forbids is stopped.
        hard = TitleRule.HARD
        active = [line for line in active if line.grant.privilege.title_rule == hard]
    return Concerned(lines, active)


def _has_title(practitioner: Practitioner, line: GrantState) -> bool:
    rank = TITLE_RANK.get(practitioner.title_code, 0)
    is_free = line.grant.privilege.title_rule == TitleRule.NONE
    return is_free or rank >= line.grant.privilege.min_title_rank


def _demanded_by(line: GrantState) -> frozenset[str]:
    return frozenset(line.grant.privilege.certificates)


def _out_of_scope(
    practitioner: Practitioner, lines: list[GrantState], at: datetime
) -> list[GrantState]:
    limits: dict[int, set[str]] = {}
    asked = ScopeLimit.objects.current().filter(
        privilege__in={line.privilege_id for line in lines}
    )
    for privilege_id, code in asked.order_by("pk").values_list(
        "privilege_id", "scope__code"
    ):
        limits.setdefault(privilege_id, set()).add(code)
    held = scopes_of(practitioner, day_of(at))
    return [
        line
        for line in lines
        if line.privilege_id in limits and not limits[line.privilege_id] & held
    ]


def scopes_of(practitioner: Practitioner, on: date) -> set[str]:
    """Codes of the scopes registered or filed on that day."""
    rows = PractitionerScope.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=on),
        emp_no=practitioner.emp_no,
        missing_since=None,
    )
    return set(rows.order_by().values_list("scope_code", flat=True))


# --- assessments ----------------------------------------------------------------------


def assessed_states(at: datetime) -> QuerySet[Any]:
    """Lines that must be assessed from time to time; ``last_on`` and ``last_due`` are
    of the last assessment."""
    last = Assessment.objects.filter(state=OuterRef("pk")).order_by(
        "-assessed_on", "-pk"
    )
    lines = grant_states().filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=at),
        status=GrantStatus.ACTIVE,
        valid_from__lte=at,
        privilege__assessment_months__isnull=False,
    )
    return lines.annotate(
        last_on=Subquery(last.values("assessed_on")[:1]),
        last_due=Subquery(last.values("next_due")[:1]),
    )


def assessment_overdue(at: datetime) -> Q:
    """Of lines in force: the last day for the next assessment has passed, by the last
    assessment, or since the right began (whatever its code was) where there was none. One that was failed has a
    review instead."""
    today, never = day_of(at), Q(pk=None)
    months = Privilege.objects.exclude(assessment_months=None).order_by()
    for count in filter(None, months.values_list("assessment_months", flat=True)):
        began = start_of(_last_begin(today, count)) + timedelta(days=1)
        never |= Q(privilege__assessment_months=count, valid_from__lt=began)
    carried = Q(grant__first_due__lt=today)
    first = carried | (Q(grant__first_due=None) & never)
    late = Q(last_due__lt=today) | (Q(last_on=None) & first)
    return Q(pk__in=assessed_states(at).filter(late).order_by().values("pk"))


def _last_begin(today: date, months: int) -> date:
    """The last day a right may have begun on whose assessment was due before today."""
    day = months_after(today, -months)
    while months_after(day, months) >= today:
        day -= timedelta(days=1)
    return day


def assessments_of(state: GrantState) -> list[Assessment]:
    """Newest first."""
    found = Assessment.objects.filter(state=state).select_related("by")
    return list(found.order_by("-assessed_on", "-pk"))
