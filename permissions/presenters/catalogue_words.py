"""How an entry's attributes are called and written, everywhere the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.enums import Category, Setting, TitleRule, ValueKind
from permissions.models import CatalogueVersion
from permissions.models.attributes import (
    Certificate,
    EndsWith,
    EnforcedAt,
    Flow,
    OnExpiry,
    VersionState,
)
from permissions.models.entries import Entry
from permissions.queries.catalogue import EntryChange, Names
from permissions.services.affected import Hit
from permissions.services.rules import RANK_WORDS
from portal.ui.elements import Change, Chip, Diff, Text
from portal.ui.phrases import listed

LABELS: Mapping[str, Text] = {
    "code": gettext_lazy("编码"),
    "name": gettext_lazy("名称"),
    "category": gettext_lazy("类别"),
    "value_kind": gettext_lazy("取值方式"),
    "level": gettext_lazy("级别"),
    "setting": gettext_lazy("场合"),
    "title_rule": gettext_lazy("职称规则"),
    "min_title_rank": gettext_lazy("最低职称"),
    "scopes": gettext_lazy("执业范围"),
    "requires": gettext_lazy("前提权限"),
    "trainings": gettext_lazy("培训"),
    "exams": gettext_lazy("考核"),
    "certificates": gettext_lazy("证书"),
    "min_years": gettext_lazy("最少执业年限"),
    "min_cases": gettext_lazy("最少例数"),
    "requirements": gettext_lazy("其他条件"),
    "validity_months": gettext_lazy("有效月数"),
    "ends_with": gettext_lazy("到期条件"),
    "assessment_months": gettext_lazy("评估间隔（月）"),
    "flow": gettext_lazy("审批流程"),
    "his_target": gettext_lazy("HIS 去向"),
    "his_value": gettext_lazy("HIS 取值"),
    "enforced_at": gettext_lazy("控制环节"),
    "on_expiry": gettext_lazy("到期处理"),
    "basis": gettext_lazy("制度依据"),
    "is_enabled": gettext_lazy("启用"),
    "sort": gettext_lazy("排序"),
}
GROUPS: Sequence[tuple[Text, Sequence[str]]] = (
    (
        gettext_lazy("基本"),
        ("category", "value_kind", "level", "setting", "is_enabled", "sort"),
    ),
    (
        gettext_lazy("授予条件"),
        (
            "title_rule",
            "min_title_rank",
            "scopes",
            "requires",
            "trainings",
            "exams",
            "certificates",
            "min_years",
            "min_cases",
            "requirements",
        ),
    ),
    (
        gettext_lazy("有效期与评估"),
        ("validity_months", "ends_with", "assessment_months", "on_expiry"),
    ),
    (gettext_lazy("审批与依据"), ("flow", "basis")),
    (gettext_lazy("HIS 与控制"), ("his_target", "his_value", "enforced_at")),
)
CHOICES: Mapping[str, Any] = {
    "category": Category,
    "value_kind": ValueKind,
    "setting": Setting,
    "title_rule": TitleRule,
    "ends_with": EndsWith,
    "flow": Flow,
    "on_expiry": OnExpiry,
    "certificates": Certificate,
    "enforced_at": EnforcedAt,
}
STATE_CHIPS: Mapping[str, Chip] = {
    VersionState.DRAFT: Chip("mute", "pencil", gettext_lazy("草稿")),
    VersionState.SUBMITTED: Chip("info", "progress", gettext_lazy("待审批")),
    VersionState.APPROVED: Chip("info", "clock", gettext_lazy("待生效")),
    VersionState.PUBLISHED: Chip("ok", "circle-check", gettext_lazy("已发布")),
    VersionState.DISCARDED: Chip("mute", "x", gettext_lazy("已作废"), is_void=True),
}
HIT_CHIPS: Mapping[Hit, Chip] = {
    Hit.TITLE: Chip("bad", "user-check", Hit.TITLE.label),
    Hit.SETTING: Chip("bad", "building-hospital", Hit.SETTING.label),
    Hit.PREREQUISITE: Chip("bad", "list-tree", Hit.PREREQUISITE.label),
    Hit.VALIDITY: Chip("warn", "calendar-due", Hit.VALIDITY.label),
    Hit.HIS: Chip("info", "plug-connected", Hit.HIS.label),
    Hit.DISABLED: Chip("warn", "ban", Hit.DISABLED.label),
}
KIND_CHIPS: Mapping[str, Chip] = {
    "added": Chip("ok", "plus", gettext_lazy("新增条目")),
    "changed": Chip("info", "pencil", gettext_lazy("修改")),
    "disabled": Chip("warn", "ban", gettext_lazy("停用")),
    "enabled": Chip("ok", "check", gettext_lazy("启用")),
    "removed": Chip("mute", "x", gettext_lazy("此版没有")),
}


def value_words(name: str, entry: Entry | None, names: Names) -> str:
    """One attribute of an entry in words; a dash where nothing is set."""
    if entry is None:
        return "—"
    value = getattr(entry, name)
    if name == "is_enabled":
        return _("启用") if value else _("停用")
    if name == "min_title_rank":
        return str(RANK_WORDS.get(value, "—"))
    if name == "validity_months" and value is None:
        return "—" if entry.ends_with else _("长期")
    if name == "ends_with" and not value:
        return "—"
    return _written(name, value, names)


def _written(name: str, value: Any, names: Names) -> str:
    if name in NAMED:
        return listed(_coded(value, NAMED[name](names))) or "—"
    if name in CHOICES and isinstance(value, tuple):
        return listed(one.label for one in CHOICES[name] if one in value) or "—"
    if name in CHOICES:
        return str(CHOICES[name](value).label)
    return "—" if value in (None, "") else str(value)


NAMED: Mapping[str, Callable[[Names], Mapping[str, str]]] = {
    "requires": lambda names: names.privileges,
    "trainings": lambda names: names.trainings,
    "exams": lambda names: names.trainings,
    "scopes": lambda names: names.scopes,
    "basis": lambda names: names.regulations,
}


def _coded(codes: Iterable[str], names: Mapping[str, str]) -> list[str]:
    return [f"{code} {names.get(code, '')}".strip() for code in codes]


def diff_of(change: EntryChange, names: Names) -> Diff:
    """What differs, before → after; of a new entry what is set."""
    shown = [
        Change(
            LABELS[name],
            value_words(name, change.before, names),
            value_words(name, change.after, names),
        )
        for name in change.attributes
    ]
    return Diff([one for one in shown if one.is_changed])


def kind_of(change: EntryChange) -> str:
    """added, removed, disabled, enabled or changed."""
    if change.before is None:
        return "added"
    if change.after is None:
        return "removed"
    if change.before.is_enabled != change.after.is_enabled:
        return "enabled" if change.after.is_enabled else "disabled"
    return "changed"


def version_name(version: CatalogueVersion) -> str:
    """``第 3 版``; one without a number yet is called by what it is."""
    if version.number is not None:
        return _("第 %(number)s 版") % {"number": version.number}
    return _("%(state)s #%(id)s") % {
        "state": version.get_state_display(),
        "id": version.id,
    }


def title_words(entry_rule: str, rank: int) -> str:
    """``必须 主治医师`` or 不限."""
    rule = str(TitleRule(entry_rule).label)
    if entry_rule == TitleRule.NONE:
        return rule
    return _("%(rule)s %(title)s及以上") % {"rule": rule, "title": RANK_WORDS[rank]}


def validity_words(months: int | None, ends_with: str) -> str:
    if ends_with:
        return _("至%(end)s") % {"end": EndsWith(ends_with).label}
    if months is None:
        return _("长期")
    return _("%(months)s 个月") % {"months": months}


def needs_words(entry: Entry, names: Names) -> str:
    """What must be there before the right may be given, in one line."""
    exams = [
        _("%(course)s考核合格") % {"course": one} for one in _named(entry.exams, names)
    ]
    courses = [
        course
        for code, course in zip(
            entry.trainings, _named(entry.trainings, names), strict=True
        )
        if code not in entry.exams
    ]
    years = (
        [_("执业满 %(years)s 年") % {"years": entry.min_years}]
        if entry.min_years
        else []
    )
    cases = (
        [_("例数不少于 %(cases)s") % {"cases": entry.min_cases}]
        if entry.min_cases
        else []
    )
    return listed(
        [
            *_coded(entry.requires, names.privileges),
            *courses,
            *exams,
            *(str(Certificate(one).label) for one in entry.certificates),
            *years,
            *cases,
            entry.requirements,
        ]
    )


def _named(codes: Iterable[str], names: Names) -> list[str]:
    return [names.trainings.get(code, code) for code in codes]
