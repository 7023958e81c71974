"""The account in whose name the system itself acts on rights."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from portal.accounts.models import SYSTEM_STAFF_NO, User
from portal.audit.acting import acting
from portal.audit.models import EventKind
from portal.audit.services import record

REASON = "系统自动办理授权变更时使用的账户，不能登录"


def system_account() -> User:
    """Made when first needed. Nobody logs in with it: it is not active, has no
    password, and no page of accounts shows or changes it."""
    found: User | None = User.objects.filter(staff_no=SYSTEM_STAFF_NO).first()
    return found or _made()


def _made() -> User:
    user = User(staff_no=SYSTEM_STAFF_NO, name="系统", is_active=False)
    user.set_unusable_password()
    try:
        with transaction.atomic():
            with acting(by=None, reason=REASON):
                user.save()
            record(EventKind.USER_CREATED, subject=("user", user.pk), reason=REASON)
    except IntegrityError:  # another worker was quicker
        made: User = User.objects.get(staff_no=SYSTEM_STAFF_NO)
        return made
    return user
