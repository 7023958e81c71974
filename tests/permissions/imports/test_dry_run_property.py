"""Whatever stands in ledger and sheet: what the dry run says is what writing does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from permissions import services
from permissions.importers.work import line_of
from permissions.models import GrantImportRow, GrantState, Privilege
from permissions.models.imports import Verdict
from permissions.services import ActRefused, Line
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.sheets.models import Outcome
from tests.cast import make_practitioner
from tests.permissions.imports.sheets import WHY, book, checked, rows_of, written
from tests.permissions.ledger import REASON, TODAY

pytestmark = pytest.mark.usefixtures("catalogue")
PEOPLE = {"1027": ("陈景行", "231"), "1301": ("周小满", "234")}
WHAT = [
    *(("RX01", ""), ("MR04", ""), ("AB02", ""), ("SG02", ""), ("AB03", "")),
    *(
        ("SG03", "51.2300"),
        ("SG04", "51.2300"),
        ("SG04", "50.2205"),
        ("DS01", "D-9 器械"),
    ),
]
HEADINGS = (
    *("工号", "姓名", "权限编码或名称", "手术编码", "有效期起", "有效期止"),
    *("角色", "场合", "侧别", "方式"),
)
WHAT_BOTH = [("RX01", ""), ("MR04", ""), ("SD02", ""), ("TE02", "")]
# Few days, so that lines meet often, and end on the same day sometimes.
STARTS, LENGTHS = (-40, -10, 0, 0, 0, 1, 30), (None, 30, 100, 364, 364, 500)
Held = tuple[str, str, str, date, date | None, str]


def last_of(first: date, length: int | None) -> date | None:
    return None if length is None else first + timedelta(days=length)


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, str, str, date, date | None]:
    """A line that may mostly be given."""
    code, item = draw(st.sampled_from(WHAT_BOTH * 3 + WHAT))
    first = TODAY + timedelta(days=draw(st.sampled_from(STARTS)))
    last = last_of(first, draw(st.sampled_from(LENGTHS)))
    return draw(st.sampled_from(sorted(PEOPLE))), code, item, first, last


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Held], list[list[object]]]:
    """A ledger, and a sheet that speaks of the same lines and of others."""
    then = st.sampled_from(["", "", "", "", "SUSPEND", "REVOKE", "VOID"])
    known = draw(st.lists(lines(), min_size=1, max_size=4))
    held = [(*line, draw(then)) for line in known]
    alike = st.sampled_from(known)
    asked = draw(st.lists(st.one_of(alike, alike, lines()), min_size=1, max_size=6))
    return held, [_asked(draw, line) for line in asked]


def _asked(
    draw: st.DrawFn, line: tuple[str, str, str, date, date | None]
) -> list[object]:
    """The line in a sheet, with what somebody changed in it."""
    emp_no, code, item, first, last = line
    later = draw(st.sampled_from([0, 60, 60, 200, -20]))
    last = last + timedelta(days=later) if last else last
    first += timedelta(days=draw(st.sampled_from([0, 0, 0, 5, -5])))
    return [
        *(emp_no, PEOPLE[emp_no][0], code, item, first, last),
        draw(st.sampled_from([*[""] * 8, "主刀", "助手"])),
        draw(st.sampled_from([*[""] * 8, "全部", "门诊", "住院"])),
        draw(st.sampled_from([*[""] * 8, "左侧", "双侧"])),
        draw(st.sampled_from([*[""] * 8, "临时"])),
    ]


def prepare(lin: User, held: list[Held]) -> None:
    """Give what may be given, and then take some of it away."""
    acts: dict[str, Callable[..., object]] = {
        "SUSPEND": services.suspend,
        "REVOKE": services.revoke,
        "VOID": services.void,
    }
    for emp_no, code, item, first, last, then in held:
        line = Line(
            Privilege.objects.get(code=code), first, last, item=item.split(" ")[0]
        )
        said: dict[str, Any] = {"by": lin, "at": timezone.now(), "reason": REASON}
        try:
            with transaction.atomic():
                grant = services.grant(
                    practitioner=Practitioner.objects.get(emp_no=emp_no),
                    line=line,
                    **said,
                )
                if then:
                    state = GrantState.objects.get(grant=grant)
                    acts[then](state=state, reason_code="12", **said)
        except ActRefused:
            continue


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=worlds())
def test_every_row_does_what_the_dry_run_said(
    lin: User, world: tuple[list[Held], list[list[object]]]
) -> None:
    held, rows = world
    with transaction.atomic():
        for emp_no, (name, title) in PEOPLE.items():
            make_practitioner(emp_no, name, title_code=title)
        prepare(lin, held)
        one = checked(lin, book(rows, HEADINGS))
        told = {row.number: row.verdict for row in rows_of(one)}
        for verdict in told.values():
            event(verdict)
        if {Verdict.NEW, Verdict.RENEW} & set(told.values()):
            one = written(one, lin, reason=WHY)
        did = {row.number: row.outcome for row in rows_of(one)}
        assert did == {
            number: Outcome.DONE
            if verdict in {Verdict.NEW, Verdict.RENEW}
            else Outcome.NONE
            for number, verdict in told.items()
        }
        refused = [row for row in rows_of(one) if row.verdict == Verdict.CONFLICT]
        for row in refused:
            _is_refused_by_the_act_too(lin, row)
        transaction.set_rollback(True)


def _is_refused_by_the_act_too(lin: User, row: GrantImportRow) -> None:
    """A conflict is none of the sheet's invention: the act refuses the line too."""
    assert row.practitioner is not None
    line = line_of(row.line, Privilege.objects.in_bulk(), "")
    with transaction.atomic(), pytest.raises(ActRefused):
        services.grant(
            practitioner=row.practitioner,
            line=line,
            by=lin,
            at=timezone.now(),
            reason=WHY,
        )
