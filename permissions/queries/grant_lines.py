"""Lines of the ledger as a list reads them: the columns it shows, and no models.

``Line`` has the shape of a ``GrantState`` with what belongs to it, so whatever presents
the one presents the other; reading fifty of them costs a fraction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

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


def line_of(row: tuple[Any, ...]) -> Line:
    """A line from its ``COLUMNS``."""
    person = Person._make((*row[9:12], Department(row[12])))
    terms = Terms._make((Entry._make(row[13:19]), *row[19:28]))
    return Line._make((*row[:9], person, terms, Event._make(row[28:])))
