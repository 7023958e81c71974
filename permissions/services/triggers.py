"""What an event of a practitioner means for rights, by tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from permissions.enums import TITLE_WORDS, Effect, ReasonCode, Trigger
from permissions.models.attributes import Certificate
from portal.directory.models import (
    PRACTISING,
    Department,
    Practitioner,
    PractitionerEvent,
    PractitionerStatus,
)
from portal.parameters import events
from portal.parameters.days import day_of
from portal.parameters.queries import value_of
from portal.parameters.registry import Parameter
from portal.ui.phrases import in_chinese

Kind = PractitionerEvent.Kind
# Status, vanishing and coming back have words of their own below.
OF_KIND: Mapping[str, Trigger] = {
    Kind.APPEARED: Trigger.BACK,
    Kind.DEPARTMENT: Trigger.TRANSFER,
    Kind.TITLE: Trigger.TITLE,
    Kind.LICENSE: Trigger.LICENSE,
    Kind.LAPSED: Trigger.LICENSE_LAPSED,
    Kind.SCOPE: Trigger.SCOPE,
    Kind.SCOPE_LAPSED: Trigger.SCOPE,
    Kind.CERTIFICATE: Trigger.CERTIFICATE,
    Kind.VANISHED: Trigger.LEFT,
}
PARAMETER_OF: Mapping[Trigger, Parameter] = {
    Trigger.LEFT: events.EVENT_LEFT,
    Trigger.AWAY: events.EVENT_AWAY,
    Trigger.BARRED: events.EVENT_BARRED,
    Trigger.BACK: events.EVENT_BACK,
    Trigger.TRANSFER: events.EVENT_TRANSFER,
    Trigger.TITLE: events.EVENT_TITLE,
    Trigger.LICENSE_LAPSED: events.EVENT_LICENSE_LAPSED,
    Trigger.LICENSE: events.EVENT_LICENSE,
    Trigger.SCOPE: events.EVENT_SCOPE,
    Trigger.CERTIFICATE: events.EVENT_CERTIFICATE,
    Trigger.ASSESSMENT_OVERDUE: events.ASSESSMENT_OVERDUE,
}
# Domain 1.4; a lower title has no code of its own.
REASON_OF: Mapping[Trigger, ReasonCode] = {
    Trigger.LEFT: ReasonCode.R05,
    Trigger.AWAY: ReasonCode.R06,
    Trigger.BARRED: ReasonCode.R02,
    Trigger.TRANSFER: ReasonCode.R15,
    Trigger.TITLE: ReasonCode.R19,
    Trigger.LICENSE_LAPSED: ReasonCode.R01,
    Trigger.LICENSE: ReasonCode.R01,
    Trigger.SCOPE: ReasonCode.R14,
    Trigger.CERTIFICATE: ReasonCode.R13,
    Trigger.ASSESSMENT_FAILED: ReasonCode.R07,
    Trigger.ASSESSMENT_OVERDUE: ReasonCode.R08,
}


def trigger_of(event: PractitionerEvent) -> Trigger | None:
    """None: nothing that touches rights."""
    if event.kind != Kind.STATUS:
        return OF_KIND[event.kind]
    if event.after in PRACTISING:
        return None if event.before in PRACTISING else Trigger.BACK
    return {
        PractitionerStatus.LEFT.value: Trigger.LEFT,
        PractitionerStatus.SUSPENDED.value: Trigger.BARRED,
    }.get(event.after, Trigger.AWAY)


def still_stands(trigger: Trigger, practitioner: Practitioner, at: datetime) -> bool:
    """Read late, an event may be over: who is back is not suspended for having gone."""
    match trigger:
        case Trigger.LEFT | Trigger.AWAY | Trigger.BARRED:
            return not practitioner.is_practising
        case Trigger.BACK:
            return practitioner.is_practising
        case Trigger.LICENSE_LAPSED:
            ends = practitioner.license_valid_to
            return ends is not None and ends < day_of(at)
        case _:
            return True


def effect_of(trigger: Trigger) -> Effect:
    return Effect(value_of(PARAMETER_OF[trigger]))


@in_chinese
def why(event: PractitionerEvent, trigger: Trigger) -> str:
    """In Chinese, as it is kept in reviews, histories and notices."""
    label = str(trigger.label)
    if event.kind == Kind.VANISHED:
        return f"{label}：医师已不在 HIS 医生字典中"
    if event.kind == Kind.APPEARED:
        return f"{label}：医师重新出现在 HIS 医生字典中"
    words = _words(event)
    before, after = (
        words.get(code, code) or "无" for code in (event.before, event.after)
    )
    if event.kind == Kind.CERTIFICATE:
        kind, _sign, until = event.after.partition(" ")
        return f"{label}：{Certificate(kind).label}有效期至 {until}"
    if event.kind in {Kind.LAPSED, Kind.SCOPE_LAPSED}:
        return f"{label}：有效期至 {after}"
    return f"{label}：由 {before} 变为 {after}（来自 HIS）"


def _words(event: PractitionerEvent) -> Mapping[str, str]:
    if event.kind == Kind.STATUS:
        return {code.value: str(code.label) for code in PractitionerStatus}
    if event.kind == Kind.DEPARTMENT:
        known = Department.objects.filter(code__in=[event.before, event.after])
        return dict(known.order_by().values_list("code", "name"))
    if event.kind == Kind.TITLE:
        return {code: str(word) for code, word in TITLE_WORDS.items()}
    return {}


def former_department(event: PractitionerEvent) -> Department | None:
    """Where a transferred doctor was before; None of every other event."""
    if event.kind != Kind.DEPARTMENT:
        return None
    return Department.objects.filter(code=event.before).first()
