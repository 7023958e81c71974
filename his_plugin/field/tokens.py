"""The token of the field: who asks, from which station, for a quarter of an hour.

A signed text in a header, because cookies of another origin do not reach a page inside
a station. It holds no secret and no right: on each call the person is looked up again.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core import signing

from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.directory.models import Practitioner

SALT = "his_plugin.field"
SECONDS = 900


class TokenExpired(Exception):
    """It was ours, and is too old."""


class TokenWrong(Exception):
    """It is not ours, or its holder may not ask any more."""


@dataclass(frozen=True)
class Holder:
    """Who asks."""

    user: User
    practitioner: Practitioner
    station: str


def issue(*, emp_no: str, station: str) -> str:
    return signing.dumps({"u": emp_no, "s": station}, salt=SALT)


def holder_of(token: str) -> Holder:
    """The practitioner behind a token, practising and with an account in force."""
    try:
        said = signing.loads(token, salt=SALT, max_age=SECONDS)
    except signing.SignatureExpired:
        raise TokenExpired from None
    except signing.BadSignature:
        raise TokenWrong from None
    user = (
        User.objects.select_related("practitioner__department")
        .filter(practitioner__emp_no=said["u"], is_active=True)
        .first()
    )
    if user is None or user.practitioner is None:
        raise TokenWrong
    if not user.practitioner.is_practising:
        raise TokenWrong
    if not user.has_capability(Capability.VIEW_OWN_PRIVILEGES):
        raise TokenWrong
    return Holder(user, user.practitioner, said["s"])
