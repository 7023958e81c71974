"""Training records as the doctor's page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _

from permissions.models import TrainingRecord
from portal.ui.elements import Chip
from portal.ui.moments import today, write_day


@dataclass(frozen=True)
class TrainingRow:
    id: int
    course: str
    passed_on: str
    valid_to: str
    score: str
    provider: str
    certificate: str
    state: Chip
    void_url: str


def training_rows(records: Sequence[TrainingRecord]) -> list[TrainingRow]:
    on = today()
    return [
        TrainingRow(
            id=one.pk,
            course=f"{one.training.code} {one.training.name}",
            passed_on=write_day(one.passed_on),
            valid_to=write_day(one.valid_to) if one.valid_to else _("长期"),
            score=_("%(score)s 分，合格线 %(mark)s")
            % {"score": one.score, "mark": one.pass_mark}
            if one.score is not None
            else _("只参加培训"),
            provider=one.provider,
            certificate="；".join(filter(None, (one.certificate_no, one.document))),
            state=_state(one, on),
            void_url=""
            if one.is_void
            else reverse("permissions:training-void", args=[one.pk]),
        )
        for one in records
    ]


def _state(one: TrainingRecord, on: date) -> Chip:
    if one.is_void:
        return Chip("mute", "x", _("作废"), is_void=True)
    if not one.is_passed:
        return Chip("bad", "circle-x", _("不合格"))
    if one.valid_to is not None and one.valid_to < on:
        return Chip("mute", "calendar-off", _("已到期"))
    return Chip("ok", "circle-check", _("有效"))
