"""Grants as lists ask for them: how they stand by their dates, and by the HIS."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.core.cache import cache
from django.db.models import BigIntegerField, Q, QuerySet, Subquery
from django.db.models.functions import Cast, Substr

from permissions.enums import EventKind, GrantStatus
from permissions.models import (
    Assessment,
    Grant,
    GrantEvent,
    GrantState,
    Privilege,
    RecodedGrant,
)
from permissions.queries.grant_lines import Line
from portal.accounts.scope import HOUSE, Scope
from portal.directory.models import Department, Practitioner, PractitionerEvent
from portal.his.targets import DEFAULT
from portal.outbox.models import Attempt, Message
from portal.outbox.queries import Confirmed, arrivals_by_subject
from portal.prepared import Prepared

EXPIRING_DAYS = 30
# Where the department stands of a line, an application or a review.
OF_PRACTITIONER = "practitioner__department__code"
SUBJECT_PREFIX = GrantEvent.subject_of("")
# Entries whose level is a surgery grade and that are granted without items.
LEVELS_OF_SURGERY = ("SG01", "SG02")
# What filters offer changes by pulls and versions only: a minute old is good enough.
CHOICES_SECONDS = 60


class Standing(StrEnum):
    """How a grant stands at a moment: its status and its dates together."""

    IN_FORCE = "IN_FORCE"
    EXPIRING = "EXPIRING"
    FUTURE = "FUTURE"
    SUSPENDED = "SUSPENDED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    VOID = "VOID"


ENDED = {"REVOKED": Standing.REVOKED, "VOID": Standing.VOID}


def standing_of(state: GrantState | Line, now: datetime) -> Standing:
    """What a list calls this grant; the end date alone ends a right."""
    ended = ENDED.get(state.status)
    if ended is not None:
        return ended
    valid_to = state.valid_to
    if valid_to is not None and valid_to <= now:
        return Standing.EXPIRED
    if is_suspended(state, now):
        return Standing.SUSPENDED
    if state.valid_from > now:
        return Standing.FUTURE
    if valid_to is not None and valid_to <= now + timedelta(days=EXPIRING_DAYS):
        return Standing.EXPIRING
    return Standing.IN_FORCE


def is_suspended(state: GrantState | Line, now: datetime) -> bool:
    """A suspension with an end is over by that date alone."""
    if state.status != GrantStatus.SUSPENDED:
        return False
    return state.suspended_until is None or now < state.suspended_until


def not_suspended(now: datetime) -> Q:
    """Active, or suspended until a moment that has passed; for the database."""
    return Q(status=GrantStatus.ACTIVE) | Q(
        status=GrantStatus.SUSPENDED, suspended_until__lte=now
    )


def standing_condition(standing: Standing, now: datetime) -> Q:
    """The same as ``standing_of``, for the database."""
    if standing in {Standing.REVOKED, Standing.VOID}:
        return Q(status=standing.value)
    has_ended = Q(valid_to__lte=now)
    if standing is Standing.EXPIRED:
        return has_ended & Q(status__in=[GrantStatus.ACTIVE, GrantStatus.SUSPENDED])
    not_ended = Q(valid_to__isnull=True) | Q(valid_to__gt=now)
    if standing is Standing.SUSPENDED:
        open_end = Q(suspended_until__isnull=True) | Q(suspended_until__gt=now)
        return not_ended & open_end & Q(status=GrantStatus.SUSPENDED)
    active = not_ended & not_suspended(now)
    if standing is Standing.FUTURE:
        return active & Q(valid_from__gt=now)
    soon = now + timedelta(days=EXPIRING_DAYS)
    begun = active & Q(valid_from__lte=now)
    if standing is Standing.EXPIRING:
        return begun & Q(valid_to__lte=soon)
    return begun & (Q(valid_to__isnull=True) | Q(valid_to__gt=soon))


def not_confirmed() -> Q:
    """The last change has not been proven to have arrived in the HIS."""
    open_events = (
        Message.objects.filter(
            target=DEFAULT,
            confirmed_at__isnull=True,
            subject__startswith=SUBJECT_PREFIX,
        )
        .order_by()
        .values(
            event=Cast(Substr("subject", len(SUBJECT_PREFIX) + 1), BigIntegerField())
        )
    )
    return Q(last_event_id__in=open_events)


def grant_states() -> QuerySet[GrantState]:
    """States with everything a row shows."""
    return GrantState.objects.select_related(
        "grant__privilege", "practitioner__department", "last_event"
    )


def states_of(practitioner: Practitioner) -> list[GrantState]:
    """All grants of one practitioner, surgical ones by grade, ended ones last."""
    return list(
        grant_states()
        .filter(practitioner=practitioner)
        .order_by("privilege__sort", "item_code", "-valid_from", "pk")
    )


def states_by_id(ids: Collection[int]) -> list[GrantState]:
    """These states, the lines of each practitioner together."""
    order = ("practitioner__pinyin", "practitioner__emp_no", "privilege__sort")
    # Who acted last is named where a page was opened before that.
    found = grant_states().select_related("last_event__by").filter(pk__in=ids)
    return list(found.order_by(*order, "item_code", "pk"))


def state_or_none(state_id: int) -> GrantState | None:
    return grant_states().filter(pk=state_id).first()


def events_of_grant(grant_id: int) -> list[GrantEvent]:
    """What happened to one grant and to those it carries on under another code, newest
    first; each with its grant."""
    chain, looked_at = {grant_id}, {grant_id}
    while looked_at:
        before = RecodedGrant.objects.filter(into__in=looked_at, is_opened=True)
        olds = set(before.order_by("pk").values_list("state__grant", flat=True))
        # What an undo opened again follows the line it had gone on in.
        again = Grant.objects.filter(
            pk__in=looked_at, follows__events__kind=EventKind.RECODE
        ).order_by("pk")
        olds |= {one for one in again.values_list("follows_id", flat=True) if one}
        looked_at = olds - chain
        chain |= looked_at
    return list(
        GrantEvent.objects.filter(grant__in=chain)
        .select_related("by", "grant")
        .order_by("-pk")
    )


def events_of(practitioner: Practitioner, *, limit: int) -> list[GrantEvent]:
    """What happened to the rights of one practitioner, newest first."""
    return list(
        GrantEvent.objects.filter(grant__practitioner=practitioner)
        .select_related("by", "grant__privilege")
        .order_by("-pk")[:limit]
    )


def arrivals_of(
    states: Sequence[GrantState | Line],
) -> dict[int, Message | Confirmed]:
    """The message about the last change of each state, by event id.

    One query, and one more if any has not been confirmed.
    """
    subjects = {state.last_event.subject: state.last_event_id for state in states}
    return {
        subjects[subject]: message
        for subject, message in arrivals_by_subject(subjects).items()
    }


def undone_revocations(
    states: Sequence[GrantState | Line], since: datetime
) -> set[int]:
    """Last events that took a right away since then and were undone by a line of its own.

    One query; none where nothing was revoked.
    """
    revoked = [
        state.last_event_id
        for state in states
        if state.last_event.kind == EventKind.REVOKE.value
        and state.last_event.recorded_at >= since
    ]
    if not revoked:
        return set()
    return {event for (event,) in _UNDOING.rows_of(revoked)}


_UNDOING = Prepared(
    lambda *events: (
        GrantEvent.objects.filter(undoes__in=events).order_by().values_list("undoes_id")
    )
)


# --- what filters offer ---------------------------------------------------------------


def departments() -> list[tuple[str, str, str]]:
    """Code, name and initials."""
    return _remembered(
        "departments",
        lambda: Department.objects.order_by("code").values_list(
            "code", "name", "initials"
        ),
    )


def department_names(scope: Scope = HOUSE) -> list[tuple[str, str]]:
    found = departments()
    return [(code, name) for code, name, _initials in found if scope.holds(code)]


def entries() -> list[tuple[str, str, str]]:
    """Every entry of the catalogue: who held what is disabled now still holds it."""
    rows = Privilege.objects.order_by("sort", "code")
    return _remembered(
        "entries",
        lambda: (
            (code, f"{code} {name}", initials)
            for code, name, initials in rows.values_list("code", "name", "initials")
        ),
    )


def campuses() -> list[tuple[str, str]]:
    """Campuses any right is limited to; most hospitals have none."""
    names = _remembered(
        "campuses",
        lambda: (
            GrantState.objects.exclude(campus="")
            .order_by("campus")
            .values_list("campus")
            .distinct()
        ),
    )
    return [(name, name) for (name,) in names]


def _remembered(name: str, read: Callable[[], Iterable[Any]]) -> list[Any]:
    key = f"permissions.{name}"
    known: list[Any] | None = cache.get(key)
    if known is None:
        known = list(read())
        cache.set(key, known, CHOICES_SECONDS)
    return known


def graded(grades: Sequence[int]) -> Q:
    """Surgical lines of these grades: those of items, and the levels without items."""
    levels = Q(
        privilege__code__in=LEVELS_OF_SURGERY,
        privilege__level__in=[str(grade) for grade in grades],
    )
    return Q(grant__item_grade__in=grades) | levels


def list_stamp() -> tuple[Any, ...]:
    """Changes when a right, its arrival or a person's department may have; one query."""
    return tuple(_GREATEST.rows())


def _greatest() -> QuerySet[GrantEvent, Any]:
    """The greatest id of each source, beside the last event; none before the first."""
    others = {
        name: Subquery(model.objects.order_by("-pk").values("pk")[:1])
        for name, model in (
            ("attempt", Attempt),
            ("person", PractitionerEvent),
            ("assessment", Assessment),
        )
    }
    last = GrantEvent.objects.order_by("-pk").annotate(**others)
    return last.values_list("pk", *others)[:1]


_GREATEST = Prepared(_greatest)
