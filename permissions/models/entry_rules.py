"""What must be true of an entry before it may stand in the catalogue.

Pure: the entry and everything around it in, problems by attribute out, each with the
next step. Forms, drafts, publishing and the seed all ask here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from permissions.enums import Category, Setting, TitleRule, ValueKind
from permissions.models.entries import Entry
from portal.ui.phrases import listed

CODE = re.compile(r"[A-Z]{2}[0-9]{2}")
LEVEL = re.compile(r"([1-9])(?:-([1-9]))?")
LONGEST_MONTHS = 120
# Regulation binds these to a title; a hospital may only be stricter (domain 1.5, 1.7).
TITLE_FLOORS = {"AB01": 1, "AB02": 3, "AB03": 4, "AB04": 4, "BL01": 3}
# Not for outpatients (domain 1.5).
INPATIENT_ONLY = frozenset({"AB03"})
# Operating on grade 4, or a restricted technique, is assessed at least yearly (GR07).
YEARLY = frozenset({"SG04", "RT01", "RT03"})
YEAR = 12
Problem = tuple[str, str]


@dataclass(frozen=True)
class Shelf:
    """The catalogue an entry would stand in: all entries by code, and the codes of
    the small tables."""

    entries: Mapping[str, Entry]
    trainings: Collection[str]
    scopes: Collection[str]
    regulations: Collection[str]

    def with_entry(self, entry: Entry) -> Shelf:
        entries = {**self.entries, entry.code: entry}
        return Shelf(entries, self.trainings, self.scopes, self.regulations)


def problems_of(entry: Entry, shelf: Shelf) -> dict[str, list[str]]:
    """By attribute; empty when the entry may stand in this catalogue."""
    found: dict[str, list[str]] = {}
    for rule in RULES:
        for attribute, text in rule(entry, shelf.with_entry(entry)):
            found.setdefault(attribute, []).append(text)
    return found


def _identity(entry: Entry, shelf: Shelf) -> Iterator[Problem]:
    if not CODE.fullmatch(entry.code):
        yield "code", _("编码为两个大写字母加两位数字，例如 AB05。")
    elif entry.category == Category.SI or not entry.code.startswith(entry.category):
        yield (
            "category",
            _("编码 %(code)s 与类别不符，类别须为 %(prefix)s。")
            % {"code": entry.code, "prefix": entry.code[:2]},
        )
    if not entry.name.strip():
        yield "name", _("填写名称。")
    for other in shelf.entries.values():
        if other.code != entry.code and other.name == entry.name:
            yield (
                "name",
                _("与 %(code)s 同名，换一个名称。") % {"code": other.code},
            )


def _level(entry: Entry, shelf: Shelf) -> Iterator[Problem]:
    if entry.value_kind == ValueKind.QUOTA:
        if not entry.level.isascii() or not entry.level.isdigit():
            yield "level", _("额度填整数，例如 10。")
        return
    if entry.value_kind == ValueKind.FLAG:
        if entry.level:
            yield "level", _("标志类不分级别，清空级别或改取值方式。")
        return
    given = LEVEL.fullmatch(entry.level)
    if entry.level and given is None:
        yield "level", _("级别填 1 至 9 的一个数字，或一段，例如 1-4。")
    elif given and given[2] and given[1] >= given[2]:
        yield "level", _("级别一段须从小到大，例如 1-4。")
    elif not entry.level and entry.value_kind == ValueKind.LEVEL:
        yield "level", _("按级别授权的条目须填级别。")


def _title(entry: Entry, shelf: Shelf) -> Iterator[Problem]:
    if entry.title_rule == TitleRule.NONE and entry.min_title_rank:
        yield "min_title_rank", _("规则为「不限」时不填最低职称。")
    if entry.title_rule != TitleRule.NONE and not entry.min_title_rank:
        yield "min_title_rank", _("规则为「提醒」「必须」时选择最低职称。")
    floor = TITLE_FLOORS.get(entry.code, 0)
    is_hard = entry.title_rule == TitleRule.HARD
    if floor and not (is_hard and entry.min_title_rank >= floor):
        yield (
            "title_rule",
            _("法规规定的职称是底线，只能更严：规则须为「必须」，且不低于规定职称。"),
        )
    if entry.code in INPATIENT_ONLY and entry.setting != Setting.INPATIENT:
        yield "setting", _("特殊使用级抗菌药物不得在门诊使用，场合须为「住院」。")


def _references(entry: Entry, shelf: Shelf) -> Iterator[Problem]:
    for attribute, known in (
        ("requires", shelf.entries),
        ("trainings", shelf.trainings),
        ("exams", shelf.trainings),
        ("scopes", shelf.scopes),
        ("basis", shelf.regulations),
    ):
        unknown = [code for code in getattr(entry, attribute) if code not in known]
        if unknown:
            yield (
                attribute,
                _("没有 %(codes)s，从列表中选择。") % {"codes": listed(unknown)},
            )


def _prerequisites(entry: Entry, shelf: Shelf) -> Iterator[Problem]:
    circle = circle_of(entry, shelf.entries)
    if circle:
        yield (
            "requires",
            _("前提绕成一圈：%(circle)s。去掉其中一项。")
            % {"circle": " → ".join(circle)},
        )
    disabled = [
        code
        for code in entry.requires
        if code in shelf.entries and not shelf.entries[code].is_enabled
    ]
    if entry.is_enabled and disabled:
        yield (
            "requires",
            _("%(codes)s 已停用，不能作前提。去掉它，或先启用。")
            % {"codes": listed(disabled)},
        )
    needing = [
        other.code
        for other in shelf.entries.values()
        if other.is_enabled and entry.code in other.requires
    ]
    if not entry.is_enabled and needing:
        yield (
            "is_enabled",
            _("%(codes)s 以它为前提，先修改这些条目再停用。")
            % {"codes": listed(sorted(needing))},
        )


def _times(entry: Entry, shelf: Shelf) -> Iterator[Problem]:
    for attribute in ("validity_months", "assessment_months"):
        months = getattr(entry, attribute)
        if months is not None and not 1 <= months <= LONGEST_MONTHS:
            yield (
                attribute,
                _("填 1 至 %(most)s 个月；不限时留空。") % {"most": LONGEST_MONTHS},
            )
    if entry.validity_months is not None and entry.ends_with:
        yield "ends_with", _("有效月数与到期条件只填一项，清空其中一项。")
    if entry.code in YEARLY and (entry.assessment_months or YEAR + 1) > YEAR:
        yield (
            "assessment_months",
            _("四级手术和限制类技术至少每 12 个月评估一次（REG01）。"),
        )


def _his(entry: Entry, shelf: Shelf) -> Iterator[Problem]:
    if entry.his_target and not entry.his_value:
        yield "his_value", _("填写写入 HIS 的取值，标志类填 1。")


RULES = (_identity, _level, _title, _references, _prerequisites, _times, _his)


def circle_of(entry: Entry, entries: Mapping[str, Entry]) -> list[str]:
    """The way from an entry through its prerequisites back to itself, if there is one."""
    ways = [[entry.code, code] for code in entry.requires]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        if way[-1] == entry.code:
            return way
        if way[-1] in seen or way[-1] not in entries:
            continue
        seen.add(way[-1])
        ways += [[*way, code] for code in entries[way[-1]].requires]
    return []
