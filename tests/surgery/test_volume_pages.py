"""手术量 as the office reads it: by surgeon and procedure, filtered, exported."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.urls import reverse

from portal.accounts.models import User
from surgery.models import CaseMember, CaseProcedure, PerformedCase
from surgery.sync.shares import keep
from tests.cast import lin, sign_in, wang
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.ledger import make_procedures
from tests.surgery.case_rows import CHOLE, LIVER, SPLEEN, Theatre, local, pull

__all__ = ["lin", "wang"]
LIST, SURGEONS, PROCEDURES = "/volumes/", "/volumes/surgeons/", "/volumes/procedures/"
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def done(wang: User) -> Theatre:
    make_procedures()
    his = Theatre()
    his.case("1", CHOLE, team={"1": "1188", "2": "1305"})
    his.case("2", CHOLE, complication="04")
    his.case("3", SPLEEN, surgeon_no="0000")
    his.case("4", LIVER, op_start=local(2025, 11, 1, 9, 0))
    his.case("5", op_start=None)
    pull(his, AT)
    return his


def rows(page: Any) -> list[tuple[Any, ...]]:
    return [
        (
            row.person.emp_no if row.person else "",
            str(row.role),
            row.operation.code if row.operation else "",
            row.cases,
            row.complications.count,
        )
        for row in page.context["list"].rows
    ]


@pytest.mark.parametrize(
    ("path", "given", "shown"),
    [
        (LIST, {}, [("1188", "主刀", CHOLE, 2, 1), ("0000", "主刀", SPLEEN, 1, 0)]),
        (LIST, {"view": "assistant"}, [("1305", "第一助手", CHOLE, 1, 0)]),
        (LIST, {"dept": "0301"}, [("1188", "主刀", CHOLE, 2, 1)]),
        (LIST, {"q": "王若谷"}, [("1188", "主刀", CHOLE, 2, 1)]),
        (LIST, {"q": "41.5"}, [("0000", "主刀", SPLEEN, 1, 0)]),
        (LIST, {"q": "没有"}, []),
        (
            LIST,
            {"on_from": "2025-01-01", "on_to": "2025-12-31"},
            [("1188", "主刀", LIVER, 1, 0)],
        ),
        (
            SURGEONS,
            {"view": "all"},
            [
                ("1188", "主刀", "", 2, 1),
                ("0000", "主刀", "", 1, 0),
                ("1305", "第一助手", "", 1, 0),
            ],
        ),
        (PROCEDURES, {}, [("", "", CHOLE, 2, 1), ("", "", SPLEEN, 1, 0)]),
        (PROCEDURES, {"sort": "complications"}, None),
    ],
)
def test_page_counts_what_is_asked_for(
    path: str,
    given: dict[str, str],
    shown: list[tuple[Any, ...]] | None,
    client: CheckedClient,
    lin: User,
    done: Theatre,
) -> None:
    sign_in(client, lin)
    found = rows(client.get(path, given))
    if shown is None:
        assert [row[4] for row in found] == [0, 1]
    else:
        assert found == shown


def test_page_says_what_it_counts_and_what_it_left_out(
    client: CheckedClient, lin: User, done: Theatre
) -> None:
    sign_in(client, lin)
    text = client.get(LIST).content.decode()
    assert "未选手术日期时统计近 12 个月（2025-11-23 起）。" in text
    assert "另有 1 台没有切皮时间，未计入。" in text
    assert "不在医师字典" in text
    assert "不在目录" in text
    assert "50.0%" in text
    text = client.get(LIST, {"on_from": "2026-01-01"}).content.decode()
    assert "近 12 个月" not in text


def test_doctor_file_leads_to_the_volumes_of_the_doctor(
    client: CheckedClient, lin: User, done: Theatre
) -> None:
    sign_in(client, lin)
    text = client.get(
        reverse("permissions:practitioner-detail", args=["1188"])
    ).content.decode()
    assert 'href="/volumes/?q=1188&amp;view=all"' in text
    assert rows(client.get("/volumes/?q=1188&view=all")) == [
        ("1188", "主刀", CHOLE, 2, 1)
    ]


def test_export_writes_the_rows_shown(
    client: CheckedClient, lin: User, done: Theatre
) -> None:
    sign_in(client, lin)
    answer: Any = client.get(LIST, {"export": "xlsx", "q": "王若谷"})
    book = ZipFile(BytesIO(b"".join(answer.streaming_content)))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "王若谷 1188" in sheet
    assert "腹腔镜下胆囊切除术（51.2300）" in sheet
    assert "0000" not in sheet


def test_page_of_twelve_thousand_cases_stays_light_and_takes_few_queries(
    client: CheckedClient, lin: User, done: Theatre
) -> None:
    codes = [f"{number // 100:02}.{number % 100:02}00" for number in range(100, 400)]
    numbers = range(12_000)
    PerformedCase.objects.bulk_create(
        [
            PerformedCase(
                op_id=f"T{number}",
                patient_id="7",
                op_start=AT - timedelta(minutes=number),
                proc_code=codes[number % 300],
                surgeon_no=str(number % 97),
                is_canceled=False,
            )
            for number in numbers
        ],
        batch_size=1000,
    )
    CaseProcedure.objects.bulk_create(
        [
            CaseProcedure(case_id=f"T{number}", item_no=1, code=codes[number % 300])
            for number in numbers
        ],
        batch_size=1000,
    )
    CaseMember.objects.bulk_create(
        [
            CaseMember(case_id=f"T{number}", role="1", emp_no=str(number % 97))
            for number in numbers
        ],
        batch_size=1000,
    )
    keep(PerformedCase.objects.filter(op_id__startswith="T"))
    sign_in(client, lin)
    with assert_queries(12):
        client.get(LIST)
    with assert_queries(10):  # its counts stand until the next pull
        page = client.get(LIST)
    assert page.context["list"].pager.total > 10_000
    assert len(page.content) < 90_000
