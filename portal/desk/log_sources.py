"""Where the log of changes is read from: many tables, one line of time.

Nothing is copied into a table of its own: ledger, history and event log stay the truth.
Each source narrows itself; moments and keys are joined, sorted and cut to one page in
the database, and only that page is then read whole (``log_entries``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat, Substr

from permissions.enums import EventKind as GrantEventKind
from permissions.models import (
    Application,
    CatalogueVersion,
    DraftEntry,
    GrantEvent,
    Privilege,
)
from permissions.queries.catalogue import entry_matches
from permissions.queries.grants import SUBJECT_PREFIX
from permissions.views.lists import practitioner_matches
from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.approvals.workflow import ProposalState
from portal.audit.models import AuditEvent, EventKind
from portal.desk import log_records as records
from portal.desk import log_records_surgery as of_surgery
from portal.desk.log_letters import Source as Source
from portal.desk.log_record import Record
from portal.desk.log_words import CATALOGUE, PARAMETER
from portal.directory.models import Practitioner
from portal.outbox.archived import ArchivedMessage
from portal.outbox.models import Message
from portal.outbox.queries import has_archive
from portal.parameters.models import ParameterValue
from portal.parameters.registry import PARAMETERS
from surgery.enums import GradeAct
from surgery.models import GradeChange, Procedure

MESSAGE, TARGET = "outbox.message", "outbox.target"
GRADES = "surgery.gradecomparison"  # all grades pushed again at once
SUBJECT_LENGTH = 64

ACCOUNT_KINDS = (
    EventKind.USER_CREATED,
    EventKind.USER_CHANGED,
    EventKind.PASSWORD_CHANGED,
    EventKind.ROLE_REQUESTED,
    EventKind.ROLE_APPROVED,
    EventKind.ROLE_REJECTED,
    EventKind.ROLE_ENDED,
)
LOSS_KINDS = (EventKind.LOSS_ACCEPTED, EventKind.LOSS_DISMISSED)
OF_HIS = ("MESSAGE_", "TARGET_", "LOSS_")
HIS_KINDS = tuple(kind for kind in EventKind if kind.startswith(OF_HIS))
ACCESS_KINDS = (
    EventKind.LOGIN,
    EventKind.LOGIN_FAILED,
    EventKind.LOCKED,
    EventKind.LOGOUT,
    EventKind.LAUNCH,
    EventKind.LAUNCH_REFUSED,
    EventKind.TEST_LINK,
    EventKind.EXPORTED,
    EventKind.ACCESS_DENIED,
)


# What is maintained row by row.
RECORDS: Mapping[Source, Record] = {
    Source.PROCEDURE: of_surgery.PROCEDURE,
    Source.ALIAS: of_surgery.ALIAS,
    Source.DEPARTMENT: of_surgery.DEPARTMENT,
    Source.GRADE: of_surgery.GRADE,
    Source.GRADE_PROPOSAL: of_surgery.GRADE_PROPOSAL,
    Source.PUBLICATION: of_surgery.PUBLICATION,
    Source.RECODING: of_surgery.RECODING,
    Source.RECODED_CODE: of_surgery.RECODED_CODE,
    Source.DECLARATION: of_surgery.DECLARATION,
    Source.FILING: of_surgery.FILING,
    Source.REVIEW: records.REVIEW,
    Source.BOOKING: records.BOOKING,
    Source.ASSESSMENT: records.ASSESSMENT,
    Source.DRIFT: records.DRIFT,
    Source.IMPORT: records.IMPORT,
    Source.TRAINING_IMPORT: records.TRAINING_IMPORT,
    Source.CERTIFICATE_IMPORT: records.CERTIFICATE_IMPORT,
    Source.SAVED_VIEW: records.SAVED_VIEW,
    Source.TRAINING: records.TRAINING,
    Source.CERTIFICATE: records.CERTIFICATE,
    Source.RULE: records.RULE,
    Source.TEMPLATE: records.TEMPLATE,
}
# Who may read accounts may read their entries; everything else is VIEW_LOG's.
OF_ACCOUNTS = frozenset({Source.ACCOUNT, Source.ACCESS})
CHANGES = tuple(source for source in Source if source is not Source.ACCESS)


@dataclass(frozen=True)
class Told:
    """Messages that stand like this. What may be settled is looked for in the archive
    too, whose rows have only what ``condition`` names then."""

    condition: Q
    is_settled: bool = True

    def numbers(self, number: Any, **narrowed: str) -> QuerySet[Any]:
        """An expression of each; of both tables one subquery, which stays a join."""
        models = [Message, *([ArchivedMessage] if self.is_archived else [])]
        parts: list[QuerySet[Any]] = [
            model._default_manager.filter(self.condition, **narrowed)
            .order_by()
            .annotate(number=number)
            .values("number")
            for model in models
        ]
        return parts[0].union(*parts[1:], all=True) if parts[1:] else parts[0]

    @property
    def is_archived(self) -> bool:
        return self.is_settled and has_archive()


@dataclass(frozen=True)
class Asked:
    """What the address asks of the log; empty means everything."""

    sources: Sequence[Source] = CHANGES
    text: str = ""
    doctor: str = ""
    kind: str = ""
    actor: str = ""
    since: datetime | None = None
    until: datetime | None = None
    arrival: Told | None = None


@dataclass(frozen=True)
class Table:
    """One source: its rows, the names of its fields, and how it is narrowed."""

    rows: Callable[[], QuerySet[Any]]
    at: str
    by: str
    kind: str
    kinds: Sequence[str]
    search: Callable[[str], Q]
    doctor: Callable[[str], Q] | None = None
    arrival: Callable[[Told], Q] | None = None


def sources_for(capabilities: frozenset[Capability]) -> list[Source]:
    """What this user's log is made of."""
    may_see_accounts = Capability.VIEW_USERS in capabilities
    return [one for one in Source if may_see_accounts or one not in OF_ACCOUNTS]


