"""Files nobody can use: each is told in plain words, and nothing is kept or written."""

from __future__ import annotations

import io
import resource
import time
import zipfile
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from portal.accounts.models import User
from portal.files.models import StoredFile
from portal.jobs.models import Job
from portal.sheets.models import ImportState
from surgery.models import Procedure, ProcedureImport
from surgery.models.imports import Sort
from tests.cast import sign_in
from tests.pages import CheckedClient
from tests.surgery.imports.sheets import (
    NATIONAL,
    book,
    catalogue_unchanged,
    checked,
    rows_of,
    saved,
    uploaded,
    verdicts,
    written,
)

LIST = "/procedures/imports/"
ROW = ["52.7x00", "", "根治性胰十二指肠切除术", "手术", ""]


def with_member(name: str, size: int = 0) -> bytes:
    """A workbook with one member more; ``size`` zeros in it."""
    data = io.BytesIO(book([ROW]))
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, b"\0" * size)
    return data.getvalue()


def large() -> bytes:
    return b"a,b\n" * (50 << 18)


def macros() -> bytes:
    return with_member("xl/vbaProject.bin", 100)


def bomb() -> bytes:
    return with_member("xl/media/huge.bin", 300 << 20)


def broken() -> bytes:
    return book([ROW])[:-500]


@pytest.mark.parametrize(
    ("made", "name", "told"),
    [
        (large, "五十兆.csv", "文件超过 10 MB。请删去无关的工作表或拆成几份。"),
        (
            macros,
            "目录.xlsm",
            "文件带有宏。请另存为「Excel 工作簿（xlsx）」后再上传。",
        ),
        (bomb, "目录.xlsx", "文件解开后过大。请把需要的行复制到新的工作簿再上传。"),
        (
            broken,
            "目录.xlsx",
            "文件已损坏，不能读取。请用 Excel 或 WPS 打开后另存一份再上传。",
        ),
        (
            lambda: b"%PDF-1.7\n",
            "目录.xlsx",
            "不是 xlsx 或 csv 文件。旧的 xls 请用 Excel 或 WPS 另存为 xlsx 后再上传。",
        ),
        (lambda: b" ", "目录.csv", "不是 xlsx 或 csv 文件。"),
    ],
)
def test_file_is_refused_beside_its_field_and_nothing_is_kept(
    client: CheckedClient,
    lin: User,
    made: Callable[[], bytes],
    name: str,
    told: str,
) -> None:
    sign_in(client, lin)
    file = SimpleUploadedFile(name, made())
    with catalogue_unchanged():
        answer = client.post(LIST, {"sort": "NATIONAL", "file": file})
    assert answer.status_code == 200
    assert told in answer.text
    assert not StoredFile.objects.exists()
    assert not ProcedureImport.objects.exists()
    assert not Job.objects.exists()


def test_wrong_headings_are_told_on_the_page(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    one = uploaded(lin, book([["a", "b"]], ["甲", "乙"]))
    html = client.get(f"{LIST}{one.pk}/").text
    assert "没有找到表头" in html
    assert "试运行</button>" not in html


def test_other_headings_wait_for_a_person_to_say_which_is_which(lin: User) -> None:
    one = uploaded(lin, book([ROW], ["甲", "乙", "丙", "丁", "戊"]))
    assert (one.state, one.mapping) == (ImportState.UPLOADED, {})


def test_csv_in_gbk_is_read(lin: User) -> None:
    text = ",".join(NATIONAL) + "\r\n" + ",".join(ROW) + "\r\n"
    one = checked(lin, text.encode("gbk"), name="目录.csv")
    assert verdicts(one) == {2: "NEW"}
    written(one, lin)
    assert Procedure.objects.get().name == "根治性胰十二指肠切除术"


def test_bytes_of_no_character_are_told(lin: User) -> None:
    text = f"{','.join(NATIONAL)}\r\n{','.join(ROW)}\r\n".encode("gbk")
    text = text.replace("根治性".encode("gbk"), b"\xff")
    one = checked(lin, text, name="目录.csv")
    assert verdicts(one) == {2: "ERROR"}
    assert "乱码" in str(rows_of(one)[0].problems)


@pytest.mark.slow
def test_two_hundred_thousand_empty_rows_cost_neither_time_nor_memory(
    lin: User,
) -> None:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("目录")
    sheet.append(list(NATIONAL))
    for _number in range(200_000):
        sheet.append(["", None, "", "", ""])
    sheet.append(ROW)
    data = saved(workbook)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.process_time()
    one = checked(lin, data)
    assert verdicts(one) == {200_002: "NEW"}
    assert time.process_time() - begin < 30
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100 << 10  # in kB


def test_more_rows_than_are_taken_is_told_and_none_is_kept(
    lin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("surgery.importers.work.MOST_ROWS", 1)
    one = checked(lin, [ROW, ["51.2300", "", "腹腔镜下胆囊切除术", "手术", ""]])
    assert one.state == ImportState.UPLOADED
    assert one.problem == "超过 1 行。请拆成几份，分别导入。"
    assert rows_of(one) == []


def test_duplicates_are_told_and_the_first_is_written(lin: User) -> None:
    one = checked(lin, [ROW, ["52.7X00", "", "另一个名称", "手术", ""]])
    assert verdicts(one) == {2: "NEW", 3: "CONFLICT"}
    written(one, lin)
    assert Procedure.objects.get().name == "根治性胰十二指肠切除术"


def test_sheet_of_another_sort_is_told_by_its_columns(lin: User) -> None:
    one = uploaded(lin, book([ROW]), Sort.GRADES)
    assert one.mapping == {"CODE": 0, "NAME": 2}
