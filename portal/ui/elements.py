"""What presenters hand to templates: small typed pieces, drawn by ``{% draw %}``.

    row.state = Chip("ok", "circle-check", _("生效"))      {% draw row.state %}
    row.arrival = Arrival.confirmed(at)                     {% draw row.arrival %}

A state is always an icon, a text and a tone together; the text alone must be enough.
Each element names its template, so a page never repeats markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.ui.moments import write_arrival

Text = str | Promise
Tone = Literal["ok", "warn", "bad", "info", "vio", "mute"]

NOTE_ICONS: dict[str, str] = {
    "info": "info-circle",
    "warn": "alert-triangle",
    "bad": "circle-x",
    "ok": "circle-check",
    "mute": "info-circle",
}


@dataclass(frozen=True)
class Chip:
    """A state: tone, icon (without ``i-``) and text."""

    template: ClassVar[str] = "components/chip.html"
    tone: Tone
    icon: str
    text: Text
    is_void: bool = False  # a dashed edge: entered in error, never valid
    title: Text = ""


@dataclass(frozen=True)
class Grade:
    """A surgery grade 1-4 in words; None is 未定级."""

    template: ClassVar[str] = "components/grade.html"
    number: int | None

    @property
    def text(self) -> Text:
        names: dict[int | None, Text] = {
            1: _("一级"),
            2: _("二级"),
            3: _("三级"),
            4: _("四级"),
        }
        return names.get(self.number, _("未定级"))

    @property
    def css(self) -> str:
        return f"g{self.number or 0}"


@dataclass(frozen=True)
class Marked:
    """A text in parts, each with whether it is what was looked for."""

    template: ClassVar[str] = "components/marked.html"
    parts: tuple[tuple[str, bool], ...]


# A dot of the chain: "" not yet, f done, q under way, w retrying, e failed.
Dot = Literal["", "f", "q", "w", "e"]


class Arrival(NamedTuple):
    """已批 → 已送达 HIS → 回读一致: three dots and what they say in words. A tuple: a
    list makes one for each row."""

    dots: tuple[Dot, Dot, Dot]
    tone: Literal["", "ok", "warn", "bad", "info", "m", "m2"]
    text: Text
    title: Text = ""
    why: Text = ""  # stands below: what holds the change up

    @property
    def template(self) -> str:
        return "components/arrival.html"

    @property
    def links(self) -> tuple[bool, bool]:
        """A link is filled when the dot behind it was reached."""
        reached = [dot == "f" for dot in self.dots]
        return reached[1], reached[2]

    @property
    def is_settled(self) -> bool:
        """Nothing more will happen by itself: asking again is of no use."""
        return "e" in self.dots or self.dots in {("f", "f", "f"), ("", "", "")}

    @classmethod
    def confirmed(cls, at: datetime | None, title: Text = "") -> Arrival:
        text = _("一致 %(at)s") % {"at": write_arrival(at)}
        return cls(("f", "f", "f"), "m2", text, title)

    @classmethod
    def delivered(cls, at: datetime | None, title: Text = "") -> Arrival:
        text = _("待回读 %(at)s") % {"at": write_arrival(at)}
        return cls(("f", "f", "q"), "info", text, title)

    @classmethod
    def queued(cls, place: int | None = None, title: Text = "") -> Arrival:
        text = _("排队中 第 %(n)s 位") % {"n": place} if place else _("排队中")
        return cls(("f", "q", ""), "info", text, title)

    @classmethod
    def sending(cls, title: Text = "") -> Arrival:
        return cls(("f", "q", ""), "info", _("正在送达"), title)

    @classmethod
    def retrying(cls, tries: int, title: Text = "") -> Arrival:
        text = _("重试中 第 %(n)s 次") % {"n": tries}
        return cls(("f", "w", ""), "warn", text, title)

    @classmethod
    def rejected(cls, code: str, title: Text = "") -> Arrival:
        text = _("拒收 %(code)s") % {"code": code}
        return cls(("f", "e", ""), "bad", text, title)

    @classmethod
    def unknown(cls, title: Text = "") -> Arrival:
        """The answer was lost; only a read-back can tell."""
        return cls(("f", "w", ""), "warn", _("应答丢失，待回读"), title)

    @classmethod
    def stuck(cls, title: Text = "") -> Arrival:
        return cls(("f", "e", ""), "bad", _("卡住"), title)

    @classmethod
    def differs(cls, title: Text = "") -> Arrival:
        return cls(("f", "f", "e"), "bad", _("不一致"), title)

    @classmethod
    def not_due(cls, text: Text = "", title: Text = "") -> Arrival:
        return cls(("", "", ""), "m", text or _("未到推送时间"), title)


@dataclass(frozen=True)
class Note:
    """A fact and its consequence, with at most one link."""

    template: ClassVar[str] = "components/note.html"
    tone: Literal["info", "warn", "bad", "ok", "mute"]
    text: Text
    link_url: str = ""
    link_text: Text = ""

    @property
    def icon(self) -> str:
        return NOTE_ICONS[self.tone]


@dataclass(frozen=True)
class Change:
    """One line of a diff; equal values are not colored."""

    field: Text
    before: Text
    after: Text

    @property
    def is_changed(self) -> bool:
        return str(self.before) != str(self.after)


@dataclass(frozen=True)
class Diff:
    """字段、变更前、变更后, or what else the two values are."""

    template: ClassVar[str] = "components/diff.html"
    changes: Sequence[Change]
    field_title: Text = _("字段")
    before_title: Text = _("变更前")
    after_title: Text = _("变更后")


@dataclass(frozen=True)
class Tab:
    """A tab or quick view; ``count`` None shows none."""

    label: Text
    url: str
    is_on: bool = False
    count: int | None = None
    tone: Literal["", "bad", "warn"] = ""
    key: str = ""  # by which its count is found, when the rows come anew


@dataclass(frozen=True)
class Tabs:
    template: ClassVar[str] = "components/tabs.html"
    items: Sequence[Tab]
    title: Text = _("快捷视图")


@dataclass(frozen=True)
class Kpi:
    """Name, value, unit, note; a ratio writes its 分子 ÷ 分母 into the note."""

    template: ClassVar[str] = "components/kpi.html"
    name: Text
    value: Text
    unit: Text = ""
    note: Text = ""
    tone: Literal["", "ok", "warn", "bad"] = ""
    url: str = ""


@dataclass(frozen=True)
class Moment:
    """One entry of a timeline."""

    at: Text
    text: Text
    detail: Text = ""
    tone: Literal["", "ok", "bad", "mute"] = ""


@dataclass(frozen=True)
class Timeline:
    template: ClassVar[str] = "components/timeline.html"
    moments: Sequence[Moment]


@dataclass(frozen=True)
class Emptiness:
    """What stands where rows would: nothing found, not read, not allowed."""

    template: ClassVar[str] = "components/empty.html"
    title: Text
    text: Text = ""
    icon: str = "inbox"
    link_url: str = ""
    link_text: Text = ""

    @classmethod
    def unread(cls, number: str, url: str) -> Emptiness:
        """没能读到数据, with the error's number and a way to try again."""
        text = _("编号 %(number)s") % {"number": number}
        return cls(_("没能读到数据"), text, "cloud-off", url, _("重试"))

    @classmethod
    def forbidden(cls, title: Text, text: Text) -> Emptiness:
        """What one may see instead, and whom to ask."""
        return cls(title, text, "lock")


