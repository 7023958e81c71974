"""Practitioners and their scopes: pinyin, departments a row names, and events.

Events wake who reads them upstairs, by the name of their task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from portal.bell import ring_on_commit
from portal.directory.copies import ROWS_PER_STATEMENT, Copy
from portal.directory.dictionaries import Dictionary
from portal.directory.models import (
    Department,
    Practitioner,
    PractitionerEvent,
    PractitionerScope,
)
from portal.directory.pinyin import initials_of, pinyin_of
from portal.his.pull.dictionary import Row

Kind = PractitionerEvent.Kind
# Reads the events; a bell nobody hears costs one sweep of the beat.
READER = "permissions.read_events"
# What of a practitioner may touch rights, and what its change is called.
WATCHED = (
    (Kind.STATUS, "status"),
    (Kind.DEPARTMENT, "department"),
    (Kind.TITLE, "title_code"),
    (Kind.LICENSE, "license_no"),
    (Kind.LICENSE, "license_valid_to"),
)


class PractitionerCopy(Copy):
    """``V_YW_DOCTOR`` → Practitioner, departments it is the first to name, events."""

    def __init__(self, dictionary: Dictionary, at: datetime) -> None:
        super().__init__(dictionary, at)
        self._departments: dict[str, Department] = {}
        self._events: list[PractitionerEvent] = []

    def with_related(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.select_related("department").order_by("id")

    def before_fill(self, rows: Sequence[Row]) -> None:
        names = {row.values["dept_code"]: row.values["dept_name"] for row in rows}
        self._departments = take_departments(names, self.at)

    def fields(self, item: Practitioner) -> dict[str, Any]:
        return super().fields(item) | {"department": item.department.code}

    def fill(self, item: Practitioner, values: Mapping[str, Any]) -> None:
        if item.name != values["name"]:
            item.pinyin = pinyin_of(values["name"])
            item.initials = initials_of(values["name"])
        department = self._departments[values["department"]]
        super().fill(item, {**values, "department": department})

    def changed(self, item: Practitioner, before: Mapping[str, Any]) -> None:
        after = self.fields(item)
        self._events += [
            self._event(item, kind, as_text(before[name]), as_text(after[name]))
            for kind, name in WATCHED
            if before[name] != after[name]
        ]

    def vanished(self, item: Practitioner) -> None:
        self._events.append(self._event(item, Kind.VANISHED))

    def after(self, is_first_load: bool, added: Sequence[str]) -> None:
        if not is_first_load:
            # Read again: not every engine hands back the keys of a bulk insert.
            new = self.objects(added).values()
            gone = [e for e in self._events if e.kind == Kind.VANISHED]
            rest = [e for e in self._events if e.kind != Kind.VANISHED]
            appeared = [self._event(item, Kind.APPEARED) for item in new]
            self._events = [*rest, *appeared, *gone]
        tell(self._events)

    def _event(
        self, practitioner: Practitioner, kind: str, before: str = "", after: str = ""
    ) -> PractitionerEvent:
        return PractitionerEvent(
            practitioner=practitioner,
            kind=kind,
            before=before,
            after=after,
            at=self.at,
        )


class ScopeCopy(Copy):
    """``V_YW_DOCTOR_SCOPE`` → what a practitioner is licensed for, and events.

    An event says code and last day: ``A12 2027-06-30``.
    """

    def __init__(self, dictionary: Dictionary, at: datetime) -> None:
        super().__init__(dictionary, at)
        self._told: list[tuple[str, str, str]] = []  # emp_no, before, after

    def changed(self, item: PractitionerScope, before: Mapping[str, Any]) -> None:
        then = scope_text(before["scope_code"], before["valid_to"])
        now = scope_text(item.scope_code, item.valid_to)
        if then != now:
            self._told.append((item.emp_no, then, now))

    def vanished(self, item: PractitionerScope) -> None:
        then = scope_text(item.scope_code, item.valid_to)
        self._told.append((item.emp_no, then, ""))

    def after(self, is_first_load: bool, added: Sequence[str]) -> None:
        if is_first_load:
            return
        # One that came back otherwise than it went was told as changed.
        back = {(emp_no, now) for emp_no, _then, now in self._told}
        for item in self.objects(added).values():
            now = scope_text(item.scope_code, item.valid_to)
            if (item.emp_no, now) not in back:
                self._told.append((item.emp_no, "", now))
        known = Practitioner.objects.in_bulk(
            sorted({emp_no for emp_no, _then, _now in self._told}), field_name="emp_no"
        )
        tell(
            [
                PractitionerEvent(
                    practitioner=known[emp_no],
                    kind=Kind.SCOPE,
                    before=then,
                    after=now,
                    at=self.at,
                )
                for emp_no, then, now in self._told
                if emp_no in known
            ]
        )


def tell(events: Sequence[PractitionerEvent]) -> None:
    """Write them down and wake their reader; inside the caller's transaction."""
    if events:
        PractitionerEvent.objects.bulk_create(events, batch_size=ROWS_PER_STATEMENT)
        ring_on_commit(READER)


def scope_text(code: str, valid_to: Any) -> str:
    return f"{code} {as_text(valid_to)}".strip()


def as_text(value: Any) -> str:
    return "" if value is None else str(value)


def take_departments(names: Mapping[str, str], at: datetime) -> dict[str, Department]:
    """The departments the rows name: created where needed, and renamed only as long as
    no row of ``V_YW_DEPT`` itself says what they are called."""
    kept = Department.objects.in_bulk(list(names), field_name="code")
    for item in kept.values():
        if not item.row_hash and item.name != names[item.code]:
            item.name = names[item.code]
            item.changed_at = at
            item.save(update_fields=["name", "changed_at"])
    Department.objects.bulk_create(
        [
            Department(code=code, name=name, first_seen_at=at, changed_at=at)
            for code, name in names.items()
            if code not in kept
        ],
        batch_size=ROWS_PER_STATEMENT,
    )
    return Department.objects.in_bulk(list(names), field_name="code")
