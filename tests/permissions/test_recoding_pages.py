"""编码调整 in pages: the sheet tried, decided on the spot, listed, taken back."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from openpyxl import load_workbook

from permissions.models import GrantState
from permissions.recoding import sheet as importer
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.jobs.models import Job
from portal.jobs.services import run
from portal.parameters.days import day_of
from portal.sheets.models import ImportState, Outcome
from portal.sheets.refusals import SomeRowsCannot
from surgery.enums import Grade, RecodingState
from surgery.models import Procedure, Recoding, RecodingSheet, RecodingSheetRow
from surgery.services import grading_refusals as grades
from surgery.services import recoding_refusals as refusals
from tests.cast import PASSWORD, make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.act_pages import book as book_operation
from tests.permissions.ledger import make_procedure, propose
from tests.permissions.recodings import (
    CHOLE,
    DOCUMENT,
    LIVER,
    MEETING,
    NEW,
    OTHER,
    REASON,
    decide,
    held,
    nothing_written,
    pair,
)
from tests.surgery.imports.sheets import book

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("catalogue", "prerequisites_warn"),
]
HTMX = {"HX-Request": "true"}
LIST, SHEETS = "/recodings/", "/recodings/sheets/"
HEADINGS = ("原 编 码", "现编码*", "新名称", "方式", "依据", "生效日期")
Rows = Sequence[Sequence[Any]]


@pytest.fixture
def he(db: None) -> User:
    return make_user("2003", "何静宜", Role.OFFICE_HEAD)


@pytest.fixture
def person(wang: User) -> Practitioner:
    assert wang.practitioner is not None
    return wang.practitioner


@pytest.fixture
def page(client: CheckedClient, lin: User) -> CheckedClient:
    sign_in(client, lin)
    return client


def checked(by: User, rows: Rows) -> RecodingSheet:
    """Uploaded, its columns as recognized, and the dry run done."""
    data = book(rows, HEADINGS)
    one = importer.ACTS.upload(name="对照.xlsx", data=data, by=by, at=timezone.now())
    importer.check(one=one, mapping=one.mapping, by=by, at=timezone.now())
    return worked(one)


def worked(one: RecodingSheet) -> RecodingSheet:
    job = Job.objects.filter(about=one.pk).order_by("-pk").first()
    assert job is not None
    run(job)
    return RecodingSheet.objects.get(pk=one.pk)


def written(one: RecodingSheet, by: User, second: User, **given: Any) -> RecodingSheet:
    at = timezone.now()
    said: dict[str, Any] = {
        "is_all_or_nothing": False,
        "reason": REASON,
        "doc_no": DOCUMENT,
        "meeting": MEETING,
        "effective_on": day_of(at),
        **given,
    }
    importer.write(one=one, by=by, second=second, at=at, **said)
    return worked(one)


def verdicts(one: RecodingSheet) -> dict[int, str]:
    rows = RecodingSheetRow.objects.filter(recoding_sheet=one)
    return dict(rows.order_by("number").values_list("number", "verdict"))


def row(one: RecodingSheet, number: int) -> RecodingSheetRow:
    return RecodingSheetRow.objects.get(recoding_sheet=one, number=number)


# --- the dry run ----------------------------------------------------------------------


def test_dry_run_tells_every_kind_of_row_and_writes_nothing(lin: User) -> None:
    for number in range(1, 8):
        make_procedure(f"52.1{number}00", f"胰腺手术{number}", Grade.TWO)
    with nothing_written():
        one = checked(
            lin,
            [
                (CHOLE, NEW, "腹腔镜胆囊切除术", "替换", "2027 版", None),
                ("52.1100", "52.1901", "胰腺手术", "合并", None, None),
                ("52.1200", "52.1901", None, None, None, None),
                ("52.1300", "52.1902", "胰头手术", "拆分", None, None),
                ("52.1300", "52.1903", "胰尾手术", None, None, None),
                ("52.1400", "52.1904", "中间", None, None, None),
                ("52.1904", "52.1905", "最后", None, None, None),
                ("99.9999", "52.1906", "没有", None, None, None),
                ("52.1500", "52.1600", None, None, None, None),
                ("52.1600", "52.1500", None, None, None, None),
                (CHOLE, NEW, None, None, None, None),
                (LIVER, "50.3x00", None, None, None, None),
                (51.23, OTHER, None, None, None, None),
                ("52.1700", "52.1907", "术", "合并", None, None),
                (None, "52.1908", "缺旧编码", None, None, None),
            ],
        )
    assert one.state == ImportState.CHECKED
    assert verdicts(one) == {
        2: "REPLACE",
        3: "MERGE",
        4: "MERGE",
        5: "SPLIT",
        6: "SPLIT",
        7: "CHAIN",
        8: "CHAIN",
        9: "UNKNOWN",
        10: "CIRCLE",
        11: "CIRCLE",
        12: "CONFLICT",
        13: "CONFLICT",
        14: "ERROR",
        15: "CONFLICT",
        16: "ERROR",
    }
    assert [line["code"] for line in row(one, 7).lines] == ["52.1905"]
    assert row(one, 8).lines == []
    assert "按整张表看是替换" in row(one, 15).problems[0]["reason"]


def test_dry_run_counts_what_each_old_code_concerns(
    lin: User, person: Practitioner
) -> None:
    held(lin, person)
    today = day_of(timezone.now())
    propose(
        *(lin, person, "SG03"),
        item=CHOLE,
        role="SUPERVISE",
        valid_from=today,
        valid_to=today + timedelta(days=90),
    )
    book_operation(lin, person, CHOLE, Grade.THREE, 3)
    one = checked(lin, [(CHOLE, NEW, "", "", "", ""), (LIVER, OTHER, "", "", "", "")])
    assert row(one, 2).touched == {
        "grants": 1,
        "applications": 1,
        "booked": 1,
        "messages": 2,
        "reviews": 0,
    }
    assert row(one, 3).touched == {
        "grants": 0,
        "applications": 0,
        "booked": 0,
        "messages": 0,
        "reviews": 0,
    }


def test_merge_of_different_grades_says_the_strictest_before_it_is_done(
    lin: User,
) -> None:
    one = checked(lin, [(CHOLE, NEW, "合并", "", "", ""), (LIVER, NEW, "", "", "", "")])
    assert [line["grade"] for line in row(one, 2).lines] == [4]
    said = "级别不同（51.2300 三级、50.2205 四级），从严定为四级"
    assert said in row(one, 2).notes


def test_sheet_with_two_days_keeps_the_first_and_the_decision_keeps_to_it(
    lin: User, he: User
) -> None:
    one = checked(
        lin,
        [
            (CHOLE, NEW, "", "", "", "2026-12-01"),
            (LIVER, OTHER, "", "", "", "2027-01-01"),
        ],
    )
    assert verdicts(one) == {2: "REPLACE", 3: "CONFLICT"}
    day = importer.day_said(one)
    assert day is not None
    assert day.isoformat() == "2026-12-01"
    with nothing_written(), pytest.raises(refusals.DayDiffers):
        written(one, lin, he, effective_on=day + timedelta(days=1))


# --- deciding -------------------------------------------------------------------------


def test_good_rows_of_a_sheet_become_one_recoding_done_at_once(
    lin: User, he: User, person: Practitioner
) -> None:
    held(lin, person)
    one = checked(lin, [(CHOLE, NEW, "", "", "", ""), ("99.9", OTHER, "", "", "", "")])
    with pytest.raises(SomeRowsCannot):
        written(one, lin, he, is_all_or_nothing=True)
    one = written(one, lin, he)
    assert one.state == ImportState.APPLIED
    assert one.recoding is not None
    assert one.recoding.state == RecodingState.APPLIED
    assert row(one, 2).outcome == Outcome.DONE
    assert GrantState.objects.filter(item_code=NEW).count() == 1


def test_what_the_catalogue_moved_on_from_is_refused_as_a_whole(
    lin: User, he: User
) -> None:
    one = checked(lin, [(CHOLE, NEW, "", "", "", "")])
    decide(lin, he, pair(CHOLE, OTHER))
    with nothing_written():
        one = written(one, lin, he)
    assert (one.state, one.applied_by) == (ImportState.CHECKED, None)
    assert "51.2300：已停用" in one.problem


def test_decision_needs_another_person_of_the_committee(
    lin: User, su: User, he: User
) -> None:
    one = checked(lin, [(CHOLE, NEW, "", "", "", "")])
    with nothing_written():
        with pytest.raises(grades.CommitteeNeeded):
            written(one, lin, su)
        with pytest.raises(refusals.DeciderIsProposer):
            written(one, he, he)
        with pytest.raises(grades.MeetingMissing):
            written(one, lin, he, meeting="")


def test_undo_of_the_sheet_undoes_the_recoding_and_the_other_way_round(
    lin: User, he: User
) -> None:
    one = written(checked(lin, [(CHOLE, NEW, "", "", "", "")]), lin, he)
    importer.undo(one=one, by=he, at=timezone.now(), reason="对照表有误，撤销")
    one = worked(one)
    assert one.recoding is not None
    assert (one.state, one.recoding.state) == (
        ImportState.UNDONE,
        RecodingState.UNDONE,
    )
    assert row(one, 2).outcome == Outcome.UNDONE


# --- pages ----------------------------------------------------------------------------


def test_from_the_upload_to_the_decision_in_pages(
    page: CheckedClient, he: User, person: Practitioner
) -> None:
    data = book([(CHOLE, NEW, "新名称", "", "", "")], HEADINGS)
    answer: Any = page.post(SHEETS, {"file": SimpleUploadedFile("对照.xlsx", data)})
    one = RecodingSheet.objects.get()
    assert (answer.status_code, answer.url) == (302, f"{SHEETS}{one.pk}/")
    fields = ("OLD", "NEW", "NAME", "KIND", "NOTE", "DAY")
    assert one.mapping == {name: place for place, name in enumerate(fields)}
    columns = {name: str(at) for name, at in one.mapping.items()}
    page.post(f"{SHEETS}{one.pk}/check/", columns)
    worked(one)
    shown: Any = page.get(f"{SHEETS}{one.pk}/")
    assert "将新增 1 个" in shown.text
    assert "对照.xlsx" in page.get(LIST).text
    drawer = f"{SHEETS}{one.pk}/write/"
    said = {
        "mode": "all",
        "effective_on": day_of(timezone.now()).isoformat(),
        "doc_no": DOCUMENT,
        "meeting": "",
        "reason": REASON,
        "second_no": "2003",
        "second_password": PASSWORD,
    }
    with nothing_written():
        refused: Any = page.post(drawer, said, headers=HTMX)
    assert (refused.status_code, DOCUMENT in refused.text) == (422, True)
    page.post(drawer, said | {"meeting": MEETING}, headers=HTMX)
    done = worked(one)
    assert done.recoding is not None
    detail: Any = page.get(f"{LIST}{done.recoding.pk}/")
    assert f"{CHOLE}</small>" in detail.text
    assert "没有承接的授权" in detail.text


def test_rows_are_filtered_and_downloaded(page: CheckedClient, lin: User) -> None:
    one = checked(lin, [(CHOLE, NEW, "", "", "", ""), ("99.9", OTHER, "", "", "", "")])
    wrong: Any = page.get(f"{SHEETS}{one.pk}/?view=unknown")
    assert (OTHER in wrong.text, NEW in wrong.text) == (True, False)
    answer: Any = page.get(f"{SHEETS}{one.pk}/?export=xlsx")
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert sheet is not None
    cells = [[cell.value for cell in line] for line in sheet.iter_rows()]
    assert [line[1] for line in cells[-2:]] == [CHOLE, "99.9"]


def test_planned_recoding_tells_what_it_touches_and_is_taken_back(
    page: CheckedClient, lin: User, he: User, person: Practitioner
) -> None:
    held(lin, person)
    later = day_of(timezone.now() + timedelta(days=7))
    one = decide(lin, he, pair(CHOLE, NEW), effective_on=later)
    shown: Any = page.get(f"{LIST}{one.pk}/")
    assert "涉及授权 1、待审申请 0、预约手术 0、待送 HIS 2" in shown.text
    url = f"{LIST}{one.pk}/cancel/"
    short: Any = page.post(url, {"reason": "改"}, headers=HTMX)
    assert (short.status_code, Recoding.objects.get().state) == (422, "PLANNED")
    page.post(url, {"reason": "对照表还要核对一遍"}, headers=HTMX)
    assert Recoding.objects.get().state == RecodingState.CANCELED


def test_done_recoding_is_undone_by_the_head_and_refused_to_an_officer(
    client: CheckedClient, lin: User, he: User, person: Practitioner
) -> None:
    held(lin, person)
    one = decide(lin, he, pair(CHOLE, NEW))
    url = f"{LIST}{one.pk}/undo/"
    sign_in(client, lin)
    refused: Any = client.post(url, {"reason": "对照表有误，撤销"}, headers=HTMX)
    assert refused.status_code == 422
    assert "提出人不能审定自己的申请" in refused.text
    sign_in(client, he)
    client.post(url, {"reason": "对照表有误，撤销"}, headers=HTMX)
    assert Recoding.objects.get().state == RecodingState.UNDONE


def test_doctor_and_outsider_see_nothing(
    client: CheckedClient, lin: User, he: User, zhao: User
) -> None:
    one = decide(lin, he, pair(CHOLE, NEW))
    sign_in(client, zhao)
    for url in (LIST, f"{LIST}{one.pk}/", SHEETS, f"{LIST}{one.pk}/undo/"):
        assert client.get(url).status_code == 403


def test_list_has_a_query_budget_whatever_its_length(
    page: CheckedClient, lin: User, he: User
) -> None:
    for number in range(8):
        make_procedure(f"52.2{number}00", f"胰腺手术{number}", Grade.ONE)
        decide(lin, he, pair(f"52.2{number}00", f"52.3{number}00"))
    page.get(LIST)
    with assert_queries(14):
        page.get(LIST)


def test_old_code_is_shown_where_the_new_entry_is_found(
    page: CheckedClient, lin: User, he: User
) -> None:
    decide(lin, he, pair(CHOLE, NEW))
    found: Any = page.get("/procedures/", {"q": CHOLE})
    assert f"原编码 {CHOLE} → {NEW}" in found.text
    assert f"已改为 {NEW}" in found.text
    anywhere: Any = page.get("/search/", {"q": CHOLE})
    assert f"原编码 {CHOLE} → {NEW}" in anywhere.text


def test_histories_of_the_new_code_tell_of_the_old(
    page: CheckedClient, lin: User, he: User, person: Practitioner
) -> None:
    held(lin, person, conditions="")
    decide(lin, he, pair(CHOLE, NEW))
    new = Procedure.objects.get(code=NEW)
    grades_: Any = page.get(f"/procedures/{new.pk}/grades/", headers=HTMX)
    assert f"原编码 {CHOLE}" in grades_.text
    state = GrantState.objects.get(item_code=NEW)
    grant: Any = page.get(f"/privileges/{state.pk}/history/", headers=HTMX)
    assert CHOLE in grant.text


def test_log_tells_of_the_recoding_before_and_after(
    page: CheckedClient, lin: User, he: User
) -> None:
    one = decide(
        lin,
        he,
        pair(CHOLE, NEW),
        effective_on=day_of(timezone.now() + timedelta(days=1)),
    )
    log: Any = page.get("/log/?view=surgery")
    assert f"第 {one.pk} 号编码调整" in log.text
    assert f"{CHOLE} → {NEW}" in log.text
