"""One page of the log, read whole: each source once, however many rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from permissions.ledger import STATUS_AFTER
from permissions.models import (
    Application,
    CatalogueVersion,
    DraftEntry,
    GrantEvent,
)
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.desk.log_sources import MESSAGE, RECORDS, Source
from portal.directory.models import Practitioner
from portal.outbox.models import Message
from portal.outbox.queries import arrival_of, messages_by_id
from portal.parameters.models import ParameterValue
from surgery.models import GradeChange

Key = tuple[Source, int]
AUDITED = frozenset({Source.ACCOUNT, Source.HIS, Source.ACCESS})


@dataclass(frozen=True)
class Found:
    """The rows of a page by source and key, and what they speak of."""

    rows: Mapping[Key, Any]
    arrivals: Mapping[str, Message] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
    messages: Mapping[str, Message] = field(default_factory=dict)
    doctors: Mapping[str, str] = field(default_factory=dict)


def found_of(lines: Iterable[tuple[datetime, int, str]]) -> Found:
    """Everything the entries of these lines show."""
    wanted: dict[Source, dict[int, Source]] = {}
    for _at, number, text in lines:
        source = Source(text)
        # The event log is one table, whatever its entries are called here.
        table = Source.ACCOUNT if source in AUDITED else source
        wanted.setdefault(table, {})[number] = source
    rows: dict[Key, Any] = {}
    for table, numbers in wanted.items():
        for row in _found(table, list(numbers)):
            rows[numbers[row.pk], row.pk] = row
    return _with_subjects(rows)


def _found(source: Source, keys: Sequence[int]) -> Iterable[Any]:
    if source in RECORDS:
        return RECORDS[source].with_before(keys)
    return _rows_of(source).filter(pk__in=keys)


def _rows_of(source: Source) -> QuerySet[Any]:
    if source is Source.GRANT:
        return _grant_events()
    if source is Source.APPLICATION:
        return _applications()
    if source is Source.CATALOGUE:
        return _catalogue_versions()
    if source is Source.PARAMETER:
        return _parameter_values()
    if source is Source.GRADING:
        return GradeChange.objects.select_related("by", "version").order_by("pk")
    return AuditEvent.objects.select_related("by").order_by("pk")


def _grant_events() -> QuerySet[GrantEvent]:
    """With the kind of the event before: it says what the state was."""
    before = GrantEvent.objects.filter(
        grant=OuterRef("grant"), pk__lt=OuterRef("pk"), kind__in=list(STATUS_AFTER)
    )
    return (
        GrantEvent.objects.select_related(
            "by", "grant__practitioner", "grant__privilege"
        )
        .annotate(kind_before=Subquery(before.order_by("-pk").values("kind")[:1]))
        .order_by("pk")
    )


def _applications() -> QuerySet[Any]:
    rows: QuerySet[Any] = Application.history.select_related(
        "history_user", "practitioner", "privilege"
    ).order_by("pk")
    return rows


def _catalogue_versions() -> QuerySet[Any]:
    """With the state before, and the entry where the act was about one."""
    before = CatalogueVersion.history.filter(id=OuterRef("id"), pk__lt=OuterRef("pk"))
    drafted = DraftEntry.history.filter(
        version=OuterRef("id"), history_date=OuterRef("history_date")
    )
    rows: QuerySet[Any] = (
        CatalogueVersion.history.select_related("history_user")
        .annotate(
            state_before=Subquery(before.order_by("-pk").values("state")[:1]),
            entry_code=Subquery(drafted.order_by("-pk").values("code")[:1]),
        )
        .order_by("pk")
    )
    return rows


def _parameter_values() -> QuerySet[Any]:
    before = ParameterValue.history.filter(key=OuterRef("key"), pk__lt=OuterRef("pk"))
    rows: QuerySet[Any] = (
        ParameterValue.history.select_related("history_user")
        .annotate(value_before=Subquery(before.order_by("-pk").values("value")[:1]))
        .order_by("pk")
    )
    return rows


def _with_subjects(rows: Mapping[Key, Any]) -> Found:
    events = [row for (source, _n), row in rows.items() if source is Source.GRANT]
    audited = [row for (source, _n), row in rows.items() if source in AUDITED]
    messages = _messages(_ids(audited, MESSAGE))
    return Found(
        rows=rows,
        arrivals=arrival_of([event.subject for event in events]),
        users=_users(_ids(audited, "user")),
        messages=messages,
        doctors=_names(
            [
                one.payload["emp_no"]
                for one in messages.values()
                if "emp_no" in one.payload
            ]
        ),
    )


def _ids(events: Sequence[AuditEvent], subject_type: str) -> set[int]:
    return {
        int(event.subject_id)
        for event in events
        if event.subject_type == subject_type and event.subject_id.isdigit()
    }


def _users(ids: Collection[int]) -> dict[str, User]:
    if not ids:
        return {}
    return {str(one.pk): one for one in User.objects.filter(pk__in=ids).order_by("pk")}


def _messages(ids: Collection[int]) -> dict[str, Message]:
    if not ids:
        return {}
    return {str(pk): one for pk, one in messages_by_id(ids).items()}


def _names(numbers: Collection[str]) -> dict[str, str]:
    if not numbers:
        return {}
    found = Practitioner.objects.filter(emp_no__in=numbers).order_by("emp_no")
    return dict(found.values_list("emp_no", "name"))
