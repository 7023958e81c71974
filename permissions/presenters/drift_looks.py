"""HIS 差异: counts, the looks that found them, and the trend of drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django.urls import reverse
from django.utils.translation import gettext as _

from permissions.enums import DriftKind, Part
from permissions.models import Reconciliation
from portal.ui.elements import Chip, Kpi, Note, Text
from portal.ui.moments import write_short


def tiles(last: Mapping[str, Reconciliation], counts: Mapping[str, int]) -> list[Kpi]:
    """How many drifts ask for somebody, of each kind, and the last look at each part."""

    def kpi(kind: DriftKind, note: str, tone: Any) -> Kpi:
        count = counts.get(kind, 0)
        url = f"?view={kind.value.lower()}"
        return Kpi(kind.label, f"{count:,}", _("项"), note, tone if count else "", url)

    return [
        kpi(DriftKind.EXTRA, _("HIS 有权，本院未授"), "bad"),
        kpi(DriftKind.MISSING, _("本院已授，HIS 无权"), "warn"),
        kpi(DriftKind.DIFFERENT, _("状态、到期日或取值不同"), "warn"),
        _last(last),
    ]


def _last(last: Mapping[str, Reconciliation]) -> Kpi:
    if not last:
        return Kpi(_("上次比对"), "—", note=_("尚未比对"))
    words = [
        _("%(part)s %(n)s 行 %(s)s 秒")
        % {
            "part": Part(one.part).label,
            "n": f"{one.theirs:,}",
            "s": f"{one.seconds:.1f}",
        }
        for one in last.values()
    ]
    on_the_way = sum(one.on_the_way for one in last.values())
    words.append(_("在途 %(way)s 项未比") % {"way": f"{on_the_way:,}"})
    at = max(one.ended_at for one in last.values() if one.ended_at)
    return Kpi(_("上次比对"), write_short(at), note=_("，").join(words))


@dataclass(frozen=True)
class LookRow:
    """One look that is over."""

    at: str
    part: Text
    by: str
    result: Chip
    numbers: Sequence[str]


def look_rows(found: Sequence[Reconciliation]) -> list[LookRow]:
    return [_look(one) for one in found]


def _look(one: Reconciliation) -> LookRow:
    counts = (
        *(one.ours, one.theirs, one.on_the_way, one.beside, one.extra),
        *(one.missing, one.different, one.ignored),
        *(one.found, one.gone, one.repaired),
    )
    numbers = ["—" if one.problem else f"{n:,}" for n in counts]
    return LookRow(
        at=write_short(one.ended_at),
        part=Part(one.part).label,
        by=f"{one.by.name} {one.by.staff_no}" if one.by else _("每夜自动"),
        result=_result(one),
        numbers=[*numbers, f"{one.seconds:.1f}"],
    )


def _result(one: Reconciliation) -> Chip:
    if one.problem:
        return Chip("warn", "alert-triangle", _("未能比对"), title=_(one.problem))
    if one.is_braked:
        return Chip("bad", "player-pause", _("已停止自动处置"))
    if one.total:
        words = _("%(count)s 项差异") % {"count": f"{one.total:,}"}
        return Chip("bad", "git-compare", words)
    if one.ignored:
        words = _("只有 %(count)s 项不处理的") % {"count": f"{one.ignored:,}"}
        return Chip("ok", "circle-check", words)
    return Chip("ok", "circle-check", _("两边一致"))


def notes(last: Mapping[str, Reconciliation]) -> list[Note]:
    """What somebody must know before they trust the list; ``last`` by part."""
    return [note for one in last.values() for note in _notes_of(one)]


def _notes_of(one: Reconciliation) -> list[Note]:
    found, part = [], {"part": Part(one.part).label}
    if one.problem:
        words = _(
            "最近一次%(part)s比对没有完成：%(why)s。下面仍是上一次的结果；"
            "HIS 恢复后自动再比对。"
        )
        found.append(Note("warn", words % {**part, "why": _(one.problem)}))
    if one.is_braked:
        words = _(
            "比对时%(part)s差异 %(n)s 项，超过医院参数的限额，没有自动处置。"
            "HIS 可能恢复了旧备份或视图有误，请先与信息科核对；核对后仍可勾选办理。"
            "再比对时不超过限额，即恢复自动处置。"
        )
        found.append(Note("bad", words % {**part, "n": f"{one.total:,}"}))
    if one.unreadable:
        words = _("HIS 的%(part)s有 %(n)s 行无法识别，没有比对。")
        found.append(Note("warn", words % {**part, "n": f"{one.unreadable:,}"}))
    return found


def drift_kpi(last: Mapping[str, Reconciliation], counts: Mapping[str, int]) -> Kpi:
    """For the numbers of the page of the HIS; arguments as of ``his_notes``."""
    count = sum(counts.values())
    note = _("权限 %(rights)s，手术级别 %(grades)s") % {
        "rights": f"{counts.get(Part.RIGHTS, 0):,}",
        "grades": f"{counts.get(Part.GRADES, 0):,}",
    }
    if not last:
        note = _("尚未比对")
    tone: Any = "warn" if count else "ok" if last else ""
    url = reverse("permissions:drift-list")
    return Kpi(_("HIS 差异"), f"{count:,}", _("项"), note, tone, url)


LINKS = {Part.RIGHTS: "", Part.GRADES: "?target=GRADE"}


def his_notes(
    last: Mapping[str, Reconciliation], counts: Mapping[str, int]
) -> list[Note]:
    """For the page of the HIS: of each part its last look, and how many drifts ask for
    somebody."""
    return [_his_note(part, last.get(part), counts.get(part, 0)) for part in Part]


def _his_note(part: Part, last: Reconciliation | None, count: int) -> Note:
    url = f"{reverse('permissions:drift-list')}{LINKS[part]}"
    link = _("查看差异")
    if last is None:
        words = _("%(part)s还没有与 HIS 比对过。") % {"part": part.label}
        return Note("mute", words, url, link)
    said = {
        "part": part.label,
        "at": write_short(last.ended_at),
        "count": f"{count:,}",
    }
    if last.problem:
        words = _("%(part)s %(at)s 未能比对，此前发现 %(count)s 项差异。") % said
        return Note("warn", words, url, link)
    if count:
        words = _("%(part)s与 HIS 有 %(count)s 项差异（%(at)s 比对）。") % said
        return Note("warn", words, url, link)
    return Note("ok", _("%(part)s与 HIS 一致（%(at)s 比对）。") % said, url, link)


# --- the trend ------------------------------------------------------------------------

HEIGHT, STEP, WIDTH = 64, 12, 9


@dataclass(frozen=True)
class Bar:
    x: int
    y: int
    height: int
    css: str
    title: str


@dataclass(frozen=True)
class Trend:
    """Drift of each day as a stacked bar; drawn on the server."""

    template: ClassVar[str] = "permissions/_drift_trend.html"
    bars: Sequence[Bar]
    width: int
    label: str
    first: str
    last: str
    highest: int
    height: int = HEIGHT
    bar_width: int = WIDTH


def trend_of(
    days: Sequence[tuple[date, Sequence[Reconciliation]]],
) -> Trend | None:
    """``days`` as ``queries.drifts.trend`` gives them; all parts in one bar."""
    if not days:
        return None
    highest = max(sum(one.total for one in looks) for _day, looks in days)
    bars: list[Bar] = []
    for place, (day, looks) in enumerate(days):
        bars += _bars(place, _title(day, looks), looks, highest)
    first, last = days[0][0].isoformat(), days[-1][0].isoformat()
    label = _("%(first)s 至 %(last)s 每日差异，最多 %(n)s 项") % {
        "first": first,
        "last": last,
        "n": f"{highest:,}",
    }
    return Trend(bars, max(len(days), 30) * STEP, label, first, last, highest)


def _bars(
    place: int, title: str, looks: Sequence[Reconciliation], highest: int
) -> list[Bar]:
    found, bottom = [], HEIGHT
    for css, name in (("x", "extra"), ("m", "missing"), ("d", "different")):
        count = sum(getattr(one, name) for one in looks)
        high = round(count * (HEIGHT - 4) / highest) if highest else 0
        high = max(high, 2) if count else 0
        bottom -= high
        if high:
            found.append(Bar(place * STEP, bottom, high, css, title))
    return found or [Bar(place * STEP, HEIGHT - 2, 2, "z", title)]


def _title(day: date, looks: Sequence[Reconciliation]) -> str:
    words = [
        _("%(part)s多出 %(extra)s，缺少 %(missing)s，不一致 %(different)s")
        % {
            "part": Part(one.part).label,
            "extra": one.extra,
            "missing": one.missing,
            "different": one.different,
        }
        for one in looks
    ]
    return _("%(day)s：%(words)s") % {"day": day, "words": _("；").join(words)}
