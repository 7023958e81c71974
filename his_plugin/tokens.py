"""Tokens without cookies: who asks, from which station, for a quarter of an hour.

A signed text in a header or a form field, because cookies of another origin do not
reach a page inside a station. It holds no secret and no right: on each call the person
is looked up again. One made for the field opens no page, and the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.core import signing
from django.utils import timezone

from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.directory.models import Practitioner

SECONDS = 900
# A page makes a new one with each click; after a shift one opens it again.
LONGEST_HOURS = 12


class Audience(StrEnum):
    """What a token is good for; also the salt of its signature."""

    FIELD = "his_plugin.field"
    MY_PAGE = "his_plugin.my"


class TokenExpired(Exception):
    """It was ours, and is too old."""


class TokenWrong(Exception):
    """It is not ours, or its holder may not ask any more."""


@dataclass(frozen=True)
class Holder:
    """Who asks; the patient is what the station said, shown and never believed."""

    user: User
    practitioner: Practitioner
    station: str
    patient: Mapping[str, str]
    begun_at: int  # seconds since the epoch at which the first of its line was made


def issue(
    *,
    emp_no: str,
    station: str,
    audience: Audience = Audience.FIELD,
    patient: Mapping[str, str] | None = None,
    begun_at: int | None = None,
) -> str:
    said: dict[str, Any] = {"u": emp_no, "s": station}
    if patient:
        said["p"] = dict(patient)
    if begun_at is not None:
        said["b"] = begun_at
    return signing.dumps(said, salt=audience)


def now_seconds() -> int:
    return int(timezone.now().timestamp())


def holder_of(token: str, audience: Audience = Audience.FIELD) -> Holder:
    """The practitioner behind a token, practising and with an account in force."""
    try:
        said = signing.loads(token, salt=audience, max_age=SECONDS)
    except signing.SignatureExpired:
        raise TokenExpired from None
    except signing.BadSignature:
        raise TokenWrong from None
    begun_at = said.get("b", now_seconds())
    if now_seconds() - begun_at > LONGEST_HOURS * 3600:
        raise TokenExpired
    user = _holder(said["u"])
    assert user.practitioner is not None  # noqa: S101  # it was found by them
    return Holder(user, user.practitioner, said["s"], said.get("p", {}), begun_at)


def _holder(emp_no: str) -> User:
    people = User.objects.select_related("practitioner__department")
    user: User | None = people.filter(
        practitioner__emp_no=emp_no, is_active=True
    ).first()
    if user is None or user.practitioner is None:
        raise TokenWrong
    if not user.practitioner.is_practising:
        raise TokenWrong
    if not user.has_capability(Capability.VIEW_OWN_PRIVILEGES):
        raise TokenWrong
    return user
