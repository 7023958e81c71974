"""Every place that must be told of a change: the HIS, and what stands beside it.

``HIS_DSN`` and ``HIS_PUSH_DSN`` are the target ``his``. Further ones stand in the TOML
text of ``HIS_TARGETS`` (a secret, for it holds addresses), one table each::

    [platform]
    title = "集成平台"
    dsn = "mllp://10.0.0.8:2575"          # where it is told
    read_dsn = "postgresql+psycopg://…"   # where it is read back; without: its answer
    mapping = "typical_his"               # how it wants to be told, as HIS_MAPPING
    interfaces = ["YW_PRIV_SAVE"]         # what it takes; without: all it can
    window = "22:00-06:00"                # told in these hours only
    per_second = 20                       # at most so many changes a second
    batch = 500                           # claimed at once

A table ``[his]`` may give the last three for the HIS itself.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext_noop as _

from portal.his.contract.interfaces import FUNCTIONS
from portal.his.gateway import HisGateway, HisMisconfigured
from portal.his.mapping.gaps import interfaces_lacking
from portal.his.mapping.shape import MappingError, Push
from portal.his.opening import ONLY_TELL, open_target, verify_target
from portal.his.site import not_carried, push_of

DEFAULT = "his"
SETTING = "HIS_TARGETS"
NAME = re.compile(r"[a-z][a-z0-9_-]{0,28}[a-z0-9]")
HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
NOT_TAKEN = _("这个对接目标不接收此接口")
NAMES_OF_FUNCTIONS = frozenset(function.name for function in FUNCTIONS)


@dataclass(frozen=True)
class Window:
    """Hours of the day, local time of the hospital; over midnight where they end early."""

    begins: time
    ends: time  # not included; midnight is the end of the day

    def is_open(self, at: datetime) -> bool:
        now = at.astimezone(ZoneInfo(settings.TIME_ZONE)).time()
        if self.begins < self.ends:
            return self.begins <= now < self.ends
        return now >= self.begins or now < self.ends

    def __str__(self) -> str:
        return f"{self.begins:%H:%M}-{self.ends:%H:%M}"


@dataclass(frozen=True)
class Target:
    """One place that is told. ``per_second`` 0 is without limit.

    ``mapping`` is a file or the name of one that comes with us, as ``HIS_MAPPING``.
    """

    name: str
    title: str
    dsn: str = field(repr=False)
    read_dsn: str = field(repr=False)  # "": nothing can be read back
    mapping: str = ""
    interfaces: frozenset[str] = NAMES_OF_FUNCTIONS
    window: Window | None = None
    per_second: int = 0
    batch: int = 200

    @property
    def reads_back(self) -> bool:
        """Without it a change is proven by the target's own answer."""
        return bool(self.read_dsn)

    @property
    def push(self) -> Push:
        return push_of(self.mapping)

    def lacking(self) -> dict[str, str]:
        """Interfaces it cannot be told by, each with the reason."""
        refused = dict.fromkeys(NAMES_OF_FUNCTIONS - self.interfaces, NOT_TAKEN)
        return refused | not_carried(self.dsn) | interfaces_lacking(self.mapping)

    def gateway(self, deadline: float | None = None) -> HisGateway:
        """Cheap to call each time; ``deadline`` in seconds."""
        seconds = deadline or settings.HIS_TIMEOUT_SECONDS
        return open_target(self.dsn, self.read_dsn, seconds)

    def is_open(self, at: datetime) -> bool:
        return self.window is None or self.window.is_open(at)


def targets() -> Mapping[str, Target]:
    """All of them by name, the HIS first; raises HisMisconfigured."""
    return _targets(
        settings.HIS_TARGETS,
        settings.HIS_DSN,
        settings.HIS_PUSH_DSN,
        settings.HIS_MAPPING,
    )


def target_of(name: str) -> Target:
    """Raises HisMisconfigured for one that is not set up (any more)."""
    try:
        return targets()[name]
    except KeyError:
        raise HisMisconfigured(SETTING, f"没有名为 {name} 的对接目标") from None


def title_of(name: str) -> str:
    """As pages call it; one that was taken out of the settings goes by its name."""
    found = targets().get(name)
    return found.title if found else name


