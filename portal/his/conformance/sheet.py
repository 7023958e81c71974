"""The result sheet for signature, as HTML and as PDF, both in Chinese.

Values come from a foreign system: the HTML goes through Django's escaping templates and
has no script; the PDF gets them as JSON, never as source text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from portal.his.conformance.result import TITLES, Outcome, Report, Result
from portal.his.contract.interfaces import ALL
from portal.typesetting import pdf

HERE = Path(__file__).parent
INTERFACES = {item.name: item.title for item in ALL} | {"ACCESS": "连接与授权"}
SIGNERS = ("HIS 厂商", "医务管理系统厂商", "医院")


def as_html(report: Report) -> str:
    """One page with its own style sheet, made to be printed on A4."""
    css = (HERE / "sheet.css").read_text(encoding="utf-8")
    return render_to_string(
        "his/conformance_sheet.html",
        {"sheet": content(report), "css": mark_safe(css)},  # noqa: S308 (our own file)
    )


def as_pdf(report: Report) -> bytes:
    """The same on A4, with the Chinese font inside."""
    return pdf(HERE / "sheet.typ", "sheet", content(report))


def content(report: Report) -> dict[str, Any]:
    """What both forms of the sheet show."""
    return {
        "head": {
            "医院": report.hospital,
            "HIS 产品及版本": report.product or "（未填）",
            "接口约定版本": report.version,
            "检查时间": f"{report.started:%Y-%m-%d %H:%M} 至 {report.ended:%H:%M}",
        },
        "verdict": verdict(report),
        "is_good": report.is_good,
        "counts": {TITLES[kind]: report.count(kind) for kind in Outcome},
        "groups": groups(report),
        "notes": list(report.notes),
        "signers": SIGNERS,
    }


def verdict(report: Report) -> str:
    left = report.count(Outcome.NOT_RUN)
    if report.is_good:
        words = "本次执行的各项全部通过"
        return f"{words}；另有 {left} 项未执行" if left else words
    bad = report.count(Outcome.FAILED)
    rest = report.count(Outcome.UNCHECKED)
    return f"不通过 {bad} 项，未能检查 {rest} 项，须改正后重新检查"


def groups(report: Report) -> list[dict[str, Any]]:
    """By interface; one that is declared missing is a single line."""
    found: dict[str, list[Result]] = {}
    for result in report.results:
        found.setdefault(result.case.interface, []).append(result)
    return [
        {
            "name": "" if name == "ACCESS" else name,
            "title": INTERFACES[name],
            "lacking": results[0].answer.found if is_lacking(results) else "",
            "rows": [] if is_lacking(results) else [row(one) for one in results],
        }
        for name, results in found.items()
    ]


def is_lacking(results: list[Result]) -> bool:
    return all(result.outcome is Outcome.LACKING for result in results)


def row(result: Result) -> dict[str, str]:
    answer = result.answer
    expected = f"应为：{answer.expected}" if answer.expected else ""
    return {
        "number": result.case.number,
        "title": result.case.title,
        "outcome": TITLES[result.outcome],
        "kind": str(result.outcome).lower(),
        "found": answer.found,
        "remark": "；".join(part for part in (expected, answer.advice) if part),
    }
