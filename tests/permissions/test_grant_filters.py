"""权限维护: every filter with the rows it leaves, selections, exports and the budget."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
import time_machine
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone

from permissions import services
from permissions.enums import GrantKind
from permissions.models import GrantState
from permissions.services.lines import Line
from permissions.views.lists import grant_list_spec
from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Practitioner
from portal.outbox.models import Attempt, Message, State
from portal.ui.lists import list_page
from portal.ui.pages import reversed_order
from portal.ui.selecting import found_rows
from surgery.enums import Grade
from tests.cast import make_department, make_practitioner, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.ledger import (
    REASON,
    TODAY,
    granted,
    make_procedure,
    privilege,
)

pytestmark = pytest.mark.usefixtures("catalogue")
LIST = "/privileges/"
Rows = dict[str, GrantState]


@pytest.fixture
def rows(lin: User, su: User) -> Rows:
    """Six lines that differ in what filters ask."""
    make_procedure("53.0001", "单侧腹股沟疝修补术", Grade.TWO)
    stomach = make_department("0302", "胃肠外科")
    chen = make_practitioner("1027", "陈景行", initials="cjx", title_code="231")
    lin_doctor = make_practitioner("1043", "林若川", department=stomach)
    until: dict[str, Any] = {"valid_to": date(2027, 11, 22)}
    return {
        "fourth": granted(
            lin, su, chen, "SG04", item="50.2205", role="OPERATE", **until
        ),
        "third": granted(
            lin,
            su,
            chen,
            "SG03",
            item="51.2300",
            role="ASSIST",
            setting="INP",
            valid_to=date(2027, 11, 21),
        ),
        "second": granted(lin, su, lin_doctor, "SG02", role="OPERATE", **until),
        "flag": granted(lin, su, lin_doctor, "RX01"),
        "campus": granted(lin, su, lin_doctor, "RX03", campus="东院"),
        "direct": given_directly(su, chen, "RX05"),
    }


def given_directly(by: User, person: Practitioner, code: str) -> GrantState:
    grant = services.grant(
        practitioner=person,
        line=Line(privilege=privilege(code), valid_from=TODAY, kind=GrantKind.DIRECT),
        by=by,
        at=timezone.now(),
        reason=REASON,
    )
    return GrantState.objects.get(grant=grant)


def names_on(page: Any, rows: Rows) -> set[str]:
    by_id = {state.pk: name for name, state in rows.items()}
    return {by_id[row.id] for row in page.context["list"].rows}


ALL = {"fourth", "third", "second", "flag", "campus", "direct"}


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"dept": "0302"}, {"second", "flag", "campus"}),
        ({"category": "RX"}, {"flag", "campus", "direct"}),
        ({"category": "SI"}, {"fourth", "third"}),
        ({"privilege": "SG04"}, {"fourth"}),
        ({"grade": "4"}, {"fourth"}),
        ({"grade": "34"}, {"fourth", "third"}),
        ({"grade": "2"}, {"second"}),
        ({"grade": "1"}, set()),
        ({"role": "OPERATE"}, {"fourth", "second"}),
        ({"role": "ASSIST"}, {"third"}),
        ({"setting": "INP"}, {"third"}),
        ({"kind": "DIRECT"}, {"direct"}),
        ({"kind": "FIRST"}, ALL - {"direct"}),
        ({"state": "IN_FORCE"}, ALL),
        ({"state": "SUSPENDED"}, set()),
        ({"ends_from": "2027-11-22", "ends_to": "2027-11-22"}, {"fourth", "second"}),
        ({"ends_to": "2027-11-21"}, {"third"}),
        ({"ends_from": "2027-11-22"}, {"fourth", "second"}),
        # The HIS is not told of assistants.
        ({"his": "open"}, ALL - {"third"}),
        ({"his": "same"}, {"third"}),
        ({"campus": "东院"}, {"campus"}),
        ({"q": "50.22"}, {"fourth"}),
        ({"q": "胆囊"}, {"third"}),
        ({"grade": "34", "role": "ASSIST", "dept": "0301"}, {"third"}),
    ],
)
def test_filter_leaves_exactly_its_rows(
    given: dict[str, str],
    names: set[str],
    client: CheckedClient,
    lin: User,
    rows: Rows,
) -> None:
    sign_in(client, lin)
    page = client.get(LIST, given)
    assert names_on(page, rows) == names
    assert page.context["list"].pager.total == len(names)


@pytest.mark.parametrize("turn", ["", "-"])
@pytest.mark.parametrize("key", ["practitioner", "department", "privilege", "valid_to"])
def test_pages_from_either_end_follow_the_order_asked_for(
    key: str, turn: str, lin: User, rows: Rows
) -> None:
    [column] = [c for c in grant_list_spec(timezone.now()).columns if c.key == key]
    order = reversed_order(column.order) if turn else column.order
    expected = GrantState.objects.order_by(*order, "pk").values_list("pk", flat=True)
    shown = [
        row.id
        for page in "123"
        for row in _small_pages({"sort": f"{turn}{key}", "page": page}).rows
    ]
    assert shown == list(expected)


def _small_pages(asked: dict[str, str]) -> Any:
    """The list with two rows a page, read as the page reads it."""
    request: Any = RequestFactory().get(LIST, asked)
    spec = replace(grant_list_spec(timezone.now()), per_page=2)
    return list_page(request, spec, GrantState.objects.all())


def test_set_filters_are_shown_and_can_be_cleared_one_by_one(
    client: CheckedClient, lin: User, rows: Rows
) -> None:
    sign_in(client, lin)
    for _time in ("drawn", "kept"):
        page = client.get(LIST, {"grade": "34", "dept": "0301", "per": "50"})
        given = [(g.label, g.says, g.url) for g in page.context["list"].given]
        assert given == [
            ("科室", "肝胆外科", "?grade=34&per=50"),
            ("级别", "三级、四级", "?dept=0301&per=50"),
        ]
        html = page.content.decode()
        assert 'href="?grade=34&amp;per=50"' in html
        assert '<option value="34" selected>三级、四级</option>' in html


def test_campus_is_asked_only_where_rights_are_limited_to_one(
    client: CheckedClient, lin: User, su: User
) -> None:
    granted(lin, su, make_practitioner("1027", "陈景行"), "RX01")
    sign_in(client, lin)
    assert 'name="campus"' not in client.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("selected={fourth}&selected={flag}", {"fourth", "flag"}),
        ("selected={fourth}&grade=3", {"fourth"}),
        ("selected=x&selected=-1&selected={flag}", {"flag"}),
        ("selected=", set()),
        ("all=1&grade=34", {"fourth", "third"}),
        ("all=1&selected={flag}&grade=34", {"fourth", "third"}),
        ("all=1", ALL),
    ],
)
def test_selection_means_the_ticked_rows_or_all_that_are_found(
    query: str, names: set[str], rows: Rows
) -> None:
    ids = {name: state.pk for name, state in rows.items()}
    spec = grant_list_spec(timezone.now())
    found = found_rows(spec, GrantState.objects.all(), QueryDict(query.format(**ids)))
    assert {state.pk for state in found} == {ids[name] for name in names}


def texts(answer: Any) -> list[str]:
    book = ZipFile(BytesIO(b"".join(answer.streaming_content)))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    return re.findall(r"<t[^>]*>([^<]*)</t>", sheet)


def test_export_of_ticked_rows_has_those_alone_in_the_order_of_the_list(
    client: CheckedClient, lin: User, rows: Rows
) -> None:
    sign_in(client, lin)
    ids = [rows["third"].pk, rows["fourth"].pk]
    asked: dict[str, Any] = {"export": "xlsx", "selected": ids, "sort": "valid_to"}
    found = texts(client.get(LIST, asked))
    assert found[9:18] == [
        *("陈景行 1027", "肝胆外科 主任医师", "腹腔镜下胆囊切除术（51.2300 · SG03）"),
        *("三级", "助手 · 住院", "2026-11-23 至 2027-11-21", "生效"),
        *("HIS 没有「助手」这种权限，不推送", "〔2026〕59号"),
    ]
    assert len(found) == 27
    event = AuditEvent.objects.get(kind=EventKind.EXPORTED)
    assert event.detail == {"rows": 2, "is_selection": True}


def test_export_of_too_many_rows_is_refused_with_the_number(
    client: CheckedClient, lin: User, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, lin)
    spec = replace(grant_list_spec(timezone.now()), most_exported=5)
    monkeypatch.setattr("permissions.views.grants.grant_list_spec", lambda *_: spec)
    answer = client.get(LIST, {"export": "xlsx", "view": "all"}, follow=True)
    assert answer.redirect_chain == [(f"{LIST}?view=all", 302)]
    html = answer.content.decode()
    assert "一次最多导出 5 行，现有 6 行。请用筛选缩小范围，分几次导出。" in html
    assert not AuditEvent.objects.filter(kind=EventKind.EXPORTED).exists()
    # Once said, the page is the kept one again, without it.
    assert "一次最多导出" not in client.get(LIST, {"view": "all"}).content.decode()


def test_rows_can_be_ticked_by_who_may_do_something_with_them(
    client: CheckedClient, lin: User, chen: User, rows: Rows
) -> None:
    sign_in(client, chen)
    html = client.get(LIST).content.decode()
    assert 'name="selected"' not in html
    assert 'class="batch"' not in html
    sign_in(client, lin)
    html = client.get(LIST).content.decode()
    assert html.count('name="selected"') == 6
    assert f'aria-label="选择陈景行 {"腹腔镜下肝部分切除术"}"' in html
    for act in ("renew", "suspend", "restore", "revoke"):
        assert f'data-many hx-get="{LIST}many/{act}/"' in html


def test_rows_from_a_stencil_are_those_of_the_template(
    client: CheckedClient, lin: User, rows: Rows
) -> None:
    """Drawn one by one by the template, they are the same to the letter."""
    sign_in(client, lin)
    for _time in ("first", "kept"):
        page = client.get(LIST)
        listed = page.context["list"].rows
        context = {"capabilities": lin.capabilities, "is_selectable": True}
        for row in listed:
            plain = render_to_string(
                "permissions/_grant_row.html", {**context, "row": row}
            )
            assert plain.strip() in page.content.decode()
    assert len(listed) == 6


def test_words_of_rows_are_escaped(client: CheckedClient, lin: User, su: User) -> None:
    make_procedure("1<2", "<b>切除术</b> & 100 %s", Grade.THREE)
    person = make_practitioner("9'9", '"><script>', initials="x")
    granted(
        lin, su, person, "SG03", item="1<2", role="OPERATE", valid_to=date(2027, 1, 1)
    )
    sign_in(client, lin)
    html = client.get(LIST).content.decode()
    assert "<b>切除术" not in html
    assert "&lt;b&gt;切除术&lt;/b&gt; &amp; 100 %s" in html
    assert "&quot;&gt;&lt;script&gt;" in html


@pytest.mark.parametrize(
    "given",
    [{}, {"grade": "34", "dept": "0301"}, {"view": "his"}, {"sort": "-practitioner"}],
)
def test_no_address_takes_more_than_seven_queries(
    given: dict[str, str], client: CheckedClient, lin: User, rows: Rows
) -> None:
    Message.objects.update(
        state=State.CONFIRMED,
        due_at=None,
        delivered_at=timezone.now(),
        confirmed_at=timezone.now(),
    )
    sign_in(client, lin)
    client.get(LIST, given)
    # session; user with roles; saved views; stamp; rows; arrivals; kinds of right
    with assert_queries(7):
        client.get(LIST, given)


def counts(client: CheckedClient) -> dict[str, int]:
    tabs = client.get(LIST).context["list"].tabs.items
    return {str(tab.label): tab.count for tab in tabs}


def test_kept_counts_follow_an_act_an_arrival_and_the_clock(
    client: CheckedClient,
    lin: User,
    su: User,
    rows: Rows,
    clock: time_machine.Traveller,
) -> None:
    sign_in(client, lin)
    assert counts(client)["已暂停"] == 0
    services.suspend(
        state=rows["flag"],
        by=lin,
        at=timezone.now(),
        reason_code="08",
        reason="年度评估未提交",
    )
    assert counts(client)["已暂停"] == 1
    assert counts(client)["HIS 未一致"] == 5
    message = Message.objects.order_by("pk").first()
    assert message is not None
    # Both rows of the right: to operate and to order.
    Message.objects.filter(subject=message.subject).update(
        state=State.CONFIRMED, due_at=None, confirmed_at=timezone.now()
    )
    Attempt.objects.create(
        message=message,
        started_at=timezone.now(),
        duration_ms=1,
        outcome=Attempt.Outcome.CONFIRMED,
    )
    assert counts(client)["HIS 未一致"] == 4
    person = rows["flag"].practitioner
    granted(su, lin, person, "RX06", valid_to=date(2026, 12, 31))
    assert counts(client)["30 天内到期"] == 0
    clock.move_to(datetime(2026, 12, 5, 2, 0, tzinfo=UTC))
    client.cookies.clear()  # that session was idle for too long
    sign_in(client, lin)
    assert counts(client)["30 天内到期"] == 1