def entries(asked: Asked) -> QuerySet[Any] | None:
    """(moment, number, source) of all entries asked for, newest first."""
    asked_for = [_part(source, asked) for source in asked.sources]
    # Not by truth: a queryset would read its table to say whether it is empty.
    parts = [part for part in asked_for if part is not None]
    if not parts:
        return None
    joined = parts[0].union(*parts[1:], all=True) if parts[1:] else parts[0]
    return joined.order_by("-entry_at", "-entry_source", "-entry_id")


def _part(source: Source, asked: Asked) -> QuerySet[Any] | None:
    condition = _condition(TABLES[source], asked)
    if condition is None:
        return None
    table = TABLES[source]
    lines: QuerySet[Any] = (
        table.rows()
        .filter(condition)
        .order_by()
        .annotate(
            entry_at=F(table.at),
            entry_id=F("pk"),
            entry_source=Value(source.value, output_field=CharField(max_length=2)),
        )
        .values_list("entry_at", "entry_id", "entry_source")
    )
    return lines


def _condition(table: Table, asked: Asked) -> Q | None:
    """None where this source can hold nothing of what is asked."""
    narrowed = [
        _by_kind(table, asked.kind),
        _by_way(table.doctor, asked.doctor),
        _by_way(table.arrival, asked.arrival),
    ]
    condition = Q()
    for part in narrowed:
        if part is None:
            return None
        condition &= part
    if asked.text:
        condition &= table.search(asked.text)
    if asked.actor:
        condition &= Q((table.by, asked.actor))
    if asked.since:
        condition &= Q((f"{table.at}__gte", asked.since))
    if asked.until:
        condition &= Q((f"{table.at}__lt", asked.until))
    return condition


def _by_kind(table: Table, kind: str) -> Q | None:
    if not kind:
        return Q()
    if kind not in table.kinds:
        return None
    return Q((table.kind, kind)) if table.kind else Q()


def _by_way(way: Callable[[Any], Q] | None, wanted: Any) -> Q | None:
    if not wanted:
        return Q()
    return way(wanted) if way else None


# --- how each source is searched ------------------------------------------------------


def _right(text: str, prefix: str = "") -> Q:
    """The doctor, the privilege, the procedure or the document behind a right."""
    procedures = Procedure.objects.filter(initials__istartswith=text).order_by()
    return (
        practitioner_matches(text, f"{prefix}practitioner__")
        | Q((f"{prefix}privilege__name__contains", text))
        | Q((f"{prefix}privilege__code__istartswith", text))
        | Q((f"{prefix}privilege__initials__istartswith", text))
        | Q((f"{prefix}item_code__istartswith", text))
        | Q((f"{prefix}item_name__contains", text))
        | Q((f"{prefix}item_code__in", procedures.values("code")))
        | Q((f"{prefix}doc_no__contains", text))
    )


def _catalogue_versions() -> QuerySet[Any]:
    """What came with the installation was changed by nobody."""
    rows: QuerySet[Any] = CatalogueVersion.history.exclude(started_by=None)
    return rows


