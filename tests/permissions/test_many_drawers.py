"""The drawers for many lines: summed up, all of them or none, never too many."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import Model, QuerySet
from django.utils import timezone

from permissions import services
from permissions.models import Grant, GrantEvent, GrantState
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.outbox.kinds import stream_of
from portal.outbox.models import Message
from portal.parameters.days import end_of
from surgery.enums import Grade
from tests.cast import make_department, make_practitioner, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.act_pages import HTMX, LIST, TYPED, WHY, book, told
from tests.permissions.ledger import TODAY, granted, nothing_written

pytestmark = pytest.mark.usefixtures("catalogue")
MANY = "/privileges/many/"
ENDS = date(2027, 6, 30)


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    return make_practitioner(
        "1027", "陈景行", title_code="231", pinyin="chen jing xing"
    )


@pytest.fixture
def resident(db: None) -> Practitioner:
    department = make_department("0302", "胃肠外科")
    return make_practitioner("1301", "周小满", department=department, pinyin="zhou")


@pytest.fixture
def lines(
    lin: User, su: User, surgeon: Practitioner, resident: Practitioner
) -> list[GrantState]:
    return [
        granted(lin, su, surgeon, "SG03", item="51.2300", valid_to=ENDS),
        granted(lin, su, surgeon, "SG02", valid_to=date(2026, 12, 31)),
        granted(lin, su, resident, "RX01"),
    ]


@pytest.fixture
def lin_in(client: CheckedClient, lin: User) -> CheckedClient:
    sign_in(client, lin)
    return client


def opened(client: CheckedClient, act: str, **given: Any) -> Any:
    return client.get(f"{MANY}{act}/", given, **HTMX)


def confirmed(client: CheckedClient, act: str, **given: Any) -> Any:
    return client.post(f"{MANY}{act}/", {**TYPED, **given}, **HTMX)


def pks(states: list[GrantState]) -> list[int]:
    return [state.pk for state in states]


def test_drawer_sums_up_by_doctor_and_carries_what_was_seen(
    lin_in: CheckedClient, lin: User, lines: list[GrantState], surgeon: Practitioner
) -> None:
    book(lin, surgeon, "51.2300", Grade.THREE, 2)
    drawer = opened(lin_in, "suspend", selected=pks(lines))
    preview = drawer.context["preview"]
    assert (preview.count, preview.confirm, preview.why_not) == (3, "确认暂停 3 项", "")
    assert [(one.name, one.lines, one.his, one.booked) for one in preview.doctors] == [
        ("陈景行", 2, 3, 1),
        ("周小满", 1, 1, 0),
    ]
    # The right to the procedure is two rows there: to operate and to order.
    assert (preview.his_rows, preview.operations) == (4, 1)
    seen = {f"{state.pk}:{state.last_event_id}" for state in lines}
    assert set(drawer.context["ids"].split(",")) == seen
    assert "3 项 · 2 名医师" in drawer.content.decode()
    # Hundreds of acts take longer than a page usually waits.
    assert """hx-request='{"timeout": 60000}'""" in drawer.content.decode()
    assert opened(lin_in, "suspend", id=pks(lines)).context["preview"] == preview


def test_all_that_a_list_found_are_chosen_by_its_filters(
    lin_in: CheckedClient, lines: list[GrantState]
) -> None:
    drawer = opened(lin_in, "suspend", all="1", dept="0302")
    assert drawer.context["ids"] == f"{lines[2].pk}:{lines[2].last_event_id}"
    assert opened(lin_in, "suspend", all="1").context["preview"].count == 3
    assert opened(lin_in, "renew", all="1", q="SG02").context["preview"].count == 1


@pytest.mark.usefixtures("prerequisites_warn")
def test_lines_that_cannot_are_named_and_left_out_at_a_press(
    lin_in: CheckedClient, lines: list[GrantState]
) -> None:
    drawer = opened(lin_in, "renew", id=pks(lines))
    preview = drawer.context["preview"]
    assert [(one.id, one.why) for one in preview.refused] == [
        (lines[2].pk, "这项授权长期有效，不用续期。")
    ]
    assert preview.why_not == "有 1 项不能办理，去掉后再确认"
    assert " disabled" in drawer.content.decode()
    with nothing_written():
        left = lin_in.post(
            f"{MANY}renew/preview/", {"id": drawer.context["ids"], "drop": "1"}, **HTMX
        )
    assert left.context["preview"].confirm == "确认续期 2 项"
    assert left.context["preview"].refused == []
    assert "确认续期 2 项" in left.content.decode()
    answer = confirmed(lin_in, "renew", id=left.context["ids"])
    assert "已续期 2 项授权" in told(answer)
    ends = GrantState.objects.order_by("pk").values_list("valid_to", flat=True)
    # Each as long as its entry of the catalogue allows.
    assert list(ends) == [end_of(date(2029, 6, 30)), end_of(date(2028, 12, 31)), None]


def test_one_refusal_leaves_nothing_and_every_line_is_told_why(
    lin_in: CheckedClient, su: User, lines: list[GrantState]
) -> None:
    seen = opened(lin_in, "suspend", id=pks(lines)).context["ids"]
    services.suspend(
        state=lines[1], by=su, at=timezone.now(), reason_code="08", reason=WHY
    )
    with nothing_written():
        answer = confirmed(lin_in, "suspend", id=seen)
    assert answer.status_code == 422
    assert answer.context["form"].non_field_errors() == [
        "3 项中有 1 项不能办理，全部没有保存。改正或去掉后再提交。"
    ]
    [refused] = answer.context["preview"].refused
    assert refused.id == lines[1].pk
    assert "已被苏晓岚改动" in refused.why
    assert answer.context["form"]["reason"].value() == WHY
    left = lin_in.post(f"{MANY}suspend/preview/", {"id": seen, "drop": "1"}, **HTMX)
    assert left.context["preview"].confirm == "确认暂停 2 项"
    left_ids = [pair.split(":")[0] for pair in left.context["ids"].split(",")]
    assert sorted(left_ids) == sorted(str(lines[at].pk) for at in (0, 2))


@pytest.mark.parametrize("act", ["suspend", "revoke"])
def test_many_lines_are_changed_in_one_act(
    act: str, lin_in: CheckedClient, lines: list[GrantState]
) -> None:
    answer = confirmed(lin_in, act, id=pks(lines))
    assert answer.status_code == 200
    assert "yw:changed" in answer.headers["HX-Trigger-After-Settle"]
    kinds = {state.last_event.kind for state in GrantState.objects.order_by("pk")}
    assert kinds == {act.upper()}
    assert Message.objects.filter(takes_away=True).count() == 4


def test_many_are_restored(lin_in: CheckedClient, lines: list[GrantState]) -> None:
    confirmed(lin_in, "suspend", id=pks(lines))
    assert "已恢复 3 项授权" in told(confirmed(lin_in, "restore", id=pks(lines)))
    assert set(GrantState.objects.values_list("status", flat=True)) == {"ACTIVE"}


@pytest.mark.parametrize("act", ["void", "downgrade", "undo", "erase"])
def test_acts_for_one_line_alone_are_not_found(
    act: str, lin_in: CheckedClient, lines: list[GrantState]
) -> None:
    with nothing_written():
        assert opened(lin_in, act, id=pks(lines)).status_code == 404
        assert confirmed(lin_in, act, id=pks(lines)).status_code == 404


@pytest.mark.parametrize("ids", ["999", "1:x", "abc", "1;2"])
def test_lines_that_are_none_are_not_found(
    ids: str, lin_in: CheckedClient, lines: list[GrantState]
) -> None:
    with nothing_written():
        assert opened(lin_in, "suspend", id=ids).status_code == 404
        assert confirmed(lin_in, "suspend", id=ids).status_code == 404


def test_nothing_chosen_or_too_many_keeps_the_button_shut(
    lin_in: CheckedClient, lines: list[GrantState], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("permissions.views.chosen.MOST", 2)
    none = opened(lin_in, "suspend")
    assert none.context["preview"].why_not == "没有选中授权。关闭后在列表中勾选。"
    for given in ({"id": pks(lines)}, {"all": "1"}):
        with nothing_written():
            drawer = opened(lin_in, "suspend", **given)
            answer = confirmed(lin_in, "suspend", **given)
        assert drawer.context["preview"].why_not == (
            "一次最多办理 2 项，已选 3 项。缩小筛选后分次办理。"
        )
        assert " disabled" in drawer.content.decode()
        assert answer.status_code == 422


def test_shut_for_who_may_not_and_as_a_page_leads_to_the_list(
    client: CheckedClient, chen: User, lin: User, lines: list[GrantState]
) -> None:
    sign_in(client, chen)
    with nothing_written():
        assert opened(client, "suspend", id=pks(lines)).status_code == 403
        assert confirmed(client, "suspend", id=pks(lines)).status_code == 403
    sign_in(client, lin)
    assert client.get(f"{MANY}suspend/").headers["Location"] == LIST


@pytest.mark.slow
@pytest.mark.usefixtures("prerequisites_warn")
def test_preview_of_five_hundred_lines_takes_as_few_queries_as_of_five(
    lin_in: CheckedClient, lin: User, su: User, surgeon: Practitioner
) -> None:
    """Five hundred are counted with lines of the ledger, not with five hundred acts."""
    first = granted(lin, su, surgeon, "SG02", valid_to=ENDS)
    copies = 499
    make_copies(first, copies)
    ids = ",".join(map(str, GrantState.objects.values_list("pk", flat=True)))
    url = f"{MANY}suspend/preview/"
    lin_in.post(url, {"id": str(first.pk)}, **HTMX)
    for given in (str(first.pk), ids):
        with assert_queries(12):
            answer = lin_in.post(url, {"id": given}, **HTMX)
    preview = answer.context["preview"]
    assert (preview.count, len(preview.doctors), preview.his_rows) == (500, 500, 500)
    last_day = str(TODAY + timedelta(days=600))
    with assert_queries(19):
        answer = lin_in.post(
            f"{MANY}renew/preview/", {"id": ids, "last_day": last_day}, **HTMX
        )
    assert answer.context["preview"].his_rows == 500


def make_copies(state: GrantState, count: int) -> None:
    """The same line for other doctors, written past the acts: tests alone do that."""

    def insert(model: type[Model], rows: list[Any]) -> list[Any]:
        made: list[Any] = QuerySet(model).bulk_create(rows)
        return made

    people = [make_practitioner(f"7{number:04}", "王若谷") for number in range(count)]
    grant, event = state.grant, state.last_event
    grants = []
    for person in people:
        copy = Grant.objects.get(pk=grant.pk)
        copy.pk, copy.practitioner, copy.application = None, person, None
        grants.append(copy)
    grants = insert(Grant, grants)
    events = []
    for copy in grants:
        one = GrantEvent.objects.get(pk=event.pk)
        one.pk, one.grant = None, copy
        events.append(one)
    events = insert(GrantEvent, events)
    states = []
    for copy, one in zip(grants, events, strict=True):
        row = GrantState.objects.get(pk=state.pk)
        row.pk, row.grant, row.last_event = None, copy, one
        row.practitioner = copy.practitioner
        states.append(row)
    insert(GrantState, states)
    messages = []
    for one in events:  # the HIS was told of each
        message = Message.objects.get(subject=event.subject)
        emp_no = one.grant.practitioner.emp_no
        message.pk, message.request_id = None, uuid4()
        message.stream, message.subject = stream_of(emp_no), one.subject
        message.payload |= {"emp_no": emp_no}
        messages.append(message)
    insert(Message, messages)
