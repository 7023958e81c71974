"""The acts on lines that are granted: what they are called and where they are offered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import cast

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from permissions import services
from permissions.enums import ACT_WORDS, EventKind, GrantStatus
from permissions.ledger import POSSIBLE_IN
from permissions.models import GrantState
from permissions.queries.grant_lines import Line
from permissions.queries.grants import Standing, is_suspended, standing_of
from portal.ui.elements import Note, Text

RENEW, SUSPEND, RESTORE = "renew", "suspend", "restore"
DOWNGRADE, UNDO, REVOKE, VOID = "downgrade", "undo", "revoke", "void"
KINDS = {
    RENEW: EventKind.RENEW,
    SUSPEND: EventKind.SUSPEND,
    RESTORE: EventKind.RESTORE,
    DOWNGRADE: EventKind.DOWNGRADE,
    REVOKE: EventKind.REVOKE,
    VOID: EventKind.VOID,
}
# Acts that many lines may undergo at once; an error of entry is looked at line by line.
FOR_MANY = frozenset({RENEW, SUSPEND, RESTORE, REVOKE})

# Acts that may be recorded after they took effect. An error of entry, an undo and a
# downgrade (which writes new lines) speak of this moment.
LATE = frozenset({RENEW, SUSPEND, RESTORE, REVOKE})


@dataclass(frozen=True)
class ActWords:
    """One act on the pages. ``confirm`` and ``done`` take the number of lines ``n``.

    ``is_danger``: the button that confirms is red; ``is_last``: so is its line in a menu.
    """

    word: Text
    title: Text
    confirm: Text
    done: Text
    icon: str
    is_danger: bool = True
    is_last: bool = False
    note: Note | None = None


ACTS: dict[str, ActWords] = {
    RENEW: ActWords(
        ACT_WORDS[EventKind.RENEW],
        _("续期授权"),
        _("确认续期 %(n)s 项"),
        _("已续期 %(n)s 项授权"),
        "refresh",
        is_danger=False,
    ),
    SUSPEND: ActWords(
        ACT_WORDS[EventKind.SUSPEND],
        _("暂停授权"),
        _("确认暂停 %(n)s 项"),
        _("已暂停 %(n)s 项授权"),
        "player-pause",
    ),
    RESTORE: ActWords(
        ACT_WORDS[EventKind.RESTORE],
        _("恢复授权"),
        _("确认恢复 %(n)s 项"),
        _("已恢复 %(n)s 项授权"),
        "player-play",
        is_danger=False,
    ),
    DOWNGRADE: ActWords(
        ACT_WORDS[EventKind.DOWNGRADE],
        _("降级授权"),
        _("确认降级 %(n)s 项"),
        _("已降级 %(n)s 项授权"),
        "trending-down",
        note=Note("info", _("原授权即时结束，改为下面选中的授权，到期日期不变。")),
    ),
    UNDO: ActWords(
        pgettext_lazy("act", "撤销"),
        _("撤销上一次变更"),
        _("确认撤销 %(n)s 项"),
        _("已撤销 %(n)s 项变更"),
        "arrow-back-up",
        is_danger=False,
        note=Note("info", _("撤销也是一次变更：原来的记录保留，另记一条。")),
    ),
    REVOKE: ActWords(
        ACT_WORDS[EventKind.REVOKE],
        _("取消授权"),
        _("确认取消 %(n)s 项"),
        _("已取消 %(n)s 项授权"),
        "ban",
        is_last=True,
        note=Note("warn", _("取消后不能恢复；要再授予须重新申请。此前的有效期照旧。")),
    ),
    VOID: ActWords(
        ACT_WORDS[EventKind.VOID],
        _("作废授权"),
        _("确认作废 %(n)s 项"),
        _("已作废 %(n)s 项授权"),
        "x",
        is_last=True,
        note=Note(
            "warn",
            _("作废表示录入有误：这项授权视为从未有效，记录保留。本应结束的请用取消。"),
        ),
    ),
}


def kind_of(act: str, state: GrantState) -> EventKind:
    """What happens to the line; GRANT where an undo grants it anew."""
    return services.undone_by_kind(state) if act == UNDO else KINDS[act]


def status_now(state: GrantState, now: datetime) -> GrantStatus:
    """A suspension that is over by its date is none any more."""
    status = GrantStatus(state.status)
    if status is GrantStatus.SUSPENDED and not is_suspended(state, now):
        return GrantStatus.ACTIVE
    return status


def possible_acts(
    line: GrantState | Line,
    now: datetime,
    *,
    undo_hours: int,
    undone: Collection[int] = (),
) -> tuple[str, ...]:
    """What state and dates allow, in the order of the menu; asks the database nothing.

    ``undo_hours``: the parameter UNDO_HOURS; ``undone``: last events that were taken
    back. Who may do it is the page's matter.
    """
    # A line has the shape of a state, as far as these questions go.
    state = cast(GrantState, line)
    standing, status = standing_of(state, now), status_now(state, now)
    return _menu(
        status,
        standing is Standing.EXPIRED,
        state.valid_to is not None,
        standing is not Standing.FUTURE and services.may_be_lowered(state),
        standing is not Standing.EXPIRED
        and state.last_event_id not in undone
        and _fits_back(services.undone_by_kind(state), status)
        and services.why_not_undoable(state, now, hours=undo_hours) is None,
    )


def _fits_back(back: EventKind, status: GrantStatus) -> bool:
    return back not in POSSIBLE_IN or status in POSSIBLE_IN[back]


@cache
def _menu(
    status: GrantStatus,
    is_expired: bool,
    has_end: bool,
    may_be_lowered: bool,
    may_be_undone: bool,
) -> tuple[str, ...]:
    asked = {RENEW: has_end, DOWNGRADE: may_be_lowered}

    def fits(act: str) -> bool:
        if act == UNDO:
            return may_be_undone
        if status not in POSSIBLE_IN[KINDS[act]]:
            return False
        return act == VOID if is_expired else asked.get(act, True)

    return tuple(act for act in ACTS if fits(act))
