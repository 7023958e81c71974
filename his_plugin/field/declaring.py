"""From a declaration as it was sent to what is kept: nothing demanded may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from his_plugin.field.demands import MAY, Need
from his_plugin.field.parts import PARTS, FieldPart
from his_plugin.field.questions import Answer
from surgery.enums import OperatedSide, Reoperation, Technique
from surgery.services import declarations as surgery
from surgery.services.declarations import DeclaredDetails, DeclaredMember


class PartRefused(surgery.DeclarationRefused):
    """One part of the field; ``field`` is its name."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


def details_of(answer: Answer, given: Mapping[str, Any]) -> DeclaredDetails:
    """What is kept of the validated values; raises DeclarationRefused.

    What the operation does not ask for is left out, except that a day surgery that is
    none is refused: the doctor would plan for the wrong ward.
    """
    for part in PARTS:
        if part.name == "reoperation_reason":
            # The act has its own words for this one.
            continue
        _refuse_missing(answer, part, given[part.name])
    _refuse_unfitting(answer, given)
    values = {
        name: given[name]
        for name in DeclaredDetails.__dataclass_fields__
        if answer.demands.get(name, MAY).need is not Need.NO
    }
    return DeclaredDetails(**values)


def team_of(answer: Answer) -> list[DeclaredMember]:
    return [
        DeclaredMember(
            one.role,
            one.emp_no,
            answer.people[one.emp_no].name if one.emp_no in answer.people else "",
        )
        for one in answer.asked.team
    ]


def _refuse_missing(answer: Answer, part: FieldPart, value: Any) -> None:
    demand = answer.demands.get(part.name, MAY)
    if demand.need is not Need.MUST or value not in ("", None):
        return
    values = {"part": part.label, "why": demand.why}
    if part.kind == "radio":
        raise PartRefused(part.name, _("请选择%(part)s：%(why)s。") % values)
    raise PartRefused(part.name, _("请填写%(part)s：%(why)s。") % values)


def _refuse_unfitting(answer: Answer, given: Mapping[str, Any]) -> None:
    """Values that are there and cannot be what is demanded."""
    demands = answer.demands
    if given["is_day"] and demands["is_day"].need is Need.NO:
        text = _("不能按日间手术申报：%(why)s。请取消勾选，或更换手术、主刀。")
        raise PartRefused("is_day", text % {"why": demands["is_day"].why})
    if demands["side"].need is Need.MUST and given["side"] == OperatedSide.NONE:
        text = _("请改选侧别：%(why)s。")
        raise PartRefused("side", text % {"why": demands["side"].why})
    is_restricted = demands["technique"].need is Need.MUST
    if is_restricted and given["technique"] != Technique.RESTRICTED:
        text = _("请改选技术类别：%(why)s。")
        raise PartRefused("technique", text % {"why": demands["technique"].why})
    is_again = given["reoperation"] != Reoperation.NONE
    if is_again and given["first_operation"] == given["application_no"]:
        text = _("首次手术不能是本次申请。请填写首次手术的申请单号。")
        raise PartRefused("first_operation", text)