@dataclass(frozen=True)
class Skeleton:
    """Rows while the real ones are being read."""

    template: ClassVar[str] = "components/skeleton.html"
    columns: int
    count: int = 4

    @property
    def rows(self) -> range:
        return range(self.count)

    @property
    def cells(self) -> range:
        return range(self.columns)


@dataclass(frozen=True)
class Badges:
    """The numbers of the shell, the answer of ``desk:badges``.

    None where this user's shell has no such place (htmx would complain): the sidebar
    lines ``applications`` and ``reviews`` need VIEW_PRIVILEGES, ``his``, ``deliveries``
    and the HIS line VIEW_HIS; everybody has the bell with ``unread`` notices. ``frozen``
    are the banners of those who have one of the two.
    """

    template: ClassVar[str] = "components/badges.html"
    applications: int | None = None
    reviews: int | None = None
    his: int | None = None
    deliveries: int | None = None
    unread: int | None = None
    frozen: tuple[Note, ...] | None = None
    his_line: tuple[Tone, Text] | None = None
    his_url: str = ""
    inbox_url: str = ""

    @property
    def numbers(self) -> list[tuple[str, int]]:
        """The sidebar's places that this user has, with what stands there."""
        found = {
            "applications": self.applications,
            "reviews": self.reviews,
            "his": self.his,
            "deliveries": self.deliveries,
        }
        return [(name, n) for name, n in found.items() if n is not None]


Element = (
    Chip
    | Grade
    | Arrival
    | Note
    | Diff
    | Tabs
    | Kpi
    | Timeline
    | Emptiness
    | Skeleton
    | Badges
)
