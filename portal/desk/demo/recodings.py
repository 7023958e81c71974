"""One re-coding the hospital has done, and one that waits for its day."""

from __future__ import annotations

from datetime import datetime, timedelta

from permissions import recoding
from portal.accounts.models import User
from portal.parameters.days import day_of
from surgery.models import Procedure
from surgery.services.recoding_plan import Wish

DONE = (Wish("49.7301", "49.7302", "肛瘘切开挂线术", "国临 3.0 更新第 118 条"),)
PLANNED = (
    Wish("80.6x00x010", "80.6x01", "关节镜下外侧半月板切除术", "第 203 条，替换"),
    Wish("45.7300x007", "45.7301", "右半结肠根治性切除术", "第 96 条，拆分"),
    Wish("45.7300x007", "45.7302", "右半结肠姑息性切除术", "第 96 条，拆分"),
)
DONE_DAYS, AHEAD_DAYS = 12, 30


def seed_recodings(*, author: User, decider: User, now: datetime) -> None:
    """Nothing where the catalogue is not the one that comes with the product."""
    wanted = {wish.old for wish in (*DONE, *PLANNED)}
    if Procedure.objects.filter(code__in=wanted, is_enabled=True).count() < len(wanted):
        return
    at = now - timedelta(days=DONE_DAYS)
    said = {"by": author, "second": decider}
    recoding.decide(
        wishes=DONE,
        effective_on=day_of(at),
        at=at,
        reason="按国临 3.0 更新说明替换编码，级别和授权不变",
        doc_no=f"云医务〔{at.year}〕68号",
        **said,
    )
    recoding.decide(
        wishes=PLANNED,
        effective_on=day_of(now) + timedelta(days=AHEAD_DAYS),
        at=now - timedelta(days=2),
        reason="按国临 3.0 更新说明替换、拆分，到日一并施行",
        doc_no=f"云医务〔{now.year}〕74号",
        meeting=f"{now.year} 年第 6 次会议",
        **said,
    )
