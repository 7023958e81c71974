"""变更日志 as a list: search, filters, pages, the file, and how many queries it takes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.cache import cache
from django.utils import timezone
from time_machine import Traveller

from permissions import services
from permissions.models import GrantState
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.desk.lists_log import VIEWS
from portal.desk.log_letters import Source
from portal.outbox import services as outbox
from portal.outbox.archiving import move
from portal.outbox.models import Message, State
from portal.parameters.registry import LOCK_MINUTES
from portal.parameters.services import change
from tests.cast import chen, lin, make_practitioner, make_user, sign_in, su, wang, zhao
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.conftest import catalogue
from tests.permissions.ledger import granted

__all__ = ["catalogue", "chen", "lin", "su", "wang", "zhao"]
pytestmark = pytest.mark.usefixtures("catalogue")
LOG = "/log/"
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> None:
    cache.clear()


@pytest.fixture
def filled(lin: User, su: User, clock: Traveller) -> dict[str, GrantState]:
    """Two doctors' rights, one suspended the day after; one arrived, one refused."""
    clock.move_to(NOW - timedelta(days=2))
    luo = make_practitioner("1055", "罗景文", initials="ljw", pinyin="luo jing wen")
    han = make_practitioner("1058", "韩书屏", initials="hsp", pinyin="han shu ping")
    made = {
        "luo": granted(
            lin, su, luo, "SG03", item="51.2300", valid_to=date(2027, 11, 1)
        ),
        "han": granted(
            su, lin, han, "ND01", valid_to=date(2027, 1, 1), doc_no="医质3号"
        ),
    }
    Message.objects.update(
        state=State.CONFIRMED, due_at=None, confirmed_at=timezone.now()
    )
    clock.move_to(NOW)
    event = services.suspend(
        state=made["luo"],
        by=lin,
        at=timezone.now(),
        reason_code="08",
        reason="年度评估未提交",
    )
    Message.objects.filter(subject=event.subject).update(
        state=State.REJECTED, due_at=None, last_code="2004"
    )
    change(parameter=LOCK_MINUTES, value=20, by=su, reason="按通知调整")
    return made


def found(page: Any) -> list[str]:
    return [
        f"{row.key[0]} {row.who} {row.chip.text}" for row in page.context["list"].rows
    ]


ALL = [
    "P 医院参数 修改参数",
    "G 罗景文 暂停",
    "G 韩书屏 新增",
    "G 罗景文 新增",
    "A 韩书屏 同意",
    "A 韩书屏 提交申请",
    "A 罗景文 同意",
    "A 罗景文 提交申请",
]
LUO = [line for line in ALL if "罗景文" in line]
HAN = [line for line in ALL if "韩书屏" in line]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ALL),
        ({"q": "罗景"}, LUO),
        ({"q": "ljw"}, LUO),
        ({"q": "1058"}, HAN),
        ({"q": "51.23"}, LUO),
        ({"q": "胆囊"}, LUO),
        ({"q": "麻醉药品"}, HAN),
        ({"q": "mzyp"}, HAN),
        ({"q": "医质3"}, HAN),
        ({"q": "锁定"}, ALL[:1]),
        ({"q": "没有"}, []),
        ({"doctor": "1058"}, HAN),
        ({"doctor": "0000"}, ALL),
        ({"kind": "SUSPEND"}, ALL[1:2]),
        ({"kind": "SUBMITTED"}, [ALL[5], ALL[7]]),
        ({"kind": "NONSENSE"}, ALL),
        ({"view": "grants"}, ALL[1:4]),
        ({"view": "parameters"}, ALL[:1]),
        ({"view": "his"}, []),
        ({"view": "nonsense"}, ALL),
        ({"arrival": "rejected"}, ALL[1:2]),
        ({"arrival": "open"}, ALL[1:2]),
        ({"arrival": "same"}, ALL[2:4]),
        ({"arrival": "stuck"}, []),
        ({"on_from": "2026-11-23"}, ALL[:2]),
        ({"on_to": "2026-11-22"}, ALL[2:]),
        ({"on_from": "2026-11-21", "on_to": "2026-11-21", "view": "grants"}, ALL[2:4]),
        ({"on_from": "nonsense"}, ALL),
    ],
)
def test_filters_and_search_narrow_the_log(
    given: dict[str, str],
    expected: list[str],
    client: CheckedClient,
    lin: User,
    filled: dict[str, GrantState],
) -> None:
    sign_in(client, lin)
    page = client.get(LOG, given)
    assert found(page) == expected
    assert page.context["list"].pager.total == len(expected)


@pytest.fixture
def put_away(filled: dict[str, GrantState], su: User, clock: Traveller) -> None:
    """Years later: 罗's suspension was given up, all messages are in the archive."""
    for message in Message.objects.filter(state=State.REJECTED):
        outbox.stop(message=message, by=su, at=timezone.now(), reason="改由人工登记")
    ids = list(Message.objects.values_list("pk", flat=True))
    move(ids, timezone.now())
    cache.clear()


GIVEN_UP = ["H 罗景文 停止送达"] * 2


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"arrival": "same"}, ALL[2:4]),
        ({"arrival": "stopped"}, [*GIVEN_UP, ALL[1]]),
        ({"arrival": "rejected"}, []),
        ({"arrival": "stuck"}, []),
        ({"arrival": "different"}, []),
        ({"view": "his"}, GIVEN_UP),
        ({"view": "his", "q": "罗景"}, GIVEN_UP),
        ({"view": "his", "q": "韩书"}, []),
        ({"view": "his", "doctor": "1055"}, GIVEN_UP),
        ({"view": "his", "doctor": "1058"}, []),
    ],
)
def test_filters_find_what_was_archived(
    given: dict[str, str],
    expected: list[str],
    client: CheckedClient,
    lin: User,
    put_away: None,
) -> None:
    sign_in(client, lin)
    page = client.get(LOG, given)
    assert found(page) == expected
    assert page.context["list"].pager.total == len(expected)


