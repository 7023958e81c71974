"""The demo's accounts, one per role; seeded by ``seed_demo``, printed by ``demo``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from portal.accounts import services
from portal.accounts.capabilities import Role
from portal.accounts.models import RoleAssignment, User
from portal.directory.models import Department, Practitioner

# Published on purpose: these accounts exist only where DEMO is on.
PASSWORD = "Yiwu@2026demo"  # noqa: S105
REASON = "演示数据"


class DemoAccount(NamedTuple):
    """Someone who may log in to the demo."""

    staff_no: str
    name: str
    role: Role
    office: str
    password: str = PASSWORD


SYSTEM = DemoAccount("9001", "秦牧", Role.SYSTEM_ADMIN, "信息网络中心")
SECURITY = DemoAccount("9002", "安宁", Role.SECURITY_ADMIN, "信息网络中心")
DEMO_ACCOUNTS: tuple[DemoAccount, ...] = (
    # Two officers: what one proposes, the other approves.
    DemoAccount("2031", "苏晓岚", Role.OFFICER, "医务科"),
    DemoAccount("2032", "林知远", Role.OFFICER, "医务科"),
    DemoAccount("2003", "何静姝", Role.OFFICE_HEAD, "医务科"),
    DemoAccount("1001", "周立诚", Role.DEPARTMENT_HEAD, "肝胆胰外科"),
    DemoAccount("2011", "方若谷", Role.COMMITTEE, "医疗技术临床应用管理委员会"),
    # Also a doctor of the demo HIS; the others come in from their station.
    DemoAccount("1027", "陈景行", Role.DOCTOR, "肝胆外科"),
    DemoAccount("3008", "蒋维", Role.INFORMATION_CENTER, "信息网络中心"),
    SYSTEM,
    SECURITY,
    DemoAccount("9003", "审思齐", Role.AUDITOR, "审计科"),
    DemoAccount("2001", "梁望山", Role.LEADER, "院办"),
)


def demo_accounts() -> list[DemoAccount]:
    """Who may log in, for printing."""
    return list(DEMO_ACCOUNTS)


def seed_users() -> None:
    """Make the accounts that are missing, as the portal itself would.

    Roles are asked for by the system administrator and approved by the security
    administrator. The doctor and the head of department need the directory: before it
    was pulled, they are left out and come with the next run.
    """
    system, security = _administrators()
    for account in DEMO_ACCOUNTS:
        if account.role == Role.DOCTOR:
            _seed_doctor(account, system)
        elif account.role == Role.DEPARTMENT_HEAD:
            _seed_head(account, system, security)
        else:
            _seed(account, system, security)


def _administrators() -> tuple[User, User]:
    numbers = (SYSTEM.staff_no, SECURITY.staff_no)
    known = {user.staff_no: user for user in User.objects.filter(staff_no__in=numbers)}
    if known:
        return known[SYSTEM.staff_no], known[SECURITY.staff_no]
    return services.found_administrators(
        system=_first(SYSTEM),
        security=_first(SECURITY),
        reason=REASON,
        must_change=False,
    )


def _first(account: DemoAccount) -> services.FirstAdministrator:
    return services.FirstAdministrator(
        account.staff_no, account.name, account.password, account.office
    )


def _seed_head(account: DemoAccount, system: User, security: User) -> None:
    """Of the department the office is named after."""
    found = Department.objects.filter(name=account.office).order_by("code")
    codes = list(found.values_list("code", flat=True))
    if codes:
        _seed(account, system, security, codes)


def _seed(
    account: DemoAccount,
    system: User,
    security: User,
    departments: Sequence[str] = (),
) -> None:
    user = User.objects.filter(staff_no=account.staff_no).first()
    if user is None:
        user = services.create_user(
            staff_no=account.staff_no,
            name=account.name,
            office=account.office,
            password=account.password,
            by=system,
            reason=REASON,
            must_change=False,
        )
    if RoleAssignment.objects.filter(user=user, role=account.role).exists():
        return
    assignment = services.request_role(
        user=user,
        role=account.role,
        by=system,
        reason=REASON,
        departments=departments,
    )
    services.approve_role(assignment=assignment, by=security, reason=REASON)


def _seed_doctor(account: DemoAccount, system: User) -> None:
    practitioner = Practitioner.objects.filter(emp_no=account.staff_no).first()
    if practitioner is None or User.objects.filter(practitioner=practitioner).exists():
        return
    doctor = services.user_for_launch(practitioner=practitioner)
    services.set_password(
        user=doctor,
        password=account.password,
        by=system,
        reason=REASON,
        must_change=False,
    )
