"""What a station may send, with a limit on everything."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from his_plugin.field.questions import SETTING_OF, Asked
from permissions.checks.facts import Setting
from portal.parameters.days import day_of
from surgery.enums import Nature, Planned, Reoperation
from surgery.services.declarations import RescueNotEmergency

MOST_PROCEDURES = 10
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


class CheckSerializer(serializers.Serializer[Any]):
    """A question: who operates what, when, how urgent."""

    surgeon = serializers.RegexField(r"^[A-Za-z0-9_-]{1,20}$")
    procedures = serializers.ListField(
        child=serializers.RegexField(r"^\S{1,32}$"),
        min_length=1,
        max_length=MOST_PROCEDURES,
    )
    planned_at = serializers.DateTimeField()
    nature = serializers.ChoiceField(choices=Nature.choices)
    is_rescue = serializers.BooleanField(default=False)
    setting = serializers.ChoiceField(choices=SETTINGS, required=False)

    def validate_procedures(self, codes: list[str]) -> list[str]:
        return list(dict.fromkeys(codes))

    def validate_planned_at(self, planned_at: datetime) -> datetime:
        if day_of(planned_at).year not in YEARS:
            raise serializers.ValidationError(_("手术时间不在合理范围内。"))
        return planned_at

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
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
        )


class DeclarationSerializer(CheckSerializer):
    """A question with what the doctor declares."""

    application_no = serializers.RegexField(r"^[A-Za-z0-9_.-]{1,40}$")
    is_planned = serializers.ChoiceField(choices=Planned.choices)
    reoperation = serializers.ChoiceField(choices=Reoperation.choices)
    reoperation_reason = serializers.CharField(
        max_length=200, allow_blank=True, default=""
    )
    # An empty list is refused by the act, with its words.
    procedures = serializers.ListField(
        child=serializers.RegexField(r"^\S{1,32}$"), max_length=MOST_PROCEDURES
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        # Whether the values fit together is the act's to say.
        return attrs
