"""How rights, states and people are called, everywhere the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from permissions.enums import (
    TITLE_WORDS,
    EventKind,
    GrantKind,
    Setting,
    SurgicalRole,
    ValueKind,
)
from permissions.models import Application, Grant, GrantEvent, Privilege
from permissions.queries.grant_lines import Entry, Terms
from permissions.queries.grants import LEVELS_OF_SURGERY, Standing
from portal.approvals.workflow import ProposalState
from portal.directory.models import PRACTISING, Practitioner
from portal.parameters.days import day_of
from portal.ui.elements import Chip, Grade, Note, Text
from portal.ui.moments import write_day, write_last_day, write_moment
from portal.ui.phrases import noted, said

STANDING_CHIPS: Mapping[Standing, Chip] = {
    Standing.IN_FORCE: Chip("ok", "circle-check", _("生效")),
    Standing.EXPIRING: Chip("warn", "calendar-due", _("即将到期")),
    Standing.FUTURE: Chip("info", "clock", _("待生效")),
    Standing.SUSPENDED: Chip("warn", "player-pause", _("暂停")),
    Standing.EXPIRED: Chip("mute", "calendar-off", _("已到期")),
    Standing.REVOKED: Chip("bad", "ban", _("取消")),
    Standing.VOID: Chip("mute", "x", _("作废"), is_void=True),
}
EVENT_CHIPS: Mapping[str, Chip] = {
    EventKind.GRANT: Chip("ok", "plus", _("新增")),
    EventKind.SUSPEND: Chip("warn", "player-pause", _("暂停")),
    EventKind.RESTORE: Chip("info", "player-play", _("恢复")),
    EventKind.REVOKE: Chip("bad", "ban", _("取消")),
    EventKind.VOID: Chip("mute", "x", _("作废"), is_void=True),
    EventKind.RENEW: Chip("ok", "calendar-due", _("续期")),
    EventKind.UNRENEW: Chip("warn", "arrow-back-up", _("撤销续期")),
    EventKind.DOWNGRADE: Chip("warn", "arrow-back-up", _("降级")),
    EventKind.RECODE: Chip("info", "git-compare", _("编码调整")),
}
SETTINGS: Mapping[str, Text] = dict(Setting.choices)
ROLES: Mapping[str, Text] = dict(SurgicalRole.choices)
KINDS: Mapping[str, Text] = dict(GrantKind.choices)
STATE_CHIPS: Mapping[str, Chip] = {
    ProposalState.SUBMITTED: Chip("info", "progress", _("待审批")),
    ProposalState.APPROVED: Chip("ok", "circle-check", _("已同意")),
    ProposalState.RETURNED: Chip("warn", "arrow-back-up", _("已退回")),
    ProposalState.REJECTED: Chip("bad", "circle-x", _("已驳回")),
    ProposalState.WITHDRAWN: Chip("mute", "x", _("已撤回")),
}
UNCLAIMED = Chip("warn", "user-check", _("待确认提出"))


def unclaimed_note() -> Note:
    """Why nobody can approve it yet."""
    return Note(
        "warn",
        gettext("系统按医院参数提出，还没有提出人。先由一人确认提出，再由另一人审批。"),
    )


def title_word(title_code: str) -> str:
    """主任医师 for 231; nothing for an unknown code."""
    return str(TITLE_WORDS.get(title_code, ""))


def person(practitioner: Practitioner) -> str:
    return f"{practitioner.name} {practitioner.emp_no}"


def practitioner_chip(practitioner: Practitioner) -> Chip:
    """在职 and the like; who vanished from the HIS is said to have."""
    if practitioner.missing_since is not None:
        return Chip("bad", "alert-circle", _("HIS 中已无"))
    label = practitioner.get_status_display()
    if practitioner.status in PRACTISING:
        return Chip("ok", "circle-check", label)
    return Chip("mute", "calendar-off", label)


def what(terms: Grant | Application | Terms) -> tuple[str, str]:
    """The right in two lines: the procedure and codes, or the privilege and its code."""
    privilege = terms.privilege
    if terms.item_code:
        return terms.item_name, f"{terms.item_code} · {privilege.code}"
    return privilege.name, privilege.code


def what_in_one(terms: Grant | Application | Terms) -> str:
    name, codes = what(terms)
    return noted(name, codes)


def grade_of(privilege: Privilege | Entry, item_grade: int | None) -> Grade | None:
    """The surgery grade; None where grades say nothing."""
    if item_grade:
        return Grade(item_grade)
    if privilege.code in LEVELS_OF_SURGERY:
        return Grade(int(privilege.level))
    return None


def level_word(privilege: Privilege | Entry) -> Text:
    """What stands in the 级别 column where there is no surgery grade."""
    if privilege.value_kind == ValueKind.LEVEL and privilege.level:
        return privilege.level
    return "—"


def setting_word(setting: str) -> Text:
    return SETTINGS[setting]


def where(setting: str, campus: str) -> Text:
    """``住院 · 东院``"""
    return f"{SETTINGS[setting]} · {campus}" if campus else SETTINGS[setting]


def role_word(role: str) -> Text:
    """What the line lets its holder do with a procedure; a dash where roles say nothing."""
    return ROLES[role]


def kind_word(kind: str) -> Text:
    """How the line came to be, where that is worth saying: a first grant is the rule."""
    return "" if kind == GrantKind.FIRST else KINDS[kind]


def span(valid_from: datetime, valid_to: datetime | None) -> tuple[str, str]:
    """``2026-11-23`` and ``2027-11-22`` or 长期."""
    return write_day(valid_from), write_last_day(valid_to)


def reason_words(reason_code: str, label: str, reason: str) -> str:
    """``08 评估超期：…``"""
    return said(f"{reason_code} {label}", reason) if reason_code else reason


def is_late(event: GrantEvent) -> bool:
    """Recorded after it took effect. A right begins at midnight: of the day it was
    granted on is not late."""
    if event.kind == EventKind.GRANT:
        return day_of(event.effective_at) < day_of(event.recorded_at)
    return event.effective_at < event.recorded_at


def late_words(event: GrantEvent) -> str:
    """``自 2026-11-20 08:00 起生效``; "" where it took effect when it was recorded."""
    if not is_late(event):
        return ""
    return gettext("自 %(at)s 起生效") % {"at": write_moment(event.effective_at)}
