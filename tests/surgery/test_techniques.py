"""限制类 and 停用: the countdown to a filing, and what a suspension keeps away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from permissions import services
from permissions.checks.codes import Code
from permissions.checks.engine import check
from permissions.checks.question import surgeon
from permissions.importers import load_catalogue
from permissions.services import Line
from permissions.services.refusals import ItemDisabled
from permissions.snapshot import world_for
from portal.accounts.models import User
from portal.audit.refusing import ReasonTooShort
from portal.directory.models import Practitioner
from portal.notices.models import Notice, NoticeKind
from portal.parameters.working_days import Calendar
from surgery.enums import Grade, RestrictedClass
from surgery.filing import FilingState, standing
from surgery.models import Filing, Procedure
from surgery.services import techniques as acts
from surgery.services.filing_reminders import remind_of_filings
from surgery.services.procedures import switch_due, switch_procedure
from tests.cast import lin, sign_in, su, wang, zhao
from tests.pages import CheckedClient
from tests.permissions.ledger import (
    KEPT,
    granted,
    make_procedure,
    make_procedures,
    privilege,
    propose,
)
from tests.surgery.case_rows import CHOLE, Theatre, local, pull

__all__ = ["lin", "su", "wang", "zhao"]
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # a Monday
TODAY = date(2026, 11, 23)
ECMO = "39.6500"
LOBE = "50.3x00"  # out of use from the beginning
LIST = "/techniques/"
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}
STOP = "设备停机检修"


# --- the countdown --------------------------------------------------------------------

COUNTDOWN: list[tuple[str, bool, date | None, date | None, FilingState, Any, int]] = [
    ("不是限制类", False, date(2026, 11, 2), None, FilingState.NOT_NEEDED, None, 0),
    ("还没有首例", True, None, None, FilingState.WAITING, None, 0),
    ("首例当天", True, TODAY, None, FilingState.COUNTDOWN, date(2026, 12, 14), 15),
    ("周末不计", True, date(2026, 11, 20), None, FilingState.COUNTDOWN, date(2026, 12, 11), 14),
    ("最后一天", True, date(2026, 11, 2), None, FilingState.COUNTDOWN, TODAY, 0),
    ("过了一天", True, date(2026, 11, 1), None, FilingState.OVERDUE, date(2026, 11, 20), 0),
    ("已备案", True, date(2026, 11, 2), date(2026, 11, 20), FilingState.FILED, TODAY, 0),
    ("首例前备案", True, None, date(2026, 1, 5), FilingState.FILED, None, 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("restricted", "first", "filed", "state", "deadline", "left"),
    [row[1:] for row in COUNTDOWN],
    ids=[row[0] for row in COUNTDOWN],
)
def test_standing_of_a_filing(
    restricted: bool,
    first: date | None,
    filed: date | None,
    state: FilingState,
    deadline: date | None,
    left: int,
) -> None:
    now = standing(
        is_restricted=restricted,
        first_case_on=first,
        filed_on=filed,
        today=TODAY,
        calendar=Calendar(),
    )
    assert (now.state, now.deadline, now.left) == (state, deadline, left)


def test_holidays_and_worked_weekends_move_the_deadline() -> None:
    calendar = Calendar(
        free=frozenset({date(2026, 11, 25)}), worked=frozenset({date(2026, 11, 28)})
    )
    assert calendar.count(TODAY, date(2026, 12, 1)) == 6
    assert calendar.count(TODAY, TODAY) == 0
    now = standing(
        is_restricted=True,
        first_case_on=TODAY,
        filed_on=None,
        today=TODAY,
        calendar=Calendar(free=frozenset({date(2026, 11, 25)})),
    )
    assert now.deadline == date(2026, 12, 15)


# --- filing ---------------------------------------------------------------------------


@pytest.fixture
def house(lin: User, su: User, wang: User) -> Procedure:
    load_catalogue()
    make_procedures()
    return make_procedure(
        ECMO, "体外膜氧合", Grade.FOUR, restricted_class=RestrictedClass.NATIONAL
    )


def filed(procedure: Procedure, by: User, **given: Any) -> Filing:
    values: dict[str, Any] = {
        "filed_on": TODAY,
        "authority": "云溪市卫生健康委员会",
        "document_no": "云卫备〔2026〕12号",
        "document": "",
        "reason": "首例后备案",
        **given,
    }
    return acts.file_technique(procedure=procedure, by=by, at=AT, **values)


def test_filing_is_kept_with_history_and_corrected_in_place(
    house: Procedure, lin: User
) -> None:
    filed(house, lin)
    filed(house, lin, document_no="云卫备〔2026〕13号", reason="备案文号录错")

    one = Filing.objects.get()
    assert (one.filed_on, one.document_no) == (TODAY, "云卫备〔2026〕13号")
    history: Any = Filing.history
    assert list(history.values_list("history_change_reason", flat=True)) == [
        "备案文号录错",
        "首例后备案",
    ]


@pytest.mark.parametrize(
    ("code", "given", "refusal"),
    [
        (CHOLE, {}, acts.NotRestricted),
        (ECMO, {"filed_on": TODAY + timedelta(days=1)}, acts.FiledInFuture),
        (ECMO, {"reason": "  "}, ReasonTooShort),
    ],
)
def test_refused_filing_leaves_nothing(
    house: Procedure, lin: User, code: str, given: dict[str, Any], refusal: Any
) -> None:
    procedure = Procedure.objects.get(code=code)
    with pytest.raises(refusal):
        filed(procedure, lin, **given)
    history: Any = Filing.history
    assert (Filing.objects.count(), history.count()) == (0, 0)


# --- suspension -----------------------------------------------------------------------


def switched(code: str, by: User, *, is_enabled: bool = False, days: int = 0) -> None:
    switch_procedure(
        procedure=Procedure.objects.get(code=code),
        is_enabled=is_enabled,
        on=TODAY + timedelta(days=days),
        by=by,
        at=timezone.now(),
        reason=STOP,
    )


def rows_kept() -> list[int]:
    return [model._default_manager.count() for model in KEPT]


@pytest.mark.parametrize("days", [0, 10])
def test_suspended_procedure_takes_no_new_proposal(
    house: Procedure, lin: User, wang: User, days: int
) -> None:
    switched(CHOLE, lin, days=days)
    before = rows_kept()

    with pytest.raises(ItemDisabled):
        propose(lin, surgeon_of(wang), "SG03", item=CHOLE)

    assert rows_kept() == before


@pytest.mark.parametrize("days", [0, 10])
def test_suspended_procedure_is_granted_to_nobody(
    house: Procedure, lin: User, su: User, wang: User, days: int
) -> None:
    switched(CHOLE, lin, days=days)
    before = rows_kept()
    line = Line(
        privilege=privilege("SG03"),
        item=CHOLE,
        valid_from=TODAY,
        valid_to=TODAY + timedelta(days=300),
    )
    with pytest.raises(ItemDisabled):
        services.grant(
            practitioner=surgeon_of(wang),
            line=line,
            by=lin,
            at=timezone.now(),
            reason="急诊手术人手不足",
            second=su,
        )

    assert rows_kept() == before


def surgeon_of(wang: User) -> Practitioner:
    assert wang.practitioner is not None
    return wang.practitioner


def answered() -> Code:
    question = surgeon("1188", [CHOLE], timezone.now())
    return check(question, world_for(question)).code


@pytest.mark.django_db(transaction=True)
def test_suspended_procedure_is_not_done_here_by_the_check(
    house: Procedure, lin: User, su: User, wang: User, clock: time_machine.Traveller
) -> None:
    granted(lin, su, surgeon_of(wang), "SG03", item=CHOLE, valid_to=date(2027, 11, 22))
    assert answered() is Code.ALLOWED

    switched(CHOLE, lin, days=1)
    assert answered() is Code.ALLOWED
    clock.shift(timedelta(days=1))
    switch_due(at=timezone.now())
    assert answered() is Code.NOT_DONE_HERE

    switched(CHOLE, lin, is_enabled=True, days=1)
    assert answered() is Code.ALLOWED


def test_procedure_in_use_again_may_be_proposed_again(
    house: Procedure, lin: User, wang: User
) -> None:
    switched(CHOLE, lin)
    switched(CHOLE, lin, is_enabled=True)

    last = date(2027, 11, 22)
    assert propose(lin, surgeon_of(wang), "SG03", item=CHOLE, valid_to=last).pk


# --- telling --------------------------------------------------------------------------


def test_office_is_told_when_a_filing_is_near_and_when_it_is_overdue(
    house: Procedure, lin: User, su: User
) -> None:
    his = Theatre()
    his.case("1", ECMO, op_start=local(2026, 11, 23, 9, 0))
    pull(his, AT)

    assert remind_of_filings(at=AT) == 0
    near = datetime(2026, 12, 7, 2, 0, tzinfo=UTC)  # five working days before
    assert [remind_of_filings(at=near), remind_of_filings(at=near)] == [2, 0]
    late = datetime(2026, 12, 15, 2, 0, tzinfo=UTC)
    assert remind_of_filings(at=late) == 2
    told = Notice.objects.filter(recipient=lin, kind=NoticeKind.FILING).order_by("pk")
    assert [one.title for one in told] == [
        "限制类技术备案还有 5 个工作日：体外膜氧合",
        "限制类技术备案已逾期：体外膜氧合",
    ]

    filed(house, lin)
    assert remind_of_filings(at=late + timedelta(days=9)) == 0


# --- the page -------------------------------------------------------------------------


@pytest.fixture
def page_of(
    house: Procedure, lin: User, client: CheckedClient
) -> Callable[..., dict[str, Any]]:
    """The rows of the page by code."""
    make_procedure(
        "92.2700x002",
        "粒子置入",
        Grade.FOUR,
        restricted_class=RestrictedClass.PROVINCIAL,
    )
    his = Theatre()
    his.case("1", ECMO, op_start=local(2026, 11, 20, 9, 0))
    his.case("2", "92.2700x002", op_start=local(2026, 10, 9, 9, 0))
    his.case("3", "11.6400x001", op_start=local(2026, 1, 9, 9, 0), cancel_flag="1")
    pull(his, AT)
    switched(CHOLE, lin)
    sign_in(client, lin)

    def rows(**given: str) -> dict[str, Any]:
        page = client.get(LIST, given)
        return {row.code: row for row in page.context["list"].rows}

    return rows


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({}, ["11.6400x001", ECMO, LOBE, CHOLE, "92.2700x002"]),
        ({"view": "restricted"}, ["11.6400x001", ECMO, "92.2700x002"]),
        ({"view": "counting"}, [ECMO]),
        ({"view": "overdue"}, ["92.2700x002"]),
        ({"view": "stopped"}, [LOBE, CHOLE]),
        ({"class": "1"}, ["11.6400x001", ECMO]),
        ({"q": "粒子"}, ["92.2700x002"]),
    ],
)
def test_page_lists_restricted_and_suspended_procedures(
    page_of: Callable[..., dict[str, Any]], given: dict[str, str], codes: list[str]
) -> None:
    assert list(page_of(**given)) == codes


def test_page_says_where_each_stands(page_of: Callable[..., dict[str, Any]]) -> None:
    rows = page_of()
    assert {code: str(row.state.text) for code, row in rows.items()} == {
        "11.6400x001": "待首例",
        ECMO: "倒计时 14 个工作日",
        LOBE: "不需备案",
        CHOLE: "不需备案",
        "92.2700x002": "逾期",
    }
    assert rows[ECMO].first_on == "2026-11-20"
    assert str(rows[CHOLE].stopped.text) == "已停用，2026-11-23 起"
    assert rows[CHOLE].stop_reason == "设备停机检修"


def test_drawer_files_and_keeps_what_was_typed_wrong(
    page_of: Callable[..., dict[str, Any]], client: CheckedClient, house: Procedure
) -> None:
    form = {"filed_on": "2026-11-23", "authority": "云溪市卫健委", "document_no": "12"}
    path = f"{LIST}{house.pk}/filing/"
    assert client.get(path, **HTMX).status_code == 200
    kept = client.post(path, form | {"reason": ""}, **HTMX)
    assert (kept.status_code, "云溪市卫健委" in kept.content.decode()) == (422, True)
    late = {"filed_on": "2026-11-24", "reason": "首例后备案"}
    wrong = client.post(path, form | late, **HTMX)
    assert "备案日期不能晚于今天。" in wrong.content.decode()
    right = client.post(path, form | {"reason": "首例后备案"}, **HTMX)
    assert right.status_code == 200
    assert str(page_of()[ECMO].state.text) == "已备案"
    assert client.get(path).headers["Location"] == LIST
    assert client.get(f"{LIST}999/filing/", **HTMX).status_code == 404


def test_row_leads_to_the_switch_of_the_catalogue(
    page_of: Callable[..., dict[str, Any]], client: CheckedClient, house: Procedure
) -> None:
    page_of()
    url = reverse("surgery:procedure-switch", args=[house.pk])
    assert f'hx-get="{url}"' in client.get(LIST).content.decode()


def test_acts_are_shut_for_who_may_not(
    page_of: Callable[..., dict[str, Any]],
    client: CheckedClient,
    wang: User,
    zhao: User,
    house: Procedure,
) -> None:
    for user in (wang, zhao):
        sign_in(client, user)
        for path in (LIST, f"{LIST}{house.pk}/filing/"):
            assert client.get(path, **HTMX).status_code == 403
