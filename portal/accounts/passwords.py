"""The hospital's password policy."""

from __future__ import annotations

import string
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.parameters.queries import value_of
from portal.parameters.registry import PASSWORD_DAYS, PASSWORD_HISTORY, PASSWORD_LENGTH

UPPER = frozenset(string.ascii_uppercase)
LOWER = frozenset(string.ascii_lowercase)
DIGITS = frozenset(string.digits)
# How many earlier hashes are kept: as many as the parameter may ever ask for.
KEPT_HASHES = PASSWORD_HISTORY.maximum


def missing_classes(password: str) -> list[str]:
    """Which of the four kinds of characters do not occur, in words."""
    characters = set(password)
    has_symbol = any(not char.isalnum() and not char.isspace() for char in password)
    kinds = (
        (_("大写字母"), bool(characters & UPPER)),
        (_("小写字母"), bool(characters & LOWER)),
        (_("数字"), bool(characters & DIGITS)),
        (_("符号"), has_symbol),
    )
    return [name for name, is_there in kinds if not is_there]


def problems_of(
    password: str, *, minimum: int, staff_no: str = "", name: str = ""
) -> list[str]:
    """Every rule the password breaks, one sentence each."""
    problems = []
    if len(password) < minimum:
        problems.append(
            _("密码至少 %(minimum)s 位，现有 %(length)s 位。")
            % {"minimum": minimum, "length": len(password)}
        )
    if missing := missing_classes(password):
        problems.append(_("还缺%(kinds)s。") % {"kinds": _("、").join(missing)})
    lowered = password.casefold()
    if staff_no and staff_no.casefold() in lowered:
        problems.append(_("密码不能包含工号。"))
    if name and name.casefold() in lowered:
        problems.append(_("密码不能包含姓名。"))
    return problems


def was_used(password: str, hashes: Sequence[str], *, last: int) -> bool:
    """Whether it is among the ``last`` passwords; ``hashes`` come newest first."""
    return any(check_password(password, known) for known in hashes[:last] if known)


def is_expired(user: Any) -> bool:
    """Past its days; a user who never had a password has none to change."""
    if user.password_changed_at is None:
        return False
    age: timedelta = timezone.now() - user.password_changed_at
    return age >= timedelta(days=value_of(PASSWORD_DAYS))


class PolicyValidator:
    """The policy as Django's ``AUTH_PASSWORD_VALIDATORS`` wants it."""

    def validate(self, password: str, user: Any = None) -> None:
        problems = problems_of(
            password,
            minimum=value_of(PASSWORD_LENGTH),
            staff_no=getattr(user, "staff_no", ""),
            name=getattr(user, "name", ""),
        )
        if problems:
            raise ValidationError(problems)

    def get_help_text(self) -> str:
        return _(
            "至少 %(minimum)s 位，须有大写字母、小写字母、数字和符号，"
            "不含工号和姓名，不与最近 %(last)s 次相同。"
        ) % {
            "minimum": value_of(PASSWORD_LENGTH),
            "last": value_of(PASSWORD_HISTORY),
        }
