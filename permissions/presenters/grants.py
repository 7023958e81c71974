"""Rows, drawers and histories of grants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Literal, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.enums import ACT_WORDS, TITLE_WORDS, EventKind, GrantStatus
from permissions.ledger import POSSIBLE_IN, STATUS_AFTER
from permissions.models import GrantEvent, GrantState
from permissions.outbound import his_value_of
from permissions.presenters import words
from permissions.presenters.arrivals import GrantArrival, grant_arrival
from permissions.queries.grant_lines import Line
from permissions.queries.grants import Standing, arrivals_of, standing_of
from portal.his.contract.codes import STATUS_AFTER as HIS_STATUS_AFTER
from portal.outbox.models import Message
from portal.outbox.presenters import Proofs, long_arrival
from portal.outbox.queries import Confirmed
from portal.parameters.days import day_of
from portal.ui.elements import (
    Change,
    Chip,
    Diff,
    Element,
    Grade,
    Moment,
    Text,
    Timeline,
)
from portal.ui.moments import write_last_day, write_moment
from portal.ui.phrases import said
from portal.ui.stencils import address_of

ICONS = {
    EventKind.SUSPEND: "player-pause",
    EventKind.RESTORE: "player-play",
    EventKind.REVOKE: "ban",
    EventKind.VOID: "x",
}
# States of a line in the HIS, in the words of its code table.
HIS_WORDS = {
    "1": gettext_lazy("有效"),
    "2": gettext_lazy("暂停"),
    "3": gettext_lazy("取消"),
    "4": gettext_lazy("作废"),
}
MomentTone = Literal["", "ok", "bad", "mute"]
TONES: dict[EventKind, MomentTone] = {
    EventKind.SUSPEND: "bad",
    EventKind.REVOKE: "bad",
    EventKind.DOWNGRADE: "bad",
    EventKind.VOID: "mute",
}


@dataclass(frozen=True)
class RowAct:
    """One line of a row's menu."""

    label: Text
    icon: str
    url: str
    is_danger: bool = False


class GrantRow(NamedTuple):
    """One line of the ledger as lists show it; a tuple, for it is made by the hundred."""

    id: int
    name: str
    emp_no: str
    practitioner_url: str
    department: str
    title: Text
    what: str
    codes: str
    grade: Grade | None
    level: Text
    role: Text
    setting: Text
    where: Text  # the setting, and the campus if the right is limited to one
    kind: Text
    starts_on: str
    ends_on: str
    ends_soon: bool
    standing: Chip
    arrival: GrantArrival | None
    doc_no: str
    kinds_of_acts: tuple[EventKind, ...]

    @property
    def acts(self) -> list[RowAct]:
        return [_act(self.id, kind) for kind in self.kinds_of_acts]

    @property
    def history_url(self) -> str:
        return address_of("permissions:grant-history", self.id)

    @property
    def long_arrival(self) -> GrantArrival | None:
        return self.arrival.long() if self.arrival else None


def grant_rows(states: Sequence[GrantState | Line]) -> list[GrantRow]:
    """One query for all arrivals, and one more if any is still open."""
    now = timezone.now()
    messages = arrivals_of(states)
    proofs = Proofs()
    return [
        _row(state, messages.get(state.last_event_id), now, proofs) for state in states
    ]


def _row(
    state: GrantState | Line,
    message: Message | Confirmed | None,
    now: datetime,
    proofs: Proofs,
) -> GrantRow:
    practitioner, grant = state.practitioner, state.grant
    standing = standing_of(state, now)
    what, codes = words.what(grant)
    starts_on, ends_on = words.span(state.valid_from, state.valid_to)
    return GrantRow(
        id=state.pk,
        name=practitioner.name,
        emp_no=practitioner.emp_no,
        practitioner_url=address_of(
            "permissions:practitioner-detail", practitioner.emp_no
        ),
        department=practitioner.department.name,
        title=TITLE_WORDS.get(practitioner.title_code, ""),
        what=what,
        codes=codes,
        grade=words.grade_of(state.grant.privilege, grant.item_grade),
        level=words.level_word(state.grant.privilege),
        role=words.role_word(state.role),
        setting=words.setting_word(state.setting),
        where=words.where(state.setting, state.campus),
        kind=words.kind_word(state.kind),
        starts_on=starts_on,
        ends_on=ends_on,
        ends_soon=standing is Standing.EXPIRING,
        standing=words.STANDING_CHIPS[standing],
        arrival=grant_arrival(state, message, proofs) if message else None,
        doc_no=grant.doc_no,
        kinds_of_acts=possible_acts(state.status, standing),
    )


@cache
def possible_acts(status: str, standing: Standing) -> tuple[EventKind, ...]:
    """What the state and the dates allow; who may do it is the page's matter."""
    kinds = tuple(kind for kind in ICONS if status in POSSIBLE_IN[kind])
    if standing is Standing.EXPIRED:
        return tuple(kind for kind in kinds if kind is EventKind.VOID)
    return kinds


