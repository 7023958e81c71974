"""An act that was refused, in words for the form it came from.

Every room's refusals are of this kind, so whatever door an act came through knows them.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _

Text = str | Promise
REASON_MIN = 5
REASON_MAX = 200


class ActRefused(Exception):
    """The act was not done; ``field`` names the form field the message belongs to."""

    field = ""
    message: Text = ""

    def __init__(self, message: Text = "") -> None:
        if message:
            self.message = message
        super().__init__(str(self.message))


class ReasonTooShort(ActRefused):
    field = "reason"

    def __init__(self, minimum: int, length: int) -> None:
        super().__init__(
            _("至少 %(minimum)s 个字，现有 %(length)s 个。写明依据和经过。")
            % {"minimum": minimum, "length": length}
        )


class ReasonTooLong(ActRefused):
    field = "reason"

    def __init__(self, maximum: int, length: int) -> None:
        super().__init__(
            _("最多 %(maximum)s 个字，现有 %(length)s 个。")
            % {"maximum": maximum, "length": length}
        )


class TooLateToUndo(ActRefused):
    def __init__(self, hours: int) -> None:
        super().__init__(
            _("只能在 %(hours)s 小时内撤销。现在请按正常变更办理。") % {"hours": hours}
        )


def clear_reason(text: str) -> str:
    """The reason as it is kept; refused when it says too little or too much."""
    reason = text.strip()
    if len(reason) < REASON_MIN:
        raise ReasonTooShort(REASON_MIN, len(reason))
    if len(reason) > REASON_MAX:
        raise ReasonTooLong(REASON_MAX, len(reason))
    return reason
