"""What rows share is kept: it must be kept by everything it is made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permissions.enums import (
    Category,
    EventKind,
    GrantKind,
    GrantStatus,
    ItemKind,
    Setting,
    SurgicalRole,
    ValueKind,
)
from permissions.presenters import grants
from permissions.presenters.grants import Makes
from permissions.queries.grant_lines import (
    Department,
    Entry,
    Event,
    Line,
    Person,
    Terms,
)
from portal.parameters.registry import UNDO_HOURS

NOW = datetime(2026, 11, 27, 2, tzinfo=UTC)
DAYS = [NOW + timedelta(days=days) for days in (-400, -1, 10, 400)]
# Every field of a line that any part of a make may look at, with its values.
CHOICES: dict[str, list[Any]] = {
    "status": list(GrantStatus.values),
    "valid_from": DAYS,
    "valid_to": [None, *DAYS],
    "suspended_until": [None, *DAYS],
    "setting": list(Setting.values),
    "campus": ["", "东院"],
    "kind": list(GrantKind.values),
    "title_code": ["231", "232", ""],
    "code": ["SG01", "SG03", "SG05", "SG06", "AB02"],
    "value_kind": list(ValueKind.values),
    "level": ["1", "2", "4"],
    "category": [Category.SG.value, Category.AB.value],
    "item_grade": [None, 1, 3, 4],
    "item_kind": list(ItemKind.values),
    "role": list(SurgicalRole.values),
    "visit_no": ["", "V1"],
    "application_id": [None, 7],
    "follows_id": [None, 8],
    "undoes_id": [None, 9],
    "event_pk": [1, 2],
    "recorded_at": [NOW - timedelta(hours=1), NOW - timedelta(days=90)],
    "event_kind": list(EventKind.values),
}
bases = st.fixed_dictionaries(
    {name: st.sampled_from(values) for name, values in CHOICES.items()}
)


def line_of(of: dict[str, Any]) -> Line:
    entry = Entry(of["code"], "权限", of["value_kind"], of["level"], of["category"], "")
    terms = Terms(
        *(entry, "51.2300", "手术", of["item_grade"], "", of["item_kind"]),
        *(of["role"], of["visit_no"], of["application_id"], of["follows_id"]),
    )
    return Line(
        *(1, of["status"], of["valid_from"], of["valid_to"], of["suspended_until"]),
        *(of["role"], of["setting"], of["campus"], of["kind"]),
        Person("1027", "陈景行", of["title_code"], Department("外科")),
        terms,
        Event(of["event_pk"], of["recorded_at"], of["event_kind"], of["undoes_id"]),
    )


def make_of(line: Line) -> tuple[Any, ...]:
    """Of a page on which event 2 was taken back."""
    return Makes({2}, NOW, UNDO_HOURS.default).of(line)


def forget() -> None:
    grants._SAID.clear()
    grants._RANKS.clear()
    grants._MAKES.clear()


@pytest.mark.django_db
@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(bases)
def test_a_kept_make_is_the_one_that_would_be_made_anew(base: dict[str, Any]) -> None:
    """Lines that differ in one field: what is kept of the first must not serve them
    where that field matters."""
    changed = [
        line_of({**base, name: value})
        for name, values in CHOICES.items()
        for value in values
    ]
    for line in changed:
        forget()
        make_of(line_of(base))
        kept = make_of(line)
        forget()
        assert kept == make_of(line)
