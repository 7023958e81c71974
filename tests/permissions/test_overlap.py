"""One right, one line at a time: by the locked check, and by PostgreSQL itself."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import pytest
from django.utils import timezone

from permissions import services
from permissions.enums import Setting, Side, SurgicalRole
from permissions.ledger import LineKey
from permissions.models import GrantState
from permissions.services import Line, refusals
from permissions.services.lines import must_not_overlap
from portal.accounts.models import User
from portal.directory.models import Practitioner
from tests.cast import make_practitioner
from tests.permissions.ledger import REASON, TODAY, nothing_written, privilege

pytestmark = pytest.mark.usefixtures("catalogue")
UNTIL = date(2027, 6, 30)


def surgeon() -> Practitioner:
    return make_practitioner("1027", "陈景行", title_code="231")


def line(code: str = "SG04", item: str = "50.2205", **fields: Any) -> Line:
    return Line(
        privilege=privilege(code),
        item=item,
        **{"valid_from": TODAY, "valid_to": UNTIL, **fields},
    )


def give(by: User, person: Practitioner, asked: Line) -> GrantState:
    grant = services.grant(
        practitioner=person, line=asked, by=by, at=timezone.now(), reason=REASON
    )
    return GrantState.objects.get(grant=grant)


MEETING: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({}, {"setting": Setting.INPATIENT}),
    ({"setting": Setting.INPATIENT}, {}),
    ({}, {"campus": "东院"}),
    ({"campus": "东院"}, {}),
    ({"campus": "东院"}, {"campus": "东院", "setting": Setting.INPATIENT}),
    ({}, {"side": Side.LEFT}),
    ({"side": Side.UNILATERAL}, {"side": Side.RIGHT}),
    ({"side": Side.BILATERAL}, {}),
    ({"setting": Setting.INPATIENT, "side": Side.LEFT}, {"campus": "东院"}),
    ({}, {"valid_from": UNTIL, "valid_to": date(2027, 11, 1)}),
]
APART: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"setting": Setting.INPATIENT}, {"setting": Setting.EMERGENCY}),
    ({"campus": "东院"}, {"campus": "西院"}),
    ({"side": Side.LEFT}, {"side": Side.RIGHT}),
    ({"side": Side.BILATERAL}, {"side": Side.UNILATERAL}),
    ({}, {"role": SurgicalRole.ASSIST}),
    ({}, {"valid_from": date(2027, 7, 1), "valid_to": date(2027, 11, 1)}),
    ({}, {"kind": "ONE_PATIENT", "visit_no": "ZY0001"}),
]


@pytest.mark.parametrize(("first", "second"), MEETING)
def test_second_line_of_the_same_right_is_refused(
    first: dict[str, Any], second: dict[str, Any], lin: User
) -> None:
    person = surgeon()
    give(lin, person, line(**first))
    with nothing_written(), pytest.raises(refusals.GrantOverlaps) as refused:
        give(lin, person, line(**second))
    assert str(refused.value) == (
        "同一医师、权限、项目和场合已有授权，2026-11-23 至 2027-06-30，日期重叠。"
    )


@pytest.mark.parametrize(("first", "second"), APART)
def test_lines_that_never_meet_stand_side_by_side(
    first: dict[str, Any], second: dict[str, Any], lin: User
) -> None:
    person = surgeon()
    give(lin, person, line(**first))
    give(lin, person, line(**second))
    assert GrantState.objects.count() == 2


def test_renewal_into_a_later_line_is_refused(lin: User) -> None:
    person = surgeon()
    state = give(lin, person, line(valid_to=date(2026, 12, 31)))
    give(lin, person, line(valid_from=date(2027, 1, 1), valid_to=UNTIL))
    with nothing_written(), pytest.raises(refusals.GrantOverlaps):
        services.renew(
            state=state,
            last_day=date(2027, 1, 1),
            by=lin,
            at=timezone.now(),
            reason=REASON,
        )


KEYS = [
    LineKey(1, 1, setting=setting, campus=campus, side=side)
    for setting, campus, side in product(
        (Setting.ALL, Setting.INPATIENT, Setting.OUTPATIENT),
        ("", "东院", "西院"),
        Side.values,
    )
]


def test_meeting_is_mutual_and_every_line_meets_itself() -> None:
    for one, other in product(KEYS, KEYS):
        assert one.meets(other) is other.meets(one)
    assert all(key.meets(key) for key in KEYS)


def test_database_and_program_agree_on_which_lines_meet(lin: User) -> None:
    person = surgeon()
    for number, key in enumerate(KEYS[::5]):
        person = make_practitioner(f"8{number:04}", "陈景行", title_code="231")
        side = {"setting": key.setting, "campus": key.campus, "side": key.side}
        state = give(lin, person, line(**side))
        for other in KEYS:
            asked = LineKey(
                *state.key.exact[:5], other.setting, other.campus, other.side
            )
            meets = False
            try:
                must_not_overlap(asked, state.span)
            except refusals.GrantOverlaps:
                meets = True
            assert meets is asked.meets(state.key), (asked, state.key)
