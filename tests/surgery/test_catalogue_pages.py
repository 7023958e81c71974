"""手术目录: the list, the drawers, the grade dictionary, and what the log tells."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.cache import cache

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.acting import acting
from surgery.enums import Grade
from surgery.importers import load_seed_procedures
from surgery.models import GradeText, Procedure
from surgery.queries.catalogue import last_change_of
from tests.cast import chen, lin, make_department, make_user, sign_in, wang
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.surgery.catalogue_acts import (
    CHOLE,
    REASON,
    attributes,
    names_of,
    places_of,
    procedure,
    rows_written,
    today,
)

__all__ = ["chen", "lin", "wang"]
pytestmark = pytest.mark.django_db
LIST = "/procedures/"
GRADES = "/procedures/grades/"
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}
# Thirteen of them read who may operate anew, as every test does inside its transaction.
QUERIES = 26


@pytest.fixture(autouse=True)
def catalogue(db: None) -> Iterator[None]:
    """The seed; 47.0100 is ungraded, 51.2200 is out of use."""
    cache.clear()
    load_seed_procedures()
    make_department("0401", "肝胆胰外科")
    make_department("0302", "胃肠外科")
    with acting(by=None, reason="测试"):
        Procedure.objects.filter(code="47.0100").update(grade=Grade.UNGRADED)
        Procedure.objects.filter(code="51.2200").update(is_enabled=False)
        Procedure.objects.filter(code="17.3300").update(is_national_level4=True)
    yield
    cache.clear()


def codes(client: CheckedClient, query: str) -> list[str]:
    page = client.get(f"{LIST}?{query}")
    assert page.status_code == 200
    return [row.code for row in page.context["list"].rows]


def typed(of: str = CHOLE, **changes: Any) -> dict[str, Any]:
    """The form of an entry as the page would post it."""
    now = attributes(of)
    content: dict[str, Any] = {
        **now.columns,
        "aliases": "\n".join(now.aliases),
        "departments": list(now.departments),
        "reason": REASON,
        "seen": last_change_of(procedure(of)),
        **changes,
    }
    return {name: value for name, value in content.items() if value is not False}


def post(client: CheckedClient, address: str, **given: Any) -> Any:
    return client.post(address, given, **HTMX)


# --- the list -------------------------------------------------------------------------

FOUND = [
    ("best first", "q=胆囊&view=all", ["51.2200", "51.2300"]),
    ("mixed", "q=fqj 胆囊", ["51.2300"]),
    ("sorted by the reader", "q=胆囊&sort=-code", ["51.2300", "51.2200"]),
    ("ungraded", "view=g0", ["47.0100"]),
    ("out of use", "view=off", ["51.2200"]),
    ("level 4", "flag=level4", ["17.3300"]),
    ("licence", "flag=licence", ["33.5000", "37.5100", "50.5900x005", "55.6901"]),
    ("category", "category=2&chapter=00", ["00.6600"]),
    ("surgery or intervention", "category=12&q=39.7903", ["39.7903"]),
    ("chapter", "chapter=01-05", ["01.2408", "01.5900x037", "03.3101"]),
    ("grade 3 and 4", "view=g34&q=肝 切除", ["50.3x00", "50.2205"]),
]


@pytest.mark.parametrize(
    ("query", "found"), [case[1:] for case in FOUND], ids=[case[0] for case in FOUND]
)
def test_list_finds(
    client: CheckedClient, lin: User, query: str, found: list[str]
) -> None:
    sign_in(client, lin)
    assert codes(client, query) == found


def test_department_finds_its_own_and_everybodys(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    address = f"{LIST}{procedure().pk}/change/"
    assert post(client, address, **typed(departments=["0401"])).status_code == 200
    assert codes(client, "dept=0401&q=胆囊") == ["51.2200", "51.2300"]
    assert codes(client, "dept=0302&q=胆囊") == ["51.2200"]


def test_tabs_count_the_grades_in_use(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    tabs = client.get(LIST).context["list"].tabs.items
    assert [(str(tab.label), tab.count) for tab in tabs] == [
        ("全部", 94),
        ("四级", 30),
        ("三级", 32),
        ("二级", 18),
        ("一级", 12),
        ("三、四级", 62),
        ("未定级", 1),
        ("停用", 1),
    ]


def test_list_takes_as_many_queries_whatever_its_length(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    client.get(LIST)  # the departments are remembered for a minute
    with assert_queries(QUERIES):
        client.get(f"{LIST}?q=胆囊")
    with assert_queries(QUERIES):
        client.get(f"{LIST}?per=100")


def test_export_has_what_the_list_finds(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    answer: Any = client.get(f"{LIST}?q=胆囊&export=xlsx")
    sheet = ZipFile(BytesIO(b"".join(answer.streaming_content)))
    texts = sheet.read("xl/worksheets/sheet1.xml").decode()
    assert texts.index("胆囊切除术") < texts.index("腹腔镜下胆囊切除术")
    assert "乳房病损切除术" not in texts


def test_nothing_found_says_by_what(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    assert "已按「没有的」筛选。" in client.get(f"{LIST}?q=没有的").text


def test_reader_sees_the_list_and_no_button_to_change_it(
    client: CheckedClient, chen: User
) -> None:
    sign_in(client, chen)
    page = client.get(LIST)
    assert page.status_code == 200
    assert "新增手术" not in page.text
    assert post(client, f"{LIST}{procedure().pk}/change/").status_code == 403
    assert post(client, f"{LIST}{procedure().pk}/switch/").status_code == 403
    assert post(client, f"{LIST}new/").status_code == 403
    assert post(client, f"{GRADES}4/change/").status_code == 403


def test_doctor_may_not_read_it(client: CheckedClient, wang: User) -> None:
    sign_in(client, wang)
    assert client.get(LIST).status_code == 403


# --- the drawers ----------------------------------------------------------------------


def test_drawer_tells_attributes_and_every_change(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    address = f"{LIST}{procedure().pk}/"
    given = typed(site="胆囊", aliases="LC\nLC\n 腔镜胆囊 ", departments=["0401"])
    answer = post(client, f"{address}change/", **given)
    assert answer.status_code == 200
    assert (names_of(CHOLE), places_of(CHOLE)) == (("LC", "腔镜胆囊"), ("0401",))

    drawer = client.get(address, **HTMX).context["drawer"]
    facts = {str(title): str(value) for title, value in drawer.facts}
    assert (facts["部位"], facts["别名"], facts["可开展科室"], facts["章"]) == (
        "胆囊",
        "LC、腔镜胆囊",
        "肝胆胰外科",
        "消化系统",
    )
    told = [
        (str(version.title), version.by, version.reason)
        for version in drawer.versions[:4]
    ]
    assert sorted(told) == sorted(
        [
            ("修改", "林若川 2031", REASON),
            ("别名", "林若川 2031", REASON),
            ("别名", "林若川 2031", REASON),
            ("可开展科室", "林若川 2031", REASON),
        ]
    )
    assert str(drawer.versions[-1].title) == "建立"


def test_refused_change_keeps_what_was_typed(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    before = rows_written()
    address = f"{LIST}{procedure().pk}/change/"
    answer = post(client, address, **typed(site="胆囊", reason="短"))
    assert answer.status_code == 422
    assert "至少 5 个字，现有 1 个" in answer.text
    assert 'value="胆囊"' in answer.text
    assert rows_written() == before


def test_code_is_not_changed_by_the_drawer(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    key = procedure().pk
    post(client, f"{LIST}{key}/change/", **typed(site="胆囊", code="51.9999"))
    assert Procedure.objects.get(pk=key).code == CHOLE


def test_new_entry_is_typed_and_a_second_of_its_code_is_refused(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    given = {
        "code": "512301",
        "name": "腹腔镜下残余胆囊切除术",
        "category": "1",
        "restricted_class": "0",
        "place": "ALL",
        "effective_from": today().isoformat(),
        "reason": REASON,
    }
    assert post(client, f"{LIST}new/", **given).status_code == 200
    assert procedure("51.2301").grade == Grade.UNGRADED
    again = post(client, f"{LIST}new/", **given)
    assert again.status_code == 422
    assert "目录中已有 51.2301「腹腔镜下残余胆囊切除术」" in again.text
    assert Procedure.objects.count() == 95


def test_entry_is_switched_off_and_the_list_says_since_when(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    seen = last_change_of(procedure())
    given = {"on": today().isoformat(), "reason": REASON, "seen": seen}
    address = f"{LIST}{procedure().pk}/switch/"
    assert post(client, address, **given).status_code == 200
    [row] = client.get(f"{LIST}?q={CHOLE}").context["list"].rows
    assert (str(row.state.text), row.since) == ("停用", f"{today()} 起停用")


def test_end_that_is_ahead_is_moved_or_taken_back_from_its_drawer(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    address = f"{LIST}{procedure().pk}/switch/"

    def send(**given: Any) -> Any:
        said = {"seen": last_change_of(procedure()), "reason": REASON, **given}
        return post(client, address, **said)

    later = today() + timedelta(days=5)
    assert send(on=later.isoformat()).status_code == 200
    assert "改期或撤回" in client.get(f"{LIST}?q={CHOLE}").content.decode()
    drawer = client.get(address, **HTMX).content.decode()
    assert "停用改期或撤回" in drawer
    missing = send(act="MOVE", on="")
    assert missing.status_code == 422
    assert "写明改到哪一天。" in missing.content.decode()
    moved = later + timedelta(days=1)
    assert send(act="MOVE", on=moved.isoformat()).status_code == 200
    assert procedure().effective_to == moved
    assert send(act="RECALL", on="").status_code == 200
    assert (procedure().is_enabled, procedure().effective_to) == (True, None)
    sent_twice = send(act="RECALL", on="")
    assert (sent_twice.status_code, procedure().effective_to) == (422, None)

    log = client.get("/log/").content.decode()
    assert f"{moved}" in log


@pytest.mark.parametrize(
    "path", ["999/", "999/change/", "999/switch/", "grades/7/change/"]
)
def test_entry_that_is_not_there_is_not_found(
    client: CheckedClient, lin: User, path: str
) -> None:
    sign_in(client, lin)
    assert client.get(f"{LIST}{path}", **HTMX).status_code == 404


# --- the grade dictionary -------------------------------------------------------------


def test_dictionary_shows_criteria_and_how_many_have_the_grade(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    rows = client.get(GRADES).context["rows"]
    assert [(str(row.grade.text), row.in_use, row.entries_url) for row in rows] == [
        ("四级", 30, "/procedures/?view=g4"),
        ("三级", 32, "/procedures/?view=g3"),
        ("二级", 18, "/procedures/?view=g2"),
        ("一级", 12, "/procedures/?view=g1"),
        ("未定级", 1, "/procedures/?view=g0"),
    ]


def test_criteria_are_worded_anew_in_the_drawer(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    words = "风险高、难度大，或重大伦理风险。"
    address = f"{GRADES}4/change/"
    assert post(client, address, criteria=words, reason="短").status_code == 422
    assert not GradeText.objects.exists()
    assert post(client, address, criteria=words, reason=REASON).status_code == 200
    drawer = client.get(address, **HTMX)
    [one] = drawer.context["wordings"]
    assert (one.by, one.reason, str(one.diff.changes[0].after)) == (
        "林若川 2031",
        REASON,
        words,
    )


# --- the log --------------------------------------------------------------------------


def test_every_act_is_in_the_log_before_and_after(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    key = procedure().pk
    given = typed(site="胆囊", aliases="LC", departments=["0401"])
    post(client, f"{LIST}{key}/change/", **given)
    post(client, f"{GRADES}4/change/", criteria="新的判定标准", reason=REASON)
    listed = client.get("/log/?view=surgery").context["list"].rows
    rows = [row for row in listed if row.reason == REASON]
    found = {(str(row.chip.text), row.who, row.what) for row in rows}
    name = "腹腔镜下胆囊切除术"
    assert found == {
        ("修改手术目录", name, CHOLE),
        ("修改手术别名", name, CHOLE),
        ("修改可开展科室", name, CHOLE),
        ("修改手术等级字典", "四级", "手术等级字典"),
    }
    changed = next(row for row in rows if str(row.chip.text) == "修改手术目录")
    entry = client.get(changed.url).context["entry"]
    told = [(str(c.field), str(c.before), str(c.after)) for c in entry.diff.changes]
    assert told == [("部位", "—", "胆囊")]
    alias = client.get("/log/?kind=PROCEDURE_NAMED&q=LC").context["list"].rows
    assert [row.what for row in alias] == [CHOLE]


def test_log_is_read_by_the_office_alone(client: CheckedClient) -> None:
    member = make_user("4001", "会委员", Role.COMMITTEE)
    sign_in(client, member)
    assert client.get(LIST).status_code == 200
    assert client.get("/log/").status_code == 403
