"""The pages of an import of procedures: from the file to the undo."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from portal.accounts.models import User
from portal.jobs.models import Job
from portal.sheets.models import ImportState
from surgery.enums import Grade
from surgery.models import Procedure, ProcedureImport
from surgery.models.imports import Sort
from tests.cast import PASSWORD, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.surgery.imports.sheets import (
    GRADED,
    WHY,
    book,
    catalogue_unchanged,
    checked,
    procedure,
    uploaded,
    written,
)

LIST = "/procedures/imports/"
HTMX = {"HX-Request": "true"}
ROW = ["52.7x00", "", "根治性胰十二指肠切除术", "手术", ""]
LONG = "腹腔镜下" + "极其漫长的手术操作名称" * 8


@pytest.fixture
def page(client: CheckedClient, lin: User) -> CheckedClient:
    sign_in(client, lin)
    return client


def url_of(one: ProcedureImport, act: str = "") -> str:
    return f"{LIST}{one.pk}/{act}"


def streamed(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def upload(client: CheckedClient, data: bytes, sort: str = "NATIONAL") -> Any:
    file = SimpleUploadedFile("目录.xlsx", data)
    return client.post(LIST, {"sort": sort, "file": file})


def test_from_upload_to_undo(page: CheckedClient) -> None:
    answer = upload(page, book([ROW]))
    one = ProcedureImport.objects.get()
    assert (answer.status_code, answer.url) == (302, url_of(one))
    assert (
        '<option value="0" selected>A 主要编码</option>' in page.get(url_of(one)).text
    )
    columns = {name: str(at) for name, at in one.mapping.items()}
    assert page.post(url_of(one, "check/"), columns).status_code == 302
    assert 'id="progress"' in page.get(url_of(one)).text
    assert _run(page).headers["HX-Refresh"] == "true"
    assert "根治性胰十二指肠切除术" in page.get(url_of(one)).text

    said = {"mode": "all", "doc_no": "", "reason": WHY}
    answer = page.post(url_of(one, "write/"), said, headers=HTMX)
    assert answer.headers["HX-Redirect"] == url_of(one)
    _run(page)
    assert Procedure.objects.get().is_enabled
    answer = page.post(
        url_of(one, "undo/"), {"reason": "文件用错了，撤销"}, headers=HTMX
    )
    assert answer.headers["HX-Redirect"] == url_of(one)
    _run(page)
    assert not Procedure.objects.get().is_enabled
    html = page.get(url_of(one)).text
    assert "撤销 1，未撤销 0" in html


def _run(page: CheckedClient) -> Any:
    """What the page that waits does when no worker comes."""
    job = Job.objects.latest("pk")
    Job.objects.filter(pk=job.pk).update(asked_at="2026-11-22T00:00:00Z")
    return page.get(f"/jobs/{job.pk}/", headers=HTMX)


def test_difference_can_be_filtered_and_downloaded(
    page: CheckedClient, lin: User
) -> None:
    procedure("51.2300", "腹腔镜下胆囊切除术")
    one = checked(
        lin,
        [
            ROW,
            ["51.2300", "", LONG, "手术", "必选"],
            ["51.2", "", "胆", "手术", ""],
        ],
    )
    html = page.get(f"{url_of(one)}?view=changed").text
    assert f'名称 <span class="del">腹腔镜下胆囊切除术</span> → {LONG}' in html
    assert "52.7x00" not in html
    answer = page.get(f"{url_of(one)}?view=changed&export=xlsx")
    sheet = load_workbook(io.BytesIO(streamed(answer))).active
    assert sheet is not None
    cells = [cell.value for cell in sheet[sheet.max_row]]
    assert cells[:4] == [3, "51.2300", LONG, "改变"]
    assert cells[4] == f"名称 腹腔镜下胆囊切除术 → {LONG}\n录入选项 未注明 → 必选"
    assert "下载有误和冲突" in html


def test_grades_are_decided_in_the_drawer(
    page: CheckedClient, lin: User, he: User, su: User
) -> None:
    one_of = procedure("51.2300", "腹腔镜下胆囊切除术")
    one = checked(lin, [["51.2300", "腹腔镜下胆囊切除术", "三级"]], Sort.GRADES)
    html = page.get(url_of(one, "write/"), headers=HTMX).text
    assert "施行日期" in html
    assert "第二人工号" in html
    said = {
        "mode": "good",
        "reason": WHY,
        "doc_no": "",
        "meeting": "2026 年第 6 次会议",
        "effective_on": "2026-11-23",
        "second_no": su.staff_no,
        "second_password": PASSWORD,
    }
    with catalogue_unchanged():
        answer = page.post(url_of(one, "write/"), said, headers=HTMX)
        assert answer.status_code == 422
        assert 'value="2026 年第 6 次会议"' in answer.text
        said["doc_no"] = "医务〔2026〕12号"
        answer = page.post(url_of(one, "write/"), said, headers=HTMX)
        assert "这位没有办理这项操作的权限，请换一位。" in answer.text
    said["second_no"] = he.staff_no
    answer = page.post(url_of(one, "write/"), said, headers=HTMX)
    assert answer.headers["HX-Redirect"] == url_of(one)
    _run(page)
    one_of.refresh_from_db()
    assert one_of.grade == Grade.THREE


def test_assessed_list_asks_what_each_row_is(page: CheckedClient, lin: User) -> None:
    one = uploaded(
        lin, book([["51.2300", "胆"]], ["手术编码", "手术名称"]), Sort.ASSESSED
    )
    assert "每行都是国考四级手术" in page.get(url_of(one)).text
    columns = {"CODE": "0", "NAME": "1"}
    answer = page.post(url_of(one, "check/"), columns)
    assert "还没有指定四级手术或微创手术所在的列" in answer.text
    page.post(url_of(one, "check/"), {**columns, "each_is": "LEVEL4"})
    one.refresh_from_db()
    assert (one.state, one.each_is) == (ImportState.CHECKING, "LEVEL4")


def test_national_list_does_not_ask_it(page: CheckedClient, lin: User) -> None:
    one = uploaded(lin, book([ROW]))
    assert "each_is" not in page.get(url_of(one)).text


@pytest.mark.parametrize("sort", Sort.values)
def test_template_comes_back_as_it_went(
    page: CheckedClient, lin: User, sort: str
) -> None:
    answer = page.get(f"{LIST}template/{sort}/")
    data = streamed(answer)
    one = uploaded(lin, data, Sort(sort))
    assert one.sheet == str(Sort(sort).label)
    assert list(one.mapping.values()) == list(range(len(one.mapping)))
    assert page.get(f"{LIST}template/OTHER/").status_code == 404


def test_columns_missing_are_told_beside_their_field(
    page: CheckedClient, lin: User
) -> None:
    one = uploaded(lin, book([["51.2300", "胆", "三级"]], GRADED), Sort.GRADES)
    answer = page.post(url_of(one, "check/"), {"CODE": "0", "NAME": "1"})
    assert "选择这一项所在的列。" in answer.text
    answer = page.post(url_of(one, "check/"), {"CODE": "0", "NAME": "0", "GRADE": "2"})
    assert "「手术编码」列指定了两次，每列只能用一次。" in answer.text
    assert not Job.objects.exists()


def test_discarded_import_keeps_its_rows(page: CheckedClient, lin: User) -> None:
    one = checked(lin, [ROW])
    with catalogue_unchanged():
        page.post(url_of(one, "discard/"))
    one.refresh_from_db()
    assert one.state == ImportState.DISCARDED
    assert one.rows.count() == 1


def test_nobody_else_sees_it(client: CheckedClient, lin: User, zhao: User) -> None:
    one = checked(lin, [ROW])
    sign_in(client, zhao)
    assert client.get(LIST).status_code == 403
    assert client.get(url_of(one)).status_code == 403
    assert client.post(url_of(one, "discard/")).status_code == 403


@pytest.mark.parametrize("count", [3, 30])
def test_pages_ask_no_more_for_more(page: CheckedClient, lin: User, count: int) -> None:
    rows = [
        [f"51.{n:04}", "", f"手术{n}", "手术", ""] for n in range(2000, 2000 + count)
    ]
    one = written(checked(lin, rows), lin)
    with assert_queries(12):
        page.get(url_of(one))
    with assert_queries(10):
        page.get(LIST)
