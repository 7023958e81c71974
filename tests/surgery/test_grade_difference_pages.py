"""手术级别差异: who sees it, what it shows, and what a person may do there."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.demo_his import switches
from portal.demo_his.database import Database
from portal.his.sql.gateway import SqlGateway
from portal.outbox.delivery import deliver_due
from portal.outbox.models import Message, State
from surgery.models import GradeComparison, GradeDifference, Procedure
from surgery.queries.grade_differences import open_differences
from surgery.services.grade_differences import compare, compare_if_due
from tests.cast import make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient

pytestmark = pytest.mark.slow
URL = "/his/grades/"
SUMMARY, COMPARE, PUSH = f"{URL}summary/", f"{URL}compare/", f"{URL}push/"


@pytest.fixture
def gao(db: None) -> User:
    """高, of the information center: operates the HIS connection."""
    return make_user("2051", "高远", Role.INFORMATION_CENTER)


@pytest.fixture
def compared(his: SqlGateway) -> GradeComparison:
    return compare(gateway=his, at=timezone.now() - timedelta(minutes=5))


def html_of(client: CheckedClient, url: str, **headers: str) -> str:
    response = client.get(url, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def key_of(code: str) -> int:
    return open_differences().get(code=code).pk


def test_page_lists_both_values_and_since_when(
    client: CheckedClient, compared: GradeComparison, lin: User
) -> None:
    sign_in(client, lin)

    response = client.get(URL)

    rows = {row.code: row for row in response.context["list"].rows}
    assert sorted(rows) == ["13.4100x001", "28.6x00x002", "38.5901"]
    one = rows["38.5901"]
    assert (one.name, one.field) == ("大隐静脉高位结扎和剥脱术", "手术级别")
    assert (one.ours.words, one.theirs.words) == ("二级", "三级")
    assert (str(one.kind.text), one.why_not, one.arrival) == ("不一致", "", None)
    assert rows["28.6x00x002"].theirs.words == "未定级"
    assert "由信息科推送" in response.content.decode()


def test_summary_counts_and_remembers_the_last_looks(
    client: CheckedClient, his: SqlGateway, compared: GradeComparison, lin: User
) -> None:
    sign_in(client, lin)

    html = html_of(client, SUMMARY)

    assert "每夜自动" in html
    assert "3 项差异" in html
    assert "本院 94 项，HIS 93 项" in html


def test_his_that_could_not_be_read_is_said_so(
    client: CheckedClient,
    his: SqlGateway,
    compared: GradeComparison,
    database: Database,
    lin: User,
) -> None:
    database.path.rename(database.away)
    compare(gateway=his, at=timezone.now())
    sign_in(client, lin)

    html = html_of(client, SUMMARY)

    assert "最近一次比对没有完成：HIS 未应答" in html
    assert "未能比对" in html
    assert len(client.get(URL).context["list"].rows) == 3


def test_page_that_was_never_filled_says_so(
    client: CheckedClient, his: SqlGateway, lin: User
) -> None:
    sign_in(client, lin)

    assert "还没有比对过。" in html_of(client, SUMMARY)
    assert "没有差异" in html_of(client, URL)


@pytest.mark.parametrize("url", [URL, SUMMARY])
def test_who_may_not_see_the_his_sees_no_differences(
    client: CheckedClient, chen: User, url: str
) -> None:
    sign_in(client, chen)
    assert client.get(url).status_code == 403


@pytest.mark.parametrize("url", [COMPARE, PUSH])
def test_office_looks_but_does_not_operate(
    client: CheckedClient, compared: GradeComparison, lin: User, url: str
) -> None:
    sign_in(client, lin)
    before = GradeComparison.objects.count()

    assert client.post(url, {"reason": "以本院为准"}).status_code == 403

    assert GradeComparison.objects.count() == before
    assert not Message.objects.exists()


def test_comparison_asked_for_is_shown_under_way_and_then_done(
    client: CheckedClient, his: SqlGateway, gao: User
) -> None:
    sign_in(client, gao)

    assert client.post(COMPARE, headers={"HX-Request": "true"}).status_code == 204
    assert "正在比对" in html_of(client, SUMMARY)
    compare_if_due(gateway=his, at=timezone.now())

    response = client.get(SUMMARY, headers={"X-YW-Poll": "1"})
    html = response.content.decode()
    assert "正在比对" not in html
    assert "高远 2051" in html
    assert "yw:changed" in response.headers["HX-Trigger-After-Settle"]


def test_push_of_ticked_rows_is_confirmed_and_shown_at_the_row(
    client: CheckedClient, his: SqlGateway, compared: GradeComparison, gao: User
) -> None:
    sign_in(client, gao)
    key = key_of("38.5901")
    drawer = html_of(client, f"{PUSH}?selected={key}")
    assert "大隐静脉高位结扎和剥脱术" in drawer
    assert "确认推送 1 项" in drawer

    response = client.post(PUSH, {"id": key, "reason": "以本院目录为准"})

    assert response.status_code == 200
    deliver_due(gateway=his)
    (message,) = Message.objects.all()
    assert (message.state, message.payload["reason"]) == (
        State.CONFIRMED,
        "以本院目录为准",
    )
    row = next(one for one in client.get(URL).context["list"].rows if one.id == key)
    assert row.arrival is not None
    assert row.arrival.message_id == message.pk


def test_everything_the_list_found_is_pushed_at_once(
    client: CheckedClient, his: SqlGateway, compared: GradeComparison, gao: User
) -> None:
    sign_in(client, gao)
    drawer = html_of(client, f"{PUSH}?all=1&view=different")
    assert "确认推送 3 项" in drawer
    ids = list(open_differences().values_list("pk", flat=True).order_by("pk"))

    client.post(PUSH, {"id": ids, "reason": "以本院目录为准"})

    deliver_due(gateway=his)
    assert compare(gateway=his, at=timezone.now()).total == 0
    assert client.get(URL).context["list"].rows == []
    gone = client.get(f"{URL}?view=gone").context["list"].rows
    assert [row.code for row in gone] == ["13.4100x001", "28.6x00x002", "38.5901"]


def test_refused_push_shows_what_the_his_said(
    client: CheckedClient,
    his: SqlGateway,
    database: Database,
    compared: GradeComparison,
    gao: User,
) -> None:
    sign_in(client, gao)
    switches.refuse(database, "3001", "手术目录正在维护")
    key = key_of("38.5901")
    client.post(PUSH, {"id": key, "reason": "以本院目录为准"})
    deliver_due(gateway=his)

    assert "手术目录正在维护" in html_of(client, URL)
    messages = html_of(client, "/his/?view=rejected")
    assert "大隐静脉高位结扎和剥脱术" in messages
    assert "三级 → 二级" in messages
    message = Message.objects.get()
    drawer = html_of(client, f"/his/messages/{message.pk}/")
    assert "手术编码" in drawer
    assert "38.5901" in drawer
    assert "重新送达" in drawer


def test_push_without_a_reason_keeps_the_drawer_and_promises_nothing(
    client: CheckedClient, his: SqlGateway, compared: GradeComparison, gao: User
) -> None:
    sign_in(client, gao)

    response = client.post(PUSH, {"id": key_of("38.5901"), "reason": " "})

    assert response.status_code == 422
    assert not Message.objects.exists()


def test_extra_of_the_his_says_why_it_cannot_be_pushed(
    client: CheckedClient, his: SqlGateway, database: Database, gao: User
) -> None:
    database.run("UPDATE 手术项目目录 SET 编码 = '99.9900' WHERE 编码 = '51.2300'")
    compare(gateway=his, at=timezone.now())
    sign_in(client, gao)

    drawer = html_of(client, f"{PUSH}?selected={key_of('99.9900')}")

    assert "本院目录没有；请登记到目录，或在 HIS 作废" in drawer
    assert "不在本院目录" in drawer
    response = client.post(PUSH, {"id": key_of("99.9900"), "reason": "以本院为准"})
    assert response.status_code == 422
    assert "都不能推送" in response.content.decode()


def test_his_page_says_how_the_grades_stand(
    client: CheckedClient, compared: GradeComparison, lin: User
) -> None:
    sign_in(client, lin)

    html = html_of(client, "/his/tiles/")

    assert "手术级别与 HIS 有 3 项差异" in html
    assert f'href="{URL}"' in html


def test_log_tells_of_a_push(
    client: CheckedClient, his: SqlGateway, compared: GradeComparison, gao: User
) -> None:
    sign_in(client, gao)
    client.post(PUSH, {"id": key_of("38.5901"), "reason": "以本院目录为准"})

    html = html_of(client, "/log/")

    assert "手术级别差异" in html
    assert "重新推送 1 项" in html


def test_list_is_exported_with_both_values(
    client: CheckedClient, compared: GradeComparison, lin: User
) -> None:
    sign_in(client, lin)

    response: Any = client.get(f"{URL}?export=xlsx")

    sheet = load_workbook(BytesIO(b"".join(response.streaming_content))).active
    assert sheet is not None
    cells = [[str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    (line,) = [row for row in cells if "38.5901" in row]
    assert line[1:6] == [
        "大隐静脉高位结扎和剥脱术",
        "不一致",
        "手术级别",
        "二级",
        "三级",
    ]


@pytest.mark.parametrize("rows", [5, 50])
def test_list_keeps_its_query_budget(
    client: CheckedClient, his: SqlGateway, lin: User, rows: int
) -> None:
    now = timezone.now()
    GradeDifference.objects.bulk_create(
        GradeDifference(
            kind="DIFFERENT",
            field="grade",
            code=one.code,
            name=one.name,
            procedure=one,
            ours="3",
            theirs="2",
            found_at=now,
        )
        for one in Procedure.objects.order_by("code")[:rows]
    )
    sign_in(client, lin)

    with assert_queries(11):
        response = client.get(f"{URL}?per=50")

    assert len(response.context["list"].rows) == rows
