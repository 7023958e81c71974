"""What a station may send, with a limit on everything."""

from __future__ import annotations

from typing import Any
from unicodedata import category

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from his_plugin.field.questions import SETTING_OF, Asked, Helper
from permissions.checks.facts import Setting
from portal.parameters.days import day_of
from surgery.enums import (
    DeclaredRole,
    Nature,
    OperatedSide,
    Planned,
    Reoperation,
    ReoperationCause,
    Technique,
)
from surgery.services.declarations import RescueNotEmergency

MOST_PROCEDURES = 10
MOST_HELPERS = 8
YEARS = range(2000, 2100)
SETTINGS = [
    (one.value, one.value)
    for one in (
        Setting.OUTPATIENT,
        Setting.EMERGENCY,
        Setting.INPATIENT,
        Setting.OPERATING_ROOM,
    )
]


class HelperSerializer(serializers.Serializer[Any]):
    """Somebody beside the surgeon."""

    emp_no = serializers.RegexField(r"^[A-Za-z0-9_-]{1,20}$")
    role = serializers.ChoiceField(choices=DeclaredRole.choices)


class Moment(serializers.DateTimeField):
    """A moment of this century: farther out, a change of zone leaves the calendar."""

    def to_internal_value(self, value: Any) -> Any:
        try:
            moment = super().to_internal_value(value)
        except OverflowError:
            moment = None
        if moment is None or day_of(moment).year not in YEARS:
            raise serializers.ValidationError(_("时间不在合理范围内。"))
        return moment


class MomentOrNothing(Moment):
    """A form that was left empty sends an empty text."""

    def to_internal_value(self, value: Any) -> Any:
        return None if value == "" else super().to_internal_value(value)


def refuse_unseen(text: str) -> None:
    """Signs nobody sees: they turn what stands beside them round, in our pages and in
    those of whoever reads the values from us."""
    if any(category(sign)[0] == "C" for sign in text):
        raise serializers.ValidationError(_("含有看不见的字符。请删去后重新输入。"))


class LineField(serializers.CharField):
    """Words on one line."""

    def to_internal_value(self, value: Any) -> str:
        return " ".join(str(super().to_internal_value(value)).split())


def _text(longest: int) -> LineField:
    return LineField(
        max_length=longest, allow_blank=True, default="", validators=[refuse_unseen]
    )


def _codes(**limits: Any) -> serializers.ListField:
    code = serializers.RegexField(r"^\S{1,32}$", validators=[refuse_unseen])
    return serializers.ListField(child=code, max_length=MOST_PROCEDURES, **limits)


class CheckSerializer(serializers.Serializer[Any]):
    """A question: who operates what, when, how urgent."""

    surgeon = serializers.RegexField(r"^[A-Za-z0-9_-]{1,20}$")
    procedures = _codes(min_length=1)
    planned_at = Moment()
    nature = serializers.ChoiceField(choices=Nature.choices)
    is_rescue = serializers.BooleanField(default=False)
    setting = serializers.ChoiceField(choices=SETTINGS, required=False)
    team = serializers.ListField(
        child=HelperSerializer(), max_length=MOST_HELPERS, default=list
    )
    side = serializers.ChoiceField(
        choices=OperatedSide.choices, allow_blank=True, default=""
    )
    reoperation = serializers.ChoiceField(
        choices=Reoperation.choices, allow_blank=True, default=""
    )
    technique = serializers.ChoiceField(
        choices=Technique.choices, allow_blank=True, default=""
    )

    def validate_procedures(self, codes: list[str]) -> list[str]:
        return list(dict.fromkeys(codes))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        refuse_twice(attrs)
        if attrs["is_rescue"] and attrs["nature"] != Nature.EMERGENCY:
            raise serializers.ValidationError(
                {"is_rescue": [str(RescueNotEmergency.message)]}
            )
        return attrs

    def asked(self, *, station: str) -> Asked:
        given = self.validated_data
        return Asked(
            surgeon=given["surgeon"],
            procedures=given["procedures"],
            planned_at=given["planned_at"],
            nature=Nature(given["nature"]),
            is_rescue=given["is_rescue"],
            setting=Setting(given.get("setting") or SETTING_OF[station]),
            team=[
                Helper(one["emp_no"], DeclaredRole(one["role"]))
                for one in given["team"]
            ],
            side=given["side"],
            reoperation=(
                Reoperation(given["reoperation"]) if given["reoperation"] else None
            ),
            technique=given["technique"],
            station=station,
        )


class DeclarationSerializer(CheckSerializer):
    """A question with what the doctor declares."""

    application_no = serializers.RegexField(r"^[A-Za-z0-9_.-]{1,40}$")
    is_planned = serializers.ChoiceField(choices=Planned.choices)
    reoperation = serializers.ChoiceField(choices=Reoperation.choices)
    reoperation_cause = serializers.ChoiceField(
        choices=ReoperationCause.choices, allow_blank=True, default=""
    )
    reoperation_reason = _text(200)
    first_operation = _text(40)
    is_day = serializers.BooleanField(default=False)
    site = _text(60)
    is_mini = serializers.BooleanField(default=False)
    technique_text = _text(100)
    preop_discussion = _text(40)
    preop_discussed_at = MomentOrNothing(allow_null=True, default=None)
    mdt = _text(40)
    # ``declared_at`` as the form was told it; a station that does not say is not asked.
    seen = Moment(allow_null=True, required=False)
    # An empty list is refused by the act, with its words.
    procedures = _codes()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        # Whether the values fit together is the act's to say.
        refuse_twice(attrs)
        return attrs


def refuse_twice(given: dict[str, Any]) -> None:
    """Nobody stands at one table as two."""
    numbers = [given["surgeon"], *(one["emp_no"] for one in given["team"])]
    if len(set(numbers)) < len(numbers):
        raise serializers.ValidationError(
            {"team": [_("同一位医师在主刀、助手和带教中只能出现一次。")]}
        )
