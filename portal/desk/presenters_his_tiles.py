"""The numbers of the page HIS 对接, and whether the HIS answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from portal.desk.presenters_interfaces import Tile
from portal.outbox.queries import Figures, Pace
from portal.ui.elements import Kpi, Note
from portal.ui.moments import write_arrival, write_span


@dataclass(frozen=True)
class HisState:
    """Whether the HIS answers; ``milliseconds`` None means it does not."""

    milliseconds: int | None
    problem: str = ""

    @property
    def tile(self) -> Kpi:
        if self.milliseconds is None:
            problem = _(self.problem) if self.problem else ""
            return Kpi(_("HIS 应答"), _("未应答"), note=problem, tone="bad")
        value = f"{self.milliseconds:,}"
        return Kpi(_("HIS 应答"), value, _("毫秒"), _("刚刚读取一次"), "ok")


@dataclass(frozen=True)
class Deliveries:
    """How deliveries went: today, how many of them at the first try, the last hour."""

    confirmed: int
    at_first: int
    pace: Pace


def tiles(
    figures: Figures,
    his: HisState,
    interfaces: Sequence[Tile],
    done: Deliveries,
    url: str,
    now: datetime,
) -> list[Kpi]:
    """Six numbers; those of messages lead to their rows."""
    return [
        health_kpi(interfaces),
        his.tile,
        today_kpi(figures, done, url),
        pace_kpi(done.pace),
        queue_kpi(figures, url, now),
        trouble_kpi(figures, url),
    ]


def today_kpi(figures: Figures, done: Deliveries, url: str) -> Kpi:
    note = _("最近 %(at)s") % {"at": write_arrival(figures.last_confirmed_at)}
    if done.confirmed:
        share = f"{done.at_first / done.confirmed:.1%}"
        note = _("近 1 小时 %(hour)s 条，首次成功 %(share)s") % {
            "share": share,
            "hour": f"{done.pace.confirmed:,}",
        }
    today = f"{done.confirmed:,}"
    return Kpi(_("今日送达"), today, _("条"), note, url=f"{url}?view=day")


def pace_kpi(pace: Pace) -> Kpi:
    """From the approval, or the day it waits for, to the read-back."""
    if pace.median is None or pace.p99 is None:
        return Kpi(_("送达耗时中位数"), "—", note=_("近 1 小时没有送达"))
    note = _("近 1 小时 %(n)s 条，99%% 在 %(p99)s 秒内") % {
        "p99": f"{pace.p99:,.1f}",
        "n": f"{pace.measured:,}",
    }
    return Kpi(_("送达耗时中位数"), f"{pace.median:,.1f}", _("秒"), note)


def queue_kpi(figures: Figures, url: str, now: datetime) -> Kpi:
    waiting = figures.waiting + figures.stuck
    note = _("没有等待的变更")
    if figures.oldest_at and waiting:
        note = _("卡住 %(stuck)s，最早的已等 %(span)s") % {
            "stuck": f"{figures.stuck:,}",
            "span": write_span(now - figures.oldest_at),
        }
    elif waiting:
        note = _("都未到推送时间")
    tone: Any = "warn" if figures.stuck else ""
    view = "stuck" if figures.stuck else "waiting"
    return Kpi(
        _("等待与卡住"), f"{waiting:,}", _("条"), note, tone, f"{url}?view={view}"
    )


def trouble_kpi(figures: Figures, url: str) -> Kpi:
    in_doubt = figures.unknown + figures.different
    note = _("拒收 %(rejected)s，未知 %(unknown)s，不一致 %(different)s") % {
        "rejected": f"{figures.rejected:,}",
        "unknown": f"{figures.unknown:,}",
        "different": f"{figures.different:,}",
    }
    number = figures.rejected + in_doubt
    tone: Any = "bad" if number else ""
    view = "doubt" if in_doubt and not figures.rejected else "rejected"
    return Kpi(_("需要处理"), f"{number:,}", _("条"), note, tone, f"{url}?view={view}")


def lost_targets(counts: Mapping[str, int], url: str) -> list[Note]:
    """Messages nobody will ever tell: their target was taken out of the settings."""
    return [
        Note(
            "bad",
            _(
                "对接目标 %(target)s 已不在设置中，还有 %(n)s 条变更没有送达，也不会再送。"
                "请把它放回 HIS_TARGETS，或逐条停止。"
            )
            % {"target": name, "n": f"{count:,}"},
            f"{url}?view=open&target={quote(name)}",
            _("查看消息"),
        )
        for name, count in counts.items()
    ]


def health_kpi(interfaces: Sequence[Tile]) -> Kpi:
    """How many of the fifteen work; those we do not use are not counted as faults."""
    well = sum(tile.health == "ok" for tile in interfaces)
    unused = sum(tile.health == "mute" for tile in interfaces)
    alarming = [tile for tile in interfaces if tile.is_alarming]
    bad = any(tile.health == "bad" for tile in alarming)
    note = _("未启用或未用过 %(count)s 项") % {"count": unused}
    if len(alarming) > 1:
        note = _("%(count)s 项需要查看") % {"count": len(alarming)}
    elif alarming:
        note = _("第 %(number)s 项%(state)s") % {
            "number": alarming[0].number,
            "state": alarming[0].state,
        }
    tone: Any = "bad" if bad else "warn" if alarming else "ok" if well else ""
    return Kpi(_("接口正常"), f"{well}", f"/ {len(interfaces)}", note, tone)