@cache
def _targets(text: str, dsn: str, push_dsn: str, mapping: str) -> Mapping[str, Target]:
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        # Its words name a line and a column, never what stands there.
        raise HisMisconfigured(SETTING, f"不是 TOML：{problem}") from None
    of_his = table(DEFAULT, given.pop(DEFAULT, {}))
    if stray := sorted(of_his.keys() - LIMITS.keys()):
        raise HisMisconfigured(SETTING, f"[{DEFAULT}] 不能有 {stray[0]}")
    own = Target(DEFAULT, "HIS", push_dsn or dsn, dsn, mapping, **read(DEFAULT, of_his))
    return {DEFAULT: own} | {
        name: further(name, table(name, words)) for name, words in given.items()
    }


def further(name: str, words: dict[str, Any]) -> Target:
    if not NAME.fullmatch(name):
        raise HisMisconfigured(SETTING, f"[{name}] 名称用小写字母和数字，2–30 位")
    if unknown := sorted(words.keys() - READERS.keys()):
        raise HisMisconfigured(SETTING, f"[{name}] 不认识 {unknown[0]}")
    if not words.get("dsn"):
        raise HisMisconfigured(SETTING, f"[{name}] 缺少 dsn")
    found = {"title": name, "read_dsn": "", **read(name, words)}
    if "read_dsn" not in words and tells_and_reads(found["dsn"]):
        found["read_dsn"] = found["dsn"]
    return Target(name=name, **found)


def tells_and_reads(dsn: str) -> bool:
    """Views stand beside the functions, unless it only takes messages or rows."""
    return not dsn.startswith(tuple(ONLY_TELL))


def table(name: str, words: object) -> dict[str, Any]:
    if not isinstance(words, dict):
        raise HisMisconfigured(SETTING, f"{name} 应是 [{name}] 一节")
    return words


def read(name: str, words: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for key, value in words.items():
        try:
            found[key] = READERS[key](value)
        except ValueError as problem:
            raise HisMisconfigured(SETTING, f"[{name}] {key} {problem}") from None
    return found


def read_text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("应是文本")
    return value


def read_interfaces(value: object) -> frozenset[str]:
    names = frozenset(value) if isinstance(value, list) else frozenset()
    if not names or not names <= NAMES_OF_FUNCTIONS:
        words = "、".join(sorted(NAMES_OF_FUNCTIONS))
        raise ValueError(f"应是这些名称的列表：{words}")
    return names


def read_window(value: object) -> Window:
    found = HOURS.fullmatch(value) if isinstance(value, str) else None
    if found is None or found[3] + found[4] > "2400":
        raise ValueError("应写作 22:00-06:00")
    first, first_minute, last, last_minute = map(int, found.groups())
    window = Window(time(first, first_minute), time(last % 24, last_minute))
    if window.begins == window.ends:
        raise ValueError("开始与结束不能相同；全天不必设置")
    return window


def read_number(value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"应是 {least} 到 {most} 的整数")
    return value


LIMITS: dict[str, Callable[[Any], Any]] = {
    "window": read_window,
    "per_second": lambda value: read_number(value, 1, 100_000),
    "batch": lambda value: read_number(value, 1, 5000),
}
READERS: dict[str, Callable[[Any], Any]] = {
    "title": read_text,
    "dsn": read_text,
    "read_dsn": read_text,
    "mapping": read_text,
    "interfaces": read_interfaces,
    **LIMITS,
}


def problems(deadline: float) -> Iterator[HisMisconfigured]:
    """Everything that can be seen to be wrong without asking anybody."""
    try:
        found = targets()
    except HisMisconfigured as problem:
        yield problem
        return
    for target in found.values():
        if target.name == DEFAULT:
            continue  # checked as HIS_DSN and HIS_PUSH_DSN
        try:
            verify_target(target.dsn, target.read_dsn, deadline)
            target.push  # noqa: B018  # reads the mapping
        except HisMisconfigured as problem:
            yield HisMisconfigured(SETTING, f"[{target.name}] {problem.problem}")
        except (MappingError, OSError) as problem:
            yield HisMisconfigured(SETTING, f"[{target.name}] mapping：{problem}")