def _act(state_id: int, kind: EventKind) -> RowAct:
    return RowAct(
        label=ACT_WORDS[kind],
        icon=ICONS[kind],
        url=address_of("permissions:grant-change", state_id, kind.lower()),
        is_danger=kind in {EventKind.REVOKE, EventKind.VOID},
    )


# --- drawers --------------------------------------------------------------------------


@dataclass(frozen=True)
class ChangeDrawer:
    """What stands around the form of one act on one grant."""

    title: Text
    button: Text
    done: Text
    to: Text
    note: Element | None
    is_danger: bool
    row: GrantRow
    preview: Diff


DRAWER_TITLES = {
    EventKind.SUSPEND: gettext_lazy("暂停授权"),
    EventKind.RESTORE: gettext_lazy("恢复授权"),
    EventKind.REVOKE: gettext_lazy("取消授权"),
    EventKind.VOID: gettext_lazy("作废授权"),
}
BUTTONS = {
    EventKind.SUSPEND: gettext_lazy("确认暂停 1 项"),
    EventKind.RESTORE: gettext_lazy("确认恢复 1 项"),
    EventKind.REVOKE: gettext_lazy("确认取消 1 项"),
    EventKind.VOID: gettext_lazy("确认作废 1 项"),
}
DONE = {
    EventKind.SUSPEND: gettext_lazy("已暂停 1 项授权"),
    EventKind.RESTORE: gettext_lazy("已恢复 1 项授权"),
    EventKind.REVOKE: gettext_lazy("已取消 1 项授权"),
    EventKind.VOID: gettext_lazy("已作废 1 项授权"),
}


def change_drawer(
    state: GrantState, kind: EventKind, *, note: Element | None = None
) -> ChangeDrawer:
    """The drawer before anything is typed; the preview says what will be."""
    return ChangeDrawer(
        title=DRAWER_TITLES[kind],
        button=BUTTONS[kind],
        done=DONE[kind],
        to=_("保存后即送 HIS，通常几秒到达"),
        note=note,
        is_danger=kind is not EventKind.RESTORE,
        row=grant_rows([state])[0],
        preview=preview(state, kind, timezone.now()),
    )


def preview(state: GrantState, kind: EventKind, now: datetime) -> Diff:
    """字段、变更前、变更后, with what the HIS will keep."""
    after = STATUS_AFTER[kind]
    ends = write_last_day(state.valid_to)
    today = day_of(now)
    ends_after = _revoked_last_day(state, today) if kind is EventKind.REVOKE else ends
    his_before = HIS_WORDS[_his_status(GrantStatus(state.status))]
    value = his_value_of(state.grant.privilege)
    return Diff(
        (
            Change(_("授权状态"), state.get_status_display(), after.label),
            Change(_("停止时间"), ends, _stops(kind, ends, now)),
            Change(_("HIS 状态"), his_before, HIS_WORDS[_his_status(after)]),
            Change(_("HIS 到期日期"), ends, ends_after),
            Change(_("HIS 取值"), value, value),
        )
    )


def _stops(kind: EventKind, ends: str, now: datetime) -> str:
    if kind in {EventKind.SUSPEND, EventKind.REVOKE}:
        return write_moment(now)
    return _("从未有效") if kind is EventKind.VOID else ends


def _revoked_last_day(state: GrantState, today: date) -> str:
    return max(today, day_of(state.valid_from)).isoformat()


def _his_status(status: GrantStatus) -> str:
    operations = {
        GrantStatus.ACTIVE: "ADD",
        GrantStatus.SUSPENDED: "SUSPEND",
        GrantStatus.REVOKED: "REVOKE",
        GrantStatus.VOID: "VOID",
    }
    return HIS_STATUS_AFTER[operations[status]]


# --- histories ------------------------------------------------------------------------


def event_moment(event: GrantEvent, about: str, message: Message | None) -> Moment:
    """One entry of a timeline: what, why, who, and whether it arrived."""
    kind = EventKind(event.kind)
    text = f"{kind.label} {about}".strip()
    reason = words.reason_words(
        event.reason_code,
        event.get_reason_code_display() if event.reason_code else "",
        event.reason,
    )
    arrived = long_arrival(message, event.recorded_at) if message else ""
    details = [said(event.by.name, reason), arrived]
    return Moment(
        write_moment(event.recorded_at),
        text,
        " · ".join(part for part in details if part),
        _tone(kind),
    )


def _tone(kind: EventKind) -> MomentTone:
    return TONES.get(kind, "ok")


def history(events: Sequence[GrantEvent], arrivals: dict[str, Message]) -> Timeline:
    """The timeline of one grant."""
    return Timeline(
        [event_moment(event, "", arrivals.get(event.subject)) for event in events]
    )


def timeline(events: Sequence[GrantEvent], arrivals: dict[str, Message]) -> Timeline:
    """The timeline of one practitioner: each entry says which right."""
    return Timeline(
        [
            event_moment(
                event, words.what_in_one(event.grant), arrivals.get(event.subject)
            )
            for event in events
        ]
    )
