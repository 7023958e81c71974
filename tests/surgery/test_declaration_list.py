"""手术申报: what doctors declared, as the office reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Practitioner
from surgery.enums import DeclaredRole, Nature, Planned, Reoperation
from surgery.models import SurgeryApplication
from surgery.services.declarations import (
    DeclaredDetails,
    DeclaredMember,
    DeclaredProcedure,
    DeclaredVerdict,
    declare,
)
from tests.cast import chen, lin, make_practitioner, su, wang, zhao
from tests.cast import sign_in as sign
from tests.harness import assert_queries
from tests.pages import CheckedClient

__all__ = ["chen", "lin", "su", "wang", "zhao"]
LIST = "/declarations/"
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}
CHOLE = DeclaredProcedure("51.2300", "腹腔镜下胆囊切除术", 3)
LIVER = DeclaredProcedure("50.2205", "腹腔镜下肝部分切除术", 4)
UNLISTED = DeclaredProcedure("99.9999", "", 0)


def verdict(code: str, *procedures: DeclaredProcedure) -> DeclaredVerdict:
    return DeclaredVerdict(
        code,
        {
            "procedures": [
                {
                    "procedure": one.code,
                    "name": one.name,
                    "grade": one.grade,
                    "code": code,
                    "reasons": [f"{one.code} 的依据"],
                    "remedy": "请联系医务科" if code != "0" else "",
                }
                for one in procedures
            ]
        },
    )


def declared(
    user: User, number: str, *procedures: DeclaredProcedure, **given: Any
) -> SurgeryApplication:
    doctor = user.practitioner
    assert doctor is not None
    chosen = procedures or (CHOLE,)
    values: dict[str, Any] = {
        "surgeon": doctor,
        "planned_at": datetime(2026, 11, 25, 0, 30, tzinfo=UTC),
        "is_planned": Planned.PLANNED,
        "nature": Nature.ELECTIVE,
        "is_rescue": False,
        "reoperation": Reoperation.NONE,
        "reoperation_reason": "",
        "verdict": verdict(given.pop("code", "0"), *chosen),
        **given,
    }
    return declare(
        application_no=number,
        applicant=doctor,
        procedures=chosen,
        by=user,
        at=timezone.now(),
        **values,
    )


@pytest.fixture
def other(wang: User) -> Practitioner:
    return make_practitioner("1027", "陈景行", initials="cjx", pinyin="chen jing xing")


@pytest.fixture
def many(wang: User, other: Practitioner) -> None:
    declared(wang, "SS1")
    declared(wang, "SS2", CHOLE, LIVER, code="1G", is_planned=Planned.UNPLANNED)
    declared(wang, "SS3", LIVER, code="8", nature=Nature.EMERGENCY, is_rescue=True)
    declared(
        wang,
        "SS4",
        UNLISTED,
        code="5",
        surgeon=other,
        reoperation=Reoperation.UNPLANNED,
        reoperation_reason="术后出血",
        planned_at=datetime(2026, 12, 1, 0, 30, tzinfo=UTC),
    )


def numbers(page: Any) -> list[str]:
    return sorted(row.application_no for row in page.context["list"].rows)


def test_list_shows_a_declaration_as_it_was_made(
    client: CheckedClient, lin: User, wang: User, many: None
) -> None:
    sign(client, lin)
    page = client.get(LIST)
    rows = {row.application_no: row for row in page.context["list"].rows}
    row = rows["SS2"]
    assert [(one.code, str(one.grade.text)) for one in row.procedures] == [
        ("51.2300", "三级"),
        ("50.2205", "四级"),
    ]
    assert (row.surgeon, row.surgeon_no, row.department, row.applicant) == (
        "王若谷",
        "1188",
        "肝胆外科",
        "王若谷",
    )
    assert (row.planned_at, row.declared_at) == ("11-25 08:30", "11-23 10:00")
    assert (str(row.is_planned), str(row.nature), str(row.verdict.text)) == (
        "非计划",
        "择期",
        "越级需审批",
    )
    assert rows["SS3"].nature_in_one == "急诊 抢救生命"
    assert rows["SS4"].reoperation_in_one == "非计划再次：术后出血"
    assert rows["SS4"].procedures[0].in_one == "不在目录（99.9999 未定级）"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, ["SS1", "SS2", "SS3", "SS4"]),
        ({"view": "unplanned"}, ["SS2"]),
        ({"view": "reoperation"}, ["SS4"]),
        ({"view": "blocked"}, ["SS2", "SS4"]),
        ({"view": "override"}, ["SS3"]),
        ({"planned": "1"}, ["SS1", "SS3", "SS4"]),
        ({"planned": "2"}, ["SS2"]),
        ({"verdict": "1G"}, ["SS2"]),
        ({"nature": "2"}, ["SS3"]),
        ({"on_from": "2026-12-01"}, ["SS4"]),
        ({"q": "SS3"}, ["SS3"]),
        ({"q": "50.22"}, ["SS2", "SS3"]),
        ({"q": "胆囊"}, ["SS1", "SS2"]),
        ({"q": "陈景行"}, ["SS4"]),
        ({"q": "cjx"}, ["SS4"]),
        ({"q": "1188"}, ["SS1", "SS2", "SS3", "SS4"]),
        ({"q": "没有"}, []),
    ],
)
def test_filters_and_search_narrow_the_list(
    given: dict[str, str],
    shown: list[str],
    client: CheckedClient,
    lin: User,
    many: None,
) -> None:
    sign(client, lin)
    assert numbers(client.get(LIST, given)) == shown


def test_empty_list_says_by_which_conditions(client: CheckedClient, lin: User) -> None:
    sign(client, lin)
    text = client.get(LIST, {"planned": "2"}).content.decode()
    assert "没有符合条件的手术申报" in text
    assert "已按「非计划」筛选。" in text


def test_export_writes_what_is_shown_and_a_trace(
    client: CheckedClient, lin: User, many: None
) -> None:
    sign(client, lin)
    answer: Any = client.get(LIST, {"export": "xlsx", "planned": "2"})
    book = ZipFile(BytesIO(b"".join(answer.streaming_content)))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("腹腔镜下肝部分切除术（50.2205 四级）") == 1
    event = AuditEvent.objects.get(kind=EventKind.EXPORTED)
    assert (event.subject_id, event.detail) == ("declarations", {"rows": 1})


def drawer(client: CheckedClient, application: SurgeryApplication) -> Any:
    url = reverse("surgery:application-history", args=[application.pk])
    return client.get(url, **HTMX)


def test_drawer_tells_what_each_declaration_changed(
    client: CheckedClient,
    lin: User,
    wang: User,
    other: Practitioner,
    clock: time_machine.Traveller,
) -> None:
    declared(wang, "SS1", LIVER, code="1G")
    clock.shift(timedelta(minutes=30))
    application = declared(wang, "SS1", LIVER, surgeon=other, nature=Nature.DEADLINE)
    sign(client, lin)
    shown = drawer(client, application).context["drawer"]
    last, first = shown.versions
    assert (last.title, last.at, last.by) == (
        "修改申报",
        "2026-11-23 10:30:00",
        "王若谷 1188",
    )
    assert [(str(c.field), c.before, c.after) for c in last.diff.changes] == [
        ("主刀", "王若谷 1188", "陈景行 1027"),
        ("手术性质", "择期", "限期"),
        ("判定", "越级需审批", "可主刀"),
    ]
    assert (first.title, first.diff.changes[0].before) == ("首次申报", "—")
    [judged] = shown.judged
    assert (judged.code, judged.reasons, str(judged.chip.text)) == (
        "50.2205",
        ["50.2205 的依据"],
        "可主刀",
    )


def test_drawer_asked_for_as_a_page_leads_to_the_list(
    client: CheckedClient, lin: User, wang: User
) -> None:
    application = declared(wang, "SS1")
    sign(client, lin)
    url = reverse("surgery:application-history", args=[application.pk])
    assert client.get(url).headers["Location"] == LIST
    assert client.get(f"{LIST}999/history/", **HTMX).status_code == 404


def test_pages_are_shut_for_who_may_not(
    client: CheckedClient, wang: User, zhao: User, chen: User
) -> None:
    application = declared(wang, "SS1")
    for user in (wang, zhao):
        sign(client, user)
        assert client.get(LIST).status_code == 403
        assert drawer(client, application).status_code == 403
    sign(client, chen)  # sees everything, exports nothing
    assert client.get(LIST).status_code == 200
    assert client.get(LIST, {"export": "xlsx"}).status_code == 403


@pytest.mark.parametrize("count", [5, 50])
def test_list_takes_seven_queries_whatever_its_length(
    count: int, client: CheckedClient, lin: User, wang: User
) -> None:
    for number in range(count):
        declared(wang, f"SS{number}", CHOLE, LIVER)
    sign(client, lin)
    client.get(LIST)
    with assert_queries(7):
        page = client.get(LIST)
    assert page.context["list"].pager.total == count


def test_drawer_shows_everything_declared_with_the_team_and_what_changed(
    client: CheckedClient, lin: User, wang: User
) -> None:
    judged = {
        "emp_no": "1190",
        "name": "沈知行",
        "role": "SUPERVISE",
        "code": "4",
        "label": "已暂停",
        "reasons": ["沈知行的带教权已暂停"],
    }
    content = {**verdict("4", LIVER).content, "team": [judged]}
    helper = DeclaredMember(DeclaredRole.SUPERVISE, "1190", "沈知行")
    details = DeclaredDetails(
        side="R",
        site="右肝后叶",
        is_mini=True,
        technique="2",
        technique_text="荧光导航",
        preop_discussion="TL1",
        preop_discussed_at=datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
        mdt="MDT1",
    )
    declared(wang, "SS1", LIVER)
    row = declared(
        wang,
        "SS1",
        LIVER,
        details=details,
        team=[helper],
        verdict=DeclaredVerdict("4", content),
    )
    sign(client, lin)
    drawer = client.get(
        reverse("surgery:application-history", args=[row.pk]), **HTMX
    ).content.decode()
    for label, value in (
        ("侧别", "右"),
        ("部位", "右肝后叶"),
        ("微创", "是"),
        ("技术类别", "新技术"),
        ("技术名称", "荧光导航"),
        ("术前讨论编号", "TL1"),
        ("术前讨论时间", "2026-11-20 16:00"),
        ("MDT 编号", "MDT1"),
    ):
        assert f"<dt>{label}</dt><dd>{value}</dd>" in drawer
        assert drawer.count(label) == 2
    assert "带教 沈知行" in drawer
    assert "沈知行的带教权已暂停" in drawer
    assert "助手和带教" in drawer
    assert "首次手术" not in drawer
