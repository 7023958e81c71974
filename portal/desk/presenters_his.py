"""What the page HIS 对接 shows of messages: the rows of its list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from portal.directory.models import HisProcedure, Practitioner
from portal.his.contract.codes.clinical import GRADES, RIGHT_KINDS
from portal.his.targets import targets, title_of
from portal.outbox import presenters as words
from portal.outbox.archived import ArchivedMessage
from portal.outbox.archiving import message_of
from portal.outbox.backoff import STUCK_AFTER
from portal.outbox.models import Message, State
from portal.outbox.presenters import chip, holder_words
from portal.ui.elements import Chip, Text
from portal.ui.moments import write_second, write_short

# Operations of the contract, in the words of its code table.
OPERATIONS: dict[str, Text] = {
    "ADD": gettext_lazy("新增"),
    "UPDATE": gettext_lazy("修改"),
    "SUSPEND": gettext_lazy("暂停"),
    "RESTORE": gettext_lazy("恢复"),
    "REVOKE": gettext_lazy("取消"),
    "VOID": gettext_lazy("作废"),
}
# Of the code table of kinds of rights, what no other page says.
_RIGHTS_ONLY_HERE = (gettext_noop("执行（主刀）"), gettext_noop("会诊"))


@dataclass(frozen=True)
class MessageRow:
    """A row of the outbox; ``key`` is the doctor's number or the procedure's code."""

    id: int
    key: str
    name: str
    change: str
    code: str
    enqueued_at: str
    enqueued_in_full: str
    chip: Chip
    tries: str
    reason: str
    can_retry: bool
    can_stop: bool
    can_replay: bool
    is_archived: bool = False
    target: str = ""  # its title, where there are several
    behind: int | None = None  # the message that has to go first

    @property
    def in_words(self) -> str:
        """For a file: 王若谷 1188 新增 RX01."""
        parts = (self.name, self.key, self.change, self.code, self.target)
        return " ".join(filter(None, parts))


def message_rows(messages: Sequence[Message]) -> list[MessageRow]:
    """Names of practitioners come by one query, those of procedures by another."""
    numbers = {message.payload.get("emp_no") for message in messages} - {None}
    codes = {message.payload.get("proc_code") for message in messages} - {None}
    names: dict[str, str] = {}
    if numbers:
        found = Practitioner.objects.filter(emp_no__in=numbers).order_by("emp_no")
        names |= dict(found.values_list("emp_no", "name"))
    if codes:
        items = HisProcedure.objects.filter(code_clinical__in=codes).order_by("pk")
        names |= dict(items.values_list("code_clinical", "name"))
    return [message_row(message, names) for message in messages]


def doctor_of(call: dict[str, Any]) -> str:
    """The number of the doctor a call is about; empty for one about a procedure."""
    return str(call.get("emp_no", ""))


def key_of(call: dict[str, Any]) -> str:
    """Whom or what it is about: a doctor's number, or a procedure's code."""
    return doctor_of(call) or str(call["proc_code"])


def message_row(message: Message, names: dict[str, str]) -> MessageRow:
    call = message.payload
    return MessageRow(
        id=message.pk,
        key=key_of(call),
        name=names.get(key_of(call), ""),
        change=change_of(call),
        code=code_of(call),
        enqueued_at=write_short(message.enqueued_at),
        enqueued_in_full=write_second(message.enqueued_at),
        chip=chip(message),
        tries=f"{message.tries}/{STUCK_AFTER}" if message.tries else "—",
        reason=words.title_of(message) or waits_for(message),
        can_retry=can_retry(message),
        can_stop=can_stop(message),
        can_replay=message.state == State.CONFIRMED,
        target=target_words(message.target),
        behind=behind_of(message),
    )


def target_words(name: str) -> str:
    """Said where there are several, and of one that is not set up any more."""
    known = targets()
    if name not in known:
        return _("%(target)s（已不在设置中）") % {"target": name}
    return title_of(name) if len(known) > 1 else ""


def archived_rows(rows: Sequence[ArchivedMessage]) -> list[MessageRow]:
    """Of the archive: nothing can be done with them any more."""
    shown = message_rows([message_of(row) for row in rows])
    return [replace(row, can_replay=False, is_archived=True) for row in shown]


def waits_for(message: Message) -> str:
    """Why a message that was not tried yet is still here."""
    if message.state == State.WAITING and message.not_before > timezone.now():
        return _("%(at)s 推送") % {"at": write_short(message.not_before)}
    if text := holder_words(message):
        return text
    behind = behind_of(message)
    return _("等前一条 #%(id)s") % {"id": behind} if behind else ""


def behind_of(message: Message) -> int | None:
    """The number of the message that has to go first, where it was asked for."""
    return getattr(message, "behind", None)


def can_retry(message: Message) -> bool:
    """Whether 重新送达 may help; the act itself decides."""
    if message.state in {State.REJECTED, State.UNKNOWN}:
        return True
    is_differing = message.has_mismatch and message.is_settled
    return is_differing or (message.state == State.WAITING and message.tries > 0)


def can_stop(message: Message) -> bool:
    """Not while a worker has it; of one that died in it nobody may ever take it down."""
    is_held = bool(message.lease_until and message.lease_until >= timezone.now())
    return not message.is_final and not (message.state == State.SENDING and is_held)


def change_of(call: dict[str, Any]) -> str:
    if "lines" in call:
        return _("整批替换")
    op = str(call["op"])
    return str(OPERATIONS.get(op, op))


def code_of(call: dict[str, Any]) -> str:
    """What it says: a privilege with its item, a right to an item, or so many; of a
    procedure its grade."""
    if "new_grade" in call:
        codes = (call["old_grade"] or "", call["new_grade"] or "")
        return " → ".join(_(GRADES[code]) for code in codes if code in GRADES)
    if "lines" in call:
        return _("手术权限 %(count)s 行") % {"count": len(call["lines"])}
    if "right_kind" in call:
        return f"{_(RIGHT_KINDS[call['right_kind']])} {call['his_item_id']}"
    return " ".join(filter(None, (call["priv_code"], call["item_code"])))
