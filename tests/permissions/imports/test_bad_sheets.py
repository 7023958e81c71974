"""Whatever is wrong with a sheet of procedures, each importer says so, and applies no
half of it: the three of the catalogue, and the one of re-coding."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from openpyxl import Workbook

from permissions.recoding.sheet import SHEETS
from portal.accounts.models import User
from portal.files.models import StoredFile
from portal.jobs.models import Job
from portal.jobs.services import run
from portal.sheets.acts import Acts
from portal.sheets.kinds import ImportKind
from portal.sheets.models import ImportState, Outcome
from portal.sheets.refusals import SomeRowsCannot
from surgery.enums import Grade
from surgery.importers.acts import KINDS
from surgery.models import Procedure
from surgery.models.imports import Sort
from tests.cast import sign_in
from tests.pages import CheckedClient
from tests.permissions.ledger import make_procedure
from tests.permissions.recodings import APPENDIX, CHOLE, LIVER, nothing_written
from tests.surgery.imports.sheets import ASSESSED, GRADED, NATIONAL, saved

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
WHY = "国临目录年度更新，医务科核对"
NAMES = {APPENDIX: "阑尾切除术"}
PAGES = {"RECODING": "/recodings/sheets/"}


class Importer(NamedTuple):
    """``row`` makes a row that may be written, of a code and what is its own."""

    name: str
    kind: ImportKind[Any, Any]
    headings: Sequence[str]
    row: Callable[[Any], list[Any]]

    def checked(self, by: User, data: bytes, name: str = "目录.xlsx") -> Any:
        acts = Acts(self.kind)
        one = acts.upload(name=name, data=data, by=by, at=timezone.now())
        acts.check(one=one, mapping=one.mapping, by=by, at=timezone.now())
        job = Job.objects.latest("pk")
        assert run(job)
        one.refresh_from_db()
        return one

    def rows_of(self, one: Any) -> dict[int, Any]:
        return {row.number: row for row in self.kind.rows_of(one)}

    def post(self, client: CheckedClient, file: SimpleUploadedFile) -> Any:
        page = PAGES.get(self.name, "/procedures/imports/")
        return client.post(page, {"sort": self.name, "file": file})


IMPORTERS = [
    Importer(
        "NATIONAL",
        KINDS[Sort.NATIONAL],
        NATIONAL,
        lambda code: [code, "", "改过的名称", "手术", ""],
    ),
    Importer(
        "ASSESSED",
        KINDS[Sort.ASSESSED],
        ASSESSED,
        lambda code: [code, NAMES.get(code, "胆囊"), "是", "是"],
    ),
    Importer(
        "GRADES",
        KINDS[Sort.GRADES],
        GRADED,
        lambda code: [code, NAMES.get(code, "胆囊"), "一级"],
    ),
    Importer(
        "RECODING",
        SHEETS,
        ("原编码", "现编码", "新名称"),
        lambda code: [code, f"98.9{str(code)[1]}01", "新名称"],
    ),
]
each_importer = pytest.mark.parametrize(
    "importer", IMPORTERS, ids=[one.name for one in IMPORTERS]
)


@pytest.fixture(autouse=True)
def _appendix(db: None) -> None:
    make_procedure(APPENDIX, NAMES[APPENDIX], Grade.TWO)


def with_member(importer: Importer, name: str, size: int) -> bytes:
    data = io.BytesIO(sheet_of(importer, []))
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, b"\0" * size)
    return data.getvalue()


def sheet_of(
    importer: Importer, rows: Sequence[Sequence[Any]], merged: str = ""
) -> bytes:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in (importer.headings, *rows):
        sheet.append(list(row))
    if merged:
        sheet.merge_cells(merged)
    return saved(workbook)


@each_importer
@pytest.mark.parametrize(
    ("made", "name", "told"),
    [
        (lambda one: b"a,b\n" * (50 << 18), "五十兆.csv", "文件超过 10 MB。"),
        (
            lambda one: with_member(one, "xl/vbaProject.bin", 100),
            "目录.xlsm",
            "文件带有宏。",
        ),
        (
            lambda one: with_member(one, "xl/media/huge.bin", 300 << 20),
            "目录.xlsx",
            "文件解开后过大。",
        ),
    ],
    ids=["50 MB", "macros", "bomb"],
)
def test_file_that_cannot_be_read_is_refused_and_not_kept(
    client: CheckedClient,
    lin: User,
    importer: Importer,
    made: Callable[[Importer], bytes],
    name: str,
    told: str,
) -> None:
    sign_in(client, lin)
    with nothing_written():
        answer = importer.post(client, SimpleUploadedFile(name, made(importer)))
    assert answer.status_code == 200
    assert told in answer.text
    assert not StoredFile.objects.exists()
    assert not importer.kind.imports.objects.exists()
    assert not Job.objects.exists()


@each_importer
def test_sheet_without_known_headings_is_told_and_not_tried(
    client: CheckedClient, lin: User, importer: Importer
) -> None:
    sign_in(client, lin)
    strange = importer._replace(headings=["a"])
    file = SimpleUploadedFile("目录.xlsx", sheet_of(strange, [["甲"]]))
    answer = client.get(importer.post(client, file)["Location"])
    assert "没有找到表头" in answer.text
    assert "试运行</button>" not in answer.text


@each_importer
def test_headings_nobody_knows_wait_for_a_person(lin: User, importer: Importer) -> None:
    strange = importer._replace(headings=["甲", "乙", "丙", "丁", "戊"])
    data = sheet_of(strange, [["51.2300", "", "胆囊", "手术", ""]])
    upload = Acts(importer.kind).upload
    one = upload(name="目录.xlsx", data=data, by=lin, at=timezone.now())
    assert (one.state, one.mapping) == (ImportState.UPLOADED, {})


@each_importer
def test_sheet_with_headings_alone_is_told_and_waits_for_another(
    lin: User, importer: Importer
) -> None:
    one = importer.checked(lin, sheet_of(importer, []))
    told = "表头下面没有数据。请确认选对了工作表，填好后重新上传。"
    assert (one.state, one.problem) == (ImportState.UPLOADED, told)
    assert importer.rows_of(one) == {}


@each_importer
def test_only_the_good_row_of_a_bad_sheet_can_be_written(
    lin: User, importer: Importer
) -> None:
    rows = [
        importer.row(APPENDIX),
        [51.23, *importer.row(CHOLE)[1:]],
        ["=A2", *importer.row(CHOLE)[1:]],
        importer.row(LIVER),
        importer.row(CHOLE),
        importer.row(APPENDIX),
    ]
    with nothing_written():
        one = importer.checked(lin, sheet_of(importer, rows, merged="A5:A6"))
    found = importer.rows_of(one)
    told = {number: str(row.problems) for number, row in found.items()}
    assert found[2].verdict in importer.kind.writable
    assert {found[number].verdict for number in range(3, 8)}.isdisjoint(
        importer.kind.writable
    )
    assert "编码存成了数字" in told[3]
    assert "是公式。" in told[4]
    assert "有合并单元格 A5:A6。" in told[5]
    assert "有合并单元格 A5:A6。" in told[6]
    assert "只保留一行。" in told[7]
    with nothing_written(), pytest.raises(SomeRowsCannot):
        Acts(importer.kind).write(
            one=one, by=lin, at=timezone.now(), is_all_or_nothing=True, reason=WHY
        )
    assert {row.outcome for row in importer.rows_of(one).values()} == {Outcome.NONE}


@each_importer
def test_csv_of_either_encoding_is_read_alike(lin: User, importer: Importer) -> None:
    row = importer.row(APPENDIX)
    text = f"{','.join(importer.headings)}\r\n{','.join(row)}\r\n"
    for data in (text.encode("gbk"), text.encode(), text.encode("utf-8-sig")):
        one = importer.checked(lin, data, "目录.csv")
        (found,) = importer.rows_of(one).values()
        assert found.verdict in importer.kind.writable
        assert set(found.given.values()) == {cell for cell in row if cell}


@pytest.mark.slow
def test_two_hundred_thousand_empty_rows_are_no_rows_of_a_recoding(lin: User) -> None:
    importer = IMPORTERS[-1]
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("目录")
    sheet.append(list(importer.headings))
    for _number in range(200_000):
        sheet.append(["", None, ""])
    sheet.append(importer.row(APPENDIX))
    before = Procedure.objects.count()
    one = importer.checked(lin, saved(workbook))
    assert list(importer.rows_of(one)) == [200_002]
    assert Procedure.objects.count() == before
