"""What the demo prints once its first page answers."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from portal.desk.demo.accounts import demo_accounts
from portal.desk.demo.plan import Plan


def banner(plan: Plan, seconds: float) -> str:
    """Addresses, accounts, and how to stop."""
    addresses = [
        ("门户", plan.portal_url + "/"),
        ("HIS 门诊医生站", plan.his_url + "/station/outpatient"),
        ("HIS 住院医生站", plan.his_url + "/station/inpatient"),
        ("HIS 故障开关", plan.his_url + "/switches"),
    ]
    accounts = [
        (account.staff_no, account.name, str(account.role.label), account.password)
        for account in demo_accounts()
    ]
    rule = "─" * 68
    return "\n".join(
        [
            "",
            rule,
            f"  医务管理系统 · 演示        {seconds:.1f} 秒就绪",
            rule,
            *_table(addresses),
            "",
            *_table([("工号", "姓名", "角色", "密码"), *accounts]),
            "",
            f"  日志在 {plan.logs}",
            f"  试试杀掉 worker，已批的变更不会丢：kill -9 $(cat {plan.logs}/worker.pid)",
            "  Ctrl-C 停止",
            rule,
        ]
    )


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [
        max(_width(cell) for cell in column) for column in zip(*rows, strict=True)
    ]
    return [
        "  "
        + "   ".join(
            cell + " " * (width - _width(cell))
            for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def _width(text: str) -> int:
    """Columns of a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
