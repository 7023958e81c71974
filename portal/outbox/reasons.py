"""What every act of a person on the outbox asks for."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

REASON_LENGTH = 200


class NotPossible(Exception):
    """The act does not fit how things stand; the text is for a person."""


def checked(reason: str) -> str:
    """Raises NotPossible without one."""
    reason = reason.strip()
    if not reason:
        raise NotPossible(_("请填写原因。"))
    return reason[:REASON_LENGTH]
