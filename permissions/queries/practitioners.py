"""What practitioners hold, for lists and pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.db.models import Case, Count, IntegerField, Max, Q, QuerySet, Value, When

from permissions.checks.facts import OPERATING_PRIVILEGES
from permissions.enums import GrantStatus
from permissions.models import GrantState
from permissions.queries.grants import OF_PRACTITIONER, not_suspended
from portal.accounts.models import User
from portal.accounts.scope import HOUSE, Scope
from portal.directory.models import (
    Department,
    Practitioner,
    PractitionerDepartment,
    PractitionerEvent,
    PractitionerScope,
)
from surgery.enums import Grade

# Where the matrix begins may be an hour old: it is a place to begin, no fact.
HOME_KEY, HOME_SECONDS = "permissions.home_department", 3600


@dataclass(frozen=True)
class Holdings:
    """How many rights are in force, and the highest surgery grade among them."""

    count: int
    ceiling: int


def practitioners() -> QuerySet[Practitioner]:
    return Practitioner.objects.select_related("department")


def in_force(now: datetime) -> Q:
    """States that hold at this moment."""
    not_ended = Q(valid_to__isnull=True) | Q(valid_to__gt=now)
    return not_ended & not_suspended(now) & Q(valid_from__lte=now)


def holdings_of(ids: Sequence[int], now: datetime) -> dict[int, Holdings]:
    """One query for all."""
    reach = Case(
        *[
            When(privilege__code=code, then=Value(grade))
            for code, grade in OPERATING_PRIVILEGES.items()
        ],
        default=Value(0),
        output_field=IntegerField(),
    )
    found = (
        GrantState.objects.filter(in_force(now), practitioner__in=ids)
        .order_by()
        .values("practitioner")
        .annotate(count=Count("pk"), ceiling=Max(reach))
    )
    return {
        row["practitioner"]: Holdings(row["count"], row["ceiling"]) for row in found
    }


def home_department(user: User, scope: Scope = HOUSE) -> str:
    """Where a page begins for this user: the own department of a doctor or the first
    looked after, else the one that holds most rights to operations of grade 4; empty
    before anything is there."""
    if user.practitioner_id:
        own = Practitioner.objects.filter(pk=user.practitioner_id)
        return own.values_list("department__code", flat=True)[0]
    if scope.departments is not None:
        return min(scope.departments, default="")
    known: str | None = cache.get(HOME_KEY)
    if known is None:
        known = _busiest_department()
        cache.set(HOME_KEY, known, HOME_SECONDS)
    return known


def _busiest_department() -> str:
    """Most lines of the highest grade: there a gap in the matrix matters most."""
    held = GrantState.objects.filter(item_code__gt="", status=GrantStatus.ACTIVE)
    counted = (
        held.order_by()
        .values(OF_PRACTITIONER)
        .annotate(
            highest=Count("pk", filter=Q(grant__item_grade=Grade.FOUR)), all=Count("pk")
        )
    )
    first = counted.order_by("-highest", "-all", OF_PRACTITIONER).first()
    return first[OF_PRACTITIONER] if first else ""


@dataclass(frozen=True)
class Qualifications:
    """What the HIS says of a practitioner beside the master row."""

    scopes: Sequence[PractitionerScope]
    departments: Sequence[tuple[PractitionerDepartment, str]]
    events: Sequence[PractitionerEvent]


def qualifications_of(practitioner: Practitioner) -> Qualifications:
    """Scopes, departments with their names, and what changed; four queries."""
    there = {"emp_no": practitioner.emp_no, "missing_since__isnull": True}
    scopes = PractitionerScope.objects.filter(**there)
    places = list(PractitionerDepartment.objects.filter(**there).order_by("dept_role"))
    codes = [place.dept_code for place in places]
    found = Department.objects.filter(code__in=codes).order_by()
    names = dict(found.values_list("code", "name"))
    events = PractitionerEvent.objects.filter(practitioner=practitioner)
    return Qualifications(
        scopes=list(scopes.order_by("scope_code", "prac_org")),
        departments=[(one, names.get(one.dept_code, one.dept_code)) for one in places],
        events=list(events.order_by("-pk")),
    )
