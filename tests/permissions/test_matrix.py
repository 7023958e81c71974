"""授权矩阵: what its cells say, for whom, and how much it asks the database."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.cache import cache
from django.utils import timezone

from permissions import services
from permissions.checks.codes import Code
from permissions.checks.facts import Context, Side, Standing
from permissions.checks.facts import Setting as Place
from permissions.checks.question import Part
from permissions.models import GrantState
from permissions.presenters.matrix import RowView
from permissions.queries.matrix import Graded, members_of, procedure_rows
from permissions.snapshot import whole_world
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Practitioner
from surgery.enums import Grade
from surgery.models import Procedure
from tests.cast import make_department, make_practitioner, make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.ledger import granted, make_procedure, nothing_written
from tests.permissions.wards import ward, write_lines
from tests.surgery.grading import regraded

pytestmark = pytest.mark.usefixtures("catalogue")
PAGE = "/matrix/?dept=0401"
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "matrix"}
LATER = date(2027, 11, 22)
GALLBLADDER, LIVER = "51.2300", "50.2205"


@pytest.fixture(autouse=True)
def _no_department_is_remembered() -> None:
    cache.clear()


@pytest.fixture
def people(db: None) -> dict[str, Practitioner]:
    department = make_department("0401", "肝胆胰外科")
    titles = {"1027": "231", "1102": "232", "1188": "233", "1305": "234"}
    return {
        emp_no: make_practitioner(
            emp_no, f"医师{emp_no}", title_code=title, department=department
        )
        for emp_no, title in titles.items()
    }


@pytest.fixture
def lines(
    lin: User, su: User, people: dict[str, Practitioner]
) -> dict[str, GrantState]:
    """Every kind of cell, for two procedures and four doctors."""

    def give(emp_no: str, code: str, **given: Any) -> GrantState:
        return granted(lin, su, people[emp_no], code, **{"valid_to": LATER, **given})

    made = {
        "operates": give("1027", "SG03", item=GALLBLADDER),
        "teaches": give("1027", "SG03", item=GALLBLADDER, role="SUPERVISE"),
        "ends": give("1102", "SG03", item=GALLBLADDER, valid_to=date(2026, 12, 10)),
        "learns": give("1188", "SG03", item=GALLBLADDER, role="OPERATE_SUPERVISED"),
        "paused": give("1027", "SG04", item=LIVER),
        "comes": give("1102", "SG04", item=LIVER, valid_from=date(2026, 12, 1)),
        "hand": give("1305", "SG07"),
    }
    services.suspend(
        state=made["paused"],
        by=su,
        at=timezone.now(),
        reason_code="08",
        reason="年度评估未提交",
    )
    return made


def grid(page: Any) -> dict[str, dict[str, str]]:
    """Letter and style by procedure and doctor."""
    heads = [head.emp_no for head in page.context["columns"]]
    return {
        row.key: {
            emp_no: f"{cell.letter} {cell.css}".strip()
            for emp_no, cell in zip(heads, row.cells, strict=True)
        }
        for row in page.context["rows"]
    }


def rows_of(page: Any) -> dict[str, RowView]:
    return {row.key: row for row in page.context["rows"]}


def test_cells_say_role_and_state(
    client: CheckedClient, lin: User, lines: dict[str, GrantState]
) -> None:
    sign_in(client, lin)
    page = client.get(PAGE)
    assert [head.emp_no for head in page.context["columns"]] == [
        "1027",
        "1102",
        "1188",
        "1305",
    ]
    assert grid(page) == {
        LIVER: {"1027": "停 s", "1102": "待 f", "1188": "n", "1305": "助 a"},
        GALLBLADDER: {"1027": "主 z", "1102": "主 z e", "1188": "带 d", "1305": "助 a"},
    }
    rows = rows_of(page)
    assert rows[GALLBLADDER].cells[0].title == (
        "主刀 生效 至 2027-11-22；带教 生效 至 2027-11-22"
    )
    assert rows[GALLBLADDER].cells[1].title == "主刀 即将到期 至 2026-12-10"
    assert rows[LIVER].cells[1].title == "主刀 待生效 自 2026-12-01 起"
    assert (rows[GALLBLADDER].count, rows[GALLBLADDER].is_gap) == (2, False)
    assert (rows[LIVER].count, rows[LIVER].is_gap) == (0, True)
    assert page.context["gaps"] == 1


def test_another_day_shows_what_held_then(
    client: CheckedClient, lin: User, lines: dict[str, GrantState]
) -> None:
    sign_in(client, lin)
    later = grid(client.get(f"{PAGE}&on=2026-12-11"))
    assert later[LIVER] == {"1027": "停 s", "1102": "主 z", "1188": "n", "1305": "助 a"}
    assert later[GALLBLADDER]["1102"] == "期 x"
    assert grid(client.get(f"{PAGE}&on=2026-11-22")) == {
        GALLBLADDER: dict.fromkeys(["1027", "1102"], "待 f")
        | {"1188": "待 f", "1305": "待 f"},
        LIVER: {"1027": "待 f", "1102": "待 f", "1188": "n", "1305": "待 f"},
    }


def test_only_gaps_and_other_rows(
    client: CheckedClient, lin: User, lines: dict[str, GrantState]
) -> None:
    sign_in(client, lin)
    assert set(grid(client.get(f"{PAGE}&gaps=1"))) == {LIVER}
    assert set(grid(client.get(f"{PAGE}&grade=3"))) == {GALLBLADDER}
    assert set(grid(client.get(f"{PAGE}&grade=1"))) == set()
    everything = grid(client.get(f"{PAGE}&specialty=all"))
    assert set(everything) == {LIVER, GALLBLADDER, "11.6400x001"}
    # A right to the class is no right to a restricted technique.
    assert everything["11.6400x001"]["1305"] == "助 a"


def test_classes_reach_procedures_of_grade_1_and_2(
    client: CheckedClient, lin: User, su: User, people: dict[str, Practitioner]
) -> None:
    make_procedure("47.0100", "腹腔镜下阑尾切除术", Grade.TWO)
    granted(lin, su, people["1305"], "SG01", valid_to=LATER)
    granted(lin, su, people["1188"], "SG02", valid_to=LATER)
    sign_in(client, lin)
    found = grid(client.get(f"{PAGE}&specialty=all&grade=2"))
    assert found == {"47.0100": {"1027": "n", "1102": "n", "1188": "主 z", "1305": "n"}}


def test_privileges_as_rows_count_items_and_show_flags(
    client: CheckedClient, lin: User, su: User, lines: dict[str, GrantState]
) -> None:
    sign_in(client, lin)
    page = client.get(f"{PAGE}&rows=privileges&category=SG")
    found = grid(page)
    assert found["SG03"] == {"1027": "2 z", "1102": "1 z e", "1188": "1 z", "1305": "n"}
    assert found["SG04"] == {"1027": "停 s", "1102": "待 f", "1188": "n", "1305": "n"}
    assert found["SG07"]["1305"] == "有 z"
    assert rows_of(page)["SG08"].is_gap
    only = grid(client.get(f"{PAGE}&rows=privileges&category=SG&gaps=1"))
    assert "SG07" not in only
    assert "SG04" in only


def test_matrix_says_what_the_check_engine_answers(
    lin: User, su: User, lines: dict[str, GrantState], people: dict[str, Practitioner]
) -> None:
    now = timezone.now()
    world = whole_world()
    context = Context(Place.INPATIENT, False, "", Side.ANY)
    members = members_of("0401", now)
    enabled = Procedure.objects.filter(is_enabled=True).order_by("code")
    procedures = [Graded(one, one.grade) for one in enabled]
    seen = set()
    for row in procedure_rows(members, procedures):
        for person, cell in zip(members.people, row.cells, strict=True):
            code = world.code(
                person.emp_no,
                Part.SURGEON,
                row.procedure.code,
                now.timestamp(),
                context,
            )
            seen.add(code)
            first = cell[0] if cell else None
            alone = bool(first and first.is_in_force and first.role == "OPERATE")
            led = bool(
                first and first.is_in_force and first.role.endswith("SUPERVISED")
            )
            paused = bool(first and first.line.standing == "SUSPENDED")
            assert alone is (code is Code.ALLOWED), (person, row.procedure)
            assert led is (code is Code.SUPERVISED)
            assert paused is (code is Code.SUSPENDED)
    assert {Code.ALLOWED, Code.SUPERVISED, Code.SUSPENDED, Code.ASSIST_ONLY} <= seen
    assert all(
        one.facts.standing is Standing.PRACTISING for one in world.people.values()
    )


def test_who_left_is_a_column_only_while_a_line_stands(
    client: CheckedClient, lin: User, lines: dict[str, GrantState]
) -> None:
    Practitioner.objects.filter(emp_no__in=["1188", "1305"]).update(status="99")
    services.revoke(
        state=lines["hand"],
        by=lin,
        at=timezone.now(),
        reason_code="05",
        reason="已离职，取消助手权",
    )
    sign_in(client, lin)
    columns = client.get(PAGE).context["columns"]
    assert [head.emp_no for head in columns] == ["1027", "1102", "1188"]


@pytest.mark.parametrize("size", [(5, 8), (60, 120)])
def test_sixty_doctors_and_a_hundred_and_twenty_procedures_take_as_many_queries_as_five(
    client: CheckedClient, lin: User, size: tuple[int, int]
) -> None:
    doctors, procedures = size
    ward(lin, doctors=doctors, procedures=procedures)
    sign_in(client, lin)
    client.get("/matrix/?dept=0401&grade=4")  # the departments are remembered
    with assert_queries(8):
        page = client.get(PAGE)
    assert len(page.context["columns"]) == doctors
    assert len(page.context["rows"]) == procedures
    assert page.content.decode().count("<td") == (doctors + 1) * procedures
    with assert_queries(8):
        assert client.get(f"{PAGE}&rows=privileges").status_code == 200


def graded(client: CheckedClient, on: str, grades: str = "34") -> dict[str, int | None]:
    page = client.get(f"{PAGE}&on={on}&grade={grades}")
    return {row.key: row.grade.number for row in page.context["rows"] if row.grade}


def test_another_day_shows_the_grades_of_that_day(
    client: CheckedClient, lin: User, lines: dict[str, GrantState]
) -> None:
    head = make_user("2003", "何静宜", Role.OFFICE_HEAD)
    regraded(lin, head, GALLBLADDER, 4)
    regraded(lin, head, LIVER, 3, on=date(2026, 12, 20))
    sign_in(client, lin)

    assert graded(client, "2026-11-22") == {LIVER: 4, GALLBLADDER: 3}
    assert graded(client, "2026-11-23") == {LIVER: 4, GALLBLADDER: 4}
    assert graded(client, "2026-12-25") == {GALLBLADDER: 4, LIVER: 3}
    assert graded(client, "2026-11-22", "4") == {LIVER: 4}
    with assert_queries(10):
        client.get(f"{PAGE}&on=2026-11-22")


def test_fragment_is_the_grid_alone(
    client: CheckedClient, lin: User, lines: dict[str, GrantState]
) -> None:
    sign_in(client, lin)
    page = client.get(PAGE, **HTMX)
    assert page.headers["Vary"].startswith("HX-Target")
    assert page.content.decode().strip().startswith('<div id="matrix"')


def test_what_makes_no_sense_is_told_and_kept(
    client: CheckedClient, lin: User, lines: dict[str, GrantState]
) -> None:
    sign_in(client, lin)
    page = client.get("/matrix/?dept=9999&on=2026-02-30&rows=x&grade=7&category=ZZ")
    told = [str(note.text) for note in page.context["notes"]]
    assert told == [
        "「2026-02-30」不是日期，请写成 2026-11-23 这样。以下按今天显示。",
        "没有代码为「9999」的科室，请在科室一栏重新选择。",
    ]
    assert 'value="2026-02-30"' in page.content.decode()
    assert page.context["rows"] == []
    assert "没有可显示的格子" in page.content.decode()


def test_first_page_opens_a_department_that_has_something(
    client: CheckedClient, lin: User, lines: dict[str, GrantState]
) -> None:
    make_department("0101", "没有手术的科室")
    sign_in(client, lin)
    assert client.get("/matrix/").context["department"] == "肝胆胰外科"


def test_first_page_opens_where_most_lines_of_grade_4_are_not_where_most_lines_are(
    client: CheckedClient, lin: User, su: User, lines: dict[str, GrantState]
) -> None:
    """One more item of grade 4 outweighs any number of others; suspended ones do not
    count."""
    liver = make_department("0409", "移植外科")
    makes = {number: make_practitioner(number, f"医师{number}", title_code="231", department=liver) for number in ("2001", "2002")}  # fmt: skip
    for person in makes.values():
        granted(lin, su, person, "SG04", item=LIVER, valid_to=LATER)
    sign_in(client, lin)
    assert client.get("/matrix/").context["department"] == "移植外科"


def test_drawer_tells_every_line_and_what_happened(
    client: CheckedClient, lin: User, lines: dict[str, GrantState]
) -> None:
    sign_in(client, lin)
    cell = f"/matrix/cell/?emp_no=1027&row={LIVER}&on=2026-11-23"
    page = client.get(cell, HTTP_HX_REQUEST="true")
    [line] = page.context["lines"]
    assert (line.what, line.standing.text, line.role) == (
        "腹腔镜下肝部分切除术",
        "暂停",
        "主刀",
    )
    assert line.given_to == "医师1027 肝胆胰外科 主任医师"
    assert [str(act.label) for act in line.row.acts] == [
        "续期",
        "恢复",
        "降级",
        "撤销",
        "取消",
        "作废",
    ]
    told = [one.text for one in page.context["timeline"].moments]
    assert told == [
        "暂停 腹腔镜下肝部分切除术（50.2205 · SG04）",
        "新增 腹腔镜下肝部分切除术（50.2205 · SG04）",
    ]
    nothing = client.get(
        f"/matrix/cell/?emp_no=1188&row={LIVER}", HTTP_HX_REQUEST="true"
    )
    assert nothing.context["lines"] == []
    assert "这位医师没有这一项的任何授权记录。" in nothing.content.decode()
    flag = client.get(
        "/matrix/cell/?emp_no=1305&row=SG07&rows=privileges", HTTP_HX_REQUEST="true"
    )
    assert [one.what for one in flag.context["lines"]] == ["手术助手权"]


@pytest.mark.parametrize(
    "address",
    [
        "emp_no=0000&row=51.2300",
        "emp_no=1027&row=99.9999",
        "emp_no=1027&row=XX99&rows=privileges",
        "",
    ],
)
def test_unknown_cell_is_not_found(
    client: CheckedClient, lin: User, lines: dict[str, GrantState], address: str
) -> None:
    sign_in(client, lin)
    answer = client.get(f"/matrix/cell/?{address}", HTTP_HX_REQUEST="true")
    assert answer.status_code == 404


def test_cell_asked_for_as_a_page_leads_to_the_doctor(
    client: CheckedClient, lin: User, lines: dict[str, GrantState]
) -> None:
    sign_in(client, lin)
    answer = client.get(f"/matrix/cell/?emp_no=1027&row={LIVER}")
    assert answer.headers["Location"] == "/doctors/1027/"


def test_export_carries_the_letters_and_is_logged(
    client: CheckedClient, lin: User, lines: dict[str, GrantState]
) -> None:
    sign_in(client, lin)
    answer: Any = client.get(f"{PAGE}&export=xlsx")
    content = BytesIO(b"".join(answer.streaming_content))
    text = ZipFile(content).read("xl/worksheets/sheet1.xml").decode()
    for words in ("医师1027 1027 主任", "主（主刀 生效 至 2027-11-22", "停（", "三级"):
        assert words in text, words
    event = AuditEvent.objects.get(kind=EventKind.EXPORTED)
    assert (event.subject_id, event.detail) == ("matrix", {"rows": 2})


def test_who_may_not_export_gets_nothing_and_leaves_nothing(
    client: CheckedClient, chen: User, lines: dict[str, GrantState]
) -> None:
    sign_in(client, chen)
    with nothing_written():
        assert client.get(f"{PAGE}&export=xlsx").status_code == 403
    assert not AuditEvent.objects.filter(kind=EventKind.EXPORTED).exists()
    page = client.get(PAGE).content.decode()
    assert "data-export" not in page


def test_reading_pages_are_shut_for_who_may_not_see_privileges(
    client: CheckedClient, wang: User, zhao: User, chen: User
) -> None:
    pages = [
        "/matrix/",
        "/matrix/cell/",
        "/who-may/",
        "/who-may/subjects/",
        "/differences/",
        "/differences/subjects/",
        "/roster/",
        "/roster/print/",
        "/roster/pdf/",
    ]
    for user in (wang, zhao):
        sign_in(client, user)
        assert {client.get(url).status_code for url in pages} == {403}
    sign_in(client, chen)
    shown = [url for url in pages if url not in {"/matrix/cell/", "/roster/pdf/"}]
    assert {client.get(url).status_code for url in shown} == {200}
    assert client.get("/roster/pdf/").status_code == 403
    assert not AuditEvent.objects.filter(detail__format="pdf").exists()


def test_expired_lines_of_long_ago_do_not_hide_what_is_in_force(
    client: CheckedClient, lin: User
) -> None:
    _department, people, things = ward(lin, doctors=1, procedures=1)
    begins = timezone.now() - timedelta(days=900)
    write_lines(
        lin,
        people,
        things,
        valid_from=begins,
        valid_to=begins + timedelta(days=300),
        recorded_at=begins,
    )
    sign_in(client, lin)
    [row] = client.get(PAGE).context["rows"]
    assert row.cells[0].css == "z e"
    assert row.cells[0].title.startswith("主刀 即将到期")
    assert "已到期" in row.cells[0].title
