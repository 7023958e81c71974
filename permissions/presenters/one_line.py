"""What an act would do to one line, field by field, with its row of the HIS."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions import services
from permissions.enums import EventKind, ReasonCode, SurgicalRole
from permissions.ledger import STATUS_AFTER
from permissions.outbound import Change as HisChange
from permissions.outbound import Row, Ways, his_value_of
from permissions.outbound.ways import ASSIST, OP, OPERATE, ORDER, PRIV
from permissions.presenters import words
from permissions.presenters.acts import kind_of, status_now
from permissions.presenters.foreseen import Foreseen
from permissions.queries.ledger import end_before_last
from permissions.services.lines import Fitting
from portal.parameters.days import day_of, last_day_of
from portal.ui.elements import Change, Diff, Element, Note, Text
from portal.ui.moments import write_last_day, write_moment
from portal.ui.phrases import listed, noted

# States of a line in the HIS, in the words of its code table.
HIS_WORDS = {
    "1": gettext_lazy("有效"),
    "2": gettext_lazy("暂停"),
    "3": gettext_lazy("取消"),
    "4": gettext_lazy("作废"),
}


# Kinds of right to a procedure, in the words of our roles (domain 9.4a).
RIGHT_WORDS = {
    ORDER: SurgicalRole.ORDER.label,
    OPERATE: SurgicalRole.OPERATE.label,
    ASSIST: SurgicalRole.ASSIST.label,
}


def diff_of(foreseen: Foreseen) -> Diff:
    state = foreseen.states[0]
    kind = kind_of(foreseen.act, state)
    changes = [*_dates(kind, foreseen), *_his_rows(foreseen)]
    if kind is not EventKind.GRANT:
        changes.insert(0, _status(kind, foreseen))
    return Diff(changes)


def _status(kind: EventKind, foreseen: Foreseen) -> Change:
    state = foreseen.states[0]
    before = status_now(state, foreseen.now)
    after = STATUS_AFTER.get(kind, before)
    code = foreseen.given.get("reason_code", "")
    text: Text = after.label
    if code:
        text = noted(after.label, f"{code} {ReasonCode(code).label}")
    return Change(_("授权状态"), before.label, text)


def _dates(kind: EventKind, foreseen: Foreseen) -> list[Change]:
    state = foreseen.states[0]
    ends = write_last_day(state.valid_to)
    stops: Text = ends
    if kind in {EventKind.SUSPEND, EventKind.REVOKE, EventKind.DOWNGRADE}:
        stops = write_moment(foreseen.effective_at)
    if kind is EventKind.VOID:
        stops = _("从未有效")
    if kind is EventKind.RENEW:
        return [Change(_("到期日期"), ends, _renewed_to(foreseen))]
    if kind is EventKind.UNRENEW:
        former = write_last_day(end_before_last(state.grant))
        return [Change(_("到期日期"), ends, former)]
    if kind is EventKind.RESTORE:
        return [Change(_("停止时间"), write_moment(state.changed_from), ends)]
    changes = [Change(_("停止时间"), ends, stops)]
    if last_day := foreseen.given.get("last_day"):
        back = (last_day + timedelta(days=1)).isoformat()
        changes.append(Change(_("自动恢复"), "—", back))
    new = [_new_line(fitting) for fitting in foreseen.instead]
    return new if kind is EventKind.GRANT else [*changes, *new]


def _renewed_to(foreseen: Foreseen) -> str:
    state = foreseen.states[0]
    day = foreseen.given.get("last_day") or services.longest_renewal(state)
    return day.isoformat() if day else _("长期")


def _new_line(fitting: Fitting) -> Change:
    line = fitting.line
    name = fitting.item.name or line.privilege.name
    role = words.role_word(fitting.role)
    title = f"{name} {role}".strip()
    return Change(title, _("无"), span_words(fitting))


def span_words(fitting: Fitting) -> str:
    """``2026-11-23 至 2027-11-22``; the last day is included."""
    last = last_day_of(fitting.span.valid_to)
    return _("%(first)s 至 %(last)s") % {
        "first": day_of(fitting.span.valid_from).isoformat(),
        "last": last.isoformat() if last else _("长期"),
    }


def _his_rows(foreseen: Foreseen) -> list[Change]:
    """The rows of the line itself field by field, rows that come new in one each.

    Rows that change alike are told once: the HIS may know a procedure by several items.
    """
    own = [one for one in foreseen.consequences.his if one.before is not None]
    new = [one for one in foreseen.consequences.his if one.before is None]
    changes = [field for one in own for field in _his_fields(one)]
    if any(one.key.right.function == PRIV for one in own):
        value = his_value_of(foreseen.states[0].grant.privilege)
        changes.append(Change(_("HIS 取值"), value, value))
    return [*dict.fromkeys(changes), *map(new_row, new)]


def _his_fields(change: HisChange) -> list[Change]:
    before, word = change.before or change.after, right_word(change)
    state, ends = _("HIS %(right)s状态"), _("HIS %(right)s到期日期")
    return [
        Change(
            state % {"right": word},
            HIS_WORDS[before.status],
            HIS_WORDS[change.after.status],
        ),
        Change(ends % {"right": word}, _day(before), _day(change.after)),
    ]


def right_word(change: HisChange) -> Text:
    """``主刀``: which kind of right to a procedure; nothing for other rows."""
    right = change.key.right
    return RIGHT_WORDS.get(right.code, right.code) if right.function == OP else ""


def new_row(change: HisChange) -> Change:
    """A row the HIS does not have yet, by its key."""
    row, right = change.after, change.key.right
    what = right_word(change) or right.code
    text = _("%(state)s，至 %(day)s") % {
        "state": HIS_WORDS[row.status],
        "day": _day(row),
    }
    return Change(f"HIS {what} {right.item}".strip(), _("无"), text)


def _day(row: Row) -> str:
    return row.last_day.isoformat() if row.last_day else _("长期")


def notes_of(foreseen: Foreseen) -> list[Element]:
    """Why nothing is sent, where nothing is."""
    if foreseen.consequences.his:
        return []
    if why := Ways().why_not_told(foreseen.states[0].grant):
        return [not_told_note(why)]
    return [Note("info", _("HIS 的这一行由同日起的另一项授权保持，不变。"))]


def late_notes(foreseen: Foreseen) -> list[Element]:
    """What it means that an act took effect before it was recorded."""
    if foreseen.effective_at == foreseen.now:
        return []
    at = write_moment(foreseen.effective_at)
    text = _("补记：自 %(at)s 起按新状态回答；当时所知仍可按登记时间查到。")
    return [Note("info", text % {"at": at})]


def dependant_notes(foreseen: Foreseen) -> list[Element]:
    """Rights that ask for what is taken away; they go on until they are looked at."""
    rights = foreseen.consequences.dependants
    if not rights:
        return []
    named = dict.fromkeys(
        f"{one.practitioner.name} {one.privilege.name}" for one in rights
    )
    text = _("以此为前提的授权还有 %(n)s 项：%(rights)s。它们不自动改变，请逐项复核。")
    return [Note("warn", text % {"n": len(rights), "rights": listed(named)})]


def not_told_note(why: str) -> Note:
    return Note("info", _("%(why)s；由本系统核对。") % {"why": why})
