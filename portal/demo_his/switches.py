"""The fault switches of the demo HIS: what is on, and turning them.

Down, slow, lose and twice are faults of the way to the database: of its file on
SQLite, of the proxy before it on PostgreSQL. Refuse stands in a table the maintenance
function reads, and so it is the same on both.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Protocol

from portal.demo_his.database import COMPANIONS, Database
from portal.demo_his.filelock import CannotLock, FileLock
from portal.demo_his.proxy import Proxy
from portal.his.contract.codes import ERROR_CODES

LONGEST_SECONDS = 3600
REFUSALS = {code: words for code, words in ERROR_CODES.items() if code != "0"}
ONLY_POSTGRESQL = "仅在 PostgreSQL 上演示：SQLite 没有网络，应答不会丢失或加倍。"
NO_PROXY = "启动时没有给出 --proxy-port，此开关不可用。"


class CannotSwitch(Exception):
    """Why a switch was not turned, in one line."""


@dataclass(frozen=True)
class State:
    """One switch as the page shows it; ``missing`` says why it cannot be turned."""

    name: str
    title: str
    effect: str
    is_on: bool
    detail: str = ""
    missing: str = ""


class Way(Protocol):
    """The faults of the way to the database."""

    def states(self) -> list[State]: ...
    def go_down(self) -> None: ...
    def come_back(self) -> None: ...
    def slow_down(self, seconds: float | None) -> None: ...
    def speed_up(self) -> None: ...
    def set_lost(self, is_on: bool) -> None: ...
    def set_doubled(self, is_on: bool) -> None: ...


class FileWay:
    """SQLite: the file is moved away and back, or held locked."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = FileLock(database.path)

    @property
    def is_down(self) -> bool:
        """Read from the disk: true after a restart as well."""
        return not self._database.path.exists() and self._database.away.exists()

    def states(self) -> list[State]:
        is_held, left = self._lock.is_held, self._lock.seconds_left
        until = "直到关闭" if left is None else f"还剩 {left} 秒"
        lock = "数据库被锁住，写入等待；给出秒数则到时自动解锁。"
        return [
            State("down", "停机", "移走数据库文件，谁也连不上。", self.is_down),
            State("slow", "变慢", lock, is_held, until if is_held else ""),
            State("lose", "丢失应答", "", False, missing=ONLY_POSTGRESQL),
            State("twice", "重复应答", "", False, missing=ONLY_POSTGRESQL),
        ]

    def go_down(self) -> None:
        """The file itself first: then nobody opens it without its companions."""
        if not self._database.path.exists():
            return
        for companion in COMPANIONS:
            self._move(self._database.path, self._database.away, companion)

    def come_back(self) -> None:
        if not self.is_down:
            return
        for companion in reversed(COMPANIONS):
            self._move(self._database.away, self._database.path, companion)

    def slow_down(self, seconds: float | None) -> None:
        try:
            self._lock.hold(seconds)
        except CannotLock:
            raise CannotSwitch("数据库已停机或正忙，没有锁上。") from None

    def speed_up(self) -> None:
        self._lock.release()

    def set_lost(self, is_on: bool) -> None:
        raise CannotSwitch(ONLY_POSTGRESQL)

    def set_doubled(self, is_on: bool) -> None:
        raise CannotSwitch(ONLY_POSTGRESQL)

    def _move(self, source: object, target: object, companion: str) -> None:
        if os.path.exists(f"{source}{companion}"):
            os.replace(f"{source}{companion}", f"{target}{companion}")


class WireWay:
    """PostgreSQL: the proxy does it; nothing of it outlives this process."""

    def __init__(self, proxy: Proxy | None) -> None:
        self._proxy = proxy

    def states(self) -> list[State]:
        missing = "" if self._proxy else NO_PROXY
        faults = self._proxy.faults if self._proxy else None
        delay = faults.delay_seconds if faults else 0
        return [
            State(
                "down",
                "停机",
                "代理断开全部连接，不再接受新连接。",
                bool(faults and faults.is_down),
                missing=missing,
            ),
            State(
                "slow",
                "变慢",
                "每次应答晚到给出的秒数；不写为 3 秒。",
                bool(delay),
                f"每次晚 {delay:g} 秒" if delay else "",
                missing=missing,
            ),
            State(
                "lose",
                "丢失应答",
                "维护函数执行并提交之后，断开连接，不送回应答。",
                bool(faults and faults.loses_answers),
                missing=missing,
            ),
            State(
                "twice",
                "重复应答",
                "同一次调用向数据库发送两次，只送回第一次的应答。",
                bool(faults and faults.doubles_calls),
                missing=missing,
            ),
        ]

    def go_down(self) -> None:
        self._there().go_down()

    def come_back(self) -> None:
        self._there().come_back()

    def slow_down(self, seconds: float | None) -> None:
        self._there().faults.change(delay_seconds=seconds or 3.0)

    def speed_up(self) -> None:
        self._there().faults.change(delay_seconds=0.0)

    def set_lost(self, is_on: bool) -> None:
        self._there().faults.change(loses_answers=is_on)

    def set_doubled(self, is_on: bool) -> None:
        self._there().faults.change(doubles_calls=is_on)

    def close(self) -> None:
        """End the proxy with all its connections."""
        if self._proxy is not None:
            self._proxy.close()

    def _there(self) -> Proxy:
        if self._proxy is None:
            raise CannotSwitch(NO_PROXY)
        return self._proxy


def refusal(database: Database) -> State:
    """The switch 拒收 as the table has it."""
    row = database.row("SELECT * FROM 接口故障 WHERE 名称 = 'refuse'") or {}
    is_on = row.get("启用") == 1
    detail = f"{row['结果码']} {row['结果说明']}" if is_on else ""
    effect = "维护函数对每个新请求回答所选的结果码和文字。"
    return State("refuse", "拒收", effect, is_on, detail)


def refuse(database: Database, code: str, words: str) -> None:
    """Answer every new request with this; raises CannotSwitch."""
    if code not in REFUSALS:
        raise CannotSwitch("请从结果码表中选择一个结果码。")
    if len(words) > 200:
        raise CannotSwitch("说明最长 200 字。")
    database.run(
        "UPDATE 接口故障 SET 启用 = 1, 结果码 = :code, 结果说明 = :words"
        " WHERE 名称 = 'refuse'",
        code=code,
        words=words.strip() or REFUSALS[code],
    )


def accept(database: Database) -> None:
    database.run("UPDATE 接口故障 SET 启用 = 0 WHERE 名称 = 'refuse'")


def turn_on(way: Way, name: str, seconds: float | None) -> None:
    """A fault of the way; raises CannotSwitch."""
    if name == "down":
        way.go_down()
    elif name == "slow":
        way.slow_down(seconds)
    elif name == "lose":
        way.set_lost(True)
    elif name == "twice":
        way.set_doubled(True)


def turn_off(way: Way, name: str) -> None:
    if name == "down":
        way.come_back()
    elif name == "slow":
        way.speed_up()
    elif name == "lose":
        way.set_lost(False)
    elif name == "twice":
        way.set_doubled(False)


def seconds_of(text: str) -> float | None:
    """What was typed; None when nothing was."""
    if not text.strip():
        return None
    try:
        seconds = float(text)
    except ValueError:
        raise CannotSwitch(f"秒数须为数字，不是「{text}」。") from None
    if not 0 < seconds <= LONGEST_SECONDS:
        raise CannotSwitch(f"秒数须在 0 与 {LONGEST_SECONDS} 之间。")
    return seconds
