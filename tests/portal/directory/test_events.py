"""What pulls and the passing of days tell of practitioners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from portal.directory.dictionaries import BY_VIEW
from portal.directory.lapses import note_lapses
from portal.directory.models import (
    Practitioner,
    PractitionerEvent,
    PractitionerScope,
    SyncRun,
)
from portal.directory.sync import pull
from tests.portal.his.rows import WANG, ListedHis, pull_doctors

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
VIEW = BY_VIEW["V_YW_DOCTOR_SCOPE"].view
Scope = tuple[Any, ...]


def scope(code: str, *, until: date | None = None, emp_no: str = "001027") -> Scope:
    """A row of the view, its columns in their order."""
    given = {
        "emp_no": emp_no,
        "scope_code": code,
        "scope_name": "外科",
        "prac_category": "1",
        "prac_org": "本院",
        "is_main_org": "1",
        "filed_on": None,
        "valid_to": until,
        "last_modified": datetime(2026, 11, 1),  # noqa: DTZ001
    }
    return tuple(given[column.name] for column in VIEW.columns)


def pull_scopes(*rows: Scope, at: datetime) -> SyncRun:
    his = ListedHis(tables={VIEW.name: list(rows)})
    return pull(BY_VIEW[VIEW.name], gateway=his, at=at)


def told() -> list[tuple[str, str, str]]:
    rows = PractitionerEvent.objects.order_by("pk")
    return list(rows.values_list("kind", "before", "after"))


@pytest.fixture(autouse=True)
def wang() -> Practitioner:
    pull_doctors(gateway=ListedHis([WANG]), at=MONDAY)
    return Practitioner.objects.get()


def test_first_load_of_scopes_tells_nothing() -> None:
    assert pull_scopes(scope("A12"), at=MONDAY).is_ok
    assert told() == []


@pytest.mark.parametrize(
    ("after", "events"),
    [
        ([scope("A12"), scope("A14")], [("SCOPE", "", "A14")]),
        ([scope("A12", until=date(2027, 6, 30))],
         [("SCOPE", "A12", "A12 2027-06-30")]),
        ([scope("A11")], [("SCOPE", "A12", ""), ("SCOPE", "", "A11")]),
    ],
)  # fmt: skip
def test_changed_scope_is_told_with_code_and_last_day(
    after: list[Scope], events: list[tuple[str, str, str]]
) -> None:
    others = [scope("A12", emp_no=f"9{number}") for number in range(9)]
    pull_scopes(scope("A12"), *others, at=MONDAY)
    assert pull_scopes(*after, *others, at=TUESDAY).is_ok
    assert sorted(told()) == sorted(events)


def test_scope_of_nobody_we_know_is_told_of_nobody() -> None:
    pull_scopes(scope("A12"), at=MONDAY)
    pull_scopes(scope("A12"), scope("A12", emp_no="4711"), at=TUESDAY)
    assert told() == []


def test_pull_with_events_wakes_their_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rung: list[str] = []
    monkeypatch.setattr("portal.bell.ring", rung.append)
    pull_doctors(gateway=ListedHis([replace(WANG, title_code="232")]), at=TUESDAY)
    assert rung == ["permissions.read_events"]


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []
    monkeypatch.setattr("portal.bell.ring", heard.append)
    return heard


def ended(wang: Practitioner) -> None:
    wang.license_valid_to = date(2026, 11, 22)
    wang.save()


def scope_ended(_wang: Practitioner) -> None:
    for place in ("本院", "分院"):
        PractitionerScope.objects.create(
            emp_no="001027",
            scope_code="A12",
            prac_org=place,
            valid_to=date(2026, 11, 22),
        )


@pytest.mark.parametrize(
    ("what", "event"),
    [
        (ended, ("LAPSED", "", "2026-11-22")),
        (scope_ended, ("SCOPE_LAPSED", "", "A12 2026-11-22")),
    ],
)
def test_what_has_ended_is_told_once(
    wang: Practitioner,
    rung: list[str],
    what: Callable[[Practitioner], None],
    event: tuple[str, str, str],
) -> None:
    what(wang)
    assert (note_lapses(at=MONDAY), note_lapses(at=TUESDAY)) == (1, 0)
    assert told() == [event]
    assert rung == ["permissions.read_events"]


def test_last_day_still_counts(wang: Practitioner) -> None:
    ended(wang)
    assert note_lapses(at=MONDAY - timedelta(days=1)) == 0


def test_renewed_and_ended_again_is_told_again(wang: Practitioner) -> None:
    ended(wang)
    note_lapses(at=MONDAY)
    wang.license_valid_to = date(2027, 11, 22)
    wang.save()
    assert note_lapses(at=MONDAY) == 0
    assert note_lapses(at=MONDAY + timedelta(days=365)) == 1


def test_who_has_left_is_told_of_no_more(wang: Practitioner) -> None:
    ended(wang)
    Practitioner.objects.update(status="99")
    assert note_lapses(at=MONDAY) == 0


def test_two_who_look_at_once_tell_it_once(
    wang: Practitioner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second has read before the first wrote: the database keeps it out."""
    ended(wang)
    PractitionerEvent.objects.create(
        practitioner=wang, kind="LAPSED", after="2026-11-22", at=MONDAY
    )
    empty = PractitionerEvent.objects.none()
    monkeypatch.setattr(PractitionerEvent.objects, "filter", lambda **_given: empty)
    assert note_lapses(at=MONDAY) == 0
    monkeypatch.undo()
    assert PractitionerEvent.objects.count() == 1
