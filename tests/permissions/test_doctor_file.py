"""一人一档 and 授权变化: rights of a day as known then or now, and what changed why."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from permissions import services
from permissions.models import GrantState
from portal.accounts.models import User
from portal.directory.models import (
    Practitioner,
    PractitionerDepartment,
    PractitionerEvent,
    PractitionerScope,
)
from tests.cast import make_department, make_practitioner, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.ledger import granted

pytestmark = pytest.mark.usefixtures("catalogue")
PAGE = "/doctors/1027/"
LATER = date(2027, 11, 22)
DAY = timedelta(days=1)
LIVER = "50.2205"


@pytest.fixture(autouse=True)
def _no_department_is_remembered() -> None:
    cache.clear()


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    department = make_department("0401", "肝胆胰外科")
    return make_practitioner(
        "1027",
        "陈景行",
        title_code="231",
        department=department,
        license_no="110",
        license_valid_to=date(2026, 12, 10),
    )


@pytest.fixture
def told_late(
    surgeon: Practitioner, lin: User, su: User, clock: time_machine.Traveller
) -> GrantState:
    """Granted on the 23rd; on the 28th a suspension from the 25th on is recorded."""
    state = granted(
        lin,
        su,
        surgeon,
        "SG04",
        item=LIVER,
        valid_to=LATER,
        conditions="限日间开展",
        evidence="近一年手术登记表",
    )
    granted(lin, su, surgeon, "RX01", valid_to=LATER)
    begins = timezone.now() + 2 * DAY
    clock.shift(5 * DAY)
    services.suspend(
        state=state,
        by=su,
        at=timezone.now(),
        effective_at=begins,
        reason_code="08",
        reason="年度评估未提交",
    )
    return state


def states(page: Any) -> dict[str, str]:
    rows = [*page.context["page"].surgical, *page.context["page"].ended]
    rows += [row for group in page.context["page"].others for row in group.rows]
    return {row.what: str(row.standing.text) for row in rows}


def test_day_is_answered_as_known_now_and_as_known_then(
    client: CheckedClient, lin: User, told_late: GrantState
) -> None:
    sign_in(client, lin)
    liver, plain = "腹腔镜下肝部分切除术", "普通处方权"
    now = client.get(f"{PAGE}?on=2026-11-26")
    assert states(now) == {liver: "暂停", plain: "生效"}
    assert now.context["page"].in_force == 1
    then = client.get(f"{PAGE}?on=2026-11-26&known=then")
    assert states(then) == {liver: "生效", plain: "生效"}
    assert "2026-11-26 有效 2 项" in then.content.decode()
    assert "按当日所知" in then.content.decode()
    before = client.get(f"{PAGE}?on=2026-11-22&known=then")
    assert states(before) == {}
    today = client.get(PAGE)
    assert states(today) == {liver: "暂停", plain: "生效"}
    # Who looks back sees no acts and no arrival.
    assert "更多操作" in today.content.decode()
    assert "更多操作" not in now.content.decode()


def test_line_shows_conditions_evidence_and_who_the_holder_was(
    client: CheckedClient, lin: User, told_late: GrantState
) -> None:
    Practitioner.objects.filter(emp_no="1027").update(name="陈改名", title_code="232")
    sign_in(client, lin)
    page = client.get(PAGE)
    [line] = page.context["page"].surgical
    assert (line.conditions, line.evidence, line.doc_no) == (
        "限日间开展",
        "近一年手术登记表",
        "〔2026〕59号",
    )
    assert line.given_to == "陈景行 肝胆胰外科 主任医师"
    text = page.content.decode()
    for words in ("条件：限日间开展", "材料：近一年手术登记表", "授予时：陈景行"):
        assert words in text


def test_qualifications_and_titles_come_from_the_his(
    client: CheckedClient, lin: User, surgeon: Practitioner
) -> None:
    at = timezone.now() - 400 * DAY
    PractitionerScope.objects.create(
        emp_no="1027",
        scope_code="0201",
        scope_name="外科专业",
        prac_org="云溪市人民医院",
        valid_to=date(2026, 11, 1),
    )
    PractitionerDepartment.objects.create(
        emp_no="1027", dept_code="0401", dept_role="1"
    )
    PractitionerEvent.objects.create(
        practitioner=surgeon, kind="TITLE", before="232", after="231", at=at
    )
    sign_in(client, lin)
    page = client.get(PAGE)
    papers = {
        str(one.name): (one.detail, str(one.chip.text))
        for one in page.context["page"].papers
    }
    assert papers == {
        "医师执业证书": ("110，至 2026-12-10", "17 天"),
        "外科专业": ("云溪市人民医院，至 2026-11-01", "已到期"),
        "主任医师": ("自 2025-10-19 起", "来自 HIS"),
        "肝胆胰外科": ("所在科室", "来自 HIS"),
    }
    [moment] = page.context["timeline"].moments
    assert (str(moment.text), moment.detail) == (
        "职称变更",
        "HIS：副主任医师 → 主任医师",
    )


@pytest.mark.parametrize("count", [2, 20])
def test_page_takes_as_many_queries_however_many_rights(
    client: CheckedClient, lin: User, su: User, surgeon: Practitioner, count: int
) -> None:
    roles = ("OPERATE", "ASSIST", "SUPERVISE", "OPERATE_SUPERVISED")
    for number in range(count):
        granted(
            lin,
            su,
            surgeon,
            "SG04",
            item=LIVER,
            role=roles[number % 4],
            campus=f"C{number}",
            valid_to=LATER,
        )
    sign_in(client, lin)
    with assert_queries(24):
        client.get(PAGE)
    with assert_queries(20):
        client.get(f"{PAGE}?on=2026-11-30&known=then")


def test_day_that_is_none_is_told(
    client: CheckedClient, lin: User, told_late: GrantState
) -> None:
    sign_in(client, lin)
    page = client.get(f"{PAGE}?on=2026-13-01")
    assert "「2026-13-01」不是日期" in page.content.decode()
    assert not page.context["looks_back"]


# --- two days -------------------------------------------------------------------------


def sides(page: Any) -> list[list[tuple[str, str, str]]]:
    return [
        [(row.emp_no, row.what, row.why) for row in rows]
        for rows in page.context["parts"]
    ]


LOST = (
    "1027",
    "腹腔镜下肝部分切除术",
    "暂停 2026-11-25 10:00：08 评估超期：年度评估未提交",
)


@pytest.mark.parametrize("subject", ["E:1027", f"P:{LIVER}", "T:0401"])
def test_two_days_show_what_was_gained_and_lost_and_why(
    client: CheckedClient, lin: User, told_late: GrantState, subject: str
) -> None:
    sign_in(client, lin)
    page = client.get(f"/differences/?subject={subject}&from=2026-11-24&to=2026-11-26")
    assert sides(page) == [[], [LOST]]
    gained = client.get(
        f"/differences/?subject={subject}&from=2026-11-22&to=2026-11-24"
    )
    [came, gone] = sides(gained)
    assert (
        "1027",
        "腹腔镜下肝部分切除术",
        "新增 2026-11-23 10:00：材料齐全，同意",
    ) in came
    assert len(came) == (1 if subject.startswith("P") else 2)
    assert gone == []
    then = client.get(
        f"/differences/?subject={subject}&from=2026-11-24&to=2026-11-26&known=then"
    )
    assert sides(then) == [[], []]


def test_one_day_lists_what_held(
    client: CheckedClient, lin: User, told_late: GrantState
) -> None:
    sign_in(client, lin)
    address = "/differences/?subject=T:0401&to=2026-11-26"
    [rows] = sides(client.get(address))
    assert [what for _who, what, _why in rows] == ["普通处方权"]
    [rows] = sides(client.get(f"{address}&known=then"))
    assert [what for _who, what, _why in rows] == ["腹腔镜下肝部分切除术", "普通处方权"]


def test_days_the_wrong_way_round_and_unknown_subjects_are_told(
    client: CheckedClient, lin: User, told_late: GrantState
) -> None:
    sign_in(client, lin)
    page = client.get("/differences/?subject=E:1027&from=2026-11-26&to=2026-11-24")
    assert [str(note.text) for note in page.context["notes"]] == [
        "前一日不能晚于后一日，已对调比较。"
    ]
    assert sides(page) == [[], [LOST]]
    for subject in ("E:0000", "P:1", "T:9", "X:1", "1027"):
        unknown = client.get(f"/differences/?subject={subject}")
        [note] = unknown.context["notes"]
        assert str(note.text) == (
            f"没有找到「{subject}」，请重新选择医师、手术或科室。"
        )
    assert client.get("/differences/").context["notes"] == []


def test_subjects_of_changes_are_found(
    client: CheckedClient, lin: User, surgeon: Practitioner
) -> None:
    sign_in(client, lin)

    def values(text: str) -> list[str]:
        found = client.get("/differences/subjects/", {"q": text}).json()
        return [one["value"] for one in found]

    assert values("1027") == ["E:1027"]
    assert values("肝胆") == ["T:0401"]
    assert values("51.2300") == ["P:51.2300"]
    assert values("") == []


def test_file_of_changes_says_gained_and_lost(
    client: CheckedClient, lin: User, told_late: GrantState
) -> None:
    sign_in(client, lin)
    answer: Any = client.get(
        "/differences/?subject=T:0401&from=2026-11-22&to=2026-11-26&export=xlsx"
    )
    content = BytesIO(b"".join(answer.streaming_content))
    text = ZipFile(content).read("xl/worksheets/sheet1.xml").decode()
    assert text.count("<row ") == 2
    assert "新增" in text
    assert "普通处方权" in text
