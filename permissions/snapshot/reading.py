"""From rows of the ledger, the directory and the catalogue to facts of the engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeAlias

from django.db import connection
from django.db.models import Case, DateTimeField, F, QuerySet, TextField, When
from django.db.models.functions import Cast

from permissions.checks.facts import (
    ItemKind,
    Line,
    PersonFacts,
    ProcedureFacts,
    Role,
    Setting,
    Side,
    Standing,
    Status,
    Terms,
)
from permissions.models import GrantState, Privilege
from portal.directory.models import PRACTISING, Practitioner
from portal.his.contract.codes import TITLE_RANK
from portal.parameters.days import end_of
from surgery.models import Procedure

CHANGED = frozenset({Status.SUSPENDED.value, Status.REVOKED.value})
# What lines share; thousands of grants of one year have the same terms.
TermsKey: TypeAlias = tuple[Any, ...]
# practitioner, item, privilege, and the values of TERMS
GrantRow: TypeAlias = tuple[int, str, str, list[Any]]
WHOSE = ("practitioner_id", "item_code")
KINDS = ("status", "role", "setting", "campus", "side", "item_kind")
MOMENTS = ("starts", "ends", "changed", "resumes")
TERMS = (*KINDS, *MOMENTS)
# Where the moment is read as text, one text of thousands is parsed once; the drivers
# would parse each. Other engines write texts Python does not read.
READ_AS_TEXT = frozenset({"postgresql", "sqlite"})
PERSON_COLUMNS = ("pk", "emp_no", "status", "missing_since", "license_valid_to")
PROCEDURE_COLUMNS = ("code", "name", "grade", "is_enabled", "is_restricted")


class Reader:
    """Reads with the terms met so far at hand, so equal terms are one object."""

    def __init__(self) -> None:
        self._terms: dict[TermsKey, Terms] = {}
        self._items: dict[str, str] = {}

    def people(self) -> list[PersonFacts]:
        """Everybody with their lines. Joins would cost more than two look-ups here."""
        codes = dict(Privilege.objects.order_by().values_list("pk", "code"))
        rows = _dated(_lasting()).values_list(*WHOSE, "privilege_id", *TERMS)
        lines = self._lines(
            (who, item, codes[privilege], terms)
            for who, item, privilege, *terms in rows.iterator(chunk_size=5000)
        )
        return _people(Practitioner.objects.order_by(), lines)

    def some(self, practitioners: QuerySet[Practitioner]) -> list[PersonFacts]:
        """These practitioners with their lines; two queries."""
        states = _dated(_lasting().filter(practitioner__in=practitioners))
        rows = states.values_list(*WHOSE, "privilege__code", *TERMS)
        lines = self._lines(
            (who, item, code, terms) for who, item, code, *terms in rows
        )
        return _people(practitioners, lines)

    def _lines(self, rows: Iterable[GrantRow]) -> dict[int, list[Line]]:
        found: dict[int, list[Line]] = defaultdict(list)
        known, items = self._terms, self._items
        for who, item, code, given in rows:
            key = (code, *given)
            terms = known.get(key)
            if terms is None:
                terms = known[key] = _terms(*key)
            found[who].append(Line(items.setdefault(item, item), terms))
        return found


def _terms(code: str, *given: Any) -> Terms:
    """``given`` are the values of TERMS."""
    status, role, setting, campus, side, item_kind, *moments = given
    starts, ends, changed, resumes = (_moment(one) for one in moments)
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
    practitioners: QuerySet[Practitioner], lines: dict[int, list[Line]]
) -> list[PersonFacts]:
    rows = practitioners.values_list(*PERSON_COLUMNS, "title_code")
    return [_person(row, tuple(lines.get(row[0], ()))) for row in rows]


def _person(row: tuple[Any, ...], lines: tuple[Line, ...]) -> PersonFacts:
    _pk, emp_no, status, missing_since, license_valid_to, title_code = row
    practises = status in PRACTISING and missing_since is None
    return PersonFacts(
        emp_no,
        Standing.PRACTISING if practises else Standing.NOT_PRACTISING,
        lines,
        # The HIS gives the last day; that day still counts.
        registered_until=end_of(license_valid_to),
        title_rank=TITLE_RANK.get(title_code, 0),
    )


def procedures(codes: Iterable[str] | None = None) -> list[ProcedureFacts]:
    """The catalogue, or the entries with these codes; one query."""
    whom = {} if codes is None else {"code__in": list(codes)}
    rows = Procedure.objects.filter(**whom).order_by().values_list(*PROCEDURE_COLUMNS)
    return [ProcedureFacts(*row) for row in rows.iterator(chunk_size=5000)]
