"""What the page HIS 对接 shows of messages: the rows of its list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.directory.models import HisProcedure, Practitioner
from portal.his.contract.codes.clinical import GRADES, RIGHT_KINDS
from portal.outbox.archived import ArchivedMessage
from portal.outbox.archiving import message_of
from portal.outbox.backoff import STUCK_AFTER
from portal.outbox.models import Message, State
from portal.outbox.presenters import chip, held_by, holder_words, title_of
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

    @property
    def in_words(self) -> str:
        """For a file: 王若谷 1188 新增 RX01."""
        parts = (self.name, self.key, self.change, self.code)
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
        reason=title_of(message) or waits_for(message),
        can_retry=can_retry(message),
        can_stop=not message.is_final and message.state != State.SENDING,
        can_replay=message.state == State.CONFIRMED,
    )


def archived_rows(rows: Sequence[ArchivedMessage]) -> list[MessageRow]:
    """Of the archive: nothing can be done with them any more."""
    shown = message_rows([message_of(row) for row in rows])
    return [replace(row, can_replay=False, is_archived=True) for row in shown]


def waits_for(message: Message) -> str:
    """Why a message that was not tried yet is still here."""
    if message.state == State.WAITING and message.not_before > timezone.now():
        return _("%(at)s 推送") % {"at": write_short(message.not_before)}
    code = held_by(message)
    return "" if code is None else holder_words(code)


def can_retry(message: Message) -> bool:
    """Whether 重新送达 may help; the act itself decides."""
    if message.state in {State.REJECTED, State.UNKNOWN}:
        return True
    is_differing = message.has_mismatch and message.is_settled
    return is_differing or (message.state == State.WAITING and message.tries > 0)


def change_of(call: dict[str, Any]) -> str:
    if "lines" in call:
        return _("整批替换")
    op = str(call["op"])
    return str(OPERATIONS.get(op, op))


def code_of(call: dict[str, Any]) -> str:
    """What it says: a privilege with its item, a right to an item, or so many; of a
    procedure its grade."""
    if "new_grade" in call:
        grades = [GRADES.get(call[name] or "") for name in ("old_grade", "new_grade")]
        return " → ".join(filter(None, grades))
    if "lines" in call:
        return _("手术权限 %(count)s 行") % {"count": len(call["lines"])}
    if "right_kind" in call:
        return f"{RIGHT_KINDS[call['right_kind']]} {call['his_item_id']}"
    return " ".join(filter(None, (call["priv_code"], call["item_code"])))


# --- the drawer of one message ------------------------------------------------------

REQUEST_FIELDS = (
    ("request_id", gettext_noop("请求号")),
    ("op", gettext_noop("操作")),
    ("emp_no", gettext_noop("工号")),
    ("priv_code", gettext_noop("权限编码")),
    ("item_code", gettext_noop("项目编码")),
    ("his_item_id", gettext_noop("HIS 项目ID")),
    ("proc_code", gettext_noop("手术编码")),
    ("old_grade", gettext_noop("原等级")),
    ("new_grade", gettext_noop("新等级")),
    ("effective_from", gettext_noop("生效日期")),
    ("grade_version", gettext_noop("目录版本")),
    ("right_kind", gettext_noop("权限种类")),
    ("setting", gettext_noop("场合")),
    ("his_value", gettext_noop("HIS 取值")),
    ("valid_from", gettext_noop("生效日期")),
    ("valid_to", gettext_noop("到期日期")),
    ("doc_no", gettext_noop("文号")),
    ("operator", gettext_noop("操作人工号")),
)


def request_lines(message: Message) -> list[tuple[str, str]]:
    """The call as it was sent: identifiers, codes and days."""
    lines = [
        (_(title), str(message.payload[name] or "—"))
        for name, title in REQUEST_FIELDS
        if name in message.payload
    ]
    for place, line in enumerate(message.payload.get("lines", ()), start=1):
        about = (code_of(line), line["setting"], line["valid_from"], line["valid_to"])
        words = _("第 %(place)s 行") % {"place": place}
        lines.append((words, " ".join(map(str, filter(None, about)))))
    return lines


def mismatch_of(message: Message) -> Diff | None:
    """What we sent against what the HIS shows."""
    if not message.mismatch:
        return None
    return Diff(
        [
            Change(
                FIELDS.get(item["field"], item["field"]),
                item["theirs"] or _("无此行"),
                item["ours"] or _("空"),
            )
            for item in message.mismatch
        ],
        field_title=_("字段"),
    )


ATTEMPT_TONES = {
    Attempt.Outcome.CONFIRMED: "ok",
    Attempt.Outcome.ACCEPTED: "ok",
    Attempt.Outcome.PENDING: "",
    Attempt.Outcome.DELIVERED: "",
    Attempt.Outcome.MISMATCH: "bad",
    Attempt.Outcome.REJECTED: "bad",
}


def attempts_of(attempts: Sequence[Attempt]) -> Timeline:
    """Every try, the newest first."""
    return Timeline([moment_of(attempt) for attempt in attempts])


def moment_of(attempt: Attempt) -> Moment:
    answer = " ".join(filter(None, (attempt.code, attempt.text and _(attempt.text))))
    row = _("HIS 行号 %(id)s") % {"id": attempt.his_row_id}
    took = _("%(ms)s 毫秒") % {"ms": attempt.duration_ms}
    parts = [answer, row if attempt.his_row_id else "", took]
    outcome = Attempt.Outcome(attempt.outcome)
    return Moment(
        write_second(attempt.started_at),
        outcome.label,
        _("，").join(filter(None, parts)),
        ATTEMPT_TONES.get(outcome, "mute"),  # type: ignore[arg-type]
    )


# --- the tiles ----------------------------------------------------------------------


@dataclass(frozen=True)
class HisState:
    """Whether the HIS answers; ``milliseconds`` None means it does not."""

    milliseconds: int | None
    problem: str = ""

    @property
    def tile(self) -> Kpi:
        if self.milliseconds is None:
            return Kpi(_("HIS 应答"), _("未应答"), note=self.problem, tone="bad")
        value = f"{self.milliseconds:,}"
        return Kpi(_("HIS 应答"), value, _("毫秒"), _("刚刚读取一次"), "ok")


@dataclass(frozen=True)
class Deliveries:
    """How today's deliveries went."""

    confirmed: int
    median_ms: int | None


