"""The drawer of one message: what it changes, the call, every try, and its log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from portal.accounts.capabilities import Capability
from portal.desk.presenters_his import OPERATIONS, code_of
from portal.his.contract.codes.clinical import GRADES
from portal.outbox.models import Attempt, Message
from portal.ui.elements import Change, Diff, Moment, Text, Timeline
from portal.ui.moments import write_second

FIELDS: dict[str, Text] = {
    "line": gettext_lazy("记录状态"),
    "status": gettext_lazy("状态"),
    "valid_to": gettext_lazy("到期日期"),
    "his_value": gettext_lazy("HIS 取值"),
    "grade": gettext_lazy("手术级别"),
    "effective_from": gettext_lazy("生效日期"),
}


# Where the act a message is about stands in the log: the first letter of its number.
LOG_LETTERS = {
    "permissions.grantevent": "G",
    "permissions.laterturn": "G",
    "permissions.suspensionend": "G",
    "surgery.gradechange": "E",
}
# What a call says of its line, in the words of the drawer.
SAID: tuple[tuple[str, Text], ...] = (
    ("op", gettext_lazy("操作")),
    ("new_grade", gettext_lazy("手术级别")),
    ("his_value", gettext_lazy("HIS 取值")),
    ("valid_from", gettext_lazy("生效日期")),
    ("valid_to", gettext_lazy("到期日期")),
    ("effective_from", gettext_lazy("生效日期")),
    ("doc_no", gettext_lazy("文号")),
    ("operator", gettext_lazy("操作人工号")),
)


def change_diff(message: Message, before: Message | None) -> Diff:
    """What the HIS was told last of the same line, and what this message makes of it."""
    now, then = message.payload, before.payload if before else {}
    if "lines" in now:
        return Diff(set_changes(now["lines"], then.get("lines", ())), _("权限"))
    changes = [
        Change(title, said(then, name), said(now, name))
        for name, title in SAID
        if name in now and (now[name] or then.get(name))
    ]
    if not before and "old_grade" in now:
        changes = [
            Change(one.field, said(now, "old_grade"), one.after)
            if one.after == said(now, "new_grade")
            else one
            for one in changes
        ]
    return Diff(changes, _("字段"))


def said(call: dict[str, Any], name: str) -> str:
    value = call.get(name)
    if not value:
        return _("无")
    if name == "op":
        return str(OPERATIONS.get(value, value))
    return str(GRADES.get(value, value)) if name.endswith("grade") else str(value)


def set_changes(now: Sequence[Any], then: Sequence[Any]) -> list[Change]:
    """Of whole sets only the lines that come, go or end on another day."""
    after, before = ({key_of_line(one): one for one in lines} for lines in (now, then))
    return [
        Change(key[0], until(before.get(key)), until(after.get(key)))
        for key in dict.fromkeys([*before, *after])
        if until(before.get(key)) != until(after.get(key))
    ]


def key_of_line(line: dict[str, Any]) -> tuple[str, str, str]:
    return code_of(line), str(line["setting"]), str(line["valid_from"])


def until(line: dict[str, Any] | None) -> str:
    if line is None:
        return _("无")
    return _("至 %(day)s") % {"day": line["valid_to"] or _("长期")}


def times_of(message: Message) -> list[tuple[Text, str]]:
    """已批、已送达、回读一致."""
    return [
        (_("已批"), write_second(message.enqueued_at)),
        (_("应送达"), write_second(message.not_before)),
        (
            _("曾送达") if message.is_told_again else _("已送达"),
            write_second(message.delivered_at),
        ),
        (_("回读一致"), write_second(message.confirmed_at)),
    ]


def log_url(message: Message, capabilities: frozenset[Capability]) -> str:
    """The entry of the act in the log, for who may read it; else empty."""
    kind, _colon, number = message.subject.partition(":")
    letter = LOG_LETTERS.get(kind, "")
    if not (letter and number.isdigit() and Capability.VIEW_LOG in capabilities):
        return ""
    return reverse("desk:log-entry", args=[f"{letter}{number}"])


# --- request and answers ----------------------------------------------------------------

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
        before_title=_("HIS 现有"),
        after_title=_("我方应有"),
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
