"""手术室授权名册: what is on it, who is left off, and the trace of taking it out."""

from __future__ import annotations

import re
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.cache import cache
from django.utils import timezone

from permissions import services
from permissions.views import roster as views
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Practitioner
from tests.cast import make_department, make_practitioner, make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.ledger import granted
from tests.permissions.wards import ward

pytestmark = pytest.mark.usefixtures("catalogue")
GALLBLADDER, LIVER = "51.2300", "50.2205"
LATER = date(2027, 11, 22)
PAGE = "/roster/?dept=0401"


@pytest.fixture(autouse=True)
def _no_department_is_remembered() -> None:
    cache.clear()


@pytest.fixture
def people(lin: User, su: User) -> dict[str, Practitioner]:
    department = make_department("0401", "肝胆胰外科")
    found = {
        emp_no: make_practitioner(
            emp_no, f"医师{emp_no}", title_code="232", department=department
        )
        for emp_no in ("1027", "1102", "1188", "1305")
    }

    def give(emp_no: str, code: str, item: str, **given: Any) -> Any:
        wanted = {"item": item, "valid_to": LATER, **given}
        return granted(lin, su, found[emp_no], code, **wanted)

    give("1027", "SG03", GALLBLADDER)
    give("1027", "SG04", LIVER, conditions="限日间开展", side="LEFT")
    give("1102", "SG03", GALLBLADDER, role="OPERATE_SUPERVISED")
    paused = give("1102", "SG04", LIVER)
    give("1188", "SG03", GALLBLADDER, valid_from=date(2026, 12, 1))
    give("1188", "SG05", GALLBLADDER, role="ORDER")
    give("1305", "SG03", GALLBLADDER)
    services.suspend(
        state=paused,
        by=su,
        at=timezone.now(),
        reason_code="08",
        reason="年度评估未提交",
    )
    Practitioner.objects.filter(emp_no="1305").update(
        license_valid_to=date(2026, 11, 22)
    )
    return found


def listed(page: Any) -> dict[str, list[tuple[str, str, str, str]]]:
    return {
        group.title: [
            (row.subject, row.role, row.until, row.conditions) for row in group.rows
        ]
        for group in page.context["sheet"].groups
    }


def test_roster_lists_what_is_in_force_by_procedure(
    client: CheckedClient, lin: User, people: dict[str, Practitioner]
) -> None:
    sign_in(client, lin)
    page = client.get(PAGE)
    assert listed(page) == {
        "四级 腹腔镜下肝部分切除术": [
            ("医师1027 1027", "主刀", "2027-11-22", "左侧；限日间开展")
        ],
        "三级 腹腔镜下胆囊切除术": [
            ("医师1027 1027", "主刀", "2027-11-22", ""),
            ("医师1102 1102", "带教下主刀", "2027-11-22", ""),
        ],
    }
    sheet = page.context["sheet"]
    assert (sheet.number, sheet.count) == ("SSMC-20261123-0401-SS", 3)
    assert sheet.left_out == "医师1305 1305"


def test_roster_of_another_day_and_by_surgeon(
    client: CheckedClient, lin: User, people: dict[str, Practitioner]
) -> None:
    sign_in(client, lin)
    found = listed(client.get(f"{PAGE}&on=2026-12-01&by=surgeon&grade=3"))
    assert found == {
        "医师1027 1027": [("腹腔镜下胆囊切除术", "主刀", "2027-11-22", "")],
        "医师1102 1102": [("腹腔镜下胆囊切除术", "带教下主刀", "2027-11-22", "")],
        "医师1188 1188": [("腹腔镜下胆囊切除术", "主刀", "2027-11-22", "")],
    }


def test_check_code_stands_for_the_content(
    client: CheckedClient, lin: User, su: User, people: dict[str, Practitioner]
) -> None:
    sign_in(client, lin)
    first = client.get(PAGE).context["sheet"].check
    assert client.get(PAGE).context["sheet"].check == first
    assert len(first) == len("8F3A-21BC-90D4")
    granted(lin, su, people["1188"], "SG04", item=LIVER, role="ASSIST", valid_to=LATER)
    assert client.get(PAGE).context["sheet"].check != first


def test_whole_house_takes_as_many_queries_as_one_department(
    client: CheckedClient, lin: User
) -> None:
    ward(lin, doctors=12, procedures=20)
    ward_two = make_department("0402", "胃肠外科")
    assert ward_two.pk
    sign_in(client, lin)
    client.get("/roster/")
    for address in ("/roster/", PAGE, f"{PAGE}&by=surgeon"):
        with assert_queries(7):
            page = client.get(address)
        assert page.context["sheet"].count == 240