def _catalogue(text: str) -> Q:
    """Versions by document or reason, and by the entries collected for them."""
    codes = Privilege.objects.filter(entry_matches(text)).order_by().values("code")
    drafts = DraftEntry.objects.filter(Q(code__in=codes) | Q(code__istartswith=text))
    return (
        Q(doc_no__contains=text)
        | Q(history_change_reason__contains=text)
        | Q(id__in=drafts.order_by().values("version"))
    )


def _grade(text: str) -> Q:
    """The procedure as it was called, or the document or meeting behind the change."""
    return (
        Q(code__istartswith=text)
        | Q(name__contains=text)
        | Q(procedure__initials__istartswith=text)
        | Q(doc_no__contains=text)
        | Q(meeting__contains=text)
    )


def _parameter(text: str) -> Q:
    keys = [key for key, one in PARAMETERS.items() if text in str(one.title)]
    return Q(key__in=keys) | Q(key__istartswith=text)


def _keys_of(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The primary keys as the event log writes them."""
    key = Cast("pk", CharField(max_length=SUBJECT_LENGTH))
    keys: QuerySet[Any] = rows.order_by().annotate(as_text=key).values("as_text")
    return keys


def _user(condition: Q) -> Q:
    users = _keys_of(User.objects.filter(condition))
    return Q(subject_type="user", subject_id__in=users)


def _message(told: Told) -> Q:
    key = Cast("pk", CharField(max_length=SUBJECT_LENGTH))
    return Q(subject_type=MESSAGE, subject_id__in=told.numbers(key))


def _message_about(text: str) -> Q:
    doctors = Practitioner.objects.filter(practitioner_matches(text)).order_by()
    streams = doctors.annotate(stream=Concat(Value("practitioner:"), "emp_no"))
    return _message(Told(Q(stream__in=streams.values("stream"))))


def _grant_arrival(told: Told) -> Q:
    """Ledger events by the state of the message about them."""
    number = Cast(Substr("subject", len(SUBJECT_PREFIX) + 1), BigIntegerField())
    return Q(pk__in=told.numbers(number, subject__startswith=SUBJECT_PREFIX))


def _events(kinds: Sequence[EventKind]) -> Callable[[], QuerySet[Any]]:
    return lambda: AuditEvent.objects.filter(kind__in=kinds)


def _account_table(kinds: Sequence[EventKind]) -> Table:
    return Table(
        rows=_events(kinds),
        at="at",
        by="by_id",
        kind="kind",
        kinds=kinds,
        search=lambda text: _user(
            Q(name__contains=text) | Q(staff_no__istartswith=text)
        ),
        doctor=lambda emp_no: _user(Q(practitioner__emp_no=emp_no)),
    )


def _record_table(record: Record) -> Table:
    return Table(
        rows=record.rows,
        at=record.at,
        by=record.by,
        kind="",
        kinds=[record.kind],
        search=record.search,
        doctor=record.doctor,
    )


TABLES: Mapping[Source, Table] = {
    **{source: _record_table(record) for source, record in RECORDS.items()},
    Source.GRANT: Table(
        rows=GrantEvent.objects.all,
        at="recorded_at",
        by="by_id",
        kind="kind",
        kinds=GrantEventKind.values,
        search=lambda text: _right(text, "grant__"),
        doctor=lambda emp_no: Q(grant__practitioner__emp_no=emp_no),
        arrival=_grant_arrival,
    ),
    Source.APPLICATION: Table(
        rows=Application.history.all,
        at="history_date",
        by="history_user_id",
        kind="state",
        kinds=[state.value for state in ProposalState],
        search=_right,
        doctor=lambda emp_no: Q(practitioner__emp_no=emp_no),
    ),
    Source.CATALOGUE: Table(
        rows=_catalogue_versions,
        at="history_date",
        by="history_user_id",
        kind="",
        kinds=[CATALOGUE],
        search=_catalogue,
    ),
    Source.GRADING: Table(
        rows=GradeChange.objects.all,
        at="recorded_at",
        by="by_id",
        kind="act",
        kinds=GradeAct.values,
        search=_grade,
    ),
    Source.PARAMETER: Table(
        rows=ParameterValue.history.all,
        at="history_date",
        by="history_user_id",
        kind="",
        kinds=[PARAMETER],
        search=_parameter,
    ),
    Source.ACCOUNT: _account_table(ACCOUNT_KINDS),
    Source.HIS: Table(
        rows=_events(HIS_KINDS),
        at="at",
        by="by_id",
        kind="kind",
        kinds=HIS_KINDS,
        search=_message_about,
        doctor=lambda emp_no: _message(Told(Q(stream=f"practitioner:{emp_no}"))),
        arrival=_message,
    ),
    Source.ACCESS: _account_table(ACCESS_KINDS),
}
