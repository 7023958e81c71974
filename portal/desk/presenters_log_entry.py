"""One entry of the log in full: every field before and after, and every try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from permissions.enums import EventKind as GrantEventKind
from permissions.ledger import fold
from permissions.models import Grant, GrantEvent
from permissions.outbound import last_day_for
from permissions.presenters.words import setting_word, span
from permissions.queries.ledger import as_recorded
from portal.accounts.capabilities import Capability
from portal.audit.models import AuditEvent
from portal.desk.log_entries import AUDITED, Found
from portal.desk.log_sources import HIS_KINDS, RECORDS, Source
from portal.desk.log_words import NOTHING
from portal.desk.presenters_his import doctor_of
from portal.desk.presenters_his_message import attempts_of, mismatch_of
from portal.desk.presenters_log import (
    LogRow,
    message_of,
    row_of,
    status_after,
    status_before,
)
from portal.outbox.models import Message
from portal.outbox.presenters import long_arrival
from portal.outbox.queries import found_message
from portal.ui.elements import Change, Diff, Text, Timeline
from portal.ui.elements import Grade as GradeChip
from portal.ui.moments import write_day, write_last_day, write_moment, write_second
from portal.ui.navigation import url_if_any
from surgery.models import GradeChange

LEDGERS = frozenset({Source.GRANT, Source.GRADING})
DOCUMENTED = LEDGERS | {Source.APPLICATION, Source.CATALOGUE}


@dataclass(frozen=True)
class EntryLink:
    """Where the entry leads; a drawer opens in place of this one."""

    label: str
    url: str
    is_drawer: bool = False


@dataclass(frozen=True)
class LogEntry:
    row: LogRow
    diff: Diff
    facts: Sequence[tuple[str, str]]
    delivery: str
    mismatch: Diff | None
    attempts: Timeline | None
    links: Sequence[EntryLink]


def log_entry(
    source: Source, row: Any, found: Found, capabilities: frozenset[Capability]
) -> LogEntry:
    message = _message_of(source, row, found)
    line = row_of(source, row, found)
    return LogEntry(
        row=line,
        diff=Diff(_changes(source, row, line), field_title=_("字段")),
        facts=[*_facts(source, row, line), *_request_facts(source, row, message)],
        delivery=long_arrival(message, _at(source, row)) if message else "",
        mismatch=mismatch_of(message) if message else None,
        attempts=_attempts(message) if message else None,
        links=_links(source, row, found, capabilities),
    )


def _attempts(message: Message) -> Timeline:
    found = found_message(message.pk)
    return attempts_of(found[1] if found else [])


def _message_of(source: Source, row: Any, found: Found) -> Message | None:
    if source is Source.GRANT:
        return found.arrivals.get(row.subject)
    if source is Source.HIS:
        return message_of(row, found)
    return None


def _at(source: Source, row: Any) -> datetime:
    name = "at" if source in AUDITED else "history_date"
    at: datetime = getattr(row, "recorded_at" if source in LEDGERS else name)
    return at


# --- before and after -----------------------------------------------------------------


def _changes(source: Source, row: Any, line: LogRow) -> list[Change]:
    if source is Source.GRANT:
        return _grant_changes(row)
    if source is Source.APPLICATION:
        return [Change(_("申请状态"), line.before, line.after)]
    if source is Source.GRADING:
        return _grade_changes(row, line)
    if source in RECORDS:
        return RECORDS[source].changes(row)
    return [Change(line.what, line.before or "—", line.after)]


def _grant_changes(event: GrantEvent) -> list[Change]:
    """Status, days and reason of the right; a new one had nothing before."""
    grant = event.grant
    is_new = event.kind == GrantEventKind.GRANT
    starts_on, _ends_on = span(grant.valid_from, grant.valid_to)
    events = [one for one in as_recorded(grant) if one.pk <= event.pk]
    ends_on, ends_after = _last_day(grant, events[:-1]), _last_day(grant, events)
    if event.kind == GrantEventKind.VOID:
        ends_after = _("从未有效")
    setting = setting_word(grant.setting)
    code = str(event.get_reason_code_display()) if event.reason_code else ""

    def before(value: Text) -> Text:
        return NOTHING if is_new else value

    return [
        Change(_("授权状态"), status_before(event), status_after(event)),
        Change(_("场合"), before(setting), setting),
        Change(_("生效日期"), before(starts_on), starts_on),
        Change(_("到期日期"), before(ends_on), ends_after),
        Change(
            _("原因代码"), NOTHING, f"{event.reason_code} {code}".strip() or NOTHING
        ),
    ]


def _grade_changes(change: GradeChange, line: LogRow) -> list[Change]:
    kept = write_day(change.transition_until)
    return [
        Change(_("级别"), line.before, GradeChip(change.grade or None).text),
        Change(_("施行日期"), NOTHING, write_day(change.effective_from)),
        Change(_("原有授权保留至"), NOTHING, kept),
        Change(_("会议"), NOTHING, change.meeting or "—"),
    ]


def _last_day(grant: Grant, events: Sequence[GrantEvent]) -> str:
    """The last day after these events, as the HIS is told; 长期 is none."""
    standing = fold(grant.span, events)
    day = last_day_for(grant, standing) if standing else None
    return day.isoformat() if day else write_last_day(None)


# --- facts ----------------------------------------------------------------------------


def _facts(source: Source, row: Any, line: LogRow) -> list[tuple[str, str]]:
    actor = f"{line.actor} {line.actor_place}".strip()
    facts = [(_("日志编号"), line.number), (_("操作人"), actor)]
    if source is Source.GRANT:
        facts += [
            (_("记录时间"), write_second(row.recorded_at)),
            (_("生效时间"), write_moment(row.effective_at)),
        ]
    else:
        at = _at(source, row)
        facts.append((_("时间"), write_second(at)))
    facts.append((_("原因"), line.reason or "—"))
    if source in DOCUMENTED:
        facts.append((_("依据文号"), line.doc_no or "—"))
    return facts


def _request_facts(
    source: Source, row: Any, message: Message | None
) -> list[tuple[str, str]]:
    facts = []
    if message is not None:
        facts.append((_("HIS 请求号"), str(message.request_id)))
    if source in AUDITED:
        facts.append((_("网络地址"), row.address or "—"))
        facts.append((_("请求编号"), row.request_id or "—"))
    return facts


# --- links ----------------------------------------------------------------------------


def _links(
    source: Source, row: Any, found: Found, capabilities: frozenset[Capability]
) -> list[EntryLink]:
    message = _message_of(source, row, found)
    links: list[EntryLink] = []
    if Capability.VIEW_PRIVILEGES in capabilities:
        links += _right_links(source, row, message)
    if message is not None and Capability.VIEW_HIS in capabilities:
        url = reverse("desk:his-message", args=[message.pk])
        links.append(EntryLink(_("HIS 消息 #%(id)s") % {"id": message.pk}, url, True))
    if source is Source.PARAMETER and Capability.VIEW_PARAMETERS in capabilities:
        links.append(EntryLink(_("医院参数"), url_if_any("desk:parameter-list")))
    if (
        source in AUDITED
        and row.subject_type == "user"
        and row.subject_id in found.users
    ):
        url = reverse("desk:user-detail", args=[int(row.subject_id)])
        links.append(EntryLink(_("账户"), url))
    return [link for link in links if link.url]


def _right_links(source: Source, row: Any, message: Message | None) -> list[EntryLink]:
    if source is Source.GRANT:
        grant = row.grant
        history = reverse("permissions:grant-history", args=[grant.state.pk])
        found = [
            _doctor_link(grant.practitioner.emp_no),
            EntryLink(_("授权历史"), history, True),
        ]
        return found + _application_links(grant.application_id)
    if source is Source.CATALOGUE:
        url = reverse("permissions:catalogue-version-detail", args=[row.id])
        return [EntryLink(_("字典版本"), url)]
    if source is Source.GRADING:
        url = reverse("surgery:grade-version-detail", args=[row.version_id])
        return [EntryLink(_("目录版本"), url)]
    if source in RECORDS:
        record = RECORDS[source]
        return [EntryLink(str(record.link), record.url(row), record.opens_drawer)]
    if source is Source.APPLICATION:
        doctor = _doctor_link(row.practitioner.emp_no)
        return [doctor, *_application_links(row.id)]
    if message is not None and is_his_entry(row):
        number = doctor_of(message.payload)
        return [_doctor_link(number)] if number else []
    return []


def is_his_entry(row: Any) -> bool:
    return isinstance(row, AuditEvent) and row.kind in HIS_KINDS


def _doctor_link(emp_no: str) -> EntryLink:
    url = reverse("permissions:practitioner-detail", args=[emp_no])
    return EntryLink(_("医师档案"), url)


def _application_links(application_id: int | None) -> list[EntryLink]:
    if application_id is None:
        return []
    url = reverse("permissions:application-detail", args=[application_id])
    return [EntryLink(_("申请 #%(id)s") % {"id": application_id}, url)]
