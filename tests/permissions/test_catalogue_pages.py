"""权限字典: the list, an entry's page, its drawers, the versions and their acts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.cache import cache
from django.http import QueryDict
from django.urls import reverse

from permissions.models import CatalogueVersion, DraftEntry
from permissions.models.entries import Entry
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from tests.cast import make_practitioner, make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.catalogue_acts import (
    REASON,
    approve,
    draft,
    entry,
    nothing_changed,
    published,
    submit,
    under_way,
)
from tests.permissions.ledger import granted, privilege, propose

pytestmark = pytest.mark.usefixtures("catalogue")
LIST = "/privilege-catalogue/"
VERSIONS = "/privilege-catalogue/versions/"
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def head(db: None) -> User:
    return make_user("2003", "何科长", Role.OFFICE_HEAD)


def typed(of: str, **changes: Any) -> dict[str, Any]:
    """The form of an entry as the page would post it."""
    content = entry(of).as_json() | {"reason": REASON, "seen": 0} | changes
    return {
        name: value
        for name, value in content.items()
        if value is not None and name != "is_enabled"
    }


def codes(client: CheckedClient, query: str) -> list[str]:
    page = client.get(f"{LIST}?{query}")
    assert page.status_code == 200
    return [row.code for row in page.context["list"].rows]


# --- the list -------------------------------------------------------------------------

FILTERS = [
    ("by code", "q=ab0", ["AB01", "AB02", "AB03", "AB04"]),
    ("by name", "q=用血科主任", ["BL03"]),
    ("by initials", "q=ctfyx", []),
    ("by initials inside", "q=yxsq", ["BL01"]),
    ("category", "category=TE", ["TE01", "TE02"]),
    ("the items of grades 3 and 4", "category=SI", ["SG03", "SG04"]),
    ("setting", "setting=EMER", ["RX02"]),
    ("title rule", "title=HARD", ["AB01", "AB02", "AB03", "AB04", "BL01"]),
    ("basis", "basis=REG08", [f"ND0{n}" for n in (1, 2, 3, 4, 6)]),
    ("kind", "kind=LEVEL&category=ON", ["ON01", "ON02"]),
    ("downward", "category=TE&sort=-code", ["TE02", "TE01"]),
]


@pytest.mark.parametrize(
    ("query", "wanted"), [one[1:] for one in FILTERS], ids=[one[0] for one in FILTERS]
)
def test_list_finds(
    query: str, wanted: list[str], client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    assert codes(client, query) == wanted


def test_list_shows_rule_validity_and_how_many_hold_it(
    client: CheckedClient, lin: User, su: User
) -> None:
    granted(lin, su, make_practitioner(), "AB02", valid_to=date(2027, 1, 1))
    sign_in(client, lin)
    [row] = client.get(f"{LIST}?q=AB02").context["list"].rows
    assert (row.code, str(row.kind), row.level, str(row.setting)) == (
        "AB02",
        "级别",
        "2",
        "全部",
    )
    assert (row.title, row.validity, row.assessment) == (
        "必须 主治医师及以上",
        "12 个月",
        "12 个月",
    )
    assert (row.grants, row.grants_url) == (1, "/privileges/?q=AB02")


def test_tabs_tell_enabled_disabled_and_drafted(
    client: CheckedClient, lin: User, su: User
) -> None:
    draft(su, "SD06", validity_months=6)
    sign_in(client, lin)
    page = client.get(LIST)
    counts = [(str(tab.label), tab.count) for tab in page.context["list"].tabs.items]
    assert counts == [("全部", 78), ("启用", 78), ("停用", 0), ("草稿中", 1)]
    assert codes(client, "view=drafted") == ["SD06"]


def test_list_takes_seven_queries(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    client.get(LIST)  # the regulations are remembered for a minute
    with assert_queries(7):
        assert client.get(LIST).context["list"].pager.total == 78


def test_nothing_found_says_by_what(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    page = client.get(f"{LIST}?q=没有的")
    assert "已按「没有的」筛选。" in page.text


def test_export_has_every_entry(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    answer = client.get(f"{LIST}?export=xlsx")
    with ZipFile(BytesIO(b"".join(answer))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 79
    assert AuditEvent.objects.get(kind=EventKind.EXPORTED).detail == {"rows": 78}


# --- an entry -------------------------------------------------------------------------


def test_entry_page_has_every_attribute_and_links(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    page = client.get(f"{LIST}AB02/")
    shown = {
        str(fact.label): fact.value
        for _title, facts in page.context["page"].groups
        for fact in facts
    }
    assert len(shown) == 25
    assert shown["前提权限"] == "AB01 非限制使用级抗菌药物"
    assert shown["考核"] == "TR01 抗菌药物合理应用培训（年度）"
    assert shown["制度依据"] == "REG06 抗菌药物临床应用管理办法"
    assert (shown["职称规则"], shown["最低职称"]) == ("必须", "主治医师")
    assert shown["HIS 去向"] == "YW_PRIV_SAVE 抗菌药物级别"
    assert shown["控制环节"] == "开单、发药"
    assert page.context["page"].needed_by == [
        ("AB03 特殊使用级抗菌药物", f"{LIST}AB03/")
    ]
    assert client.get(f"{LIST}XX99/").status_code == 404


def test_entry_page_tells_what_each_version_made_of_it(
    client: CheckedClient, lin: User, su: User
) -> None:
    published(lin, su, "SD06", validity_months=6)
    draft(lin, "SD06", validity_months=9)
    sign_in(client, lin)
    page = client.get(f"{LIST}SD06/").context["page"]
    assert [one.title for one in page.releases] == ["第 2 版", "第 1 版"]
    [change] = page.releases[0].diff.changes
    assert (str(change.field), change.before, change.after) == ("有效月数", "12", "6")
    assert "林若川 提交、苏晓岚 同意" in page.releases[0].detail
    [change] = page.draft.changes
    assert (change.before, change.after) == ("6", "9")


def test_entry_page_takes_a_fixed_number_of_queries(
    client: CheckedClient, lin: User, su: User
) -> None:
    published(lin, su, "SD06", validity_months=6)
    sign_in(client, lin)
    with assert_queries(18):
        client.get(f"{LIST}SD06/")


def test_codes_page_lists_reasons_courses_and_regulations(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    tables = client.get(f"{LIST}codes/").context["tables"]
    assert [len(table.rows) for table in tables] == [19, 18, 22, 21]
    assert tables[0].rows[7] == ("08", "评估超期")


# --- drawers --------------------------------------------------------------------------


def test_change_goes_into_the_draft(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    url = f"{LIST}SD06/change/"
    drawer = client.get(url, **HTMX)
    assert "国家重点监控药品使用权" in drawer.text
    data = typed("SD06", validity_months="6", requires=["RX01"])
    answer = client.post(url, data, **HTMX)
    assert answer.status_code == 200
    made = DraftEntry.objects.get()
    after = Entry.from_json(made.content)
    assert (after.validity_months, after.requires, made.changed_by) == (
        6,
        ("RX01",),
        lin,
    )
    assert after.sort == entry("SD06").sort


def test_errors_stand_at_their_fields_and_leave_nothing(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    wrong = typed(
        "AB03", setting="ALL", min_title_rank="3", validity_months="x", reason="短"
    )
    with nothing_changed():
        answer = client.post(f"{LIST}AB03/change/", wrong, **HTMX)
    assert answer.status_code == 422
    assert answer.context["form"].errors["validity_months"] == ["填整数。"]
    wrong["validity_months"] = "12"
    with nothing_changed():
        answer = client.post(f"{LIST}AB03/change/", wrong, **HTMX)
    assert answer.context["form"].errors["reason"] == [
        "至少 5 个字，现有 1 个。写明依据和经过。"
    ]
    wrong["reason"] = REASON
    with nothing_changed():
        answer = client.post(f"{LIST}AB03/change/", wrong, **HTMX)
    assert set(answer.context["form"].errors) == {"setting", "title_rule"}
    assert answer.context["form"]["min_title_rank"].value() == "3"


def test_new_entry_with_a_taken_code_is_refused_at_the_code(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    data = typed("SD06", name="另一个名称", code="SD07")
    with nothing_changed():
        answer = client.post(f"{LIST}new/", data, **HTMX)
    assert answer.context["form"].errors["code"] == [
        "编码 SD07 已有条目，修改那一条，或换一个编码。"
    ]
    answer = client.post(f"{LIST}new/", {**data, "code": "SD09"}, **HTMX)
    assert answer.status_code == 200
    assert DraftEntry.objects.get().is_new


def test_preview_names_who_would_be_hit(
    client: CheckedClient, lin: User, su: User
) -> None:
    junior = make_practitioner("1305", "方若谷", title_code="234")
    granted(lin, su, junior, "SD02", valid_to=date(2028, 11, 22))
    sign_in(client, lin)
    data = QueryDict(mutable=True)
    changed = typed("SD02", title_rule="HARD", min_title_rank="3", validity_months="12")
    for name, value in changed.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    with nothing_changed():
        answer = client.get(f"{LIST}preview/?entry=SD02&{data.urlencode()}", **HTMX)
    panel = answer.context["panel"]
    assert (panel.grants, panel.people) == (1, 1)
    [row] = panel.rows
    assert [(str(chip.text), text) for chip, text in row.hits] == [
        ("不再满足职称", "须主治医师及以上"),
        ("超过新有效期", "现至 2028-11-22，新规定为 12 个月"),
    ]
    assert [str(one.field) for one in answer.context["preview"].changes] == [
        "职称规则",
        "最低职称",
        "有效月数",
    ]


def test_disabling_shows_holders_and_goes_into_the_draft(
    client: CheckedClient, lin: User, su: User
) -> None:
    granted(lin, su, make_practitioner(), "TE02", valid_to=date(2027, 11, 22))
    sign_in(client, lin)
    url = f"{LIST}TE02/switch/"
    assert client.get(url, **HTMX).context["panel"].grants == 1
    answer = client.post(url, {"reason": "改由科室聘任", "seen": 0}, **HTMX)
    assert answer.status_code == 200
    assert not Entry.from_json(DraftEntry.objects.get().content).is_enabled
    assert privilege("TE02").is_enabled


# --- versions -------------------------------------------------------------------------


def test_version_goes_from_draft_to_published_through_its_pages(
    client: CheckedClient, lin: User, head: User
) -> None:
    draft(lin, "SD06", validity_months=6)
    page = f"{VERSIONS}{under_way().pk}/"
    sign_in(client, lin)
    shown = client.get(page)
    assert [card.code for card in shown.context["cards"]] == ["SD06"]
    assert "同意发布" not in shown.text
    data = {
        "effective_on": "2026-11-23",
        "doc_no": "云医务〔2026〕88号",
        "reason": REASON,
        "seen": under_way().revision,
    }
    assert client.post(f"{page}submit/", data, **HTMX).status_code == 200
    # Who submitted has no button, and no way without one either.
    with nothing_changed():
        assert client.post(f"{page}approve/", data, **HTMX).status_code == 403
    sign_in(client, head)
    assert "同意发布" in client.get(page).text
    seen = under_way().revision
    answer = client.post(
        f"{page}approve/", {"reason": "委员会审定通过", "seen": seen}, **HTMX
    )
    assert answer.status_code == 200
    assert CatalogueVersion.objects.get(number=2).decided_by == head
    assert privilege("SD06").validity_months == 6
    shown = client.get(page)
    assert shown.context["panel"] is None
    assert [card.code for card in shown.context["cards"]] == ["SD06"]


def test_refusal_stands_in_the_drawer(
    client: CheckedClient, lin: User, head: User
) -> None:
    draft(head, "SD06", validity_months=6)
    version = submit(lin)
    sign_in(client, head)
    url = reverse("permissions:catalogue-version-approve", args=[version.pk])
    with nothing_changed():
        answer = client.post(url, {"reason": "委员会审定通过", "seen": 0}, **HTMX)
    assert answer.status_code == 422
    assert "刷新页面，核对后再办理" in answer.text
    given = {"reason": "委员会审定通过", "seen": version.revision}
    with nothing_changed():
        answer = client.post(url, given, **HTMX)
    assert "请由另一人审批" in answer.text


def test_change_can_be_dropped_and_the_draft_discarded(
    client: CheckedClient, lin: User
) -> None:
    made = draft(lin, "SD06", validity_months=6)
    draft(lin, "SD07", validity_months=6)
    sign_in(client, lin)
    drop = reverse("permissions:catalogue-drop", args=[made.pk])
    assert client.get(drop, **HTMX).status_code == 200
    data: dict[str, Any] = {"reason": "下一版再改", "seen": made.revision}
    assert client.post(drop, data, **HTMX).status_code == 200
    assert client.get(drop, **HTMX).status_code == 404
    page = f"{VERSIONS}{under_way().pk}/"
    assert [card.code for card in client.get(page).context["cards"]] == ["SD07"]
    with nothing_changed():
        assert client.post(f"{page}discard/", data, **HTMX).status_code == 422
    data["seen"] = under_way().revision
    assert client.post(f"{page}discard/", data, **HTMX).status_code == 200
    assert CatalogueVersion.objects.get(pk=made.version_id).state == "DISCARDED"


def test_affected_rights_are_exported_with_reasons(
    client: CheckedClient, lin: User, su: User
) -> None:
    junior = make_practitioner("1305", "方若谷", title_code="234")
    granted(lin, su, junior, "SD02", valid_to=date(2028, 11, 22))
    granted(lin, su, make_practitioner(), "SD02", valid_to=date(2027, 11, 22))
    draft(lin, "SD02", title_rule="HARD", min_title_rank=3)
    sign_in(client, lin)
    answer = client.get(f"{VERSIONS}{under_way().pk}/affected/")
    with ZipFile(BytesIO(b"".join(answer))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 2
    assert "不再满足职称：须主治医师及以上" in sheet
    assert AuditEvent.objects.get(kind=EventKind.EXPORTED).detail == {"rows": 1}


def test_compare_shows_added_changed_and_disabled(
    client: CheckedClient, lin: User, su: User
) -> None:
    published(lin, su, "SD06", validity_months=6)
    draft(lin, "TE02", is_enabled=False)
    submit(lin)
    approve(su)
    draft(lin, "SD07", validity_months=6)
    sign_in(client, lin)
    url = f"{VERSIONS}compare/"
    result = client.get(f"{url}?before=1&after=3").context["result"]
    assert result.title == "第 1 版 → 第 3 版"
    assert [(card.code, str(card.kind.text)) for card in result.cards] == [
        ("SD06", "修改"),
        ("TE02", "停用"),
    ]
    drafted = client.get(f"{url}?before=3&after=draft").context["result"]
    assert [card.code for card in drafted.cards] == ["SD07"]
    assert "两版相同" in client.get(f"{url}?before=2&after=2").text
    # Nonsense asks for the last two.
    asked = client.get(f"{url}?before=x&after=99").context
    assert (asked["before"], asked["after"]) == ("3", "draft")


@pytest.mark.parametrize("count", [1, 12])
def test_versions_take_six_queries(
    count: int, client: CheckedClient, lin: User, su: User
) -> None:
    for months in range(1, count + 1):
        published(lin, su, "SD06", validity_months=months)
    sign_in(client, lin)
    with assert_queries(6):
        page = client.get(VERSIONS)
    rows = page.context["list"].rows
    assert [row.count for row in rows] == [1] * count + [78]


# --- who may --------------------------------------------------------------------------


def test_who_may_only_look_sees_no_buttons_and_is_refused(
    client: CheckedClient, lin: User, chen: User, zhao: User
) -> None:
    made = draft(lin, "SD06", validity_months=6)
    version = under_way().pk
    sign_in(client, chen)
    for url in (LIST, f"{LIST}SD06/", VERSIONS, f"{VERSIONS}{version}/"):
        page = client.get(url)
        assert page.status_code == 200
        assert "data-new" not in page.text
        assert "/change/" not in page.text
        assert "/submit/" not in page.text
    acts = [
        f"{LIST}new/",
        f"{LIST}SD06/change/",
        f"{LIST}SD06/switch/",
        f"{VERSIONS}{version}/submit/",
        f"{VERSIONS}{version}/approve/",
        f"{VERSIONS}{version}/return/",
        f"{VERSIONS}{version}/discard/",
        f"{LIST}drafts/{made.pk}/drop/",
    ]
    with nothing_changed():
        for url in acts:
            assert client.post(url, typed("SD06"), **HTMX).status_code == 403
    assert client.get(f"{VERSIONS}{version}/affected/").status_code == 403
    sign_in(client, zhao)
    assert client.get(LIST).status_code == 403


# --- where rights are asked for and decided on ----------------------------------------


def test_missing_prerequisite_is_seen_by_who_asks_and_who_decides(
    client: CheckedClient, lin: User, su: User
) -> None:
    doctor = make_practitioner("1027", "陈景行", title_code="231")
    asked = propose(lin, doctor, "AB02", valid_to=date(2027, 11, 22))
    told = "G02 须先有前提权限：缺 AB01 非限制使用级抗菌药物。"
    needs = "AB01 非限制使用级抗菌药物、抗菌药物合理应用培训（年度）考核合格"
    precheck = f"/applications/precheck/?practitioner={doctor.emp_no}&privilege=AB02"
    page = reverse("permissions:application-detail", args=[asked.pk])
    sign_in(client, su)
    assert told in client.get(precheck, **HTMX).text
    assert needs in client.get(precheck, **HTMX).text
    assert told in client.get(page).text
    assert needs in client.get(page).text
    granted(lin, su, doctor, "AB01", valid_to=date(2027, 11, 22))
    assert told not in client.get(precheck, **HTMX).text
    assert told not in client.get(page).text