def tiles(
    figures: Figures,
    his: HisState,
    interfaces: Sequence[Tile],
    today: Deliveries,
    url: str,
) -> list[Kpi]:
    """Six numbers; those of messages lead to their rows."""

    def count(name: Text, number: int, view: str, note: Text, tone: Any = "") -> Kpi:
        tone = tone if number else ""
        return Kpi(name, f"{number:,}", _("条"), note, tone, f"{url}?view={view}")

    in_doubt = figures.unknown + figures.different
    waiting = _("含正在送达；卡住 %(stuck)s 条") % {"stuck": figures.stuck}
    return [
        health_kpi(interfaces),
        his.tile,
        today_kpi(figures, today),
        count(
            _("等待与卡住"),
            figures.waiting + figures.stuck,
            "stuck" if figures.stuck else "waiting",
            waiting,
            "warn" if figures.stuck else "",
        ),
        count(_("拒收"), figures.rejected, "rejected", _("需要处理"), "bad"),
        count(_("未知与不一致"), in_doubt, "doubt", _("先回读，再决定"), "bad"),
    ]


def health_kpi(interfaces: Sequence[Tile]) -> Kpi:
    """How many of the fifteen work; those we do not use are not counted as faults."""
    well = sum(tile.health == "ok" for tile in interfaces)
    unused = sum(tile.health == "mute" for tile in interfaces)
    alarming = [tile for tile in interfaces if tile.is_alarming]
    bad = any(tile.health == "bad" for tile in alarming)
    note = _("未启用或未用过 %(count)s 项") % {"count": unused}
    if alarming:
        note = _("第 %(number)s 项%(state)s") % {
            "number": alarming[0].number,
            "state": alarming[0].state,
        }
    tone: Any = "bad" if bad else "warn" if alarming else "ok" if well else ""
    return Kpi(_("接口正常"), f"{well}", f"/ {len(interfaces)}", note, tone)


def today_kpi(figures: Figures, today: Deliveries) -> Kpi:
    note = _("最近 %(at)s") % {"at": write_arrival(figures.last_confirmed_at)}
    if today.median_ms is not None:
        note = _("中位耗时 %(ms)s 毫秒") % {"ms": f"{today.median_ms:,}"}
    return Kpi(_("今日送达"), f"{today.confirmed:,}", _("条"), note)
