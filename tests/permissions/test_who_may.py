"""谁能做: who may, until when, and why not yet; for a procedure, a privilege, a drug."""

from __future__ import annotations

from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from permissions import services
from permissions.checks.candidates import Way
from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Drug, Practitioner
from surgery.enums import Nature, Planned, Reoperation
from surgery.services.declarations import DeclaredProcedure, DeclaredVerdict, declare
from tests.cast import make_department, make_practitioner, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.ledger import granted

pytestmark = pytest.mark.usefixtures("catalogue")
GALLBLADDER = "51.2300"
PAGE = f"/who-may/?subject=P:{GALLBLADDER}&at=2026-11-25T08:30"
LATER = date(2027, 11, 22)


@pytest.fixture(autouse=True)
def _no_department_is_remembered() -> None:
    cache.clear()


@pytest.fixture
def people(db: None) -> dict[str, Practitioner]:
    department = make_department("0401", "肝胆胰外科")
    numbers = ("1027", "1102", "1188", "1305", "1206", "1101", "1104")
    return {
        emp_no: make_practitioner(
            emp_no, f"医师{emp_no}", title_code="232", department=department
        )
        for emp_no in numbers
    }


@pytest.fixture
def surgeons(lin: User, su: User, people: dict[str, Practitioner]) -> None:
    def give(emp_no: str, **given: Any) -> Any:
        wanted = {"item": GALLBLADDER, "valid_to": LATER, **given}
        return granted(lin, su, people[emp_no], "SG03", **wanted)

    give("1027")
    give("1102", role="OPERATE_SUPERVISED")
    give("1188", role="SUPERVISE")
    granted(lin, su, people["1305"], "SG07", valid_to=LATER)
    give("1206", valid_from=date(2026, 12, 1))
    give("1101", valid_to=date(2026, 11, 24))
    paused = give("1104")
    services.suspend(
        state=paused,
        by=su,
        at=timezone.now(),
        reason_code="08",
        reason="年度评估未提交",
    )


def groups(page: Any) -> dict[str, list[str]]:
    return {
        str(group.way): [row.emp_no for row in group.rows]
        for group in page.context["groups"]
    }


def row_of(page: Any, emp_no: str) -> Any:
    return next(
        row
        for group in page.context["groups"]
        for row in group.rows
        if row.emp_no == emp_no
    )


def test_everybody_is_listed_by_what_they_may_do(
    client: CheckedClient, lin: User, surgeons: None
) -> None:
    sign_in(client, lin)
    page = client.get(PAGE)
    assert groups(page) == {
        Way.OPERATE: ["1027"],
        Way.SUPERVISED: ["1102"],
        Way.SUPERVISE: ["1188"],
        Way.ASSIST: ["1102", "1188", "1305"],
        Way.NEARLY: ["1101", "1104", "1206"],
    }
    assert row_of(page, "1027").until == "至 2027-11-22"
    assert row_of(page, "1101").why == "至 2026-11-24 已到期"
    assert row_of(page, "1104").why == "已暂停"
    assert row_of(page, "1104").chip.text == "已暂停"
    assert row_of(page, "1206").why == "自 2026-12-01 起可以"
    assert row_of(page, "1206").chip.text == "待生效"


def test_another_day_has_other_people(
    client: CheckedClient, lin: User, surgeons: None
) -> None:
    sign_in(client, lin)
    earlier = groups(client.get(PAGE.replace("2026-11-25", "2026-11-24")))
    assert earlier[Way.OPERATE] == ["1027", "1101"]
    later = groups(client.get(PAGE.replace("2026-11-25", "2026-12-02")))
    assert later[Way.OPERATE] == ["1027", "1206"]


def test_line_for_one_side_or_setting_counts_there_alone(
    client: CheckedClient, lin: User, su: User, people: dict[str, Practitioner]
) -> None:
    granted(
        lin,
        su,
        people["1027"],
        "SG03",
        item=GALLBLADDER,
        valid_to=LATER,
        side="LEFT",
        setting="EMER",
    )
    sign_in(client, lin)
    ways = {
        query: Way.OPERATE in groups(client.get(PAGE + query))
        for query in (
            "",
            "&urgency=EMERGENCY",
            "&urgency=EMERGENCY&side=LEFT",
            "&urgency=EMERGENCY&side=RIGHT",
            "&setting=EMER",
        )
    }
    assert ways == {
        "": False,
        "&urgency=EMERGENCY": True,
        "&urgency=EMERGENCY&side=LEFT": True,
        "&urgency=EMERGENCY&side=RIGHT": False,
        "&setting=EMER": True,
    }


