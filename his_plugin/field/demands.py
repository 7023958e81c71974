"""Which parts of the field a planned operation needs, and why (GR09, GR11, GR15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from surgery.enums import Grade, Nature, Reoperation, Technique


class Need(StrEnum):
    """``NO``: not shown, and what was sent for it is not kept."""

    MUST = "must"
    MAY = "may"
    NO = "no"


@dataclass(frozen=True)
class Demand:
    need: Need
    why: str | Promise = ""


@dataclass(frozen=True)
class PlannedProcedure:
    """What the catalogue says of one procedure on the day it is planned for.

    Of one it does not have: grade 0 and nothing else.
    """

    code: str
    grade: int = Grade.UNGRADED
    is_restricted: bool = False
    is_day_surgery: bool = False
    needs_side: bool = False


@dataclass(frozen=True)
class Circumstances:
    """What the doctor has chosen so far; None and "" stand for nothing yet.

    ``holds_day``: the surgeon holds day surgery for all that is planned.
    """

    nature: Nature
    is_rescue: bool = False
    reoperation: Reoperation | None = None
    technique: str = ""
    is_inpatient: bool = True
    holds_day: bool = True


Demands = Mapping[str, Demand]
MAY = Demand(Need.MAY)


def demands(procedures: Sequence[PlannedProcedure], now: Circumstances) -> Demands:
    """By part of the field. A part that is not in it may be filled in."""
    return {
        "is_planned": Demand(Need.MUST, _("每张手术申请都须注明是否计划手术")),
        "nature": Demand(Need.MUST, _("每张手术申请都须注明手术性质")),
        "reoperation": Demand(Need.MUST, _("每张手术申请都须注明再次手术类型")),
        "is_rescue": _rescue(now),
        **dict(_again(now)),
        "is_day": _day(procedures, now),
        "side": _side(procedures),
        "site": MAY,
        "is_mini": MAY,
        "technique": _technique(procedures),
        "technique_text": _technique_text(now),
        **dict(_discussion(procedures, now)),
        "mdt": _mdt(procedures, now),
    }


def _rescue(now: Circumstances) -> Demand:
    if now.nature is Nature.EMERGENCY:
        return Demand(Need.MAY, _("急诊抢救生命且现场无人有权时勾选"))
    return Demand(Need.NO, _("只有急诊手术可以勾选抢救生命"))


def _again(now: Circumstances) -> Iterator[tuple[str, Demand]]:
    is_unplanned = now.reoperation is Reoperation.UNPLANNED
    unplanned = (
        Demand(Need.MUST, _("非计划再次手术须写明原因和首次手术"))
        if is_unplanned
        else Demand(Need.NO, _("只有非计划再次手术须写明原因"))
    )
    yield "reoperation_cause", unplanned
    yield "reoperation_reason", unplanned
    if is_unplanned:
        yield "first_operation", unplanned
    elif now.reoperation is Reoperation.PLANNED:
        yield "first_operation", MAY
    else:
        yield "first_operation", Demand(Need.NO, _("不是再次手术"))


def _day(procedures: Sequence[PlannedProcedure], now: Circumstances) -> Demand:
    if not procedures or not all(one.is_day_surgery for one in procedures):
        return Demand(Need.NO, _("所选手术不全在本院日间手术目录内"))
    if not now.holds_day:
        return Demand(Need.NO, _("主刀没有所选手术的日间手术权限"))
    return MAY


def _side(procedures: Sequence[PlannedProcedure]) -> Demand:
    if any(one.needs_side for one in procedures):
        return Demand(Need.MUST, _("成对器官的手术须注明左、右或双侧"))
    return MAY


def _technique(procedures: Sequence[PlannedProcedure]) -> Demand:
    if any(one.is_restricted for one in procedures):
        return Demand(Need.MUST, _("所选手术属限制类技术，须按限制类技术申报"))
    return MAY


def _technique_text(now: Circumstances) -> Demand:
    if now.technique in (Technique.RESTRICTED, Technique.NEW):
        return Demand(Need.MUST, _("限制类技术和新技术须写明技术名称"))
    return Demand(Need.NO, _("只有限制类技术和新技术须写明技术名称"))


def _discussion(
    procedures: Sequence[PlannedProcedure], now: Circumstances
) -> Iterator[tuple[str, Demand]]:
    is_high = any(one.grade >= Grade.THREE for one in procedures)
    if is_high and now.is_inpatient and not now.is_rescue:
        demand = Demand(Need.MUST, _("三、四级手术须在开具手术医嘱前完成术前讨论"))
    else:
        demand = MAY
    yield "preop_discussion", demand
    yield "preop_discussed_at", demand


def _mdt(procedures: Sequence[PlannedProcedure], now: Circumstances) -> Demand:
    """A restricted technique counts as grade 4 here (GR09)."""
    is_highest = any(one.grade == Grade.FOUR for one in procedures)
    is_restricted = any(one.is_restricted for one in procedures)
    if (is_highest or is_restricted) and now.is_rescue:
        return Demand(Need.MAY, _("抢救生命时可以后补多学科讨论"))
    if is_highest:
        return Demand(Need.MUST, _("四级手术须先完成多学科讨论"))
    if is_restricted:
        return Demand(Need.MUST, _("限制类技术按四级手术管理，须先完成多学科讨论"))
    if any(one.grade == Grade.THREE for one in procedures):
        return MAY
    return Demand(Need.NO, _("三级以下手术不要求多学科讨论"))
