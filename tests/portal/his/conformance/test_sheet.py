"""The sheet two vendors and a hospital sign."""

from __future__ import annotations

import json
import re
import zlib
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page

from portal.his.conformance.cases import all_cases
from portal.his.conformance.result import (
    Found,
    Outcome,
    Report,
    Result,
    failed,
    passed,
    summary_by_interface,
)
from portal.his.conformance.sheet import as_html, as_pdf
from tests.browsing import BrowserContexts

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
HOSTILE = '<script>alert(1)</script>\'"&#panic("x")'
LACKING = {"V_YW_DRUG", "YW_OPGRADE_SAVE"}


def answer(number: str, interface: str) -> Found:
    if interface in LACKING:
        return Found(Outcome.LACKING, found="没有药品目录")
    if number == "YW-DOCTOR-09":
        return failed("只用代码表中的值", HOSTILE, "请补上对照")
    if number == "YW-DOCTOR-05":
        return Found(Outcome.UNCHECKED, found="连接中断")
    return passed()


@pytest.fixture
def report() -> Report:
    results = tuple(
        Result(case, answer(case.number, case.interface)) for case in all_cases()
    )
    ended = NOON + timedelta(minutes=2)
    notes = ("YW_PRIV_SAVE：留下测试记录 2 行，状态为取消或作废",)
    return Report("云溪市人民医院", "某 HIS 5.1", "2.0", NOON, ended, results, notes)


def test_html_shows_head_verdict_cases_notes_and_signatures(report: Report) -> None:
    html = as_html(report)

    for words in (
        "云溪市人民医院",
        "某 HIS 5.1",
        "2026-11-23 12:00 至 12:02",
        "不通过 1 项，未能检查 1 项，须改正后重新检查",
        "YW-DOCTOR-09",
        "应为：只用代码表中的值；请补上对照",
        "HIS 声明暂缺：没有药品目录",
        "留下测试记录 2 行",
        "医务管理系统厂商",
    ):
        assert words in html


def test_values_of_a_foreign_system_cannot_become_markup(report: Report) -> None:
    html = as_html(report)

    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_interface_declared_missing_is_one_line_not_many_rows(report: Report) -> None:
    assert "YW-DRUG-01" not in as_html(report)


def test_pdf_holds_its_chinese_font_and_every_word(report: Report) -> None:
    pdf = as_pdf(report)
    inside = unpacked(pdf)

    assert pdf.startswith(b"%PDF-1.")
    assert b"NotoSansSC" in inside
    assert set("云溪市人民医院第页共不通过签字厂商") <= characters(inside)
    assert inside.count(b"/MediaBox") + inside.count(b"/MediaBox[") >= 1
    assert b"595.27" in inside  # A4


def test_pdf_takes_hostile_text_as_text(report: Report) -> None:
    assert set("<script>&#panic") <= characters(unpacked(as_pdf(report)))


def test_json_says_the_same_and_how_the_command_ends(report: Report) -> None:
    told = json.loads(json.dumps(report.to_json()))

    assert told["exit_code"] == 1
    assert told["counts"]["FAILED"] == 1
    assert len(told["cases"]) == len(all_cases())
    found = next(one for one in told["cases"] if one["number"] == "YW-DOCTOR-09")
    assert found == {
        "number": "YW-DOCTOR-09",
        "interface": "V_YW_DOCTOR",
        "title": "代码都在代码表内",
        "outcome": "FAILED",
        "expected": "只用代码表中的值",
        "found": HOSTILE,
        "advice": "请补上对照",
    }


def test_summary_counts_by_interface_what_proves_nothing_as_unproved(
    report: Report,
) -> None:
    summary = summary_by_interface(report)

    assert summary["V_YW_DOCTOR"] == (13, 1, 1)
    assert summary["V_YW_DRUG"] == (0, 0, 14)
    assert summary["V_YW_DEPT"] == (14, 0, 0)


@pytest.mark.browser
def test_html_prints_on_a4_with_a_page_number_on_each_page(
    report: Report, browser_contexts: BrowserContexts
) -> None:
    page: Page = browser_contexts.new_page()
    page.set_content(as_html(report))
    pdf = page.pdf(prefer_css_page_size=True)
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))

    assert pages > 3
    assert re.search(rb"/MediaBox\s*\[0 0 59[45][.\d]* 84[12][.\d]*\]", pdf)
    page.emulate_media(media="print")
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0


def unpacked(pdf: bytes) -> bytes:
    """All of a PDF that is readable once its streams are inflated."""
    parts = [pdf]
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(packed))
        except zlib.error:
            continue  # a font or a picture
    return b"\n".join(parts)


def characters(inside: bytes) -> set[str]:
    """The characters its fonts say their glyphs stand for."""
    pairs = re.findall(rb"<[0-9A-Fa-f]{4}>\s*<([0-9A-Fa-f]{4})>", inside)
    listed = re.findall(
        rb"<([0-9A-Fa-f]{4})>",
        b" ".join(re.findall(rb"beginbf(?:char|range)(.*?)endbf", inside, re.DOTALL)),
    )
    return {chr(int(code, 16)) for code in (*pairs, *listed)}
