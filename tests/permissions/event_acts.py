"""Short ways to have things happen to doctors and look at what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from permissions import services
from permissions.models import EventReading, GrantState, Review
from permissions.services import rules
from permissions.services.events import read_events
from permissions.services.lines import Line
from portal.accounts.models import User
from portal.directory.models import Practitioner, PractitionerEvent, PractitionerStatus
from portal.parameters.days import day_of
from portal.parameters.registry import PARAMETERS
from portal.parameters.services import change
from tests.permissions.ledger import privilege

REASON = "科室考核合格，委员会同意"


def give(
    by: User, person: Practitioner, code: str = "RX01", **given: Any
) -> GrantState:
    """A direct grant from today on, as long as the catalogue allows."""
    at = given.pop("at", None) or timezone.now()
    first = given.pop("valid_from", day_of(at))
    entry = privilege(code)
    last = given.pop("valid_to", None)
    if last is None and entry.validity_months:
        last = rules.latest_last_day(entry, first)
    setting = given.pop("setting", entry.setting)
    line = Line(entry, first, last, setting=setting, **given)
    grant = services.grant(practitioner=person, line=line, by=by, at=at, reason=REASON)
    return GrantState.objects.get(grant=grant)


def happen(
    person: Practitioner,
    kind: str,
    before: str = "",
    after: str = "",
    *,
    at: datetime | None = None,
    **fields: Any,
) -> PractitionerEvent:
    """What a pull would leave: the row changed and the event told."""
    moment = at or timezone.now()
    Practitioner.objects.filter(pk=person.pk).update(**fields)
    return PractitionerEvent.objects.create(
        practitioner=person, kind=kind, before=before, after=after, at=moment
    )


def leave(person: Practitioner, **given: Any) -> PractitionerEvent:
    return happen(person, "STATUS", "01", "99", status=PractitionerStatus.LEFT, **given)


def read() -> int:
    return read_events(at=timezone.now())


def set_to(by: User, **values: int) -> None:
    """Set hospital parameters."""
    for key, value in values.items():
        change(parameter=PARAMETERS[key], value=value, by=by, reason="医院规定")


def statuses() -> list[str]:
    return list(GrantState.objects.order_by("pk").values_list("status", flat=True))


def outcomes() -> list[tuple[str, str]]:
    rows = EventReading.objects.order_by("event_id")
    return list(rows.values_list("trigger", "outcome"))


def only_review() -> Review:
    return Review.objects.get()


def days(count: int) -> timedelta:
    return timedelta(days=count)
