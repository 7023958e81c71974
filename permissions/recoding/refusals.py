"""Why a re-coding was refused for what it would do to grants."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from permissions.models import GrantState
from portal.ui.phrases import listed
from surgery.services.recoding_refusals import RecodingRefused

NAMED = 3


class LinesCross(RecodingRefused):
    """Two lines of one person become the same code and neither takes in the other."""

    def __init__(self, crossing: Sequence[tuple[GrantState, GrantState]]) -> None:
        said = [crossing_words(*pair) for pair in crossing[:NAMED]]
        super().__init__(
            _(
                "有 %(count)s 处授权并到同一编码后互相交叉，谁也不包含谁：%(first)s。"
                "先改好其中一条，再调整。"
            )
            % {"count": len(crossing), "first": listed(said)}
        )


def crossing_words(one: GrantState, other: GrantState) -> str:
    """「王若谷 51.2200 与 51.2300 主刀」"""
    return _("%(who)s %(one)s 与 %(other)s %(role)s") % {
        "who": one.practitioner.name,
        "one": one.item_code,
        "other": other.item_code,
        "role": one.get_role_display(),
    }
