"""How days and moments are written, everywhere the same (Asia/Shanghai)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

from django.utils import timezone
from django.utils.translation import gettext as _

from portal.parameters.days import ZONE, day_of, last_day_of


def today() -> date:
    return day_of(timezone.now())


def write_day(value: date | datetime | None) -> str:
    """``2026-11-23``; what is missing is a dash."""
    if value is None:
        return "—"
    return _day_text(value) if isinstance(value, datetime) else value.isoformat()


@lru_cache(maxsize=4096)
def _day_text(moment: datetime) -> str:
    """Rights begin and end at midnights: a list shows few of them again and again."""
    return day_of(moment).isoformat()


def write_last_day(valid_to: datetime | None) -> str:
    """The last day inside a span whose end is exclusive; an open end in words."""
    return _last_day_text(valid_to) if valid_to else _("长期")


@lru_cache(maxsize=4096)
def _last_day_text(valid_to: datetime) -> str:
    last = last_day_of(valid_to)
    return last.isoformat() if last else ""


def write_moment(value: datetime | None) -> str:
    """``2026-11-23 10:02``"""
    return f"{value.astimezone(ZONE):%Y-%m-%d %H:%M}" if value else "—"


def write_second(value: datetime | None) -> str:
    """``2026-11-23 10:02:05``, for everything that was sent or delivered."""
    return f"{value.astimezone(ZONE):%Y-%m-%d %H:%M:%S}" if value else "—"


def write_short(value: datetime | None) -> str:
    """In lists the current year is left out: ``11-23 10:02``."""
    if value is None:
        return "—"
    if day_of(value).year != today().year:
        return write_moment(value)
    return f"{value.astimezone(ZONE):%m-%d %H:%M}"


def write_arrival(value: datetime | None) -> str:
    """Today the second, ``10:02:05``; yesterday in words; else the day."""
    if value is None:
        return "—"
    days = (today() - day_of(value)).days
    if days == 0:
        return f"{value.astimezone(ZONE):%H:%M:%S}"
    if days == 1:
        return _("昨天")
    is_this_year = day_of(value).year == today().year
    return f"{day_of(value):%m-%d}" if is_this_year else write_day(value)


def write_remaining(deadline: datetime | None) -> str:
    """``剩 1 天 6 小时``, ``剩 5 小时``, ``剩 12 分钟`` or ``超期 2 天``."""
    if deadline is None:
        return "—"
    minutes = int((deadline - timezone.now()).total_seconds() // 60)
    if minutes < 0:
        return _("超期 %(span)s") % {"span": _span(-minutes, is_rough=True)}
    return _("剩 %(span)s") % {"span": _span(minutes, is_rough=False)}


def write_span(span: timedelta) -> str:
    """``2 天``, ``5 小时``, ``12 分钟``, ``40 秒``: how long something has lasted."""
    seconds = max(int(span.total_seconds()), 0)
    if seconds < 60:
        return _("%(seconds)s 秒") % {"seconds": seconds}
    return _span(seconds // 60, is_rough=True)


def _span(minutes: int, *, is_rough: bool) -> str:
    days, rest = divmod(minutes, 24 * 60)
    hours = rest // 60
    if days and hours and not is_rough:
        return _("%(days)s 天 %(hours)s 小时") % {"days": days, "hours": hours}
    if days:
        return _("%(days)s 天") % {"days": days}
    if hours:
        return _("%(hours)s 小时") % {"hours": hours}
    return _("%(minutes)s 分钟") % {"minutes": minutes}
