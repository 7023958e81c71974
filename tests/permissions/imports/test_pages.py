"""The pages of an import: uploaded, columns told, tried, written, taken back."""

from __future__ import annotations

import io
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from permissions.models import Grant, GrantImport
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.files.models import StoredFile
from portal.jobs.models import Job
from portal.parameters.registry import DIRECT_SECOND_PERSON
from portal.parameters.services import change
from portal.sheets.models import ImportState
from tests.cast import PASSWORD, make_practitioner, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.imports.sheets import (
    WHY,
    book,
    checked,
    rows_of,
    uploaded,
    written,
)
from tests.permissions.ledger import TODAY, nothing_written

pytestmark = pytest.mark.usefixtures("catalogue")
LIST = "/privileges/imports/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    return make_practitioner("1027", "陈景行", title_code="231")


@pytest.fixture
def page(client: CheckedClient, lin: User) -> CheckedClient:
    sign_in(client, lin)
    return client


def upload(client: CheckedClient, data: bytes, name: str = "授权.xlsx") -> Any:
    return client.post(LIST, {"file": SimpleUploadedFile(name, data)})


def bytes_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def url_of(one: GrantImport, act: str = "") -> str:
    return f"{LIST}{one.pk}/{act}"


def one_row(code: str = "RX01") -> bytes:
    return book([["1027", "陈景行", code, "", TODAY, None]])


def test_from_upload_to_undo(
    page: CheckedClient, surgeon: Practitioner, clock: time_machine.Traveller
) -> None:
    answer = upload(page, one_row())
    one = GrantImport.objects.get()
    assert (answer.status_code, answer.url) == (302, url_of(one))
    html = page.get(url_of(one)).text
    assert "列的对应" in html
    assert '<option value="0" selected>A 工号</option>' in html

    columns = {name: str(at) for name, at in one.mapping.items()}
    assert page.post(url_of(one, "check/"), columns).status_code == 302
    assert 'id="progress"' in page.get(url_of(one)).text
    job = Job.objects.get()
    progress = reverse("jobs:progress", args=[job.pk])
    assert "HX-Refresh" not in page.get(progress, headers=HTMX).headers
    clock.shift(4)  # no worker took it: the page does it
    assert page.get(progress, headers=HTMX).headers["HX-Refresh"] == "true"
    html = page.get(url_of(one)).text
    assert "陈景行" in html
    assert "写入授权" in html

    asked = {"mode": "all", "reason": WHY, "doc_no": "医务〔2026〕12号"}
    answer = page.post(url_of(one, "write/"), asked, headers=HTMX)
    assert answer.headers["HX-Redirect"] == url_of(one)
    clock.shift(4)
    page.get(reverse("jobs:progress", args=[Job.objects.latest("pk").pk]))
    assert Grant.objects.get().doc_no == "医务〔2026〕12号"
    assert "整批撤销" in page.get(url_of(one)).text

    page.post(url_of(one, "undo/"), {"reason": "文件用错了"}, headers=HTMX)
    clock.shift(4)
    page.get(reverse("jobs:progress", args=[Job.objects.latest("pk").pk]))
    one.refresh_from_db()
    assert one.state == ImportState.UNDONE
    assert [row.outcome for row in rows_of(one)] == ["UNDONE"]
    assert "撤销 1，未撤销 0" in page.get(url_of(one)).text


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.xlsx", b"", "文件是空的"),
        ("a.xlsx", b"PK\x03\x04broken", "文件已损坏"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "另存为 xlsx"),
        ("a.xlsx", b"%PDF-1.7\n\0\1\2", "不是 xlsx 或 csv 文件"),
        ("a.csv", b"<html><table>", "不是 xlsx 或 csv 文件"),
        ("a.xlsx", b"x," * (6 << 20), "文件超过 10 MB"),
    ],
)
def test_broken_or_wrong_file_is_refused_and_nothing_kept(
    page: CheckedClient, name: str, data: bytes, said: str
) -> None:
    answer = upload(page, data, name)
    assert answer.status_code == 200
    assert said in answer.text
    assert StoredFile.objects.count() == GrantImport.objects.count() == 0


def test_locked_workbook_is_told_to_be_one(page: CheckedClient) -> None:
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")
    assert "文件加了打开密码" in upload(page, data).text


def test_missing_column_is_told_and_the_choice_kept(
    page: CheckedClient, lin: User
) -> None:
    one = uploaded(lin, one_row())
    given = {name: str(at) for name, at in one.mapping.items() if name != "NAME"}
    html = page.post(url_of(one, "check/"), given).text
    assert "选择这一项所在的列。" in html
    assert '<option value="0" selected>A 工号</option>' in html
    assert Job.objects.count() == 0


def test_column_used_twice_is_refused(page: CheckedClient, lin: User) -> None:
    one = uploaded(lin, one_row())
    given = {name: str(at) for name, at in one.mapping.items()} | {"ITEM": "0"}
    assert "指定了两次" in page.post(url_of(one, "check/"), given).text


