"""Who changed what of a user, when and why: the timeline of the user's page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from portal.accounts.models import RoleAssignment, User
from portal.accounts.services.users import UNLOCKED
from portal.audit.models import AuditEvent, EventKind
from portal.desk.presenters_people import State, name_of, names_for, role_words
from portal.ui.elements import Moment
from portal.ui.moments import write_second
from portal.ui.phrases import said

Entry = tuple[tuple[Any, int], Moment]


def history_of(user: User) -> list[Moment]:
    """Newest first: the user's rows, the roles' rows, and lock-outs of the event log."""
    entries = [
        *_account_entries(list(_told(user.history.order_by("history_id")))),
        *_role_entries(_told(RoleAssignment.history.filter(user=user))),
        *_lock_entries(user),
    ]
    entries.sort(key=lambda entry: entry[0], reverse=True)
    return [moment for _key, moment in entries]


def _told(rows: Any) -> Any:
    return rows.select_related("history_user").order_by("history_date", "history_id")


def _account_entries(rows: list[Any]) -> Iterable[Entry]:
    for before, row in zip([None, *rows], rows, strict=False):
        yield _key(row), _moment(row, _account_text(before, row))


def _account_text(before: Any, row: Any) -> str:
    """What differs from the row before; a row always says at least why it is there."""
    if before is None:
        return _("建立账户")
    if before.is_active != row.is_active:
        return _("启用账户") if row.is_active else _("停用账户")
    if before.password_changed_at != row.password_changed_at:
        return _("修改密码")
    if before.practitioner_id != row.practitioner_id:
        return _("关联 HIS 医师")
    return _("修改账户")


def _role_entries(rows: Iterable[Any]) -> Iterable[Entry]:
    told = list(rows)
    names = names_for(told)
    for row in told:
        acts = {
            State.PENDING: _("申请角色「%(role)s」"),
            State.ACTIVE: _("角色「%(role)s」生效"),
            State.REJECTED: _("不同意角色「%(role)s」"),
            State.ENDED: _("收回角色「%(role)s」"),
        }
        text = acts[State(row.state)] % {"role": role_words(row, names)}
        tone = {State.ACTIVE: "ok", State.REJECTED: "bad", State.ENDED: "mute"}
        yield _key(row), _moment(row, text, tone.get(State(row.state), ""))


def _lock_entries(user: User) -> Iterable[Entry]:
    """Locked by failed logins, unlocked by hand: both stand in the event log only."""
    events = AuditEvent.objects.filter(
        kind__in=[EventKind.LOCKED, EventKind.USER_CHANGED],
        subject_type="user",
        subject_id=str(user.pk),
    ).select_related("by")
    for event in events:
        if event.kind == EventKind.LOCKED:
            address = _("网络地址 %(address)s") % {"address": event.address or "—"}
            text = str(EventKind.LOCKED.label)
            yield (event.at, 0), Moment(write_second(event.at), text, address, "bad")
        elif event.detail.get("code") == UNLOCKED:
            detail = said(name_of(event.by), event.reason)
            at, text = write_second(event.at), _("解除锁定")
            yield (event.at, 0), Moment(at, text, detail, "ok")


def _key(row: Any) -> tuple[Any, int]:
    return row.history_date, row.history_id


def _moment(row: Any, text: str, tone: Any = "") -> Moment:
    detail = said(name_of(row.history_user), row.history_change_reason)
    return Moment(write_second(row.history_date), text, detail, tone)
