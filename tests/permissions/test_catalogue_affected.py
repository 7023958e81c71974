"""Before the act: which rights a change of the catalogue would hit, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from permissions import services
from permissions.models import GrantState
from permissions.queries.catalogue import EntryChange
from permissions.services.affected import Hit, affected_by, summary_of
from portal.accounts.models import User
from tests.cast import make_practitioner
from tests.harness import assert_queries
from tests.permissions.catalogue_acts import entry
from tests.permissions.ledger import granted

pytestmark = pytest.mark.usefixtures("catalogue")
LAST = date(2028, 11, 22)


@pytest.fixture
def resident(lin: User, su: User) -> GrantState:
    """方, a resident (医师), holds SD02 everywhere for two years."""
    doctor = make_practitioner("1305", "方若谷", title_code="234")
    return granted(lin, su, doctor, "SD02", valid_to=LAST)


def change(code: str, before: dict[str, Any], after: dict[str, Any]) -> EntryChange:
    now = entry(code)
    return EntryChange(code, replace(now, **before), replace(now, **after))


HARD3 = {"title_rule": "HARD", "min_title_rank": 3}
HARD4 = {"title_rule": "HARD", "min_title_rank": 4}
CASES: list[tuple[str, dict[str, Any], dict[str, Any], list[tuple[Hit, str]]]] = [
    ("hard title", {}, HARD3, [(Hit.TITLE, "须主治医师及以上")]),
    ("title met", {}, {"title_rule": "HARD", "min_title_rank": 2}, []),
    ("title only a warning", {}, {"title_rule": "WARN", "min_title_rank": 3}, []),
    (
        "warning becomes must",
        {**HARD3, "title_rule": "WARN"},
        HARD3,
        [(Hit.TITLE, "须主治医师及以上")],
    ),
    ("barred before already", HARD3, HARD4, []),
    ("setting narrowed", {}, {"setting": "INP"}, [(Hit.SETTING, "只能用于「住院」")]),
    ("setting widened", {"setting": "INP"}, {}, []),
    ("out of place before already", {"setting": "INP"}, {"setting": "OUTP"}, []),
    (
        "new need not held",
        {"requires": ()},
        {"requires": ("MR01", "RX01")},
        [(Hit.PREREQUISITE, "没有 MR01、RX01")],
    ),
    ("old need", {"requires": ("RX01",)}, {"requires": ("RX01",)}, []),
    (
        "shorter",
        {},
        {"validity_months": 12},
        [(Hit.VALIDITY, "现至 2028-11-22，新规定为 12 个月")],
    ),
    ("as long as it is", {"validity_months": 36}, {"validity_months": 24}, []),
    (
        "a day too long",
        {"validity_months": 36},
        {"validity_months": 23},
        [(Hit.VALIDITY, "现至 2028-11-22，新规定为 23 个月")],
    ),
    ("longer", {}, {"validity_months": 36}, []),
    (
        "limited at all",
        {"validity_months": None},
        {"validity_months": 12},
        [(Hit.VALIDITY, "现至 2028-11-22，新规定为 12 个月")],
    ),
    ("another value", {}, {"his_value": "2"}, [(Hit.HIS, "现为 1，下次变更时送 2")]),
    (
        "disabled",
        {},
        {"is_enabled": False},
        [(Hit.DISABLED, "继续有效，不能新增或续期")],
    ),
    ("name and order", {}, {"name": "别的名称", "sort": 99}, []),
]


@pytest.mark.parametrize(
    ("before", "after", "hits"),
    [one[1:] for one in CASES],
    ids=[one[0] for one in CASES],
)
def test_right_is_hit(
    before: dict[str, Any],
    after: dict[str, Any],
    hits: list[tuple[Hit, str]],
    resident: GrantState,
) -> None:
    found = list(affected_by([change("SD02", before, after)], now=timezone.now()))
    told = [(one.state.pk, list(one.hits)) for one in found]
    assert told == ([(resident.pk, hits)] if hits else [])


def test_who_holds_the_new_prerequisite_is_not_hit(
    lin: User, su: User, resident: GrantState
) -> None:
    granted(lin, su, resident.practitioner, "RX01")
    later = granted(lin, su, make_practitioner("1306", "许"), "SD02", valid_to=LAST)
    needs = change("SD02", {"requires": ()}, {"requires": ("RX01",)})
    [one] = affected_by([needs], now=timezone.now())
    assert one.state == later


def test_one_right_tells_every_reason(resident: GrantState) -> None:
    everything = {**HARD4, "setting": "INP", "validity_months": 6, "his_value": "9"}
    [one] = affected_by([change("SD02", {}, everything)], now=timezone.now())
    assert [hit for hit, _text in one.hits] == [
        Hit.TITLE,
        Hit.SETTING,
        Hit.VALIDITY,
        Hit.HIS,
    ]


def test_suspended_rights_count_and_ended_ones_do_not(
    lin: User, su: User, resident: GrantState
) -> None:
    why: dict[str, Any] = {"by": su, "at": timezone.now(), "reason": "按规定办理"}
    services.suspend(state=resident, reason_code="06", **why)
    gone = granted(lin, su, make_practitioner("1306", "许"), "SD02", valid_to=LAST)
    services.revoke(state=gone, reason_code="17", **why)
    wrong = granted(lin, su, make_practitioner("1307", "何"), "SD02", valid_to=LAST)
    services.void(state=wrong, **why)
    off = change("SD02", {}, {"is_enabled": False})
    assert [one.state.pk for one in affected_by([off], now=timezone.now())] == [
        resident.pk
    ]


def test_counts_are_of_rights_and_people_in_two_queries(lin: User, su: User) -> None:
    for number in range(12):
        doctor = make_practitioner(f"13{number:02}", "方", title_code="234")
        granted(lin, su, doctor, "SD02", valid_to=LAST)
        granted(lin, su, doctor, "SG07", valid_to=LAST)
    changes = [
        change("SD02", {"requires": ()}, {"requires": ("RX01",), **HARD3}),
        change("SG07", {}, {"is_enabled": False}),
    ]
    with assert_queries(2):
        found = summary_of(changes, now=timezone.now(), limit=5)
    assert (found.grants, len(found.people), len(found.first)) == (24, 12, 5)
    assert found.by_hit == {Hit.TITLE: 12, Hit.PREREQUISITE: 12, Hit.DISABLED: 12}


def test_new_and_removed_entries_hit_nobody(resident: GrantState) -> None:
    now = entry("SD02")
    changes = [EntryChange("SD02", None, now), EntryChange("SD02", now, None)]
    with assert_queries(0):
        assert list(affected_by(changes, now=timezone.now())) == []
