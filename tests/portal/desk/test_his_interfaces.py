"""The fifteen tiles and the page behind each: health, history, quarantine, losses."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.desk import views_pulls
from portal.desk.interface_words import TITLES
from portal.directory.conformance import save_conformance
from portal.directory.dictionaries import BY_VIEW
from portal.directory.models import Loss, Practitioner, RowChange, SyncRun
from portal.directory.sync import pull
from portal.his.contract.interfaces import ALL
from portal.outbox.models import Attempt
from tests.cast import chen, lin, make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.portal.his.rows import CHEN, WANG, ZHAO, ListedHis, many, pull_doctors
from tests.portal.outbox.conftest import promise

__all__ = ["chen", "lin"]
pytestmark = pytest.mark.django_db
NO_TIMES = "挂号记录没有时间"
DOCTORS = "/his/interfaces/V_YW_DOCTOR/"


@pytest.fixture(autouse=True)
def _no_his(settings: Any) -> None:
    """A HIS that is not there: asking it fails at once."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    cache.clear()


@pytest.fixture
def gao(db: None) -> User:
    """高, of the information center: operates the HIS connection."""
    return make_user("2051", "高远", Role.INFORMATION_CENTER)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks somebody rang for."""
    heard: list[str] = []

    def ring(task: str) -> bool:
        heard.append(task)
        return True

    monkeypatch.setattr(views_pulls, "ring", ring)
    return heard


def earlier(minutes: int) -> datetime:
    return timezone.now() - timedelta(minutes=minutes)


@pytest.fixture
def lossy(db: None) -> Loss:
    """30 doctors were pulled; then 7 of them were gone."""
    his = ListedHis(many(30))
    pull_doctors(gateway=his, at=earlier(20))
    his.doctor_rows = his.doctor_rows[7:]
    pull_doctors(gateway=his, at=earlier(10))
    return Loss.objects.get()


def html_of(client: CheckedClient, url: str) -> str:
    html: str = client.get(url).content.decode()
    return html


def tile_of(client: CheckedClient, name: str) -> str:
    html = html_of(client, reverse("desk:his-tiles"))
    found = re.search(rf'<a id="if-{name}".*?</a>', html, re.DOTALL)
    assert found is not None
    return re.sub(r"\s*\n\s*", "", found.group())


def words_of(html: str) -> list[str]:
    labels = re.findall(r'aria-label="([^"]*)"', html)
    texts = [text.strip() for text in re.findall(r">([^<]+)<", html)]
    return [*labels, *filter(None, texts)]


def test_tiles_are_the_fifteen_in_the_order_of_the_tender(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)

    html = html_of(client, reverse("desk:his-tiles"))

    grid = html[html.index('class="if"') : html.index('class="if-beside"')]
    assert re.findall(r'id="if-(\w+)"', grid) == [
        "V_YW_DRUG",
        "V_YW_DOCTOR_PRIV",
        "V_YW_DOCTOR",
        "V_YW_PRIV_DICT",
        "YW_PRIV_SAVE",
        "V_YW_OP_GRADE",
        "V_YW_OP_DICT",
        "V_YW_GRADE_DICT",
        "YW_OPGRADE_SAVE",
        "V_YW_DOCTOR_OP",
        "V_YW_OPRIGHT_DICT",
        "YW_DOCTOR_OP_SAVE",
        "V_YW_OUTP_VISIT",
        "V_YW_OPERATION",
        "V_YW_FRONT_PAGE",
    ]
    beside = html[html.index('class="if-beside"') :]
    assert re.findall(r'id="if-(\w+)"', beside) == [
        *("V_YW_DEPT", "V_YW_DOCTOR_DEPT", "V_YW_DOCTOR_SCOPE"),
        *("V_YW_SURGERY_APPLY", "V_YW_OPERATION_ITEM", "V_YW_OPERATION_TEAM"),
    ]


def test_every_interface_shown_has_a_title_to_translate() -> None:
    shown = [item for item in ALL if item.rows or item.in_use]
    titles = {item.title for item in shown if item.name != "V_YW_CHANGE_LOG"}
    assert titles == TITLES


@pytest.mark.parametrize(
    ("mapping", "state", "words"),
    [("", "未启用", "本系统尚未使用"), ("demo_his", NO_TIMES, "HIS 暂缺")],
)
def test_tile_of_an_interface_not_used_or_not_in_the_his_says_so(
    client: CheckedClient,
    lin: User,
    settings: Any,
    mapping: str,
    state: str,
    words: str,
) -> None:
    settings.HIS_MAPPING = mapping
    sign_in(client, lin)

    tile = tile_of(client, "V_YW_OUTP_VISIT")

    assert words_of(tile) == [
        *(state, "13", "门诊就诊情况查询", "V_YW_OUTP_VISIT"),
        *("—", words, "—", "契约未检查"),
    ]
    assert 'class="dot mute"' in tile


def test_tile_never_pulled_says_so(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)

    words = words_of(tile_of(client, "V_YW_DRUG"))

    assert words[0] == "尚未拉取"
    assert words[-4:] == ["—", "尚未拉取", "—", "契约未检查"]


def test_tile_shows_the_last_pull_its_rows_times_and_contract(
    client: CheckedClient, lin: User
) -> None:
    his = ListedHis([WANG, replace(ZHAO, status="88")])
    for minutes in (40, 30, 20):
        pull_doctors(gateway=his, at=earlier(minutes))
    SyncRun.objects.update(read_ms=96)
    save_conformance({"V_YW_DOCTOR": (36, 0, 2)}, at=earlier(60))
    sign_in(client, lin)

    tile = tile_of(client, "V_YW_DOCTOR")

    assert words_of(tile) == [
        "正常",
        "近 3 次响应耗时，最慢 96 毫秒",
        *("3", "医生字典查询", "V_YW_DOCTOR"),
        *("09:40:00", "2 行，隔离 1", "96 毫秒", "契约 36/38"),
    ]
    assert re.findall(r'<rect x="([\d.]+)" y="(\d+)"', tile) == [
        ("147", "0"),
        ("154", "0"),
        ("161", "0"),
    ]


@pytest.mark.parametrize(
    ("change", "state", "dot"),
    [
        ({"read_ms": 6920}, "变慢", "warn"),
        ({"state": "FAILED", "error": "HIS 未应答：连接中断"}, "故障", "bad"),
        ({"state": "FAILED", "is_missing": True}, "故障", "bad"),
    ],
)
def test_tile_of_a_view_in_trouble_tells_which(
    client: CheckedClient, lin: User, change: dict[str, Any], state: str, dot: str
) -> None:
    pull_doctors(gateway=ListedHis([WANG]), at=earlier(10))
    SyncRun.objects.update(**change)
    sign_in(client, lin)

    tile = tile_of(client, "V_YW_DOCTOR")

    assert words_of(tile)[0] == state
    assert f'class="dot {dot}"' in tile
    assert 'class="al"' in tile


def test_view_the_his_never_offered_is_no_fault(
    client: CheckedClient, lin: User
) -> None:
    pull(BY_VIEW["V_YW_DRUG"], gateway=ListedHis(), at=earlier(10))
    sign_in(client, lin)

    tile = tile_of(client, "V_YW_DRUG")

    assert words_of(tile)[0] == "HIS 未提供"
    assert 'class="dot mute"' in tile


def test_failed_contract_is_shown_on_its_tile(client: CheckedClient, lin: User) -> None:
    pull_doctors(gateway=ListedHis([WANG]), at=earlier(10))
    save_conformance({"V_YW_DOCTOR": (38, 0, 0)}, at=earlier(60))
    save_conformance({"V_YW_DOCTOR": (37, 1, 0)}, at=earlier(5))
    sign_in(client, lin)

    words = words_of(tile_of(client, "V_YW_DOCTOR"))

    assert (words[0], words[-1]) == ("契约检查未通过", "契约 37/38")


@pytest.mark.parametrize(
    ("outcome", "save", "read"),
    [
        (Attempt.Outcome.CONFIRMED, "正常", "正常"),
        (Attempt.Outcome.REJECTED, "正常", "尚未使用"),
        (Attempt.Outcome.UNAVAILABLE, "故障", "尚未使用"),
    ],
)
def test_tiles_of_the_function_and_its_read_back_follow_the_last_try(
    client: CheckedClient, lin: User, outcome: str, save: str, read: str
) -> None:
    message = promise("1001")
    Attempt.objects.create(
        message=message, started_at=earlier(1), duration_ms=612, outcome=outcome
    )
    sign_in(client, lin)

    assert words_of(tile_of(client, "YW_PRIV_SAVE"))[0] == save
    assert words_of(tile_of(client, "V_YW_DOCTOR_PRIV"))[0] == read


@pytest.mark.parametrize("turns", [1, 30])
def test_tiles_keep_their_query_budget(
    client: CheckedClient, gao: User, turns: int
) -> None:
    for turn in range(turns):
        for name in BY_VIEW:
            SyncRun.objects.create(
                view=name,
                started_at=earlier(turns - turn),
                ended_at=earlier(turns - turn),
                state="TAKEN",
            )
    sign_in(client, gao)
    client.get(reverse("desk:his-tiles"))

    with assert_queries(18):
        client.get(reverse("desk:his-tiles"))


# --- the page of one interface --------------------------------------------------------


@pytest.mark.parametrize("count", [5, 50])
def test_interface_keeps_its_query_budget(
    client: CheckedClient, gao: User, count: int
) -> None:
    for minutes in range(count):
        pull_doctors(gateway=ListedHis(many(minutes + 1)), at=earlier(count - minutes))
    sign_in(client, gao)
    client.get(DOCTORS)

    with assert_queries(11):
        client.get(DOCTORS)


def test_interface_lists_its_pulls_and_finds_them_by_what_happened(
    client: CheckedClient, lin: User
) -> None:
    his = ListedHis([WANG])
    pull_doctors(gateway=his, at=earlier(30))
    pull_doctors(gateway=his, at=earlier(20))
    his.is_down = True
    pull_doctors(gateway=his, at=earlier(10))
    sign_in(client, lin)

    def counted(view: str) -> int:
        return html_of(client, f"{DOCTORS}?view={view}").count('<tr id="run-')

    assert [counted(view) for view in ("all", "different", "bad", "failed")] == [
        *(3, 1, 0, 1)
    ]
    assert "HIS 未应答：连接中断" in html_of(client, DOCTORS)


def test_interface_never_pulled_is_an_empty_page(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)

    html = html_of(client, DOCTORS)

    assert "没有隔离的行。" in html
    assert "没有符合条件的拉取" in html


def test_interface_that_is_not_pulled_shows_its_state_only(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)

    html = html_of(client, "/his/interfaces/V_YW_FRONT_PAGE/")

    assert "未启用" in html
    assert "拉取历史" not in html


def test_interface_nobody_knows_is_not_found(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    assert client.get("/his/interfaces/V_YW_NOTHING/").status_code == 404


def test_quarantine_is_shown_with_key_column_reason_and_masked_value(
    client: CheckedClient, lin: User
) -> None:
    bad = [
        replace(WANG, status="88"),
        replace(CHEN, name="陈" * 51),
        replace(ZHAO, emp_no=""),
    ]
    pull_doctors(gateway=ListedHis(bad), at=earlier(10))
    sign_in(client, lin)

    html = html_of(client, DOCTORS)

    section = html[html.index('aria-labelledby="quarantine"') :]
    cells = re.findall(r"<td[^>]*>(.*?)</td>", section[: section.index("</section>")])
    lines = [re.sub("<[^>]+>", "", cell) for cell in cells]
    assert [lines[start : start + 4] for start in range(0, len(lines), 4)] == [
        ["001027", "状态 status", "未知代码", "88"],
        ["001003", "姓名 name", "超过约定长度", "陈**"],
        ["（空）", "工号 emp_no", "主键为空", "—"],
    ]


def test_run_lists_its_changes_with_before_and_after_and_persons_masked(
    client: CheckedClient, lin: User
) -> None:
    his = ListedHis([WANG, ZHAO])
    pull_doctors(gateway=his, at=earlier(20))
    his.doctor_rows = [replace(WANG, name="单建国", title_code="232"), CHEN]
    run = pull_doctors(gateway=his, at=earlier(10))
    sign_in(client, lin)

    html = html_of(client, f"/his/runs/{run.pk}/")

    kept = RowChange.objects.filter(run=run).order_by("id")
    assert list(kept.values_list("kind", "key", "columns")) == [
        (
            "CHANGED",
            "001027",
            [
                {"column": "name", "before": "王**", "after": "单**"},
                {"column": "title_code", "before": "233", "after": "232"},
            ],
        ),
        ("ADDED", "001003", []),
        ("VANISHED", "002011", []),
    ]
    assert re.findall(r'<span class="(?:del|ins)">(.*?)</span>', html) == [
        *("王**", "单**", "233 主治医师", "232 副主任医师")
    ]
    assert "专业技术职务代码" in html
    assert html_of(client, f"/his/runs/{run.pk}/?kind=ADDED").count('id="change-') == 1
    assert html_of(client, f"/his/runs/{run.pk}/?q=0020").count('id="change-') == 1


def test_run_keeps_its_query_budget(client: CheckedClient, lin: User) -> None:
    his = ListedHis([WANG])
    pull_doctors(gateway=his, at=earlier(20))
    his.doctor_rows = [WANG, *many(60)]
    run = pull_doctors(gateway=his, at=earlier(10))
    sign_in(client, lin)
    client.get(f"/his/runs/{run.pk}/")

    with assert_queries(7):
        html = html_of(client, f"/his/runs/{run.pk}/")
    assert html.count('id="change-') == 20


def test_history_is_exported_and_the_export_leaves_a_trace(
    client: CheckedClient, lin: User
) -> None:
    pull_doctors(gateway=ListedHis([WANG]), at=earlier(10))
    sign_in(client, lin)

    response = client.get(f"{DOCTORS}?export=xlsx")

    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    with ZipFile(BytesIO(content)) as book:
        text = book.read("xl/worksheets/sheet1.xml").decode()
    assert "2026-11-23 09:50:00" in text
    assert AuditEvent.objects.get(kind=EventKind.EXPORTED).detail == {"rows": 1}


# --- losses ---------------------------------------------------------------------------


def test_loss_is_noted_under_the_tiles_and_shown_on_its_page(
    client: CheckedClient, gao: User, lossy: Loss
) -> None:
    sign_in(client, gao)

    tiles, page = html_of(client, reverse("desk:his-tiles")), html_of(client, DOCTORS)

    words = "30 行中有 7 行消失，已停止采用，等待人工确认。"
    assert f"医生字典查询：{words}" in tiles
    assert "现有 30 行有 7 行（23.3%）不见了" in page
    assert reverse("desk:his-loss-accept", args=[lossy.pk]) in page


def test_loss_drawer_lists_what_would_vanish(
    client: CheckedClient, gao: User, lossy: Loss
) -> None:
    sign_in(client, gao)

    html = html_of(client, reverse("desk:his-loss-accept", args=[lossy.pk]))

    rows = re.findall(r'<td class="mono nw">(\d+)</td><td>(.*?)</td>', html)
    assert rows == [(f"{number:06d}", "王建国") for number in range(7)]
    assert "确认采用，7 行消失" in html


def test_loss_accepted_is_taken_by_the_pull_it_rings_for(
    client: CheckedClient, gao: User, lossy: Loss, rung: list[str]
) -> None:
    sign_in(client, gao)

    url = reverse("desk:his-loss-accept", args=[lossy.pk])
    response = client.post(url, {"reason": "院区合并"})

    assert response.status_code == 200
    assert rung == ["directory.pull"]
    run = pull_doctors(gateway=ListedHis(many(30)[7:]), at=timezone.now())
    assert (run.state, run.vanished) == ("TAKEN", 7)
    assert Practitioner.objects.filter(missing_since=None).count() == 23
    event = AuditEvent.objects.get(kind=EventKind.LOSS_ACCEPTED)
    assert (event.by, event.reason) == (gao, "院区合并")
    log = html_of(client, "/log/?view=his")
    assert "医生字典查询 · 7 行消失：等待确认 → 已确认采用" in log
    assert "院区合并" in html_of(client, f"/log/H{event.pk}/")


def test_loss_dismissed_leaves_our_copy_and_is_shown_with_who_and_why(
    client: CheckedClient, gao: User, lossy: Loss, rung: list[str]
) -> None:
    sign_in(client, gao)

    url = reverse("desk:his-loss-dismiss", args=[lossy.pk])
    client.post(url, {"reason": "视图有误"})

    assert rung == []
    assert Practitioner.objects.filter(missing_since=None).count() == 30
    page = html_of(client, DOCTORS)
    assert "高远 2026-11-23 10:00:00 已放弃：视图有误" in page
    assert url not in page


@pytest.mark.parametrize("name", ["desk:his-loss-accept", "desk:his-loss-dismiss"])
@pytest.mark.parametrize("reason", ["", "   "])
def test_decision_without_a_reason_is_refused(
    client: CheckedClient,
    gao: User,
    lossy: Loss,
    rung: list[str],
    name: str,
    reason: str,
) -> None:
    sign_in(client, gao)

    response = client.post(reverse(name, args=[lossy.pk]), {"reason": reason})

    assert response.status_code == 422
    lossy.refresh_from_db()
    assert (lossy.state, rung) == ("OPEN", [])
    assert not AuditEvent.objects.filter(subject_type="directory.loss").exists()


@pytest.mark.parametrize("name", ["desk:his-loss-accept", "desk:his-loss-dismiss"])
def test_decision_by_one_who_only_looks_is_refused(
    client: CheckedClient, lin: User, lossy: Loss, rung: list[str], name: str
) -> None:
    sign_in(client, lin)

    response = client.post(reverse(name, args=[lossy.pk]), {"reason": "试试"})

    assert response.status_code == 403
    lossy.refresh_from_db()
    assert (lossy.state, rung) == ("OPEN", [])
    assert not AuditEvent.objects.filter(subject_type="directory.loss").exists()


def test_decision_that_comes_second_says_so(
    client: CheckedClient, gao: User, lossy: Loss, rung: list[str]
) -> None:
    sign_in(client, gao)
    client.post(
        reverse("desk:his-loss-dismiss", args=[lossy.pk]), {"reason": "视图有误"}
    )

    response = client.post(
        reverse("desk:his-loss-accept", args=[lossy.pk]), {"reason": "院区合并"}
    )

    assert response.status_code == 422
    assert "这次消失已有人处理，或 HIS 已恢复。" in response.content.decode()
    lossy.refresh_from_db()
    assert (lossy.state, lossy.reason, rung) == ("DISMISSED", "视图有误", [])


@pytest.mark.parametrize(
    "url", [DOCTORS, "/his/tiles/", "/his/runs/1/", "/his/losses/1/accept/"]
)
def test_pages_of_pulls_are_closed_to_a_department_head(
    client: CheckedClient, chen: User, url: str
) -> None:
    sign_in(client, chen)
    assert client.get(url).status_code == 403


# --- 立即拉取 --------------------------------------------------------------------------


def pressed(client: CheckedClient) -> str:
    response = client.post(reverse("desk:his-pull"), headers={"HX-Request": "true"})
    assert response.status_code == 204
    told: str = response.headers["HX-Trigger"]
    return told.encode().decode("unicode_escape") if "\\u" in told else told


def test_pull_now_rings_once_however_often_one_presses(
    client: CheckedClient, gao: User, rung: list[str]
) -> None:
    sign_in(client, gao)

    told = [pressed(client), pressed(client)]

    assert rung == ["directory.pull", "surgery.pull_cases"]
    assert "已开始拉取" in told[0]
    assert "刚刚拉取过" in told[1]


@pytest.mark.parametrize(("seconds", "is_rung"), [(29, False), (31, True)])
def test_pull_now_is_refused_moments_after_the_last_pull(
    client: CheckedClient, gao: User, rung: list[str], seconds: int, is_rung: bool
) -> None:
    at = timezone.now() - timedelta(seconds=seconds)
    pull_doctors(gateway=ListedHis([WANG]), at=at)
    sign_in(client, gao)

    pressed(client)

    assert rung == (["directory.pull", "surgery.pull_cases"] if is_rung else [])


def test_pull_now_without_a_broker_says_so_and_may_be_tried_again(
    client: CheckedClient, gao: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views_pulls, "ring", lambda task: False)
    sign_in(client, gao)

    assert "没能立即拉取" in pressed(client)
    assert "没能立即拉取" in pressed(client)


def test_pull_now_by_one_who_only_looks_is_refused(
    client: CheckedClient, lin: User, rung: list[str]
) -> None:
    sign_in(client, lin)

    assert client.post(reverse("desk:his-pull")).status_code == 403
    assert rung == []
