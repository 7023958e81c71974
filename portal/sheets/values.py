"""What a cell says: codes, days and words, however a sheet writes them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.files.sheets import Formula, Serial
from portal.parameters.days import FIRST_DAY, LAST_DAY
from portal.ui.elements import Text

EPOCH = date(1899, 12, 30)  # day 0 of a spreadsheet, as days after 1900-02-28 count
SERIALS = range(20_000, 80_000)  # 1954 to 2119: what a day written as a number can be
WRITTEN = re.compile(
    r"(\d{4})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?(?:[ T]\d{1,2}:\d{2}(:\d{2})?)?"
)
EIGHT = re.compile(r"(\d{4})(\d{2})(\d{2})")
ENDLESS = frozenset({"长期", "永久", "长期有效", "无", "-", "—"})
BROKEN = "\N{REPLACEMENT CHARACTER}"


class Misread(Exception):
    """A cell that does not say what its column is for; ``reason`` is for a person."""

    def __init__(self, reason: Text) -> None:
        super().__init__(str(reason))
        self.reason = reason


def shown(cell: Any) -> str:
    """A cell as a person gave it, for messages and pages."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if is_midnight(cell) else cell.isoformat(" ")
    return str(cell).strip()


def is_midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute, moment.second) == (0, 0, 0)


def sane(cell: Any) -> Any:
    """The cell itself; raises Misread for what must not be read at all."""
    if isinstance(cell, Formula):
        raise Misread(_("是公式。复制该列后用「选择性粘贴—数值」，再上传。"))
    text = shown(cell)
    if BROKEN in text:
        raise Misread(_("是乱码。csv 请另存为 UTF-8 或 GBK 编码。"))
    if text.startswith("#") and text.rstrip("!?").isascii() and text.isupper():
        raise Misread(_("是错误值。改正后再上传。"))
    return cell


def plain(cell: Any) -> str:
    """Text with half-width digits and letters, and single blanks."""
    return " ".join(unicodedata.normalize("NFKC", shown(cell)).split())


def name(cell: Any) -> str:
    """A person's name without any blanks."""
    return "".join(unicodedata.normalize("NFKC", shown(cell)).split())


def free(cell: Any, most: int) -> str:
    """Free text, no longer than is kept."""
    text = shown(cell)
    if len(text) > most:
        raise Misread(_("最多 %(most)s 个字。") % {"most": most})
    return text


def day(cell: Any) -> date | None:
    """A whole day in any form Excel and people know; None for an empty cell."""
    if isinstance(cell, datetime):
        return sane_day(cell.date())
    if isinstance(cell, date):
        return sane_day(cell)
    if isinstance(cell, Serial):
        moment = cell.moment() if cell.number in _SPAN else None
        if moment is not None:
            found = moment.date() if isinstance(moment, datetime) else moment
            return sane_day(found)
    text = plain(cell)
    return _written_day(text) if text else None


def last_day(cell: Any) -> date | None:
    """The same; 长期 is no end."""
    return None if plain(cell) in ENDLESS else day(cell)


class _Between:
    """Numbers with a part of a day are days too."""

    def __contains__(self, number: int | float) -> bool:
        return SERIALS.start <= number < SERIALS.stop


_SPAN = _Between()


def _written_day(text: str) -> date:
    compact = text.replace(" 年", "年").replace("年 ", "年")
    compact = compact.replace(" 月", "月").replace("月 ", "月").replace(" 日", "日")
    found = WRITTEN.fullmatch(compact) or EIGHT.fullmatch(compact)
    if found is not None:
        year, month, number = (int(one) for one in found.groups()[:3])
        try:
            return sane_day(date(year, month, number))
        except ValueError:
            raise Misread(_("没有这一天。")) from None
    if text.isascii() and text.isdigit() and int(text) in SERIALS:
        return sane_day(EPOCH + timedelta(days=int(text)))
    raise Misread(_("不是日期。写作 2026-01-05 或 2026年1月5日。"))


def sane_day(found: date) -> date:
    if not FIRST_DAY <= found <= LAST_DAY:
        raise Misread(_("日期不合理。写作 2026-01-05。"))
    return found


class Choice:
    """A code by itself or by its Chinese word; built once for all rows."""

    def __init__(self, choices: Iterable[tuple[str, Text]]) -> None:
        named = [(value, plain(str(label))) for value, label in choices]
        self._values = {word: value for value, word in named}
        self._values |= {value: value for value, _word in named if value}
        self._words = "、".join(word for value, word in named if value)

    def read(self, cell: Any, default: str) -> str:
        """What the cell names; ``default`` where it is empty."""
        text = plain(cell)
        if not text or text in ENDLESS:
            return default
        found = self._values.get(text, self._values.get(text.upper()))
        if found is None:
            raise Misread(_("只能是%(words)s。") % {"words": self._words})
        return found
