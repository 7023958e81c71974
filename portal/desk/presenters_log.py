"""Rows of the log: who, when, whom about, before → after, why, whether it arrived.

Passwords are nowhere: the event log keeps that one was changed, not what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from permissions.enums import EventKind as GrantEventKind
from permissions.enums import ReasonCode
from permissions.ledger import STATUS_AFTER
from permissions.models import Application, Grant, GrantEvent
from permissions.models.attributes import VersionState
from permissions.presenters.catalogue_words import version_name
from permissions.presenters.words import (
    EVENT_CHIPS,
    STATE_CHIPS,
    late_words,
    reason_words,
)
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.approvals.workflow import ProposalState
from portal.audit.models import AuditEvent, EventKind
from portal.desk.interface_words import title_of
from portal.desk.log_entries import Found, found_of
from portal.desk.log_sources import (
    GRADES,
    HIS_KINDS,
    LOSS_KINDS,
    MESSAGE,
    RECORDS,
    TARGET,
    Source,
)
from portal.desk.log_words import (
    ACCOUNT_CHANGES,
    APPLICATION_CHIPS,
    AUDIT_CHIPS,
    CATALOGUE_CHIP,
    FREEZE_CHANGES,
    NOTHING,
    PARAMETER_CHIP,
    ROLE_CHANGES,
    STATUS_WORDS,
    role_change,
)
from portal.desk.presenters_his import code_of, key_of
from portal.directory.models import Loss
from portal.outbox.models import Message, State
from portal.outbox.presenters import arrival, title_of_target
from portal.parameters.days import ZONE, day_of
from portal.parameters.registry import PARAMETERS
from portal.ui.elements import Arrival, Chip, Text
from portal.ui.elements import Grade as GradeChip
from portal.ui.moments import today, write_second
from portal.ui.phrases import noted, said
from surgery.enums import GradeAct
from surgery.models import GradeChange
from surgery.presenters.grade_versions import ACT_CHIPS

ROLE_NAMES = dict(Role.choices)
REASONS = dict(ReasonCode.choices)
MESSAGE_STATES = dict(State.choices)


@dataclass(frozen=True)
class LogRow:
    """One entry as the list shows it."""

    key: str
    number: str
    at: str
    actor: str
    actor_place: str
    who: str
    what: str
    chip: Chip
    before: Text
    after: Text
    reason: str
    doc_no: str
    arrival: Arrival | None

    @property
    def url(self) -> str:
        return reverse("desk:log-entry", args=[self.key])

    @property
    def change(self) -> str:
        """``生效 → 暂停``"""
        before, after = str(self.before), str(self.after)
        return f"{before} → {after}" if before else after

    @property
    def text(self) -> str:
        """``罗景文 · 三级手术 51.2300 腹腔镜胆囊切除术：生效 → 暂停``"""
        return said(" · ".join(filter(None, (self.who, self.what))), self.change)


def log_rows(lines: Sequence[tuple[datetime, int, str]]) -> list[LogRow]:
    """In the order of the lines; each source is read once."""
    found = found_of(lines)
    return [
        row_of(Source(source), found.rows[Source(source), number], found)
        for _at, number, source in lines
        if (Source(source), number) in found.rows
    ]


def row_of(source: Source, row: Any, found: Found) -> LogRow:
    if source is Source.GRANT:
        return _grant_row(row, found)
    if source is Source.APPLICATION:
        return _application_row(row)
    if source is Source.CATALOGUE:
        return _catalogue_row(row)
    if source is Source.PARAMETER:
        return _parameter_row(row)
    if source is Source.GRADING:
        return _grade_row(row)
    if source in RECORDS:
        return _record_row(source, row)
    return _audit_row(source, row, found)


def _row(source: Source, pk: int, at: datetime, by: User | None, **rest: Any) -> LogRow:
    return LogRow(
        key=f"{source}{pk}",
        number=f"{source}-{pk:06}",
        at=write_log_second(at),
        actor=by.name if by else _("系统"),
        actor_place=f"{by.office} {by.staff_no}".strip() if by else _("自动"),
        **{"doc_no": "", "arrival": None, **rest},
    )


def write_log_second(at: datetime) -> str:
    """``11-23 10:02:05``; another year is written out."""
    if day_of(at).year != today().year:
        return write_second(at)
    return f"{at.astimezone(ZONE):%m-%d %H:%M:%S}"


def right_words(terms: Grant | Application) -> str:
    """``三级手术 51.2300 腹腔镜胆囊切除术`` or ``普通处方权 RX01``"""
    privilege = terms.privilege
    if not terms.item_code:
        return f"{privilege.name} {privilege.code}"
    kind: Text = privilege.name
    if terms.item_grade:
        kind = _("%(grade)s手术") % {"grade": GradeChip(terms.item_grade).text}
    return f"{kind} {terms.item_code} {terms.item_name}"


# --- the ledger -----------------------------------------------------------------------


def status_before(event: GrantEvent) -> Text:
    before = getattr(event, "kind_before", None)
    return STATUS_WORDS[STATUS_AFTER[GrantEventKind(before)]] if before else NOTHING


def status_after(event: GrantEvent) -> Text:
    kind = GrantEventKind(event.kind)
    # A renewal changes the end and not the status.
    return (
        STATUS_WORDS[STATUS_AFTER[kind]]
        if kind in STATUS_AFTER
        else status_before(event)
    )


def grant_reason(event: GrantEvent) -> str:
    label = str(REASONS.get(event.reason_code, ""))
    reason = reason_words(event.reason_code, label, event.reason)
    late = late_words(event)
    return said(noted(late, _("补记")), reason) if late else reason


def _grant_row(event: GrantEvent, found: Found) -> LogRow:
    grant = event.grant
    message = found.arrivals.get(event.subject)
    return _row(
        Source.GRANT,
        event.pk,
        event.recorded_at,
        event.by,
        who=grant.practitioner_name,
        what=right_words(grant),
        chip=EVENT_CHIPS[event.kind],
        before=status_before(event),
        after=status_after(event),
        reason=grant_reason(event),
        doc_no=grant.doc_no,
        arrival=arrival(message) if message else None,
    )


# --- applications, catalogue, parameters ---------------------------------------------------------


def _application_row(row: Any) -> LogRow:
    is_new = row.state == ProposalState.SUBMITTED
    before = NOTHING if is_new else STATE_CHIPS[ProposalState.SUBMITTED].text
    return _row(
        Source.APPLICATION,
        row.history_id,
        row.history_date,
        row.history_user,
        who=row.practitioner.name,
        what=right_words(row),
        chip=APPLICATION_CHIPS[row.state],
        before=before,
        after=STATE_CHIPS[row.state].text,
        reason=row.history_change_reason or "",
        doc_no=row.doc_no,
    )


def _catalogue_row(row: Any) -> LogRow:
    states = dict(VersionState.choices)
    before = states[row.state_before] if row.state_before else NOTHING
    return _row(
        Source.CATALOGUE,
        row.history_id,
        row.history_date,
        row.history_user,
        who=_("权限字典"),
        what=f"{version_name(row)} {row.entry_code or ''}".strip(),
        chip=CATALOGUE_CHIP,
        before="" if row.state_before == row.state else before,
        after=_("修改草稿")
        if row.state_before == row.state
        else row.get_state_display(),
        reason=row.history_change_reason or "",
        doc_no=row.doc_no,
    )


def _grade_row(change: GradeChange) -> LogRow:
    """What counts from its day on, also where that day is not today."""
    after = str(GradeChip(change.grade or None).text)
    day = change.effective_from
    if day != day_of(change.recorded_at):
        after = _("%(grade)s（%(day)s 起）") % {"grade": after, "day": day.isoformat()}
    return _row(
        Source.GRADING,
        change.pk,
        change.recorded_at,
        change.by,
        who=change.name,
        what=change.code,
        chip=ACT_CHIPS[GradeAct(change.act)],
        before=GradeChip(change.grade_before or None).text,
        after=after,
        reason=change.reason,
        doc_no=change.doc_no,
    )


def parameter_value(key: str, value: int | None) -> str:
    """With its unit; what was never set had its default."""
    parameter = PARAMETERS.get(key)
    if parameter is None:
        return str(NOTHING if value is None else value)
    text = f"{parameter.default if value is None else value} {parameter.unit}"
    return _("%(value)s（默认）") % {"value": text} if value is None else text


def _parameter_row(row: Any) -> LogRow:
    parameter = PARAMETERS.get(row.key)
    return _row(
        Source.PARAMETER,
        row.history_id,
        row.history_date,
        row.history_user,
        who=_("医院参数"),
        what=str(parameter.title) if parameter else row.key,
        chip=PARAMETER_CHIP,
        before=parameter_value(row.key, row.value_before),
        after=parameter_value(row.key, row.value),
        reason=row.history_change_reason or "",
    )


def _record_row(source: Source, row: Any) -> LogRow:
    """The first field that changed, and how many more did."""
    record = RECORDS[source]
    changes = record.changes(row)
    if row.before is None or not changes:
        before, after = NOTHING, _("新增")
    else:
        first, rest = changes[0], len(changes) - 1
        before, after = said(first.field, first.before), str(first.after)
        if rest:
            after = _("%(after)s，另 %(count)s 项") % {"after": after, "count": rest}
    return _row(
        source,
        row.history_id,
        row.history_date,
        row.history_user,
        who=record.who(row),
        what=record.what(row),
        chip=record.chip,
        before=before,
        after=after,
        reason=row.history_change_reason or "",
    )


# --- the event log --------------------------------------------------------------------


def _audit_row(source: Source, event: AuditEvent, found: Found) -> LogRow:
    who, what = _subject(event, found)
    before, after = audit_change(event)
    message = message_of(event, found)
    return _row(
        source,
        event.pk,
        event.at,
        event.by,
        who=who,
        what=what,
        chip=AUDIT_CHIPS[event.kind],
        before=before,
        after=after,
        reason=event.reason,
        arrival=arrival(message) if message else None,
    )


def message_of(event: AuditEvent, found: Found) -> Message | None:
    """The message an event is about; numbers of other things may be the same."""
    is_message = event.subject_type == MESSAGE
    return found.messages.get(event.subject_id) if is_message else None


def _subject(event: AuditEvent, found: Found) -> tuple[str, str]:
    """Whom and what an event is about."""
    if event.kind in LOSS_KINDS:
        view = event.detail.get("view", "")
        rows = _("%(gone)s 行消失") % {"gone": event.detail.get("rows", 0)}
        return title_of(view), rows
    if event.subject_type == GRADES:
        pushed = _("重新推送 %(count)s 项") % {"count": event.detail["told"]}
        return _("手术级别差异"), pushed
    if event.subject_type == TARGET:
        return _("对接目标"), title_of_target(event.subject_id)
    if event.kind in HIS_KINDS:
        message = message_of(event, found)
        if message is None:
            return _("消息 #%(id)s") % {"id": event.subject_id}, ""
        key = key_of(message.payload)
        return found.doctors.get(key, key), code_of(message.payload)
    user = found.users.get(event.subject_id) if event.subject_type == "user" else None
    who = f"{user.name} {user.staff_no}" if user else event.subject_id
    return who or "—", _what_of(event)


def _what_of(event: AuditEvent) -> str:
    if event.kind in ROLE_CHANGES:
        role = ROLE_NAMES.get(event.detail.get("role", ""), "")
        return _("角色「%(role)s」") % {"role": role}
    if event.kind == EventKind.PASSWORD_CHANGED:
        return _("密码")
    if event.kind in {EventKind.USER_CREATED, EventKind.USER_CHANGED}:
        return _("账户")
    return str(AUDIT_CHIPS[event.kind].text)


def audit_change(event: AuditEvent) -> tuple[Text, Text]:
    """Before and after; of a password only that it was replaced."""
    if event.kind in ROLE_CHANGES:
        return role_change(event)
    if event.kind == EventKind.USER_CREATED:
        return NOTHING, _("启用")
    if event.kind == EventKind.USER_CHANGED:
        return ACCOUNT_CHANGES.get(event.detail.get("code", ""), ("", _("已修改")))
    if event.kind == EventKind.PASSWORD_CHANGED:
        return "", _("已更换")
    if event.kind in LOSS_KINDS:
        is_over = event.kind == EventKind.LOSS_ACCEPTED
        after = Loss.State.ACCEPTED if is_over else Loss.State.DISMISSED
        return Loss.State.OPEN.label, after.label
    if event.subject_type == TARGET:
        return FREEZE_CHANGES[event.kind]
    if event.kind in HIS_KINDS:
        is_stop = event.kind == EventKind.MESSAGE_STOPPED
        before = MESSAGE_STATES.get(event.detail.get("before", ""), "")
        return before, State.STOPPED.label if is_stop else State.WAITING.label
    return "", _("成功") if event.is_ok else _("失败")
