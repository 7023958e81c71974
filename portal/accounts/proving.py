"""Proving with a password who somebody is: at the login page and wherever else one is
typed, e.g. by a second person who agrees to an act.

However often and wherever it is tried, wrong passwords are counted together.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate
from django.db import transaction
from django.utils.translation import gettext as _

from portal.accounts.capabilities import Capability
from portal.accounts.lockout import is_locked, one_at_a_time, tries_left, unlock
from portal.accounts.models import User
from portal.accounts.passwords import is_expired
from portal.accounts.refusals import SecondPersonRefused
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.parameters.queries import value_of
from portal.parameters.registry import LOCK_MINUTES


@transaction.atomic
def proved(request: Any, staff_no: str, password: str) -> User | None:
    """Who has this password; a wrong one is counted, a locked account has none."""
    one_at_a_time(staff_no)
    if is_locked(request, staff_no):
        _record_failure(staff_no, "LOCKED")
        return None
    # Unknown number, wrong password and deactivated account are told apart nowhere:
    # Django hashes the password in each case.
    user = authenticate(request, staff_no=staff_no, password=password)
    if isinstance(user, User):
        return user
    _record_failure(staff_no, "PASSWORD")
    if is_locked(request, staff_no):
        record(EventKind.LOCKED, subject=_subject(staff_no), is_ok=False)
    return None


def until_locked(request: Any, staff_no: str) -> dict[str, int]:
    """``left`` tries before the account is locked, and for how many ``minutes``."""
    left = tries_left(request, staff_no)
    return {"left": left, "minutes": value_of(LOCK_MINUTES)}


def _subject(staff_no: str) -> tuple[str, object]:
    """The user who was tried. What nobody is called is not written down."""
    pk = User.objects.filter(staff_no=staff_no).values_list("pk", flat=True).first()
    return ("user", pk) if pk else ("", "")


def _record_failure(staff_no: str, code: str) -> None:
    record(EventKind.LOGIN_FAILED, subject=_subject(staff_no), is_ok=False, code=code)


# --- the second person ----------------------------------------------------------------


def agreeing(
    request: Any, *, staff_no: str, password: str, capability: Capability
) -> User:
    """Who stands beside the signed-in user and agrees by typing their own password.

    Another account that may log in now and holds ``capability``. Raises
    SecondPersonRefused; a wrong password counts as at the login page, a right one ends
    the counting as a login does.
    """
    if staff_no == request.user.staff_no:
        raise SecondPersonRefused("staff_no", _("第二人不能是办理人，请换一位。"))
    second = proved(request, staff_no, password)
    if second is None:
        raise _not_proved(request, staff_no)
    if second.must_change_password or is_expired(second):
        text = _("这位的密码须先修改：请本人登录本系统修改密码后再确认。")
        raise SecondPersonRefused("staff_no", text)
    if not second.has_capability(capability):
        record(
            EventKind.ACCESS_DENIED,
            by=second,
            subject=("view", request.resolver_match.view_name),
            is_ok=False,
            capability=capability,
        )
        text = _("这位没有办理这项操作的权限，请换一位。")
        raise SecondPersonRefused("staff_no", text)
    unlock(staff_no)
    return second


def _not_proved(request: Any, staff_no: str) -> SecondPersonRefused:
    given = until_locked(request, staff_no)
    if is_locked(request, staff_no):
        text = _("这个工号已锁定 %(minutes)s 分钟。请换一位，或请系统管理员解除锁定。")
        # Whoever acts is not the one who is locked: the form says it, no lock page.
        request.axes_locked_out = False
    else:
        text = _("工号或密码不对，还可以再试 %(left)s 次，之后锁定 %(minutes)s 分钟。")
    return SecondPersonRefused("password", text % given)
