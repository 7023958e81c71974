"""Every text the script shows; the server sends them, so that gettext serves them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from his_plugin.field.parts import NATURES
from portal.ui.elements import Grade
from surgery.enums import Planned, Reoperation


def field_texts() -> dict[str, str]:
    return {
        "title": _("手术申请核对"),
        "origin": _("医务管理系统"),
        "is_planned": _("是否计划手术"),
        "is_planned_hint": _("入院时未列入诊疗计划的选「非计划」"),
        "nature": _("手术性质"),
        "is_rescue": _("抢救生命（仅急诊可选）"),
        "reoperation": _("再次手术类型"),
        "reoperation_reason": _("再次手术原因"),
        "reason_hint": _("写明原因、部位和发现时间"),
        "required": _("必填"),
        "choose_is_planned": _("请选择是否计划手术。"),
        "choose_nature": _("请选择手术性质。"),
        "choose_reoperation": _("请选择再次手术类型。"),
        "choose_reoperation_reason": _("非计划再次手术须写明原因。"),
        "choose": _("请选择"),
        # The script puts in what stands in brackets, here and below.
        "aside": _("（%(hint)s）"),
        "waiting": _("选好手术、主刀和手术时间后自动核对"),
        "checking": _("正在核对"),
        "procedure": _("手术"),
        "grade": _("级别"),
        "surgeon": _("主刀"),
        "until": _("至"),
        "standing": _("需要%(needed)s，现有%(held)s"),
        "grade_0": _("无"),
        **{f"grade_{one}": str(Grade(one).text) for one in range(1, 5)},
        "team": _("其他成员"),
        "role": _("角色"),
        "result": _("核对结果"),
        "who_may": _("谁能做"),
        "load_that_day": _("当天已排"),
        "instead": _("改由%(name)s主刀"),
        "why": _("为什么"),
        "next": _("下一步"),
        "unknown": _("暂时无法核对"),
        "unknown_why": _(
            "医务管理系统没有应答，手术申请可照常提交，由医生站按本院规定处理"
        ),
        "asked_at": _("核对时间"),
        "saving": _("正在申报"),
        "not_saved": _("申报没有送到医务管理系统，手术申请照常提交。"),
        "expired": _(
            "核对凭据已过期（15 分钟）。请先保存草稿，刷新页面后再提交；再次点击提交则不带申报。"
        ),
    }


def field_options() -> dict[str, Any]:
    """Values and labels of the three choices, in the order they are shown."""
    return {
        "is_planned": [[one.value, str(one.label)] for one in Planned],
        "nature": [[one.value, str(one.label)] for one in NATURES],
        "reoperation": [[one.value, str(one.label)] for one in Reoperation],
    }
