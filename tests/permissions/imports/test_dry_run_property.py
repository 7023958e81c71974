"""Whatever stands in ledger and sheet: what the dry run says is what writing does."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from permissions import services
from permissions.models import GrantState, Privilege
from permissions.models.imports import Outcome, Verdict
from permissions.services import ActRefused, Line
from portal.accounts.models import User
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
# Few days, so that lines meet often, and end on the same day sometimes.
OFFSETS = (-40, -10, 0, 1, 30, 200, 364, 365, 500)
days = st.sampled_from(OFFSETS).map(lambda number: TODAY + timedelta(days=number))
ends = st.one_of(st.none(), days)


@st.composite
def sheet_rows(draw: st.DrawFn) -> list[object]:
    emp_no = draw(st.sampled_from(sorted(PEOPLE)))
    code, item = draw(st.sampled_from(WHAT))
    return [
        *(emp_no, PEOPLE[emp_no][0], code, item, draw(days), draw(ends)),
        draw(st.sampled_from(["", "主刀", "助手"])),
        draw(st.sampled_from(["", "全部", "门诊", "住院"])),
        draw(st.sampled_from(["", "", "左侧", "双侧"])),
        draw(st.sampled_from(["", "", "临时"])),
    ]


@st.composite
def held_lines(draw: st.DrawFn) -> tuple[str, str, str, date, date | None, str]:
    code, item = draw(st.sampled_from(WHAT))
    return (
        draw(st.sampled_from(sorted(PEOPLE))),
        *(code, item, draw(days), draw(ends)),
        draw(st.sampled_from(["", "", "", "SUSPEND", "REVOKE", "VOID"])),
    )


def prepare(
    lin: User, held: list[tuple[str, str, str, date, date | None, str]]
) -> None:
    """Give what may be given, and then take some of it away."""
    from portal.directory.models import Practitioner

    acts = {
        "SUSPEND": services.suspend,
        "REVOKE": services.revoke,
        "VOID": services.void,
    }
    for emp_no, code, item, first, last, then in held:
        line = Line(
            Privilege.objects.get(code=code), first, last, item=item.split(" ")[0]
        )
        said = {"by": lin, "at": timezone.now(), "reason": REASON}
        try:
            with transaction.atomic():
                grant = services.grant(
                    practitioner=Practitioner.objects.get(emp_no=emp_no),
                    line=line,
                    **said,
                )
                if then:
                    state = GrantState.objects.get(grant=grant)
                    acts[then](state=state, reason_code="12", **said)  # type: ignore[operator]
        except ActRefused:
            continue


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    held=st.lists(held_lines(), max_size=6),
    rows=st.lists(sheet_rows(), min_size=1, max_size=8),
)
def test_every_row_does_what_the_dry_run_said(
    lin: User,
    held: list[tuple[str, str, str, date, date | None, str]],
    rows: list[list[object]],
) -> None:
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


def _is_refused_by_the_act_too(lin: User, row: object) -> None:
    """A conflict is none of the sheet's invention: the act refuses the line too."""
    from permissions.importers.work import _line_of
    from permissions.models import GrantImportRow

    assert isinstance(row, GrantImportRow)
    assert row.practitioner is not None
    line = _line_of(row.line, Privilege.objects.in_bulk(), "")
    with transaction.atomic(), pytest.raises(ActRefused):
        services.grant(
            practitioner=row.practitioner,
            line=line,
            by=lin,
            at=timezone.now(),
            reason=WHY,
        )
