"""Officers are told when new drift appears, once a look."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from permissions.enums import Part
from permissions.models import Reconciliation
from portal.notices.models import NoticeKind
from portal.notices.queries import officers
from portal.notices.services import Told, notify
from portal.ui.phrases import in_chinese


@in_chinese
def found(one: Reconciliation, *, at: datetime) -> None:
    """Nothing new: nobody is told, unless so much differs that nothing is done."""
    if not one.found and not one.is_braked:
        return
    counts = f"缺少 {one.missing}，多出 {one.extra}，不一致 {one.different}"
    what = Part(one.part).label
    title = f"HIS {what}比对：新发现 {one.found} 项差异"
    text = f"现有差异：{counts}。请核对后修复、提议采纳或注明不处理。"
    if one.is_braked:
        title = f"HIS {what}比对：{one.total} 项差异，已停止自动处置"
        text = f"现有差异：{counts}，超过医院参数的限额。HIS 可能恢复了旧备份或视图有误，核对前没有自动改动。"
    link = reverse("permissions:drift-list")
    key = f"drift:{one.pk}"
    notify(Told(NoticeKind.DRIFT, key, title, text, link), to=officers(), at=at)
