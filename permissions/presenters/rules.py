"""核对规则: the table as the hospital has it, what a change would do, its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.checks.engine import Verdict
from permissions.checks.rules import RULES, TABLE, About, Mode, Rule, RuleMode
from permissions.models import RuleChange, RuleSetting, RuleStrictness
from permissions.queries.rules import last_changes, mode_of, open_changes, rule_modes
from permissions.services.rule_effects import DAYS, Effects
from portal.ui.elements import Change, Chip, Diff, Moment, Text, Timeline
from portal.ui.moments import write_moment, write_second
from portal.ui.phrases import said

GROUPS: Mapping[About, Text] = {
    About.PERSON: gettext_lazy("医师"),
    About.SURGERY: gettext_lazy("手术"),
    About.DRUG: gettext_lazy("处方"),
    About.BLOOD: gettext_lazy("用血"),
    About.GRANTING: gettext_lazy("授权"),
}
MODE_CHIPS: Mapping[Mode, Chip] = {
    Mode.MUST: Chip("info", "lock", RuleStrictness.MUST.label),
    Mode.SUGGEST: Chip("warn", "alert-triangle", RuleStrictness.SUGGEST.label),
    Mode.OFF: Chip("mute", "circle-dashed", RuleStrictness.OFF.label),
}


@dataclass(frozen=True)
class RuleRow:
    """One rule; ``own`` says that the hospital set it otherwise than the table."""

    id: str
    text: str
    remedy: str
    source: str
    mode: Chip
    is_law: bool
    is_own: bool
    default: Text
    code: str
    since: str
    by: str
    reason: str
    change_url: str
    history_url: str


@dataclass(frozen=True)
class RuleGroup:
    title: Text
    rows: Sequence[RuleRow]


@dataclass(frozen=True)
class WaitingChange:
    """A change that waits for a second person, with what may be done about it."""

    rule: str
    text: str
    diff: Diff
    who: str
    reason: str
    approve_url: str
    decline_url: str
    is_own: bool


def rule_groups() -> list[RuleGroup]:
    """The whole table in its order; two queries."""
    modes, changes = rule_modes(), last_changes()
    rows = [_row(rule, modes.get(rule.id), changes.get(rule.id)) for rule in TABLE]
    return [
        RuleGroup(
            title,
            [row for rule, row in zip(TABLE, rows, strict=True) if rule.about is about],
        )
        for about, title in GROUPS.items()
    ]


def _row(rule: Rule, own: RuleMode | None, last: Any) -> RuleRow:
    now = own or RuleMode(rule.mode)
    is_own = now != RuleMode(rule.mode)
    return RuleRow(
        id=rule.id,
        text=now.text or _(rule.text),
        remedy=now.remedy or _(rule.remedy),
        source=rule.source,
        mode=MODE_CHIPS[now.mode],
        is_law=rule.is_fixed,
        is_own=is_own,
        default=MODE_CHIPS[rule.mode].text,
        code=rule.code.value if rule.code else "—",
        since=write_moment(last.history_date) if last else _("安装时"),
        by=name_of(last.history_user) if last else "—",
        reason=last.history_change_reason if last else "—",
        change_url=reverse("permissions:rule-change", args=[rule.id]),
        history_url=reverse("permissions:rule-history", args=[rule.id]),
    )


def name_of(user: Any) -> str:
    return user.name if user else _("系统")


TITLES = (
    gettext_lazy("编号"),
    gettext_lazy("类别"),
    gettext_lazy("规则"),
    gettext_lazy("下一步"),
    gettext_lazy("严格程度"),
    gettext_lazy("出厂设置"),
    gettext_lazy("法规规定"),
    gettext_lazy("结果码"),
    gettext_lazy("依据"),
    gettext_lazy("自何时"),
    gettext_lazy("修改人"),
    gettext_lazy("原因"),
)


def rule_lines() -> list[list[Text]]:
    """The table for a sheet, under ``TITLES``."""
    return [
        [
            *(row.id, group.title, row.text, row.remedy, row.mode.text, row.default),
            _("是") if row.is_law else _("否"),
            *(row.code, row.source, row.since, row.by, row.reason),
        ]
        for group in rule_groups()
        for row in group.rows
    ]


# --- changes --------------------------------------------------------------------------


def waiting_changes(user_id: int) -> list[WaitingChange]:
    """Two queries."""
    modes = rule_modes()
    return [
        WaitingChange(
            rule=one.rule,
            text=RULES[one.rule].text,
            diff=rule_diff(
                RULES[one.rule],
                modes.get(one.rule) or RuleMode(RULES[one.rule].mode),
                mode_of(one),
            ),
            who=_("%(name)s %(at)s 提出")
            % {"name": one.proposed_by.name, "at": write_moment(one.proposed_at)},
            reason=one.reason,
            approve_url=_decide_url(one, "approve"),
            decline_url=_decide_url(one, "decline"),
            is_own=one.proposed_by_id == user_id,
        )
        for one in open_changes().values()
        if one.rule in RULES
    ]


def _decide_url(change: RuleChange, decision: str) -> str:
    return reverse("permissions:rule-decide", args=[change.pk, decision])


def rule_diff(rule: Rule, before: RuleMode, after: RuleMode) -> Diff:
    return Diff(
        [
            Change(
                _("严格程度"),
                MODE_CHIPS[before.mode].text,
                MODE_CHIPS[after.mode].text,
            ),
            Change(
                _("规则文字"), before.text or _(rule.text), after.text or _(rule.text)
            ),
            Change(
                _("下一步"),
                before.remedy or _(rule.remedy),
                after.remedy or _(rule.remedy),
            ),
        ],
        _("项目"),
    )


@dataclass(frozen=True)
class EffectRow:
    """One booked operation that would be answered otherwise."""

    application_no: str
    surgeon: str
    at: str
    before: Chip
    after: Chip


@dataclass(frozen=True)
class EffectsPanel:
    title: str
    rows: Sequence[EffectRow]


def effects_panel(effects: Effects) -> EffectsPanel:
    title = _("未来 %(days)s 天已排手术 %(asked)s 台，%(changed)s 台结果不同") % {
        "days": DAYS,
        "asked": effects.asked,
        "changed": len(effects.changed),
    }
    return EffectsPanel(
        title,
        [
            EffectRow(
                one.application.application_no,
                f"{one.application.surgeon.name} {one.application.surgeon.emp_no}",
                write_moment(one.application.planned_at),
                outcome_chip(one.before),
                outcome_chip(one.after),
            )
            for one in effects.changed
        ],
    )


def outcome_chip(verdict: Verdict) -> Chip:
    """May it go on: in words, with the reminders it would show."""
    told = len([one for one in verdict.conditions if not one.blocks])
    if not verdict.passes:
        return Chip("bad", "ban", _("不放行"))
    if told:
        return Chip("warn", "alert-triangle", _("放行，提醒 %(n)s 条") % {"n": told})
    return Chip("ok", "circle-check", _("放行"))


def rule_timeline(rule: Rule, versions: Sequence[Any]) -> Timeline:
    """``versions`` come newest first; before the first stood the table's."""
    modes = [_mode(row) for row in versions]
    befores = [later for _newer, later in pairwise(modes)] + [RuleMode(rule.mode)]
    return Timeline(
        [
            Moment(
                write_second(row.history_date),
                _what(before, after),
                said(name_of(row.history_user), row.history_change_reason),
            )
            for row, before, after in zip(versions, befores, modes, strict=True)
        ]
    )


def _mode(row: RuleSetting) -> RuleMode:
    return mode_of(row)


def _what(before: RuleMode, after: RuleMode) -> str:
    changes = []
    if before.mode is not after.mode:
        changes.append(
            _("%(before)s 改为 %(after)s")
            % {
                "before": MODE_CHIPS[before.mode].text,
                "after": MODE_CHIPS[after.mode].text,
            }
        )
    for name, old, new in (
        (_("规则文字"), before.text, after.text),
        (_("下一步"), before.remedy, after.remedy),
    ):
        if old != new:
            words = new or _("规则表的文字")
            changes.append(
                _("%(name)s改为：%(words)s") % {"name": name, "words": words}
            )
    return "；".join(changes)
