"""The parts of the field group in the order they are shown; one list for every way in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from surgery.enums import (
    Nature,
    OperatedSide,
    Planned,
    Reoperation,
    ReoperationCause,
    Technique,
)

Words: TypeAlias = str | Promise
Options: TypeAlias = Sequence[tuple[str, Words]]


@dataclass(frozen=True)
class FieldPart:
    """``options`` of a radio alone; ``longest`` of a text alone, in characters."""

    name: str
    label: Words
    kind: str
    hint: Words = ""
    options: Options = ()
    longest: int = 0

    def as_json(self) -> dict[str, Any]:
        """In the words of the active language."""
        shown: dict[str, Any] = {
            "name": self.name,
            "label": str(self.label),
            "hint": str(self.hint),
            "kind": self.kind,
        }
        if self.kind == "radio":
            shown["options"] = [[value, str(label)] for value, label in self.options]
        if self.kind == "text":
            shown["max"] = self.longest
        return shown


# Design 13 puts 限期 beside 择期; the codes are those of domain 9.6.
NATURES = (Nature.ELECTIVE, Nature.DEADLINE, Nature.EMERGENCY)

PARTS: tuple[FieldPart, ...] = (
    FieldPart(
        "is_planned",
        _("是否计划手术"),
        "radio",
        hint=_("入院时未列入诊疗计划的选「非计划」"),
        options=Planned.choices,
    ),
    FieldPart(
        "nature",
        _("手术性质"),
        "radio",
        options=[(one.value, one.label) for one in NATURES],
    ),
    FieldPart("is_rescue", _("抢救生命"), "check", hint=_("仅急诊可选")),
    FieldPart("reoperation", _("再次手术类型"), "radio", options=Reoperation.choices),
    FieldPart(
        "reoperation_cause",
        _("再次手术原因分类"),
        "radio",
        options=ReoperationCause.choices,
    ),
    FieldPart(
        "reoperation_reason",
        _("再次手术原因"),
        "text",
        hint=_("写明原因、部位和发现时间"),
        longest=200,
    ),
    FieldPart(
        "first_operation",
        _("首次手术"),
        "text",
        hint=_("本次住院首次手术的申请单号"),
        longest=40,
    ),
    FieldPart("is_day", _("日间手术"), "check"),
    FieldPart("side", _("侧别"), "radio", options=OperatedSide.choices),
    FieldPart("site", _("部位"), "text", longest=60),
    FieldPart("is_mini", _("微创"), "check"),
    FieldPart(
        "technique",
        _("技术类别"),
        "radio",
        options=Technique.choices,
    ),
    FieldPart("technique_text", _("技术名称"), "text", longest=100),
    FieldPart("preop_discussion", _("术前讨论编号"), "text", longest=40),
    FieldPart(
        "preop_discussed_at",
        _("术前讨论时间"),
        "moment",
        hint=_("须早于现在"),
    ),
    FieldPart("mdt", _("MDT 编号"), "text", longest=40),
)


def field_parts() -> list[dict[str, Any]]:
    return [part.as_json() for part in PARTS]
