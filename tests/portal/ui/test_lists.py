"""The list page: filter, search, sort, pages, export, all in the address."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Practitioner, PractitionerStatus
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.portal.his.rows import WANG, ListedHis, pull_doctors

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.portal.ui.practitioner_list"),
]
URL = "/practitioners"


@pytest.fixture(autouse=True)
def _practitioners() -> None:
    """Five surgeons; one of them left."""
    names = ["王建国", "陈静", "赵立", "李宁", "林国"]
    doctors = [
        replace(WANG, emp_no=f"10{n}", name=name) for n, name in enumerate(names)
    ]
    pull_doctors(gateway=ListedHis(doctors), at=datetime(2026, 11, 23, tzinfo=UTC))
    Practitioner.objects.filter(name="赵立").update(status=PractitionerStatus.LEFT)


def names_on(response: Any) -> list[str]:
    return re.findall(r'aria-label="选择 (\S+)"', response.content.decode())


def test_list_shows_its_first_page_in_pinyin_order(
    client: CheckedClient, lin: User
) -> None:
    response = client.get(URL)

    assert names_on(response) == ["陈静", "李宁"]
    assert "共 5 条，每页 2 条" in response.content.decode()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("page=2", ["林国", "王建国"]),
        ("page=3", ["赵立"]),
        ("page=99", ["赵立"]),
        ("page=-1", ["陈静", "李宁"]),
        ("page=x", ["陈静", "李宁"]),
        ("sort=-name", ["赵立", "王建国"]),
        ("sort=department", ["陈静", "李宁"]),
        ("sort=password", ["陈静", "李宁"]),
        ("q=静", ["陈静"]),
        ("q=wjg", ["王建国"]),
        ("q=WJ", ["王建国"]),
        ("q=%20", ["陈静", "李宁"]),
        ("view=left", ["赵立"]),
        ("view=nonsense", ["陈静", "李宁"]),
        ("dept=nonsense", ["陈静", "李宁"]),
        ("seen_from=2026-11-23&seen_to=2026-11-23&page=3", ["赵立"]),
        ("seen_from=2026-11-24", []),
        ("seen_to=2026-11-22", []),
        ("seen_from=gestern", ["陈静", "李宁"]),
        ("seen_from=0001-01-01", ["陈静", "李宁"]),
        ("seen_to=9999-12-31", ["陈静", "李宁"]),
        ("seen_from=3000-01-01", ["陈静", "李宁"]),
    ],
)
def test_list_answers_what_the_address_asks(
    client: CheckedClient, lin: User, query: str, names: list[str]
) -> None:
    assert names_on(client.get(f"{URL}?{query}")) == names


def test_list_finds_by_department(client: CheckedClient, lin: User) -> None:
    code = Practitioner.objects.order_by("pk").first().department.code  # type: ignore[union-attr]

    response = client.get(URL, {"dept": code, "page": "3"})

    assert names_on(response) == ["赵立"]
    assert f'<option value="{code}" selected>' in response.content.decode()


def test_empty_list_says_by_what_and_the_way_out(
    client: CheckedClient, lin: User
) -> None:
    html = client.get(URL, {"q": "没有此人"}).content.decode()

    assert "没有符合条件的医师" in html
    assert "已按「没有此人」筛选。" in html
    assert f'<a class="btn btn-sm" href="{URL}">清除筛选</a>' in html


def test_views_are_counted(client: CheckedClient, lin: User) -> None:
    html = client.get(URL, {"view": "left"}).content.decode()

    assert (
        '<a href="?view=all">全部 <em id="practitioners-tab-all">5</em></a>'
    ) in html
    assert (
        '<a href="?view=left" class="on" aria-current="page">'
        '离职 <em id="practitioners-tab-left" class="warn b">1</em></a>'
    ) in html
    assert "hx-swap-oob" not in html


def test_counts_of_the_views_come_with_the_rows_alone(
    client: CheckedClient, lin: User
) -> None:
    rows = client.get(URL, {"view": "left"}, HTTP_HX_TARGET="practitioners-body")

    html = rows.content.decode()
    assert '<em id="practitioners-tab-all" hx-swap-oob="true">5</em>' in html
    assert (
        '<em id="practitioners-tab-left" hx-swap-oob="true" class="warn b">1</em>'
    ) in html


def test_links_keep_the_rest_of_the_address(client: CheckedClient, lin: User) -> None:
    html = client.get(URL, {"seen_from": "2026-11-01", "page": "2"}).content.decode()

    assert 'href="?seen_from=2026-11-01&amp;page=3"' in html
    assert 'href="?seen_from=2026-11-01&amp;sort=name"' in html
    assert 'href="?seen_from=2026-11-01&amp;export=xlsx"' in html


def test_htmx_gets_the_rows_alone(client: CheckedClient, lin: User) -> None:
    response = client.get(
        URL, headers={"HX-Request": "true", "HX-Target": "practitioners-body"}
    )

    html = response.content.decode()
    assert names_on(response) == ["陈静", "李宁"]
    assert "<html" not in html
    assert 'class="filters"' not in html
    assert "HX-Target" in response.headers["Vary"]


@pytest.mark.parametrize("page", ["1", "3"])
def test_list_page_keeps_its_query_budget(
    client: CheckedClient, lin: User, page: str
) -> None:
    client.get(URL)
    # session, user, roles; departments of the filter, counts of views, count, rows
    with assert_queries(7):
        client.get(URL, {"page": page})


def cells_of(response: Any) -> list[str]:
    book = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    return re.findall(r"<t[^>]*>([^<]*)</t>", sheet)


def test_export_writes_all_rows_found(client: CheckedClient, lin: User) -> None:
    response = client.get(URL, {"export": "xlsx", "view": "all", "sort": "-name"})

    disposition = response.headers["Content-Disposition"]
    assert disposition == 'attachment; filename="practitioners-20261123-1000.xlsx"'
    department = WANG.dept_name
    assert cells_of(response) == [
        "医师",
        "科室",
        *["赵立", department, "王建国", department, "林国", department],
        *["李宁", department, "陈静", department],
    ]
    event = AuditEvent.objects.get(kind=EventKind.EXPORTED)
    assert (event.by, event.subject_id, event.detail) == (
        lin,
        "practitioners",
        {"rows": 5},
    )


def test_export_keeps_a_formula_as_text(client: CheckedClient, lin: User) -> None:
    Practitioner.objects.filter(name="赵立").update(name="=1+1")

    response = client.get(URL, {"export": "xlsx", "view": "left"})

    assert cells_of(response) == ["医师", "科室", "=1+1", WANG.dept_name]


def test_export_without_the_capability_is_refused(
    client: CheckedClient, chen: User
) -> None:
    response = client.get(URL, {"export": "xlsx"})

    assert response.status_code == 403
    assert not AuditEvent.objects.filter(kind=EventKind.EXPORTED).exists()