def test_same_file_again_is_noticed(page: CheckedClient, lin: User) -> None:
    data = one_row()
    first = uploaded(lin, data)
    upload(page, data)
    html = page.get(url_of(GrantImport.objects.latest("pk"))).text
    assert "同一份文件 2026-11-23 10:00 已由林若川上传过" in html
    assert url_of(first) in html


def test_sheet_without_headings_says_what_to_do(page: CheckedClient) -> None:
    upload(page, book([], headings=["只有", "两列"]))
    assert "没有找到表头" in page.get(url_of(GrantImport.objects.get())).text


def test_another_sheet_can_be_read(page: CheckedClient, lin: User) -> None:
    from openpyxl import Workbook

    workbook = Workbook()
    for title in ("甲", "乙"):
        sheet = workbook.create_sheet(title)
        sheet.append(["工号", "姓名", "权限", title, "生效日期"])
        sheet.append(["1027", "陈景行", "RX01", "", TODAY])
    target = io.BytesIO()
    workbook.save(target)
    upload(page, target.getvalue())
    one = GrantImport.objects.get()
    assert one.sheet == "甲"
    page.post(url_of(one, "sheet/"), {"sheet": "乙"})
    one.refresh_from_db()
    assert (one.sheet, one.mapping["VALID_FROM"]) == ("乙", 4)


def test_second_person_agrees_with_a_password(
    page: CheckedClient, lin: User, su: User, zhao: User, surgeon: Practitioner
) -> None:
    change(parameter=DIRECT_SECOND_PERSON, value=1, by=su, reason="院务会决定")
    one = checked(lin, one_row())
    asked = {"mode": "all", "reason": WHY, "doc_no": ""}
    write = url_of(one, "write/")
    with nothing_written():
        for second in ({}, {"second_no": "2032", "second_password": "wrong"}):
            assert page.post(write, asked | second, headers=HTMX).status_code == 422
        without = {"second_no": "3999", "second_password": PASSWORD}
        answer = page.post(write, asked | without, headers=HTMX)
        assert "没有办理这项操作的权限" in answer.text
    right = {"second_no": "2032", "second_password": PASSWORD}
    assert page.post(write, asked | right, headers=HTMX).status_code == 200
    one.refresh_from_db()
    assert (one.state, one.second) == (ImportState.APPLYING, su)


def test_rows_are_exported_with_their_reasons(
    page: CheckedClient, lin: User, surgeon: Practitioner
) -> None:
    one = checked(lin, book([["9999", "无此人", "RX01", "", TODAY, None]]))
    answer = page.get(url_of(one), {"view": "error", "export": "xlsx"})
    sheet = load_workbook(io.BytesIO(bytes_of(answer))).active
    assert sheet is not None
    line = [cell.value for cell in sheet[2]]
    assert line[0] == 2
    assert line[-1] == "工号 9999：医师字典中没有这个工号。"


def test_template_has_our_headings_and_the_codes(page: CheckedClient) -> None:
    data = bytes_of(page.get(f"{LIST}template/"))
    workbook = load_workbook(io.BytesIO(data))
    sheet = workbook.worksheets[0]
    assert [cell.value for cell in sheet[1]][:3] == [
        "工号*",
        "姓名*",
        "权限编码或名称*",
    ]
    codes = [row[0].value for row in workbook.worksheets[2].iter_rows(min_row=2)]
    assert "SG04" in codes
    upload(page, data)
    assert len(GrantImport.objects.get().mapping) == 15


def test_sample_is_the_demos_alone(
    page: CheckedClient, settings: Any, surgeon: Practitioner
) -> None:
    assert page.get(f"{LIST}sample/").status_code == 404
    settings.DEMO = True
    assert "下载示例" in page.get(LIST).text
    sample = bytes_of(page.get(f"{LIST}sample/"))
    assert sample.startswith(b"PK")


def test_who_may_not_change_grants_sees_nothing_of_imports(
    client: CheckedClient, lin: User, chen: User, surgeon: Practitioner
) -> None:
    one = checked(lin, one_row())
    sign_in(client, chen)
    for url in (LIST, url_of(one), f"{LIST}template/"):
        assert client.get(url).status_code == 403
    assert client.get(reverse("files:download", args=[one.file_id])).status_code == 404
    assert one.job is not None
    assert client.get(reverse("jobs:progress", args=[one.job.pk])).status_code == 404
    assert "批量导入" not in client.get("/privileges/").text


def test_file_is_given_back_as_it_came(page: CheckedClient, lin: User) -> None:
    data = one_row()
    one = uploaded(lin, data)
    answer = page.get(reverse("files:download", args=[one.file_id]))
    assert bytes_of(answer) == data
    assert "attachment" in answer.headers["Content-Disposition"]


def test_pages_ask_the_database_as_often_for_many_rows(
    page: CheckedClient, lin: User, surgeon: Practitioner
) -> None:
    rows = [["9999", f"无此人{n}", "RX01", "", TODAY, None] for n in range(60)]
    one = written(
        checked(lin, book([*rows, ["1027", "陈景行", "RX01", "", TODAY, None]])), lin
    )
    for _again in range(2):
        with assert_queries(15):
            assert page.get(url_of(one)).status_code == 200
        with assert_queries(12):
            assert page.get(LIST).status_code == 200
