"""Lines of the ledger as a list reads them: the columns it shows, and no models.

``Line`` has the shape of a ``GrantState`` with what belongs to it, so whatever presents
the one presents the other; reading fifty of them costs a fraction.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, TypeVar

from permissions.models import GrantEvent


class Department(NamedTuple):
    name: str


class Person(NamedTuple):
    emp_no: str
    name: str
    title_code: str
    department: Department


class Entry(NamedTuple):
    code: str
    name: str
    value_kind: str
    level: str
    category: str
    his_target: str


class Terms(NamedTuple):
    privilege: Entry
    item_code: str
    item_name: str
    item_grade: int | None
    doc_no: str
    item_kind: str
    role: str
    visit_no: str
    application_id: int | None
    follows_id: int | None


class Event(NamedTuple):
    pk: int
    recorded_at: datetime
    kind: str
    undoes_id: int | None

    @property
    def subject(self) -> str:
        return GrantEvent.subject_of(self.pk)


class Line(NamedTuple):
    pk: int
    status: str
    valid_from: datetime
    valid_to: datetime | None
    suspended_until: datetime | None
    role: str
    setting: str
    campus: str
    kind: str
    practitioner: Person
    grant: Terms
    last_event: Event

    @property
    def last_event_id(self) -> int:
        return self.last_event.pk

    @property
    def privilege(self) -> Entry:
        return self.grant.privilege

    @property
    def visit_no(self) -> str:
        return self.grant.visit_no


COLUMNS = (
    *("pk", "status", "valid_from", "valid_to", "suspended_until"),
    *("role", "setting", "campus", "kind"),
    *("practitioner__emp_no", "practitioner__name", "practitioner__title_code"),
    "practitioner__department__name",
    *("privilege__code", "privilege__name", "privilege__value_kind"),
    *("privilege__level", "privilege__category", "privilege__his_target"),
    *("item_code", "grant__item_name", "grant__item_grade", "grant__doc_no"),
    *("item_kind", "grant__role", "visit_no", "grant__application_id"),
    "grant__follows_id",
    *("last_event_id", "last_event__recorded_at", "last_event__kind"),
    "last_event__undoes_id",
)


Kind = TypeVar("Kind")


def _maker(kind: type[Kind]) -> Callable[[tuple[Any, ...]], Kind]:
    """As ``kind._make`` without a look at the length: a list makes hundreds."""
    return partial(tuple.__new__, kind)  # type: ignore[type-var]


_department, _person, _entry = _maker(Department), _maker(Person), _maker(Entry)
_terms, _event, _line = _maker(Terms), _maker(Event), _maker(Line)


def line_of(row: tuple[Any, ...]) -> Line:
    """A line from its ``COLUMNS``."""
    person = _person((*row[9:12], _department(row[12:13])))
    terms = _terms((_entry(row[13:19]), *row[19:28]))
    return _line((*row[:9], person, terms, _event(row[28:])))