def test_booked_operations_of_the_day_are_told_and_the_free_come_first(
    client: CheckedClient, lin: User, su: User, people: dict[str, Practitioner]
) -> None:
    for emp_no in ("1027", "1102"):
        granted(lin, su, people[emp_no], "SG03", item=GALLBLADDER, valid_to=LATER)
    for number, (day, hour) in enumerate(((25, 0), (25, 5), (26, 0))):
        declare(
            application_no=f"SQ{number}",
            applicant=people["1027"],
            surgeon=people["1027"],
            procedures=[DeclaredProcedure(GALLBLADDER, "腹腔镜下胆囊切除术", 3)],
            planned_at=datetime(2026, 11, day, hour, 30, tzinfo=UTC),
            is_planned=Planned.PLANNED,
            nature=Nature.ELECTIVE,
            is_rescue=False,
            reoperation=Reoperation.NONE,
            reoperation_reason="",
            verdict=DeclaredVerdict("0", {}),
            by=lin,
            at=timezone.now(),
        )
    sign_in(client, lin)
    page = client.get(PAGE)
    assert groups(page) == {Way.OPERATE: ["1102", "1027"]}
    assert row_of(page, "1027").load == "当日已排 2 台：08:30、13:30"
    assert row_of(page, "1102").load == ""


def test_holders_of_a_privilege_and_whose_title_is_short(
    client: CheckedClient, lin: User, su: User, people: dict[str, Practitioner]
) -> None:
    granted(lin, su, people["1027"], "BL01", valid_to=LATER)
    granted(lin, su, people["1102"], "BL01", valid_to=LATER)
    granted(lin, su, people["1188"], "BL01", valid_to=date(2026, 11, 23))
    Practitioner.objects.filter(emp_no="1102").update(title_code="234")
    sign_in(client, lin)
    page = client.get("/who-may/?subject=R:BL01&at=2026-11-25T08:30")
    assert groups(page) == {Way.HOLD: ["1027", "1102"], Way.NEARLY: ["1188"]}
    assert row_of(page, "1102").why == "职称未达到要求"
    assert row_of(page, "1188").why == "至 2026-11-23 已到期"


@pytest.fixture
def antibiotic(db: None) -> Drug:
    return Drug.objects.create(
        drug_id="D01",
        drug_code="XJ01DH02",
        generic_name="美罗培南",
        spec="0.5g",
        drug_type="1",
        antibiotic_level="2",
        is_narcotic=False,
        psych_class="0",
        is_toxic=False,
        is_radioactive=False,
        antitumor_level="0",
        is_enabled=True,
    )


def test_who_may_prescribe_a_drug_and_whom_the_title_keeps(
    client: CheckedClient,
    lin: User,
    su: User,
    people: dict[str, Practitioner],
    antibiotic: Drug,
) -> None:
    for emp_no in ("1027", "1102", "1188"):
        granted(lin, su, people[emp_no], "RX01", valid_to=LATER)
        granted(lin, su, people[emp_no], "AB02", valid_to=LATER)
    granted(lin, su, people["1305"], "RX01", valid_to=LATER)
    Practitioner.objects.filter(emp_no="1102").update(title_code="234")
    Practitioner.objects.filter(emp_no="1188").update(status="99")
    sign_in(client, lin)
    page = client.get("/who-may/?subject=D:D01")
    assert groups(page) == {Way.PRESCRIBE: ["1027"], Way.NEARLY: ["1102"]}
    assert row_of(page, "1102").why == "职称未达到要求"
    found = client.get("/who-may/subjects/?q=mlpn").json()
    assert [one["value"] for one in found] == ["D:D01"]


