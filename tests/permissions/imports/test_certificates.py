"""Certificates by sheet: tried, written, taken back; errors told by row and column."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from permissions.importers.certificates.columns import ACTS, CERTIFICATES, Field
from permissions.models import CertificateImport, PersonalCertificate
from permissions.services.certificates import (
    Issued,
    record_certificate,
    void_certificate,
)
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.jobs.services import run
from portal.outbox.models import Message
from portal.sheets.models import ImportState, Outcome
from portal.sheets.refusals import ColumnsMissing, NoHeadings, SomeRowsCannot
from tests.cast import make_practitioner, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.imports.sheets import book

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
HTMX: dict[str, Any] = {"headers": {"HX-Request": "true"}}
WHY = "医务科核对证书原件"
HEADINGS = (
    *("工号", "姓名", "证书名称", "证书编号", "发证机关", "发证日期", "有效期至"),
    "备注",
)
GOOD: list[list[Any]] = [
    [
        *("1027", "陈景行", "机器人手术厂家培训证书", "JQR-0163", "培训基地"),
        *(date(2026, 3, 1), date(2028, 2, 28), "档 1"),
    ],
    ["01305", "", "gcp", "G-7", "", "2026/3/2", "长期", None],
]
CSV = """工号,姓名,证书,证书编号,发证单位,发证日期,有效期至,材料
1027,陈景行,机器人手术厂家培训证书,JQR-0163,培训基地,2026年3月1日,2028-02-28,档 1
01305,,GCP,G-7,,20260302,,
"""


@pytest.fixture(autouse=True)
def _doctors(db: None) -> None:
    make_practitioner("1027", "陈景行", title_code="231")
    make_practitioner("01305", "方若谷", title_code="234")


def worked(one: CertificateImport) -> CertificateImport:
    one.refresh_from_db()
    assert one.job is not None
    assert run(one.job)
    one.refresh_from_db()
    return one


def checked(by: User, data: bytes, name: str = "证书.xlsx") -> CertificateImport:
    one = ACTS.upload(name=name, data=data, by=by, at=timezone.now())
    ACTS.check(one=one, mapping=one.mapping, by=by, at=timezone.now())
    return worked(one)


def written(
    one: CertificateImport, by: User, *, whole: bool = False
) -> CertificateImport:
    at = timezone.now()
    ACTS.write(one=one, is_all_or_nothing=whole, by=by, at=at, reason=WHY)
    return worked(one)


def told(one: CertificateImport) -> list[tuple[int, str, list[tuple[str, str]]]]:
    """Number, verdict, and column and reason of what is wrong, of each row."""
    return [
        (row.number, row.verdict, [(p["field"], p["reason"]) for p in row.problems])
        for row in CERTIFICATES.rows_of(one)
    ]


def sheet(*rows: list[Any]) -> bytes:
    return book([*GOOD, *rows], HEADINGS, title="证书")


def kept(by: User, **fields: Any) -> PersonalCertificate:
    given = {
        "kind": "ROBOT",
        "number": "JQR-0163",
        "issued_on": date(2026, 3, 1),
        **fields,
    }
    return record_certificate(
        practitioner=Practitioner.objects.get(emp_no="1027"),
        issued=Issued(**given),
        by=by,
        at=timezone.now(),
        reason=WHY,
    )


def nothing_recorded() -> None:
    assert PersonalCertificate.objects.count() == 0
    assert PersonalCertificate.history.count() == 0
    assert Message.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("证书.xlsx", sheet()),
        *(("证书.csv", CSV.encode(code)) for code in ("utf-8-sig", "gb18030")),
    ],
    ids=["xlsx", "utf-8-sig", "gb18030"],
)
def test_sheet_goes_in_as_office_programs_save_it(
    name: str, data: bytes, lin: User
) -> None:
    one = checked(lin, data, name)
    assert told(one) == [(2, "NEW", []), (3, "NEW", [])]
    nothing_recorded()
    one = written(one, lin, whole=True)
    assert (one.state, one.applied_by) == (ImportState.APPLIED, lin)
    first, second = PersonalCertificate.objects.order_by("pk")
    assert (first.kind, first.number, first.issuer, first.document) == (
        *("ROBOT", "JQR-0163", "培训基地"),
        "档 1",
    )
    assert (first.issued_on, first.valid_to) == (date(2026, 3, 1), date(2028, 2, 28))
    assert (second.practitioner.emp_no, second.kind, second.valid_to) == (
        *("01305", "GCP"),
        None,
    )
    assert second.issued_on == date(2026, 3, 2)
    [change] = first.history.all()
    assert (change.history_user, change.history_change_reason) == (lin, WHY)


def test_each_bad_row_is_told_by_column_and_a_whole_import_is_refused(
    lin: User,
) -> None:
    one = checked(
        lin,
        sheet(
            ["9999", "", "GCP", "G-1", "", "2026-03-01"],
            ["1027", "方若谷", "GCP", "G-1", "", "2026-03-01"],
            ["1027", "", "驾驶证", "G-1", "", "2026-03-01"],
            ["1027", "", "", "G-1", "", "2026-03-01"],
            ["1027", "", "GCP", "", "", "2026-03-01"],
            ["1027", "", "GCP", "G-1", "", "去年三月"],
            ["1027", "", "GCP", "G-1", "", ""],
            ["1027", "", "GCP", "G-1", "", "2026-03-01", "2026-02-28"],
            ["1027", "", "GCP", "G-1", "", "2027-03-01"],
            ["01305", "方若谷", "GCP", "G-7", "别处", "2026-03-02"],
            ["1027", "", "医师执业证书", "G-1", "", "2026-03-01"],
            ["1027", "", "GCP", "G" * 51, "", "2026-03-01"],
        ),
    )
    kinds = (
        "只能是签名留样、CA 签名证书、住院医师规范化培训合格证、放射工作人员证、"
        "大型医用设备上岗证、国家级或省级介入培训证书、限制类技术规范化培训证书、"
        "机器人手术厂家培训证书、心肺复苏证书、药物临床试验(GCP)证书。"
    )
    assert told(one)[2:] == [
        (4, "ERROR", [("EMP_NO", "医师字典中没有这个工号。")]),
        (5, "ERROR", [("NAME", "工号 1027 是陈景行，与姓名不符。")]),
        (6, "ERROR", [("KIND", kinds)]),
        (7, "ERROR", [("KIND", "证书不能空。")]),
        (8, "ERROR", [("NUMBER", "填写证书编号；没有编号的填材料编号。")]),
        (9, "ERROR", [("ISSUED_ON", "不是日期。写作 2026-01-05 或 2026年1月5日。")]),
        (10, "ERROR", [("ISSUED_ON", "发证日期不能空。")]),
        (11, "ERROR", [("VALID_TO", "有效期不能早于发证日期。")]),
        (12, "ERROR", [("ISSUED_ON", "不能晚于今天 2026-11-23。")]),
        (13, "ERROR", [("NUMBER", "与第 3 行重复。")]),
        (14, "ERROR", [("KIND", kinds)]),
        (15, "ERROR", [("NUMBER", "最多 50 个字。")]),
    ]
    with pytest.raises(SomeRowsCannot):
        written(one, lin, whole=True)
    nothing_recorded()
    written(one, lin)
    assert PersonalCertificate.objects.count() == 2


def test_sheet_without_a_needed_heading_is_not_tried(lin: User) -> None:
    row = ["1027", "陈景行", "GCP", "2026-03-01"]
    data = book([row], ("工号", "姓名", "证书", "日子"))
    one = ACTS.upload(name="证书.xlsx", data=data, by=lin, at=timezone.now())
    with pytest.raises(ColumnsMissing) as refused:
        ACTS.check(one=one, mapping=one.mapping, by=lin, at=timezone.now())
    assert "证书编号" in str(refused.value)
    assert "发证日期" in str(refused.value)
    one.refresh_from_db()
    assert (one.state, one.job) == (ImportState.UPLOADED, None)
    nothing_recorded()


def test_sheet_with_other_headings_altogether_is_not_tried(lin: User) -> None:
    data = book([["1027", "GCP"]], ("工号", "证件"))
    one = ACTS.upload(name="证书.xlsx", data=data, by=lin, at=timezone.now())
    with pytest.raises(NoHeadings, match="请下载模板核对列名"):
        ACTS.check(one=one, mapping=one.mapping, by=lin, at=timezone.now())
    nothing_recorded()


def test_what_is_there_already_is_the_same_or_a_conflict(lin: User) -> None:
    record = kept(lin, valid_to=date(2028, 2, 28))
    assert told(checked(lin, sheet()))[0] == (2, "SAME", [])
    void_certificate(record=record, by=lin, at=timezone.now(), reason=WHY)
    kept(lin)
    assert told(checked(lin, sheet()))[0] == (
        *(2, "CONFLICT"),
        [("VALID_TO", "这张证书已登记，有效期至 长期。录错的先作废。")],
    )


def test_own_certificate_is_for_somebody_else_to_bring(lin: User) -> None:
    lin.practitioner = Practitioner.objects.get(emp_no="1027")
    lin.save_base(raw=True)
    assert told(checked(lin, sheet()))[0][1] == "ERROR"


def test_certificates_recorded_since_the_dry_run_keep_all_out(lin: User) -> None:
    one = checked(lin, sheet())
    kept(lin)
    one = written(one, lin, whole=True)
    assert (one.state, one.problem) == (
        ImportState.CHECKED,
        "这张证书已登记。录错的先作废。",
    )
    assert [row[1] for row in told(one)] == ["CONFLICT", "NEW"]
    assert PersonalCertificate.objects.count() == 1


def test_undo_voids_what_was_written_and_names_what_somebody_voided(lin: User) -> None:
    one = written(checked(lin, sheet()), lin)
    first = PersonalCertificate.objects.order_by("pk")[0]
    void_certificate(record=first, by=lin, at=timezone.now(), reason="这一张录错了")
    ACTS.undo(one=one, by=lin, at=timezone.now(), reason="文件用错了，整批撤销")
    one = worked(one)
    assert (one.state, one.undone_by) == (ImportState.UNDONE, lin)
    rows = list(CERTIFICATES.rows_of(one))
    assert [row.outcome for row in rows] == [Outcome.LEFT, Outcome.UNDONE]
    assert rows[0].problems[-1]["reason"] == "这张证书已经作废。关闭后重新打开。"
    voided = PersonalCertificate.objects.order_by("pk").values_list("is_void", "kind")
    assert list(voided) == [(True, "ROBOT"), (True, "GCP")]


# --- the pages ------------------------------------------------------------------------


def test_page_uploads_shows_the_dry_run_and_writes(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    url = "/certificates/imports/"
    assert url in client.get("/certificates/").text
    assert "还没有导入过" in client.get(url).text
    refused = client.post(url, {"file": SimpleUploadedFile("t.xls", b"%PDF-1.7\n\0")})
    assert "不是 xlsx 或 csv 文件" in refused.text
    bad = sheet(["9999", "", "GCP", "G-1", "", "2026-03-01"])
    answer = client.post(url, {"file": SimpleUploadedFile("证.xlsx", bad)})
    one = CertificateImport.objects.get()
    assert answer.headers["Location"] == f"{url}{one.pk}/"
    columns = {name: str(at) for name, at in one.mapping.items()}
    client.post(f"{url}{one.pk}/check/", columns)
    worked(one)
    with assert_queries(11):
        shown = client.get(f"{url}{one.pk}/").text
    assert "陈景行" in shown
    assert "医师字典中没有这个工号" in shown
    given = {"mode": "good", "reason": WHY}
    answer = client.post(f"{url}{one.pk}/write/", given, **HTMX)
    assert answer.headers["HX-Redirect"] == f"{url}{one.pk}/"
    assert worked(one).state == ImportState.APPLIED
    assert "整批撤销" in client.get(f"{url}{one.pk}/").text
    assert client.get(f"{url}template/").headers["Content-Type"].endswith("sheet")
    log = client.get("/log/?kind=CERTIFICATES_IMPORTED")
    assert "证.xlsx" in log.text


def test_our_own_template_is_understood_as_it_is(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    data = b"".join(client.get("/certificates/imports/template/"))
    one = ACTS.upload(name="模板.xlsx", data=data, by=lin, at=timezone.now())
    assert list(one.mapping) == list(Field.values)


def test_who_may_not_change_rights_brings_no_sheet(
    client: CheckedClient, chen: User, lin: User
) -> None:
    one = checked(lin, sheet())
    sign_in(client, chen)
    assert "/certificates/imports/" not in client.get("/certificates/").text
    for url in ("/certificates/imports/", f"/certificates/imports/{one.pk}/"):
        assert client.get(url).status_code == 403
    write = f"/certificates/imports/{one.pk}/write/"
    assert client.post(write, {"mode": "all", "reason": WHY}, **HTMX).status_code == 403
    nothing_recorded()
