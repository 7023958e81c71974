"""HIS 差异 as pages: who sees which, who may do what, what is kept when refused."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from permissions.enums import DriftState
from permissions.models import Drift, DriftDecision, Reconciliation
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.jobs.models import Job
from portal.outbox.models import Message
from tests.cast import make_department, make_practitioner, make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "drawer"}
REASON = "与信息科核对，按本院台账"
LONG = "阿布都热合曼·买买提吐尔逊·艾合买提江"


@pytest.fixture
def wang_file(db: None) -> Practitioner:
    return make_practitioner("1188", "王若谷")


@pytest.fixture
def other_file(db: None) -> Practitioner:
    department = make_department("0502", "心胸外科")
    return make_practitioner("1299", LONG, department=department)


def drift(person: Practitioner | None, code: str = "RX01", **fields: Any) -> Drift:
    now = timezone.now()
    given: dict[str, Any] = {
        "target": "RIGHT",
        "kind": "DIFFERENT",
        "emp_no": person.emp_no if person else "9998",
        "practitioner": person,
        "code": code,
        "name": "普通处方权",
        "setting": "ALL",
        "valid_from": date(2026, 11, 23),
        "ours_status": "1",
        "ours_last": date(2027, 11, 22),
        "ours_value": "1",
        "theirs_status": "2",
        "theirs_last": date(2027, 11, 22),
        "theirs_value": "1",
        "hand": "DBA",
        "hand_at": datetime(2026, 11, 22, 15, 0, tzinfo=now.tzinfo),
        "is_from_log": True,
        "first_seen": now,
        "last_seen": now,
    }
    return Drift.objects.create(**{**given, **fields})


def shown(page: Any) -> list[tuple[str, ...]]:
    return [(row.number, row.ours, row.theirs) for row in page.context["list"].rows]


def test_list_says_whose_what_both_values_since_when_and_who(
    client: CheckedClient, lin: User, wang_file: Practitioner
) -> None:
    drift(wang_file)
    sign_in(client, lin)

    (row,) = client.get("/drifts/").context["list"].rows

    assert (row.name, row.number, row.department) == ("王若谷", "1188", "肝胆外科")
    assert (row.ours, row.theirs) == ("状态 有效", "状态 暂停")
    assert row.hand == "DBA 2026-11-22 23:00"
    assert (row.hand_by, row.hand_at) == ("DBA", "11-22 23:00")
    assert (str(row.kind.text), str(row.state.text)) == ("不一致", "待处理")
    assert row.codes == "RX01 · 全部 · 自 2026-11-23"


def test_head_of_department_sees_theirs_alone(
    client: CheckedClient,
    chen: User,
    wang_file: Practitioner,
    other_file: Practitioner,
) -> None:
    mine, other = drift(wang_file), drift(other_file)
    drift(None)
    sign_in(client, chen)

    assert [row[0] for row in shown(client.get("/drifts/"))] == ["1188"]
    tiles = client.get("/drifts/summary/").context["tiles"]
    assert [tile.value for tile in tiles[:3]] == ["0", "0", "1"]
    assert client.get(f"/drifts/{mine.pk}/", **HTMX).status_code == 200
    assert client.get(f"/drifts/{other.pk}/", **HTMX).status_code == 404
    answer = client.post(
        "/drifts/act/ignore/", {"id": mine.pk, "reason": REASON}, **HTMX
    )
    assert answer.status_code == 403
    assert client.post("/drifts/compare/").status_code == 403
    mine.refresh_from_db()
    assert mine.state == DriftState.OPEN
    assert Job.objects.count() == 0


def test_outsider_and_doctor_see_nothing(
    client: CheckedClient, zhao: User, wang: User
) -> None:
    for user in (zhao, wang):
        sign_in(client, user)
        for url in ("/drifts/", "/drifts/summary/", "/drifts/looks/"):
            assert client.get(url).status_code == 403


def test_information_center_repairs_but_proposes_nothing(
    client: CheckedClient, wang_file: Practitioner
) -> None:
    one = drift(wang_file)
    sign_in(client, make_user("3008", "李信息", Role.INFORMATION_CENTER))

    assert client.get("/drifts/").status_code == 200
    drawer = client.get(f"/drifts/{one.pk}/", **HTMX)
    assert [act.key for act in drawer.context["acts"]] == ["repair"]
    given = {"id": one.pk, "reason": REASON}
    assert client.post("/drifts/act/adopt/", given, **HTMX).status_code == 403
    one.refresh_from_db()
    assert (one.state, DriftDecision.objects.count()) == (DriftState.OPEN, 0)


def test_drawer_shows_both_values_where_it_is_known_from_and_what_was_done(
    client: CheckedClient, lin: User, wang_file: Practitioner
) -> None:
    one = drift(wang_file)
    sign_in(client, lin)
    client.post("/drifts/act/ignore/", {"id": one.pk, "reason": REASON}, **HTMX)

    page = client.get(f"/drifts/{one.pk}/", **HTMX).context["page"]

    (change,) = page.diff.changes
    assert (str(change.field), change.before, change.after) == ("状态", "有效", "暂停")
    assert page.hand_source == "HIS 维护日志"
    moments = [(str(one.text), str(one.detail)) for one in page.history.moments]
    assert moments == [("不处理", f"林若川：{REASON}"), ("比对发现", "")]


def test_address_of_one_drift_opens_its_drawer_over_the_list(
    client: CheckedClient, lin: User, wang_file: Practitioner
) -> None:
    one = drift(wang_file)
    sign_in(client, lin)

    answer = client.get(f"/drifts/{one.pk}/")

    assert answer["Location"] == f"/drifts/?view=all&drift={one.pk}"
    page = client.get(answer["Location"])
    assert f'hx-get="/drifts/{one.pk}/" hx-target="#drawer"' in page.text


def test_reason_too_short_keeps_what_was_typed_and_changes_nothing(
    client: CheckedClient, lin: User, wang_file: Practitioner
) -> None:
    one = drift(wang_file)
    sign_in(client, lin)

    answer = client.post("/drifts/act/repair/", {"id": one.pk, "reason": "好"}, **HTMX)

    assert answer.status_code == 422
    form = answer.context["form"]
    assert form.errors["reason"] == ["至少 5 个字，现有 1 个。写明依据和经过。"]
    assert form["reason"].value() == "好"
    one.refresh_from_db()
    assert (one.state, Message.objects.count()) == (DriftState.OPEN, 0)


def test_repair_of_what_the_ledger_does_not_say_any_more_is_refused_in_words(
    client: CheckedClient, lin: User, wang_file: Practitioner
) -> None:
    one = drift(wang_file, theirs_status="3")
    sign_in(client, lin)

    given = {"id": one.pk, "reason": REASON}
    answer = client.post("/drifts/act/repair/", given, **HTMX)

    assert answer.status_code == 422
    said = answer.context["form"].non_field_errors()
    assert said == ["本院台账此后有变，请重新比对"]
    assert Message.objects.count() == 0


def test_everything_the_list_found_can_be_ignored_at_once(
    client: CheckedClient, lin: User, wang_file: Practitioner
) -> None:
    for number in range(3):
        drift(wang_file, f"AB0{number + 1}")
    done = drift(wang_file, "BL01", state="GONE", closed_at=timezone.now())
    sign_in(client, lin)

    drawer = client.get("/drifts/act/ignore/?all=1&view=open", **HTMX)
    ids = [row.id for row in drawer.context["rows"]]
    assert len(ids) == 3
    answer = client.post(
        "/drifts/act/ignore/", {"id": [*ids, done.pk], "reason": REASON}, **HTMX
    )

    assert answer.status_code == 200
    states = Drift.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["IGNORED"] * 3 + ["GONE"]
    assert shown(client.get("/drifts/")) == []
    assert len(shown(client.get("/drifts/?view=ignored"))) == 3


def test_filters_narrow_by_kind_department_and_doctor(
    client: CheckedClient,
    lin: User,
    wang_file: Practitioner,
    other_file: Practitioner,
) -> None:
    drift(wang_file)
    drift(other_file, kind="EXTRA", ours_status="", ours_last=None, ours_value="")
    sign_in(client, lin)

    def numbers(query: str) -> list[str]:
        return [row[0] for row in shown(client.get(f"/drifts/?{query}"))]

    assert numbers("kind=EXTRA") == ["1299"]
    assert numbers("dept=0502") == ["1299"]
    assert numbers("q=1188") == ["1188"]
    assert numbers("view=extra") == ["1299"]
    assert shown(client.get("/drifts/?view=extra"))[0][1:] == (
        "无",
        "暂停 至 2027-11-22 取值 1",
    )


def test_export_gives_both_values(
    client: CheckedClient, lin: User, wang_file: Practitioner
) -> None:
    drift(wang_file)
    sign_in(client, lin)

    answer = client.get("/drifts/?export=xlsx")

    assert answer.status_code == 200
    assert answer.getvalue()[:2] == b"PK"


@pytest.mark.parametrize("count", [1, 30])
def test_list_asks_the_same_however_long_it_is(
    client: CheckedClient, lin: User, wang_file: Practitioner, count: int
) -> None:
    for number in range(count):
        drift(wang_file, f"X{number}", told_as=f"permissions.drift:{number}")
    sign_in(client, lin)
    client.get("/drifts/")
    with assert_queries(9):
        client.get("/drifts/")


def test_compare_now_is_a_job_whose_progress_stands_on_the_page(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    client.post("/drifts/compare/")
    client.post("/drifts/compare/")

    assert Job.objects.count() == Reconciliation.objects.count() == 1
    page = client.get("/drifts/")
    assert page.context["progress"].text == "等待开始"


def looked(days_ago: int, **fields: Any) -> Reconciliation:
    at = timezone.now() - timedelta(days=days_ago)
    return Reconciliation.objects.create(
        asked_at=at,
        started_at=at,
        ended_at=at + timedelta(seconds=12),
        **{"ours": 200, "theirs": 210, **fields},
    )


def test_summary_warns_of_the_brake_and_of_a_look_that_failed(
    client: CheckedClient, lin: User
) -> None:
    looked(1, missing=60, is_braked=True)
    sign_in(client, lin)
    (note,) = client.get("/drifts/summary/").context["notes"]
    assert str(note.text).startswith(
        "比对时权限差异 60 项，超过医院参数的限额，没有自动处置。"
    )

    looked(0, problem="HIS 未应答：连接中断")
    page = client.get("/drifts/summary/")
    (note,) = page.context["notes"]
    assert str(note.text).startswith("最近一次权限比对没有完成：HIS 未应答：连接中断。")
    assert page.context["tiles"][3].note == "权限 210 行 12.0 秒，在途 0 项未比"


def test_trend_has_a_bar_for_each_day_by_its_last_look(
    client: CheckedClient, lin: User
) -> None:
    looked(2, missing=4, extra=4)
    looked(1, missing=9)
    looked(1, missing=2)
    looked(0)
    sign_in(client, lin)

    trend = client.get("/drifts/looks/").context["trend"]

    assert trend.highest == 8
    assert [(bar.x, bar.height, bar.css) for bar in trend.bars] == [
        (0, 30, "x"),
        (0, 30, "m"),
        (12, 15, "m"),
        (24, 2, "z"),
    ]


def test_doctor_file_and_his_page_point_to_it(
    client: CheckedClient, lin: User, wang_file: Practitioner
) -> None:
    looked(0, different=1)
    drift(wang_file)
    sign_in(client, lin)

    page = client.get(reverse("permissions:practitioner-detail", args=["1188"]))
    assert str(page.context["drift"].text) == "HIS 差异 1 项"
    assert 'href="/drifts/?q=1188"' in page.text


def test_what_was_decided_stands_in_the_log(
    client: CheckedClient, lin: User, wang_file: Practitioner
) -> None:
    one = drift(wang_file)
    sign_in(client, lin)
    client.post("/drifts/act/ignore/", {"id": one.pk, "reason": REASON}, **HTMX)

    page = client.get("/log/?q=1188")

    assert "处理 HIS 差异" in page.text
    assert REASON in page.text


# --- very many ------------------------------------------------------------------------


def many(count: int, first: int = 0) -> None:
    """So many procedures the HIS has a grade of and our catalogue does not know."""
    now = timezone.now()
    Drift.objects.bulk_create(
        Drift(
            target="GRADE",
            kind="EXTRA",
            code="grade",
            item=f"99.{number:05}",
            setting="ALL",
            valid_from=date(1900, 1, 1),
            theirs_status="1",
            theirs_value="2",
            first_seen=now,
            last_seen=now,
        )
        for number in range(first, first + count)
    )


ALL_EXTRA = "?all=1&view=extra&target=GRADE"
WHY = "本院不开展的手术，HIS 目录自带"


def brought(answer: Any) -> dict[str, Any]:
    """What the form of the drawer brings back."""
    chosen = answer.context["chosen"]
    return {"newest": chosen.newest, "count": chosen.count, "reason": WHY}


def test_ten_thousand_are_ignored_at_once_by_one_reason(
    client: CheckedClient, lin: User, wang_file: Practitioner
) -> None:
    many(10_000)
    other = drift(wang_file)
    sign_in(client, lin)
    address = f"/drifts/act/ignore/{ALL_EXTRA}"
    drawer = client.get(address, **HTMX)
    assert (len(drawer.context["rows"]), drawer.context["chosen"].unlisted) == (
        100,
        9_900,
    )
    html = drawer.content.decode()
    assert "10,000 项" in html
    assert "另 9,900 项未列出，一并办理" in html

    answer = client.post(address, brought(drawer), **HTMX)

    assert answer.status_code == 200
    assert Drift.objects.filter(state="IGNORED", target="GRADE").count() == 10_000
    assert Drift.objects.get(pk=other.pk).state == "OPEN"
    notes = list(DriftDecision.objects.values_list("act", "by", "note"))
    assert (set(notes), len(notes)) == ({("IGNORE", lin.pk, WHY)}, 10_000)


def test_what_was_found_after_somebody_looked_is_not_decided_unseen(
    client: CheckedClient, lin: User
) -> None:
    many(150)
    sign_in(client, lin)
    address = f"/drifts/act/ignore/{ALL_EXTRA}"
    seen = brought(client.get(address, **HTMX))
    many(1, first=150)

    client.post(address, seen, **HTMX)

    states = Drift.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["IGNORED"] * 150 + ["OPEN"]


def test_list_that_changed_meanwhile_is_shown_again_and_nothing_is_decided(
    client: CheckedClient, lin: User
) -> None:
    many(150)
    sign_in(client, lin)
    address = f"/drifts/act/ignore/{ALL_EXTRA}"
    seen = brought(client.get(address, **HTMX))
    gone = Drift.objects.order_by("pk")[0]
    gone.state, gone.closed_at = DriftState.GONE, timezone.now()
    gone.save()

    answer = client.post(address, seen, **HTMX)

    assert answer.status_code == 422
    assert "列表已变：原有 150 项，现有 149 项，请核对后再提交。" in (
        answer.content.decode()
    )
    assert DriftDecision.objects.count() == 0
    assert client.post(address, brought(answer), **HTMX).status_code == 200
    assert DriftDecision.objects.count() == 149


TOO_LONG = "9" * 5_000  # for Python itself
NO_KEYS = [{"id": "9" * 30}, {"id": TOO_LONG}, {"newest": TOO_LONG, "count": "1"}]


@pytest.mark.parametrize("given", NO_KEYS)
def test_number_no_row_has_chooses_none(
    given: dict[str, str], client: CheckedClient, lin: User, wang_file: Practitioner
) -> None:
    drift(wang_file)
    sign_in(client, lin)

    answer = client.post("/drifts/act/ignore/", {**given, "reason": WHY}, **HTMX)

    assert answer.status_code == 422
    assert "所选差异已不在，请刷新列表。" in answer.content.decode()
    assert DriftDecision.objects.count() == 0


@pytest.mark.parametrize("number", ["9" * 30, TOO_LONG])
def test_address_with_a_number_no_row_has_finds_none(
    number: str, client: CheckedClient, lin: User, wang_file: Practitioner
) -> None:
    drift(wang_file)
    sign_in(client, lin)

    answer = client.get(f"/drifts/act/ignore/?selected={number}", **HTMX)

    assert (answer.status_code, answer.context["rows"]) == (200, [])
    assert client.get(f"/drifts/?page={number}").context["list"].pager.number == 1


def test_more_than_can_be_sent_in_one_go_is_said_and_none_is_left_out_silently(
    client: CheckedClient, lin: User
) -> None:
    many(501)
    sign_in(client, lin)
    address = f"/drifts/act/adopt/{ALL_EXTRA}"

    drawer = client.get(address, **HTMX)
    answer = client.post(address, brought(drawer), **HTMX)

    words = "一次最多办理 500 项，已选 501 项。缩小筛选后分次办理。"
    assert words in drawer.content.decode()
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert DriftDecision.objects.count() == Message.objects.count() == 0


def test_list_of_ten_thousand_is_paged_and_narrowed(
    client: CheckedClient, lin: User
) -> None:
    many(10_000)
    sign_in(client, lin)

    with assert_queries(9):
        page = client.get("/drifts/?view=extra&target=GRADE&page=400").context["list"]

    assert (page.pager.total, len(page.rows)) == (10_000, 20)
