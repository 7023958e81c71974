"""Acts on saved views: save, change, remove. Only the owner acts; history is kept."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.audit.acting import acting
from portal.ui.elements import Text
from portal.ui.models import SavedView

MOST_VIEWS = 20
LONGEST_NAME = 20
LONGEST_QUERY = 1000


class ViewRefused(Exception):
    """Why a view was not kept; ``field`` is where the form says so."""

    def __init__(self, message: Text, field: str = "name") -> None:
        super().__init__(str(message))
        self.message, self.field = message, field


@transaction.atomic
def save_view(
    *, by: Any, list_key: str, query: str, name: str, is_shared: bool, is_default: bool
) -> SavedView:
    """Keep the address of a list under a name."""
    own = SavedView.objects.filter(
        owner=by.pk, list_key=list_key, removed_at__isnull=True
    )
    if own.count() >= MOST_VIEWS:
        text = _("每个列表最多保存 %(most)s 个视图。请先删除不用的视图。")
        raise ViewRefused(text % {"most": MOST_VIEWS})
    if len(query) > LONGEST_QUERY:
        raise ViewRefused(_("筛选条件太长，存不下。请减少条件后再保存。"))
    view = SavedView(owner=by, list_key=list_key, query=query)
    _set(view, name=name, is_shared=is_shared, is_default=is_default)
    _keep(view, reason="保存视图")
    return view


@transaction.atomic
def change_view(
    *,
    view: SavedView,
    by: Any,
    name: str,
    is_shared: bool,
    is_default: bool,
    query: str | None = None,
) -> SavedView:
    """Rename, share or make it the default; with ``query`` it keeps another address."""
    _own(view, by)
    if query is not None:
        if len(query) > LONGEST_QUERY:
            raise ViewRefused(_("筛选条件太长，存不下。请减少条件后再保存。"))
        view.query = query
    _set(view, name=name, is_shared=is_shared, is_default=is_default)
    _keep(view, reason="修改视图")
    return view


@transaction.atomic
def remove_view(*, view: SavedView, by: Any, at: datetime) -> None:
    _own(view, by)
    view.removed_at = at
    view.is_default = False
    with acting(by=by, reason="删除视图"):
        view.save()


def _own(view: SavedView, by: Any) -> None:
    if view.owner_id != by.pk:
        raise ViewRefused(_("只能改动自己保存的视图。"))


def _set(view: SavedView, *, name: str, is_shared: bool, is_default: bool) -> None:
    view.name = checked_name(name)
    if is_shared and not view.owner.office:
        text = _("您的账户没有写明部门，不能共享。请先请系统管理员补上部门。")
        raise ViewRefused(text, "is_shared")
    view.is_shared, view.is_default = is_shared, is_default


def checked_name(name: str) -> str:
    """The name without spaces around it; raises ViewRefused."""
    name = name.strip()
    if not name:
        raise ViewRefused(_("请填写视图的名称。"))
    if len(name) > LONGEST_NAME:
        text = _("名称最多 %(most)s 个字，现有 %(many)s 个。")
        raise ViewRefused(text % {"most": LONGEST_NAME, "many": len(name)})
    if any(unicodedata.category(char)[0] == "C" for char in name):
        raise ViewRefused(_("名称里有看不见的控制字符，请重新输入。"))
    if not any(char.isalnum() for char in name):
        raise ViewRefused(_("名称里要有汉字、字母或数字。"))
    return name


def _keep(view: SavedView, *, reason: str) -> None:
    """Save it; the earlier default gives way."""
    with acting(by=view.owner, reason=reason):
        if view.is_default:
            _end_default(view)
        try:
            with transaction.atomic():
                view.save()
        except IntegrityError:
            raise ViewRefused(_("已有同名的视图，请换一个名称。")) from None


def _end_default(view: SavedView) -> None:
    earlier = SavedView.objects.filter(
        owner=view.owner_id, list_key=view.list_key, is_default=True
    ).exclude(pk=view.pk)
    for one in earlier:
        one.is_default = False
        one.save()
