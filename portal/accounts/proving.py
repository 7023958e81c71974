"""Proving who somebody is by their password: at the login, and beside a colleague."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate
from django.db import transaction

from portal.accounts.lockout import is_locked, one_at_a_time
from portal.accounts.models import User
from portal.audit.models import EventKind
from portal.audit.services import record


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


def _subject(staff_no: str) -> tuple[str, object]:
    """The user who was tried. What nobody is called is not written down."""
    pk = User.objects.filter(staff_no=staff_no).values_list("pk", flat=True).first()
    return ("user", pk) if pk else ("", "")


def _record_failure(staff_no: str, code: str) -> None:
    record(EventKind.LOGIN_FAILED, subject=_subject(staff_no), is_ok=False, code=code)
