"""受影响手术: what loses its surgeon's right is put down, told, and seen to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from permissions import services
from permissions.models import BookingHit, GrantState
from permissions.services import Line
from permissions.services.bookings import HitHandled, handle, hit_by
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.directory.models import Practitioner
from portal.notices.models import Notice
from surgery.enums import Grade, Nature, Planned, Reoperation
from surgery.models import SurgeryApplication
from surgery.services.declarations import (
    DeclaredProcedure,
    DeclaredVerdict,
    declare,
)
from tests.cast import make_department, make_practitioner, make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.act_pages import HTMX, confirmed
from tests.permissions.event_acts import give, leave, read, set_to
from tests.permissions.ledger import (
    TODAY,
    granted,
    nothing_written,
    prerequisites_only_warn,
    privilege,
)

pytestmark = pytest.mark.usefixtures("catalogue")
DAY = timedelta(days=1)
WHY = "四级手术年度评估未提交"
DONE = "与科室商定改由王若谷主刀"
PAGE = "/booked-operations/"


def book(
    surgeon: Practitioner, by: User, number: str, *, days: int
) -> SurgeryApplication:
    """An operation of this surgeon so many days ahead."""
    name = "腹腔镜下胆囊切除术"
    return declare(
        application_no=number,
        applicant=surgeon,
        surgeon=surgeon,
        procedures=[DeclaredProcedure("51.2300", name, Grade.THREE)],
        planned_at=timezone.now() + days * DAY,
        is_planned=Planned.PLANNED,
        nature=Nature.ELECTIVE,
        is_rescue=False,
        reoperation=Reoperation.NONE,
        reoperation_reason="",
        verdict=DeclaredVerdict("0", {}),
        by=by,
        at=timezone.now(),
    )


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    return make_practitioner("1027", "陈景行", title_code="231")


@pytest.fixture
def state(lin: User, su: User, surgeon: Practitioner) -> GrantState:
    last = TODAY + 300 * DAY
    return granted(lin, su, surgeon, "SG03", item="51.2300", valid_to=last)


def suspend(state: GrantState, by: User, **given: Any) -> None:
    state.refresh_from_db()
    services.suspend(
        state=state, by=by, at=timezone.now(), reason_code="08", reason=WHY, **given
    )


@pytest.fixture
def hit(lin: User, state: GrantState, surgeon: Practitioner) -> BookingHit:
    book(surgeon, lin, "SQ1", days=2)
    suspend(state, lin)
    return BookingHit.objects.get()


def states() -> list[tuple[str, str]]:
    rows = BookingHit.objects.order_by("application_no", "pk")
    return list(rows.values_list("application_no", "state"))


# --- what is put down -----------------------------------------------------------------


def test_suspension_puts_down_each_operation_ahead_with_owner_and_due(
    lin: User, state: GrantState, surgeon: Practitioner
) -> None:
    book(surgeon, lin, "SQ1", days=2)
    book(surgeon, lin, "SQ2", days=9)

    suspend(state, lin)

    now = timezone.now()
    first = BookingHit.objects.order_by("planned_at")[0]
    assert states() == [("SQ1", "OPEN"), ("SQ2", "OPEN")]
    assert (first.surgeon, first.owner) == (surgeon, lin)
    assert first.procedures == "腹腔镜下胆囊切除术 51.2300"
    assert first.why == "暂停 腹腔镜下胆囊切除术"
    assert first.due_at == now + timedelta(hours=24)
    assert first.history.get().history_user == lin


def test_due_is_never_after_the_operation(
    lin: User, state: GrantState, surgeon: Practitioner
) -> None:
    set_to(lin, BOOKING_HOURS=168)
    application = book(surgeon, lin, "SQ1", days=2)
    suspend(state, lin)
    assert BookingHit.objects.get().due_at == application.planned_at


def test_operation_after_the_suspension_is_over_is_not_hit(
    lin: User, state: GrantState, surgeon: Practitioner
) -> None:
    book(surgeon, lin, "SQ1", days=2)
    book(surgeon, lin, "SQ2", days=9)
    suspend(state, lin, last_day=TODAY + 5 * DAY)
    assert states() == [("SQ1", "OPEN")]


def test_right_that_another_line_keeps_hits_nothing(
    lin: User, state: GrantState, surgeon: Practitioner
) -> None:
    with prerequisites_only_warn():
        give(
            *(lin, surgeon, "SG03"),
            item="51.2300",
            role="OPERATE_SUPERVISED",
            valid_to=TODAY + 300 * DAY,
        )
    book(surgeon, lin, "SQ1", days=2)
    suspend(state, lin)
    assert states() == []


def test_operation_hit_twice_is_put_down_once(
    lin: User, hit: BookingHit, state: GrantState
) -> None:
    state.refresh_from_db()
    services.revoke(
        state=state, by=lin, at=timezone.now(), reason_code="08", reason=WHY
    )
    assert states() == [("SQ1", "OPEN")]


def test_downgrade_to_assisting_hits(
    lin: User, state: GrantState, surgeon: Practitioner
) -> None:
    book(surgeon, lin, "SQ1", days=2)
    services.downgrade(
        state=state,
        to=[
            Line(
                privilege("SG03"),
                TODAY,
                TODAY + 200 * DAY,
                item="51.2300",
                role="ASSIST",
            )
        ],
        by=lin,
        at=timezone.now(),
        reason_code="07",
        reason=WHY,
    )
    assert states() == [("SQ1", "OPEN")]


def test_restored_right_clears_what_its_suspension_hit(
    lin: User, hit: BookingHit, state: GrantState
) -> None:
    state.refresh_from_db()
    services.undo(
        event=state.last_event, by=lin, at=timezone.now(), reason="误选了医师，撤销"
    )
    hit.refresh_from_db()
    assert (hit.state, hit.note, hit.handled_by) == ("CLEARED", "授权已恢复", lin)


def test_revocation_undone_by_a_new_line_clears_what_it_hit(
    lin: User, state: GrantState, surgeon: Practitioner
) -> None:
    book(surgeon, lin, "SQ1", days=2)
    said: dict[str, Any] = {"by": lin, "at": timezone.now(), "reason": WHY}
    event = services.revoke(state=state, reason_code="08", **said)
    with prerequisites_only_warn():
        services.undo(event=event, **said)
    assert states() == [("SQ1", "CLEARED")]


def test_leaver_suspended_by_the_system_waits_to_be_claimed(
    lin: User, state: GrantState, surgeon: Practitioner
) -> None:
    book(surgeon, lin, "SQ1", days=2)
    leave(surgeon)
    read()
    assert states() == [("SQ1", "OPEN")]
    assert BookingHit.objects.get().owner is None


def test_surgeon_without_an_operation_ahead_costs_two_queries(
    lin: User, state: GrantState
) -> None:
    suspend(state, lin)
    event = GrantState.objects.get(pk=state.pk).last_event
    with assert_queries(2):
        assert hit_by(event, state) == []


def test_refused_act_puts_nothing_down(
    lin: User, state: GrantState, surgeon: Practitioner
) -> None:
    book(surgeon, lin, "SQ1", days=2)
    with nothing_written(), pytest.raises(services.ActRefused):
        services.suspend(
            state=state, by=lin, at=timezone.now(), reason_code="08", reason="短"
        )
    assert states() == []
    assert not BookingHit.history.exists()


# --- who is told ----------------------------------------------------------------------


def test_office_head_and_surgeon_are_told_once(
    lin: User, su: User, chen: User, hit: BookingHit
) -> None:
    told = Notice.objects.filter(kind="BOOKED").order_by("recipient")
    assert {one.recipient for one in told} == {lin, su, chen}
    assert told[0].title == "陈景行（工号 1027）1 台已排手术受影响"
    assert told[0].link == PAGE


def test_head_of_the_department_is_told(
    lin: User, state: GrantState, surgeon: Practitioner
) -> None:
    head = make_user("1001", "周立诚", Role.DEPARTMENT_HEAD, departments=["0301"])
    other = make_user("1002", "关主任", Role.DEPARTMENT_HEAD, departments=["0402"])
    book(surgeon, lin, "SQ1", days=2)
    suspend(state, lin)
    told = Notice.objects.filter(kind="BOOKED").values_list("recipient", flat=True)
    assert head.pk in told
    assert other.pk not in told


# --- seeing to it ---------------------------------------------------------------------


def test_handling_says_what_was_done_and_by_whom(
    client: CheckedClient, su: User, hit: BookingHit
) -> None:
    sign_in(client, su)
    drawer = client.get(f"{PAGE}{hit.pk}/", **HTMX)
    assert "SQ1" in drawer.content.decode()

    client.post(f"{PAGE}{hit.pk}/claim/", **HTMX)
    hit.refresh_from_db()
    assert hit.owner == su
    client.post(f"{PAGE}{hit.pk}/", {"outcome": "REASSIGNED", "reason": DONE}, **HTMX)

    hit.refresh_from_db()
    assert (hit.state, hit.outcome, hit.note) == ("HANDLED", "REASSIGNED", DONE)
    assert (hit.handled_by, hit.handled_at) == (su, timezone.now())
    assert hit.history.count() == 3
    assert DONE in client.get("/log/").content.decode()


@pytest.mark.parametrize(
    "typed",
    [{"outcome": "", "reason": DONE}, {"outcome": "REASSIGNED", "reason": "改"}],
)
def test_incomplete_handling_is_refused_and_keeps_what_was_typed(
    client: CheckedClient, su: User, hit: BookingHit, typed: dict[str, str]
) -> None:
    sign_in(client, su)
    answer = client.post(f"{PAGE}{hit.pk}/", typed, **HTMX)
    assert answer.context["form"].errors
    assert typed["reason"] in answer.content.decode()
    hit.refresh_from_db()
    assert (hit.state, hit.history.count()) == ("OPEN", 1)


def test_what_was_handled_is_not_handled_again(lin: User, hit: BookingHit) -> None:
    given: dict[str, Any] = {"by": lin, "at": timezone.now(), "reason": DONE}
    handle(hit=hit, outcome="POSTPONED", **given)
    with pytest.raises(HitHandled):
        handle(hit=hit, outcome="CANCELED", **given)
    hit.refresh_from_db()
    assert (hit.outcome, hit.history.count()) == ("POSTPONED", 2)


def test_head_handles_of_the_own_department_only(
    client: CheckedClient, hit: BookingHit
) -> None:
    make_department("0402", "骨科")
    own = make_user("1001", "周立诚", Role.DEPARTMENT_HEAD, departments=["0301"])
    other = make_user("1002", "关主任", Role.DEPARTMENT_HEAD, departments=["0402"])
    typed = {"outcome": "REASSIGNED", "reason": DONE}
    for user, status in ((other, 403), (own, 200)):
        sign_in(client, user)
        answer = client.post(f"{PAGE}{hit.pk}/", typed, **HTMX)
        assert answer.status_code == status
    hit.refresh_from_db()
    assert hit.handled_by == own


def test_who_may_only_look_finds_no_form(
    client: CheckedClient, hit: BookingHit
) -> None:
    sign_in(client, make_user("2001", "梁望山", Role.LEADER))
    assert client.get(f"{PAGE}{hit.pk}/", **HTMX).context["form"] is None
    client.post(f"{PAGE}{hit.pk}/", {"outcome": "REASSIGNED", "reason": DONE}, **HTMX)
    assert client.post(f"{PAGE}{hit.pk}/claim/", **HTMX).status_code == 403
    hit.refresh_from_db()
    assert (hit.state, hit.history.count()) == ("OPEN", 1)


# --- the list -------------------------------------------------------------------------


def test_list_counts_what_waits_what_is_mine_and_what_is_late(
    client: CheckedClient, lin: User, hit: BookingHit
) -> None:
    sign_in(client, lin)
    page = client.get(PAGE)
    (row,) = page.context["list"].rows
    assert (row.application_no, row.surgeon, row.owner) == ("SQ1", "陈景行", "林若川")
    counts = [tab.count for tab in page.context["list"].tabs.items]
    assert counts == [1, 1, 0, 0, 1]


def test_list_says_what_the_booking_has_become(
    client: CheckedClient, lin: User, hit: BookingHit
) -> None:
    other = make_practitioner("1188", "王若谷")
    booked = SurgeryApplication.objects.get(application_no=hit.application_no)
    booked.surgeon = other
    with acting(by=lin, reason="测试"):
        booked.save()
    sign_in(client, lin)
    assert "现由 王若谷 主刀" in client.get(PAGE).content.decode()


def test_list_needs_few_queries_whatever_its_length(
    client: CheckedClient, lin: User, state: GrantState, surgeon: Practitioner
) -> None:
    for number in range(30):
        book(surgeon, lin, f"SQ{number}", days=2)
    suspend(state, lin)
    sign_in(client, lin)
    client.get(PAGE)
    with assert_queries(8):
        page = client.get(PAGE).context["list"]
    assert (page.pager.total, len(page.rows)) == (30, 20)


def test_drawer_of_the_act_says_where_they_will_stand(
    client: CheckedClient, lin: User, state: GrantState, surgeon: Practitioner
) -> None:
    book(surgeon, lin, "SQ1", days=2)
    sign_in(client, lin)
    url = f"/privileges/{state.pk}/suspend/"
    assert "它们列入「受影响手术」" in client.get(url, **HTMX).content.decode()
    confirmed(client, state, "suspend")
    assert states() == [("SQ1", "OPEN")]
    assert "受影响手术待处理" in client.get("/").content.decode()
