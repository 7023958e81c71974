"""The demo's accounts, one per role; seeded by ``seed_demo``, printed by ``demo``."""

from __future__ import annotations

from typing import NamedTuple

from portal.accounts.capabilities import Role

# Published on purpose: these accounts exist only where DEMO is on.
PASSWORD = "Yiwu-demo-2026"  # noqa: S105


class DemoAccount(NamedTuple):
    """Someone who may log in to the demo."""

    staff_no: str
    name: str
    role: Role
    password: str = PASSWORD


def demo_accounts() -> list[DemoAccount]:
    """One person per role; the doctors are doctors of the demo HIS."""
    return [
        DemoAccount("2031", "苏晓岚", Role.OFFICER),
        DemoAccount("2003", "何静姝", Role.OFFICE_HEAD),
        DemoAccount("1001", "周立诚", Role.DEPARTMENT_HEAD),
        DemoAccount("2011", "方若谷", Role.COMMITTEE),
        DemoAccount("1027", "陈景行", Role.DOCTOR),
        DemoAccount("2051", "高远", Role.INFORMATION_CENTER),
        DemoAccount("9001", "秦牧", Role.SYSTEM_ADMIN),
        DemoAccount("9002", "安宁", Role.SECURITY_ADMIN),
        DemoAccount("9003", "审思齐", Role.AUDITOR),
        DemoAccount("2001", "梁望山", Role.LEADER),
    ]
