"""From rows of the ledger, the directory and the catalogue to facts of the engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeAlias

from django.db import connection
from django.db.models import F, QuerySet, TextField
from django.db.models.functions import Cast

from permissions.checks.facts import (
    Line,
    PersonFacts,
    ProcedureFacts,
    Setting,
    Standing,
    Status,
    Terms,
)
from permissions.models import GrantEvent, GrantState, Privilege
from portal.directory.models import PRACTISING, Practitioner
from portal.his.contract.codes import TITLE_RANK
from portal.parameters.days import end_of
from surgery.models import Procedure

CHANGED = frozenset({Status.SUSPENDED.value, Status.REVOKED.value})
# What lines share; thousands of grants of one year have the same terms.
TermsKey: TypeAlias = tuple[Any, ...]
# practitioner, item, privilege, since when changed, and the values of TERMS
GrantRow: TypeAlias = tuple[int, str, str, datetime | None, list[Any]]
# Of each grant: whose, item, last event, and what its terms are made of.
WHOSE = ("practitioner_id", "item_code", "last_event_id")
TERMS = ("setting", "status", "starts", "ends")
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
        taken = GrantState.objects.filter(status__in=CHANGED).order_by()
        events = GrantEvent.objects.filter(pk__in=taken.values("last_event_id"))
        since = dict(events.order_by().values_list("pk", "effective_at"))
        states = _dated(GrantState.objects.order_by())
        rows = states.values_list(*WHOSE, "privilege_id", *TERMS)
        lines = self._lines(
            (who, item, codes[privilege], since.get(event), terms)
            for who, item, event, privilege, *terms in rows.iterator(chunk_size=5000)
        )
        return _people(Practitioner.objects.order_by(), lines)

    def some(self, practitioners: QuerySet[Practitioner]) -> list[PersonFacts]:
        """These practitioners with their lines; two queries."""
        states = GrantState.objects.filter(practitioner__in=practitioners)
        rows = _dated(states.order_by()).values_list(
            *WHOSE, "privilege__code", "last_event__effective_at", *TERMS
        )
        lines = self._lines(
            (who, item, code, at if terms[1] in CHANGED else None, terms)
            for who, item, _event, code, at, *terms in rows
        )
        return _people(practitioners, lines)

    def _lines(self, rows: Iterable[GrantRow]) -> dict[int, list[Line]]:
        found: dict[int, list[Line]] = defaultdict(list)
        known, items = self._terms, self._items
        for who, item, code, since, given in rows:
            key = (code, since, *given)
            terms = known.get(key)
            if terms is None:
                terms = known[key] = _terms(*key)
            found[who].append(Line(items.setdefault(item, item), terms))
        return found


def _terms(
    code: str,
    since: datetime | None,
    setting: str,
    status: str,
    starts: datetime | str,
    ends: datetime | str | None,
) -> Terms:
    return Terms(
        privilege=code,
        valid_from=_moment(starts),
        valid_to=_moment(ends) if ends else None,
        status=Status(status),
        changed_from=since,
        setting=Setting(setting),
    )


def _dated(states: QuerySet[GrantState]) -> QuerySet[GrantState]:
    """With the dates of each as ``starts`` and ``ends``, texts where that is faster."""
    as_text = connection.vendor in READ_AS_TEXT
    dates = (F("valid_from"), F("valid_to"))
    starts, ends = (Cast(one, TextField()) if as_text else one for one in dates)
    return states.annotate(starts=starts, ends=ends)


def _moment(given: datetime | str) -> datetime:
    if isinstance(given, datetime):
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