def test_print_page_stands_alone_and_is_logged(
    client: CheckedClient, people: dict[str, Practitioner]
) -> None:
    head = make_user("1001", "周立诚", Role.DEPARTMENT_HEAD, departments=["0401"])
    sign_in(client, head)
    page = client.get("/roster/print/?dept=0401")
    text = page.content.decode()
    sheet = page.context["sheet"]
    for words in ("手术室授权名册", sheet.number, sheet.check, "周立诚", "限日间开展"):
        assert words in text
    assert "yw-side" not in text
    event = AuditEvent.objects.get(kind=EventKind.EXPORTED)
    assert (event.by, event.subject_type, event.subject_id) == (
        head,
        "roster",
        sheet.number,
    )
    assert event.detail == {"rows": 3, "format": "print", "check": sheet.check}


def test_pdf_has_the_font_inside_and_is_logged(
    client: CheckedClient, lin: User, people: dict[str, Practitioner]
) -> None:
    sign_in(client, lin)
    answer = client.get("/roster/pdf/?dept=0401")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert (
        'filename="SSMC-20261123-0401-SS.pdf"' in answer.headers["Content-Disposition"]
    )
    assert answer.content.startswith(b"%PDF-")
    assert b"NotoSansSC" in answer.content
    event = AuditEvent.objects.get(kind=EventKind.EXPORTED)
    assert event.detail["format"] == "pdf"


def test_long_roster_of_many_pages_and_hostile_words_is_set(
    client: CheckedClient, lin: User, su: User, people: dict[str, Practitioner]
) -> None:
    Practitioner.objects.filter(emp_no="1027").update(
        name='#panic("x")阿卜杜热合曼·买买提吐尔逊·阿卜杜热合曼'
    )
    ward(lin, doctors=10, procedures=30)
    sign_in(client, lin)
    answer = client.get("/roster/pdf/")
    assert answer.content.startswith(b"%PDF-")
    pages = re.search(rb"/Type/Pages/Count (\d+)", answer.content)
    assert pages is not None
    assert int(pages[1]) > 4
    page = client.get("/roster/print/").content.decode()
    assert "#panic(&quot;x&quot;)" in page


def test_file_has_every_line_and_is_logged(
    client: CheckedClient, lin: User, people: dict[str, Practitioner]
) -> None:
    sign_in(client, lin)
    answer: Any = client.get(f"{PAGE}&export=xlsx")
    content = BytesIO(b"".join(answer.streaming_content))
    text = ZipFile(content).read("xl/worksheets/sheet1.xml").decode()
    assert text.count("<row ") == 4
    assert "左侧；限日间开展" in text
    event = AuditEvent.objects.get(kind=EventKind.EXPORTED)
    assert (event.subject_id, event.detail) == ("roster", {"rows": 3})


def test_nonsense_is_told_and_an_empty_roster_says_what_next(
    client: CheckedClient, lin: User, people: dict[str, Practitioner]
) -> None:
    sign_in(client, lin)
    page = client.get("/roster/?dept=9999&on=gestern&grade=9")
    assert [str(note.text) for note in page.context["notes"]] == [
        "「gestern」不是日期，请写成 2026-11-23 这样。以下按今天显示。",
        "没有代码为「9999」的科室，请在科室一栏重新选择。",
    ]
    assert "没有有效的三、四级手术授权" in page.content.decode()
    long_ago = timezone.now() - timedelta(days=4000)
    empty = client.get(f"{PAGE}&on={long_ago:%Y-%m-%d}")
    assert empty.context["sheet"].count == 0


def test_long_roster_is_cut_on_the_page_and_refused_on_paper(
    client: CheckedClient, lin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    ward(lin, doctors=4, procedures=5)
    monkeypatch.setattr(views, "MOST_SHOWN", 7)
    monkeypatch.setattr(views, "MOST_PRINTED", 19)
    sign_in(client, lin)
    page = client.get(PAGE)
    assert [len(group.rows) for group in page.context["groups"]] == [4, 3]
    assert "其余 13 条没有显示" in page.content.decode()
    for kind in ("print", "pdf"):
        answer = client.get(f"/roster/{kind}/?dept=0401")
        assert answer.headers["Location"] == "/roster/?dept=0401"
    told = client.get(PAGE).content.decode()
    assert "名册有 20 条，超过一次打印的 19 条。请按科室打印，或导出表格。" in told
    assert not AuditEvent.objects.filter(kind=EventKind.EXPORTED).exists()
