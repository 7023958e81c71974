"""From rows of the ledger, the directory and the catalogue to facts of the engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, TypeAlias

from django.db import connection
from django.db.models import Case, DateTimeField, F, QuerySet, TextField, When
from django.db.models.functions import Cast
from django.utils import timezone

from permissions.checks.facts import (
    ItemKind,
    Line,
    PersonFacts,
    ProcedureFacts,
    Regrading,
    Role,
    Setting,
    Side,
    Standing,
    Status,
    Terms,
)
from permissions.models import GrantState, Privilege
from permissions.queries.assessments import last_day_to_assess, next_dues
from permissions.snapshot.records import KeptRecords, Records, Shelf
from permissions.snapshot.registrations import Registration, registrations
from portal.directory.models import PRACTISING, Practitioner
from portal.his.contract.codes import TITLE_RANK
from portal.parameters.days import day_of, end_of, start_of
from surgery.enums import ProcedureCategory
from surgery.ledger import Recorded, Stretch, stretches
from surgery.models import Procedure
from surgery.queries.grading import changes_by_procedure
from surgery.queries.techniques import filing_overdue

CHANGED = frozenset({Status.SUSPENDED.value, Status.REVOKED.value})
# What lines share; thousands of grants of one year have the same terms.
TermsKey: TypeAlias = tuple[Any, ...]
# practitioner, item, grant, privilege, and the values of TERMS
GrantRow: TypeAlias = tuple[int, str, int, "Held", list[Any]]
# Code of a privilege, and in how many months its holders are assessed.
Held: TypeAlias = tuple[str, int | None]
WHOSE = ("practitioner_id", "item_code", "grant_id")
KINDS = ("status", "role", "setting", "campus", "side", "item_kind")
MOMENTS = ("starts", "ends", "changed", "resumes")
TERMS = (*KINDS, *MOMENTS)
# Where the moment is read as text, one text of thousands is parsed once; the drivers
# would parse each. Other engines write texts Python does not read.
READ_AS_TEXT = frozenset({"postgresql", "sqlite"})
PRIVILEGE = ("code", "assessment_months")
NO_SCOPES: frozenset[str] = frozenset()
PERSON_COLUMNS = ("pk", "emp_no", "status", "missing_since", "license_valid_to")
PROCEDURE_COLUMNS = ("code", "name", "is_enabled", "restricted_class", "effective_to")
SURGERY = ProcedureCategory.SURGERY.value
NO_RECORDS = Records()


class Reader:
    """Reads with the terms met so far at hand, so equal terms are one object.

    ``records``: which of the hospital's own records count here.
    """

    def __init__(self, records: Records = NO_RECORDS) -> None:
        self._records = records
        self._terms: dict[TermsKey, Terms] = {}
        self._items: dict[str, str] = {}

    def people(self) -> list[PersonFacts]:
        """Everybody with their lines. Joins would cost more than two look-ups here."""
        held = {
            pk: (code, months)
            for pk, code, months in Privilege.objects.order_by().values_list(
                "pk", *PRIVILEGE
            )
        }
        rows = _dated(_lasting()).values_list(*WHOSE, "privilege_id", *TERMS)
        lines = self._lines(
            (
                (who, item, grant, held[privilege], terms)
                for who, item, grant, privilege, *terms in rows.iterator(
                    chunk_size=5000
                )
            ),
            next_dues(),
        )
        everybody = Practitioner.objects.order_by()
        return _people(everybody, lines, registrations(), self._records.of())

    def some(self, practitioners: QuerySet[Practitioner]) -> list[PersonFacts]:
        """These practitioners with their lines; five queries, and one for each kind of
        record that counts."""
        states = _dated(_lasting().filter(practitioner__in=practitioners))
        names = [f"privilege__{name}" for name in PRIVILEGE]
        rows = states.values_list(*WHOSE, *names, *TERMS)
        lines = self._lines(
            (
                (who, item, grant, (code, months), terms)
                for who, item, grant, code, months, *terms in rows
            ),
            next_dues(practitioner__in=practitioners),
        )
        whose = practitioners.values("emp_no")
        kept = self._records.of(practitioners)
        return _people(practitioners, lines, registrations(whose), kept)

    def _lines(
        self, rows: Iterable[GrantRow], dues: Mapping[int, date]
    ) -> dict[int, list[Line]]:
        found: dict[int, list[Line]] = defaultdict(list)
        known, items = self._terms, self._items
        for who, item, grant, held, given in rows:
            due = dues.get(grant) if held[1] is not None else None
            key = (*held, due, *given)
            terms = known.get(key)
            if terms is None:
                terms = known[key] = _terms(*key)
            found[who].append(Line(items.setdefault(item, item), terms))
        return found


def _terms(code: str, months: int | None, next_due: date | None, *given: Any) -> Terms:
    """``given`` are the values of TERMS."""
    status, role, setting, campus, side, item_kind, *moments = given
    starts, ends, changed, resumes = (_moment(one) for one in moments)
    due = None
    if months is not None:
        due = last_day_to_assess(starts, months, next_due)
    return Terms(
        privilege=code,
        valid_from=starts,
        valid_to=ends,
        status=Status(status),
        changed_from=changed,
        resumes_at=resumes,
        # Where a privilege knows no role, its line is one to operate.
        role=Role(role or Role.OPERATE),
        setting=Setting(setting),
        campus=campus,
        side=Side(side),
        item_kind=ItemKind(item_kind),
        assessment_due=end_of(due),
    )


def _lasting() -> QuerySet[GrantState]:
    """Lines for one visit alone answer no question that names no visit."""
    return GrantState.objects.filter(visit_no="").order_by()


def _dated(states: QuerySet[GrantState]) -> QuerySet[GrantState]:
    """With the moments of each, as texts where that is faster.

    Since when is asked of suspended and revoked lines only: it differs from line to
    line, and thousands in force shall share their terms.
    """
    changed = When(status__in=CHANGED, then=F("changed_from"))
    moments: dict[str, Any] = {
        "starts": F("valid_from"),
        "ends": F("valid_to"),
        "changed": Case(changed, default=None, output_field=DateTimeField(null=True)),
        "resumes": F("suspended_until"),
    }
    if connection.vendor in READ_AS_TEXT:
        moments = {name: Cast(one, TextField()) for name, one in moments.items()}
    return states.annotate(**moments)


def _moment(given: datetime | str | None) -> Any:
    if given is None or isinstance(given, datetime):
        return given
    moment = datetime.fromisoformat(given)
    # SQLite keeps moments in UTC and does not say so; PostgreSQL says its offset.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _people(
    practitioners: QuerySet[Practitioner],
    lines: dict[int, list[Line]],
    registered: Mapping[str, Registration],
    records: Shelf,
) -> list[PersonFacts]:
    rows = practitioners.values_list(*PERSON_COLUMNS, "title_code")
    return [
        with_registration(
            _person(row, tuple(lines.get(row[0], ())), records.of(row[0])),
            registered.get(row[1]),
        )
        for row in rows
    ]


def facts_of(practitioner: Practitioner, records: Records) -> PersonFacts:
    """One practitioner as the row in hand has them, without lines; a query, and one
    for each kind of record that counts."""
    row = (*(getattr(practitioner, name) for name in PERSON_COLUMNS),)
    registered = registrations([practitioner.emp_no])
    kept = records.of_one(practitioner)
    return with_registration(
        _person((*row, practitioner.title_code), (), kept),
        registered.get(practitioner.emp_no),
    )


def facts_of_many(
    practitioners: QuerySet[Practitioner], records: Records
) -> dict[str, PersonFacts]:
    """The same of many, by staff number; two queries, and one for each kind of record
    that counts."""
    registered = registrations(practitioners.values("emp_no"))
    people = _people(practitioners, {}, registered, records.of(practitioners))
    return {person.emp_no: person for person in people}


def with_registration(
    facts: PersonFacts, registration: Registration | None
) -> PersonFacts:
    """Who has no row of scopes: not known here."""
    if registration is None:
        return replace(
            facts,
            scopes=None,
            scope_ends=(),
            campuses=None,
            campus_ends=(),
            is_tcm=None,
        )
    return replace(
        facts,
        scopes=registration.scopes,
        scope_ends=registration.scope_ends,
        campuses=registration.campuses,
        campus_ends=registration.campus_ends,
        is_tcm=registration.is_tcm,
    )


def _person(
    row: tuple[Any, ...], lines: tuple[Line, ...], kept: KeptRecords
) -> PersonFacts:
    _pk, emp_no, status, missing_since, license_valid_to, title_code = row
    practises = status in PRACTISING and missing_since is None
    return PersonFacts(
        emp_no,
        Standing.PRACTISING if practises else Standing.NOT_PRACTISING,
        lines,
        # The HIS gives the last day; that day still counts.
        registered_until=end_of(license_valid_to),
        title_rank=TITLE_RANK.get(title_code, 0),
        trainings=kept.trainings,
        certificates=kept.certificates,
    )


def procedures(
    codes: Iterable[str] | None = None,
    scopes: Mapping[int, frozenset[str]] = MappingProxyType({}),
) -> list[ProcedureFacts]:
    """The catalogue, or the entries with these codes, with their grades through time;
    two queries, and one where some are restricted: are they filed in time?

    ``scopes`` are what an operation of a grade asks of the registration; what is no
    operation (intervention, treatment, diagnosis) belongs to every specialty.
    """
    found = Procedure.objects.order_by()
    if codes is not None:
        found = found.filter(code__in=list(codes))
    columns = ("pk", "grade", "category", *PROCEDURE_COLUMNS)
    rows = list(found.values_list(*columns).iterator(chunk_size=5000))
    changes = changes_by_procedure(None if codes is None else [row[0] for row in rows])
    none: Mapping[int, frozenset[str]] = {}
    restricted = [code for *_first, code, _name, _on, kind, _end in rows if kind]
    today = day_of(timezone.now())
    late = filing_overdue(restricted, today=today) if restricted else frozenset()
    return [
        _procedure(
            entry,
            grade,
            changes.get(pk, ()),
            scopes if category == SURGERY else none,
            is_filed=entry[0] not in late,
        )
        for pk, grade, category, *entry in rows
    ]


def _procedure(
    entry: Sequence[Any],
    present: int,
    changes: Sequence[Recorded],
    scopes: Mapping[int, frozenset[str]],
    *,
    is_filed: bool,
) -> ProcedureFacts:
    """What never was regraded has its present grade at every moment; what is not in
    use any more was, until its last day."""
    code, name, enabled, restricted, ends = entry
    ended_at = start_of(ends) if ends is not None and not enabled else None
    first, *later = stretches(changes, present=present)
    return ProcedureFacts(
        code,
        name,
        first.grade,
        enabled or ended_at is not None,
        bool(restricted),
        is_filed,
        ended_at=ended_at,
        scopes=scopes.get(first.grade, NO_SCOPES),
        regradings=tuple(
            Regrading(
                start_of(one.starts),
                one.grade,
                one.eased,
                end_of(one.eased_until),
                scopes.get(one.grade, NO_SCOPES),
                _older_than(one),
            )
            for one in later
        ),
    )


def _older_than(stretch: Stretch) -> datetime | None:
    """Rights given on the day itself, before anybody decided, are old ones too."""
    starts, recorded_at = start_of(stretch.starts), stretch.recorded_at
    return recorded_at if recorded_at and recorded_at > starts else None
