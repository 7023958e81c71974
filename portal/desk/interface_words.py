"""What an interface of the HIS is called in the language of who reads.

The contract is a Chinese text both vendors sign; its titles are translated here, for
the pages only.
"""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from portal.directory.dictionaries import BY_VIEW
from portal.his.contract.interfaces import ALL
from surgery.sync import BY_VIEW as FACTS

__all__ = ["BY_NAME", "FACTS", "PULLED", "TITLES", "title_of"]

TITLES = frozenset(
    {
        _("药品属性查询"),
        _("医生权限查询"),
        _("医生字典查询"),
        _("医生权限字典"),
        _("医生权限维护"),
        _("手术等级查询"),
        _("手术字典查询"),
        _("手术等级字典查询"),
        _("手术等级维护"),
        _("手术权限查询"),
        _("手术权限字典查询"),
        _("手术权限维护"),
        _("门诊就诊情况查询"),
        _("手术开展情况查询"),
        _("病案首页数据查询"),
        _("科室字典"),
        _("医生科室"),
        _("医生执业范围"),
        _("手术申请"),
        _("手术项目明细"),
        _("手术人员"),
    }
)
BY_NAME = {item.name: item for item in ALL}
# Everything that is pulled, the rooms' facts among it.
PULLED = {**BY_VIEW, **FACTS}


def title_of(name: str) -> str:
    """Of a view or function by its name; the name itself where it is gone."""
    return gettext(BY_NAME[name].title) if name in BY_NAME else name
