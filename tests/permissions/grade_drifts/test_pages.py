"""Grades on the page HIS 差异: who sees them, what it shows, what a person may do."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from permissions.models import Drift, DriftDecision, Reconciliation
from permissions.reconciliation import adopt
from portal.accounts.models import User
from portal.demo_his import switches
from portal.demo_his.database import Database
from portal.his.sql.gateway import SqlGateway
from portal.outbox.delivery import deliver_due
from portal.outbox.models import Message, State
from surgery.checks.scoring import ScoreSheet
from surgery.models import GradeProposal, Procedure
from surgery.services.grading_as_shown import score
from tests.cast import sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.grade_drifts.grade_looks import (
    BY_HAND,
    LENS,
    REASON,
    TONSIL,
    UNREADABLE,
    VEIN,
    drift_of,
    keys,
    look,
    rename,
)

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
URL = "/drifts/"
OF_GRADES = f"{URL}?target=GRADE"
HTMX: dict[str, str] = {"HX-Request": "true", "HX-Target": "drawer"}


@pytest.fixture
def compared(his: SqlGateway) -> Reconciliation:
    return look(his, minutes=-5)


def html_of(client: CheckedClient, url: str, **headers: str) -> str:
    response = client.get(url, headers=headers or {})
    assert response.status_code == 200
    return response.content.decode()


def rows_of(client: CheckedClient, url: str = OF_GRADES) -> dict[str, Any]:
    return {row.number: row for row in client.get(url).context["list"].rows}


def acted(client: CheckedClient, act: str, **said: Any) -> Any:
    return client.post(f"{URL}act/{act}/", said, headers=HTMX)


def test_list_says_which_procedure_both_values_and_since_when(
    client: CheckedClient, compared: Reconciliation, lin: User
) -> None:
    sign_in(client, lin)

    rows = rows_of(client)

    assert sorted(rows) == [LENS, TONSIL, VEIN]
    one = rows[VEIN]
    assert (one.name, one.what, one.codes) == (
        "大隐静脉高位结扎和剥脱术",
        "手术级别",
        "",
    )
    assert (one.ours, one.theirs) == ("二级", "三级")
    assert (str(one.kind.text), str(one.state.text)) == ("不一致", "待处理")
    assert rows[TONSIL].theirs == "未定级"
    assert one.department == one.hand == "—"


def test_kinds_are_told_apart_by_the_filter(
    client: CheckedClient, compared: Reconciliation, lin: User
) -> None:
    Drift.objects.create(
        target="RIGHT",
        kind="EXTRA",
        emp_no="9998",
        code="RX01",
        name="普通处方权",
        setting="ALL",
        valid_from=date(2026, 11, 23),
        theirs_status="1",
        first_seen=timezone.now(),
        last_seen=timezone.now(),
    )
    sign_in(client, lin)

    assert len(rows_of(client, URL)) == 4
    assert sorted(rows_of(client)) == [LENS, TONSIL, VEIN]
    assert sorted(rows_of(client, f"{URL}?target=RIGHT")) == ["9998"]


def test_drawer_says_whose_hand_it_was_and_leads_to_the_procedure(
    client: CheckedClient, compared: Reconciliation, lin: User
) -> None:
    drift = drift_of(VEIN)
    Drift.objects.filter(pk=drift.pk).update(
        hand="DBA", hand_at=timezone.now(), is_from_log=True
    )
    sign_in(client, lin)

    html = html_of(client, f"{URL}{drift.pk}/", **HTMX)

    assert "HIS 维护日志" in html
    assert f'href="/procedures/?q={VEIN}"' in html
    for button in ("按本院修复", "提议采纳 HIS 的值", "不处理"):
        assert button in html


def test_summary_counts_grades_and_remembers_the_looks(
    client: CheckedClient, compared: Reconciliation, lin: User
) -> None:
    sign_in(client, lin)

    tiles = client.get(f"{URL}summary/").context["tiles"]
    assert [tile.value for tile in tiles[:3]] == ["0", "0", "3"]
    assert "手术级别 93 行" in tiles[3].note
    html = html_of(client, f"{URL}looks/")
    assert "每夜自动" in html
    assert "3 项差异" in html
    assert "手术级别多出 0，缺少 0，不一致 3" in html


def test_his_that_could_not_be_read_is_said_so(
    client: CheckedClient,
    his: SqlGateway,
    compared: Reconciliation,
    database: Database,
    lin: User,
) -> None:
    database.path.rename(database.away)
    look(his)
    sign_in(client, lin)

    html = html_of(client, f"{URL}summary/")

    assert "最近一次手术级别比对没有完成：HIS 未应答" in html
    assert "未能比对" in html_of(client, f"{URL}looks/")
    assert len(rows_of(client)) == 3


def test_page_says_how_many_grades_cannot_be_read(
    client: CheckedClient, his: SqlGateway, database: Database, lin: User
) -> None:
    database.run(BY_HAND, grade=UNREADABLE, code=VEIN)
    look(his)
    sign_in(client, lin)

    html = html_of(client, f"{URL}summary/")

    assert "HIS 的手术级别有 1 行无法识别，没有比对。" in html


def test_head_of_department_sees_no_grades(
    client: CheckedClient, compared: Reconciliation, chen: User
) -> None:
    sign_in(client, chen)

    assert rows_of(client, URL) == {}
    summary = client.get(f"{URL}summary/")
    assert [(one.name, one.value) for one in summary.context["tiles"]] == [
        ("HIS 多出", "0"),
        ("HIS 缺少", "0"),
        ("不一致", "0"),
        ("上次比对", "—"),
    ]
    looks = client.get(f"{URL}looks/").context
    assert (looks["looks"], looks["trend"]) == ([], None)
    drift = drift_of(VEIN)
    assert client.get(f"{URL}{drift.pk}/", headers=HTMX).status_code == 404
    assert acted(client, "repair", id=drift.pk, reason=REASON).status_code == 403
    assert Message.objects.count() == DriftDecision.objects.count() == 0


def test_old_address_leads_here(client: CheckedClient, lin: User, chen: User) -> None:
    sign_in(client, lin)
    assert client.get("/his/grades/").headers["Location"] == OF_GRADES
    sign_in(client, chen)
    assert client.get("/his/grades/").status_code == 403


def test_repair_of_ticked_rows_is_confirmed_and_shown_at_the_row(
    client: CheckedClient, his: SqlGateway, compared: Reconciliation, gao: User
) -> None:
    sign_in(client, gao)
    key = keys(VEIN)[0]
    drawer = html_of(client, f"{URL}act/repair/?selected={key}&view=all", **HTMX)
    assert "大隐静脉高位结扎和剥脱术" in drawer

    assert acted(client, "repair", id=key, reason=REASON).status_code == 200

    deliver_due(gateway=his)
    (message,) = Message.objects.all()
    assert (message.state, message.payload["reason"]) == (State.CONFIRMED, REASON)
    arrival = rows_of(client)[VEIN].arrival
    assert arrival is not None
    assert arrival.message_id == message.pk


def test_refused_repair_shows_what_the_his_said(
    client: CheckedClient,
    his: SqlGateway,
    database: Database,
    compared: Reconciliation,
    gao: User,
) -> None:
    sign_in(client, gao)
    switches.refuse(database, "3001", "手术目录正在维护")
    acted(client, "repair", id=keys(VEIN)[0], reason=REASON)
    deliver_due(gateway=his)

    assert "手术目录正在维护" in html_of(client, OF_GRADES)
    messages = html_of(client, "/his/?view=rejected")
    assert "三级 → 二级" in messages


def test_repair_without_a_reason_keeps_the_drawer_and_promises_nothing(
    client: CheckedClient, compared: Reconciliation, gao: User
) -> None:
    sign_in(client, gao)

    answer = acted(client, "repair", id=keys(VEIN)[0], reason=" ")

    assert answer.status_code == 422
    assert Message.objects.count() == DriftDecision.objects.count() == 0


def test_extra_of_the_his_says_why_it_cannot_be_repaired(
    client: CheckedClient, his: SqlGateway, database: Database, gao: User
) -> None:
    rename(database, "51.2300", "99.9900")
    look(his)
    sign_in(client, gao)

    answer = acted(client, "repair", id=keys("99.9900")[0], reason=REASON)

    assert answer.status_code == 422
    html = answer.content.decode()
    assert "本院目录没有；请登记到目录，或在 HIS 作废" in html
    assert "不在本院目录" in html
    assert Message.objects.count() == 0


def test_adopted_grade_leads_to_its_proposal_which_asks_for_scores(
    client: CheckedClient, compared: Reconciliation, lin: User
) -> None:
    sign_in(client, lin)

    acted(client, "adopt", id=keys(VEIN)[0], reason=REASON)

    proposal = GradeProposal.objects.get()
    row = rows_of(client)[VEIN]
    assert (str(row.state.text), row.way) == (
        "已提议采纳",
        f"定级申请 {proposal.pk}",
    )
    html = html_of(client, row.way_url)
    assert "按 HIS 现有级别提出，尚未评分" in html
    assert f"/grades/{proposal.pk}/score/" in html


def boxes_of(client: CheckedClient, view: str) -> dict[str, bool]:
    """Of each proposal of the list whether it can be ticked, by procedure."""
    response = client.get(f"/grades/?view={view}")
    html = response.content.decode()
    return {
        row.code: f'name="selected" value="{row.id}"' in html
        for row in response.context["list"].rows
    }


def test_proposal_without_scores_waits_to_be_scored_and_cannot_be_ticked(
    client: CheckedClient, compared: Reconciliation, lin: User, su: User
) -> None:
    adopt(chosen=keys(VEIN, LENS), by=lin, at=timezone.now(), reason=REASON)
    sheet = ScoreSheet(4, 4, 3, 3)
    scored = GradeProposal.objects.get(procedure__code=LENS)
    at = timezone.now()
    score(proposal=scored, sheet=sheet, by=lin, at=at, reason="按四个维度评分")
    sign_in(client, su)

    assert boxes_of(client, "waiting") == {LENS: True}
    assert boxes_of(client, "open") == {LENS: True, VEIN: False}
    assert boxes_of(client, "unscored") == {VEIN: False}
    [row] = client.get("/grades/?view=unscored").context["list"].rows
    assert str(row.state.text) == "待补评分"


SCORES = {
    "score_risk": 4,
    "score_difficulty": 4,
    "score_resources": 3,
    "score_ethics": 3,
}


def test_scores_are_added_by_who_may_propose_and_the_proposal_can_be_decided(
    client: CheckedClient, compared: Reconciliation, lin: User, su: User
) -> None:
    adopt(chosen=keys(VEIN), by=lin, at=timezone.now(), reason=REASON)
    proposal = GradeProposal.objects.get()
    url = f"/grades/{proposal.pk}/score/"
    said = {**SCORES, "doc_no": "院医〔2026〕61 号", "reason": "按四个维度评分"}
    sign_in(client, lin)
    incomplete = {**said, "score_risk": ""}
    assert client.post(url, incomplete, headers=HTMX).status_code == 422
    proposal.refresh_from_db()
    assert (proposal.sheet, proposal.history.count()) == (None, 1)

    assert client.post(url, said, headers=HTMX).status_code == 200

    proposal.refresh_from_db()
    assert proposal.sheet is not None
    assert (proposal.doc_no, proposal.proposed_by) == ("院医〔2026〕61 号", lin)
    assert client.post(url, said, headers=HTMX).status_code == 422


def test_who_may_not_propose_grades_may_not_score(
    client: CheckedClient, compared: Reconciliation, lin: User, gao: User
) -> None:
    adopt(chosen=keys(VEIN), by=lin, at=timezone.now(), reason=REASON)
    proposal = GradeProposal.objects.get()
    sign_in(client, gao)

    answer = client.post(f"/grades/{proposal.pk}/score/", SCORES, headers=HTMX)

    assert answer.status_code == 403
    assert proposal.history.count() == 1


def test_his_page_counts_drifts_and_says_how_the_grades_stand(
    client: CheckedClient, compared: Reconciliation, lin: User
) -> None:
    sign_in(client, lin)

    response = client.get("/his/tiles/")

    tile = response.context["tiles"][-1]
    assert (str(tile.name), tile.value, tile.note) == (
        "HIS 差异",
        "3",
        "权限 0，手术级别 3",
    )
    html = response.content.decode()
    assert "手术级别与 HIS 有 3 项差异" in html
    assert "权限还没有与 HIS 比对过。" in html
    assert f'href="{OF_GRADES}"' in html


def test_log_tells_what_was_decided_of_a_grade(
    client: CheckedClient, compared: Reconciliation, gao: User
) -> None:
    sign_in(client, gao)
    acted(client, "repair", id=keys(VEIN)[0], reason=REASON)

    html = html_of(client, "/log/")

    assert "处理 HIS 差异" in html
    assert f"大隐静脉高位结扎和剥脱术 {VEIN} · 手术级别" in html


def test_list_is_exported_with_both_values(
    client: CheckedClient, compared: Reconciliation, lin: User
) -> None:
    sign_in(client, lin)

    response: Any = client.get(f"{OF_GRADES}&export=xlsx")

    sheet = load_workbook(BytesIO(b"".join(response.streaming_content))).active
    assert sheet is not None
    cells = [[str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    (line,) = [row for row in cells if VEIN in row[0]]
    assert line[:6] == [
        f"大隐静脉高位结扎和剥脱术 {VEIN}",
        "—",
        "手术级别",
        "不一致",
        "二级",
        "三级",
    ]


@pytest.mark.parametrize("count", [5, 50])
def test_list_keeps_its_query_budget(
    client: CheckedClient, his: SqlGateway, lin: User, count: int
) -> None:
    at = timezone.now() - timedelta(hours=1)
    Drift.objects.bulk_create(
        Drift(
            target="GRADE",
            kind="DIFFERENT",
            procedure=one,
            code="grade",
            item=one.code,
            name=one.name,
            setting="ALL",
            valid_from=date(1900, 1, 1),
            ours_status="1",
            ours_value="3",
            theirs_status="1",
            theirs_value="2",
            first_seen=at,
            last_seen=at,
        )
        for one in Procedure.objects.order_by("code")[:count]
    )
    sign_in(client, lin)

    with assert_queries(9):
        response = client.get(f"{OF_GRADES}&per=50")

    assert len(response.context["list"].rows) == count