def test_subjects_are_found_by_name_code_and_initials(
    client: CheckedClient, lin: User, antibiotic: Drug
) -> None:
    sign_in(client, lin)

    def values(text: str) -> list[str]:
        found = client.get("/who-may/subjects/", {"q": text}).json()
        return [one["value"] for one in found]

    assert values("51.23") == ["P:51.2300"]
    assert values("胆囊") == ["P:51.2300"]
    assert values("BL01") == ["R:BL01"]
    assert values("yxsq") == ["R:BL01"]
    assert values("美罗") == ["D:D01"]
    assert values("") == []
    assert values("没有这个") == []


def test_unknown_subject_and_time_are_told_and_kept(
    client: CheckedClient, lin: User, surgeons: None
) -> None:
    sign_in(client, lin)
    page = client.get("/who-may/?subject=P:00.0000&at=昨天&setting=MOON&urgency=x")
    assert [str(note.text) for note in page.context["notes"]] == [
        "「昨天」不是时间，请写成 2026-11-25 08:30 这样。以下按现在显示。",
        "目录里没有「P:00.0000」，请按名称、编码或拼音首字母重新查找。",
    ]
    assert 'value="昨天"' in page.content.decode()
    assert page.context["groups"] == []
    assert client.get("/who-may/?subject=P:&at=9999-99-99").status_code == 200


def test_a_page_left_open_asks_about_now_and_not_about_when_it_was_opened(
    client: CheckedClient, lin: User, su: User, people: dict[str, Practitioner]
) -> None:
    sign_in(client, lin)
    with time_machine.travel(datetime(2026, 11, 23, 2, 29, tzinfo=UTC), tick=False):
        opened = client.get(f"/who-may/?subject=P:{GALLBLADDER}")
        assert opened.context["asked"].at_text == ""
    with time_machine.travel(datetime(2026, 11, 23, 2, 30, tzinfo=UTC), tick=False):
        granted(lin, su, people["1027"], "SG03", item=GALLBLADDER, valid_to=LATER)
        page = client.get(f"/who-may/?subject=P:{GALLBLADDER}&at=")
    assert [row.emp_no for row in page.context["groups"][0].rows] == ["1027"]


def test_closed_procedure_says_why_nobody_may(
    client: CheckedClient, lin: User, surgeons: None
) -> None:
    sign_in(client, lin)
    page = client.get("/who-may/?subject=P:50.3x00")
    assert "这项手术本院已停止开展，任何人都不能主刀。" in page.content.decode()
    assert "没有人可以" in page.content.decode()
    restricted = client.get("/who-may/?subject=P:11.6400x001")
    assert "这是限制类技术" in restricted.content.decode()


@pytest.mark.parametrize("count", [3, 40])
def test_answer_takes_as_many_queries_however_many_people(
    client: CheckedClient, lin: User, su: User, count: int
) -> None:
    department = make_department("0401", "肝胆胰外科")
    for number in range(count):
        person = make_practitioner(f"5{number:03}", "陈景行", department=department)
        granted(lin, su, person, "SG03", item=GALLBLADDER, valid_to=LATER)
    sign_in(client, lin)
    client.get(PAGE)
    with assert_queries(20):
        page = client.get(PAGE)
    [group] = page.context["groups"]
    assert (len(group.rows), group.hidden) == (min(count, 24), max(0, count - 24))


def test_file_has_everybody_and_is_logged(
    client: CheckedClient, lin: User, chen: User, surgeons: None
) -> None:
    sign_in(client, chen)
    assert client.get(f"{PAGE}&export=xlsx").status_code == 403
    sign_in(client, lin)
    answer: Any = client.get(f"{PAGE}&export=xlsx")
    content = BytesIO(b"".join(answer.streaming_content))
    text = ZipFile(content).read("xl/worksheets/sheet1.xml").decode()
    for words in ("医师1027", "带教下主刀", "自 2026-12-01 起可以"):
        assert words in text
    event = AuditEvent.objects.get(kind=EventKind.EXPORTED)
    assert (event.subject_id, event.detail) == ("who-may", {"rows": 9})


def test_department_narrows_the_list(
    client: CheckedClient, lin: User, surgeons: None
) -> None:
    make_department("0402", "胃肠外科")
    sign_in(client, lin)
    assert groups(client.get(f"{PAGE}&dept=0402")) == {}
    assert groups(client.get(f"{PAGE}&dept=0401"))[Way.OPERATE] == ["1027"]