@pytest.mark.parametrize(
    "given",
    [
        {"arrival": "same"},
        {"view": "his", "q": "罗"},
        {"view": "his", "doctor": "1055"},
    ],
)
def test_filter_that_looks_into_the_archive_asks_no_more(
    given: dict[str, str], client: CheckedClient, lin: User, put_away: None
) -> None:
    sign_in(client, lin)
    client.get(LOG, given)
    with assert_queries(15):
        assert client.get(LOG, given).context["list"].pager.total > 0


def test_actor_filter_keeps_what_one_person_did(
    client: CheckedClient, lin: User, su: User, filled: dict[str, GrantState]
) -> None:
    sign_in(client, lin)
    assert found(client.get(f"{LOG}?view=grants&actor={su.pk}")) == [ALL[3]]
    assert found(client.get(f"{LOG}?view=grants&actor={lin.pk}")) == ALL[1:3]


def test_nothing_found_says_by_what_and_leads_out(
    client: CheckedClient, lin: User, filled: dict[str, GrantState]
) -> None:
    sign_in(client, lin)
    page = client.get(LOG, {"kind": "VOID", "q": "罗景文"})
    nothing = page.context["list"].emptiness
    assert (str(nothing.title), nothing.text) == (
        "没有符合条件的变更",
        "已按「作废、罗景文」筛选。",
    )
    assert nothing.link_url == LOG


def test_empty_log_says_so(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    assert "还没有变更" in client.get(LOG).content.decode()


def test_rows_alone_come_to_htmx(
    client: CheckedClient, lin: User, filled: dict[str, GrantState]
) -> None:
    sign_in(client, lin)
    answer = client.get(LOG, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="log-body")
    html = answer.content.decode()
    assert html.startswith('<div class="list-body" id="log-body"')
    assert answer.headers["Vary"].startswith("HX-Target")


def test_who_reads_the_log(
    client: CheckedClient, chen: User, wang: User, zhao: User
) -> None:
    for user in (chen, wang, zhao):
        sign_in(client, user)
        assert client.get(LOG).status_code == 403
        assert client.get(f"{LOG}G1/").status_code == 403
    for place, role in enumerate(
        [Role.OFFICER, Role.LEADER, Role.INFORMATION_CENTER, Role.AUDITOR]
    ):
        sign_in(client, make_user(f"40{place:02}", "甲", role))
        assert client.get(LOG).status_code == 200


def test_export_writes_all_entries_and_a_trace(
    client: CheckedClient, lin: User, filled: dict[str, GrantState]
) -> None:
    sign_in(client, lin)
    answer: Any = client.get(LOG, {"export": "xlsx", "q": "罗景文"})
    book = ZipFile(BytesIO(b"".join(answer.streaming_content)))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("罗景文 · 三级手术 51.2300 腹腔镜下胆囊切除术：") == 4
    assert "：生效 → 暂停" in sheet
    event = AuditEvent.objects.get(kind=EventKind.EXPORTED)
    assert (event.by, event.subject_id, event.detail) == (lin, "log", {"rows": 4})


def test_export_is_refused_without_the_capability(
    client: CheckedClient, filled: dict[str, GrantState]
) -> None:
    sign_in(client, make_user("4100", "刘院", Role.LEADER))
    page = client.get(LOG)
    assert "data-export" not in page.content.decode()
    assert client.get(LOG, {"export": "xlsx"}).status_code == 403
    assert not AuditEvent.objects.filter(kind=EventKind.EXPORTED).exists()


@pytest.mark.parametrize("count", [5, 50])
def test_log_asks_the_same_however_many_rows(
    client: CheckedClient, lin: User, su: User, count: int
) -> None:
    auditor = make_user("2090", "谭审", Role.AUDITOR)
    for place in range(count):
        doctor = make_practitioner(f"3{place:03}", f"医师{place}")
        granted(lin, su, doctor, "RX01")
        if place % 5 == 0:
            change(parameter=LOCK_MINUTES, value=5 + place, by=su, reason="按通知")
            message = Message.objects.latest("pk")
            outbox.stop(message=message, by=su, at=timezone.now(), reason="人工登记")
            AuditEvent.objects.create(
                at=timezone.now(),
                kind=EventKind.PASSWORD_CHANGED,
                subject_type="user",
                subject_id=str(lin.pk),
            )
    sign_in(client, auditor)
    client.get(LOG)
    with assert_queries(14):
        page = client.get(LOG)
    assert page.context["list"].pager.total == count * 3 + (count // 5) * 3


def test_every_source_of_changes_stands_in_one_tab_but_saved_views() -> None:
    told = [source for _label, sources in VIEWS.values() for source in sources]
    assert sorted(told) == sorted(set(Source) - {Source.SAVED_VIEW})
    assert {
        name: [source.name for source in sources]
        for name, (_label, sources) in VIEWS.items()
        if name in ("grants", "reviews", "his")
    } == {
        "grants": ["GRANT", "IMPORT"],
        "reviews": [
            *("REVIEW", "ASSESSMENT", "TRAINING", "TRAINING_IMPORT", "CERTIFICATE"),
            "CERTIFICATE_IMPORT",
        ],
        "his": ["HIS", "DRIFT"],
    }
