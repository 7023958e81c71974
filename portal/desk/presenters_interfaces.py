"""The tiles of the page HIS 对接: one for each of the fifteen interfaces."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.utils.translation import gettext as _

from portal.desk.interface_words import PULLED, title_of
from portal.directory.models import ConformanceResult, Loss, SyncRun
from portal.directory.pull_queries import RUNS_SHOWN
from portal.his.contract.interfaces import ALL, VIEWS_IN_USE
from portal.his.contract.shape import Function, View
from portal.his.site import lacking as lacking_here
from portal.outbox.kinds import KINDS
from portal.outbox.models import Attempt
from portal.ui.elements import Note, Text
from portal.ui.moments import write_arrival

Health = Literal["ok", "warn", "bad", "mute"]
SLOW_MS = 5000
BAR_WIDTH, BAR_STEP, HEIGHT, LEAST = 5.5, 7.0, 18, 2
# What is read back with each delivery and never as a whole.
READ_BACK = frozenset(kind.view for kind in KINDS.values())
READ = frozenset({Attempt.Outcome.CONFIRMED, Attempt.Outcome.MISMATCH})
UNHEARD = frozenset(
    {
        Attempt.Outcome.UNAVAILABLE,
        Attempt.Outcome.ANSWER_LOST,
        Attempt.Outcome.MISCONFIGURED,
    }
)


@dataclass(frozen=True)
class Bar:
    """A bar of a sparkline, in the units of its drawing."""

    x: str
    y: str
    height: str
    css: str

    width: str = f"{BAR_WIDTH:g}"


@dataclass(frozen=True)
class Sparkline:
    """The last response times, the newest on the right."""

    bars: Sequence[Bar]
    label: Text

    width: str = f"{RUNS_SHOWN * BAR_STEP:g}"
    height: str = f"{HEIGHT}"


@dataclass(frozen=True)
class Facts:
    """What is known of the interfaces right now."""

    runs: Mapping[str, Sequence[SyncRun]]  # newest first
    ever_taken: frozenset[str]
    losses: Mapping[str, Loss]
    conformance: Mapping[str, ConformanceResult]
    attempts: Sequence[Attempt]  # newest first
    confirmed_today: Mapping[str, int]  # by kind


@dataclass(frozen=True)
class Tile:
    """``at``, ``rows``, ``took`` and ``contract`` are written out, or say why not."""

    name: str
    title: str
    health: Health
    state: Text
    at: Text = "—"
    rows: Text = "—"
    took: Text = "—"
    contract: Text = ""
    contract_is_bad: bool = False
    spark: Sparkline | None = None
    number: int = 0
    trouble: Text = field(default="")

    @property
    def is_alarming(self) -> bool:
        return self.health in {"warn", "bad"}


def tiles(facts: Facts) -> list[Tile]:
    """The fifteen of the tender, by their numbers."""
    numbered = {
        int(row.removeprefix("T")): item
        for item in ALL
        for row in item.rows
        if item.name != "V_YW_CHANGE_LOG"
    }
    ordered = [numbered[row] for row in sorted(numbered)]
    return [tile(item, facts, place) for place, item in enumerate(ordered, start=1)]


def auxiliary_tiles(facts: Facts) -> list[Tile]:
    """The dictionaries beside them that are pulled too."""
    return [tile(view, facts) for view in VIEWS_IN_USE if not view.rows]


def tile(item: View | Function, facts: Facts, number: int = 0) -> Tile:
    lacking = lacking_here()
    if item.name in lacking or not item.in_use:
        is_lacking = item.name in lacking
        words = _("HIS 暂缺") if is_lacking else _("本系统尚未使用")
        return Tile(
            item.name,
            title_of(item.name),
            "mute",
            _(lacking[item.name]) if is_lacking else _("未启用"),
            rows=words,
            contract=contract_of(item, facts)[0],
            number=number,
        )
    if item.name in PULLED:
        return pulled_tile(item, facts, number)
    return called_tile(item, facts, number)


def contract_of(item: View | Function, facts: Facts) -> tuple[Text, bool]:
    result = facts.conformance.get(item.name)
    if result is None:
        return _("契约未检查"), False
    asked = result.passed + result.failed + result.unproved
    words = _("契约 %(passed)s/%(asked)s") % {"passed": result.passed, "asked": asked}
    return words, result.failed > 0


# --- what is pulled -----------------------------------------------------------------


def pulled_tile(item: View | Function, facts: Facts, number: int) -> Tile:
    contract, is_bad = contract_of(item, facts)
    runs = facts.runs.get(item.name, ())
    health, state = health_of(item.name, runs, facts)
    if health == "ok" and is_bad:
        health, state = "warn", _("契约检查未通过")
    if not runs:
        return Tile(
            item.name,
            title_of(item.name),
            health,
            state,
            rows=state,
            contract=contract,
            contract_is_bad=is_bad,
            number=number,
        )
    last = runs[0]
    return Tile(
        name=item.name,
        title=title_of(item.name),
        health=health,
        state=state,
        at=write_arrival(last.started_at),
        rows=rows_of(last, state),
        took=took_of(last.read_ms),
        contract=contract,
        contract_is_bad=is_bad,
        spark=sparkline([run.read_ms for run in runs if run.is_ok]),
        number=number,
        trouble=trouble_of(last, facts.losses.get(item.name)),
    )


def health_of(view: str, runs: Sequence[SyncRun], facts: Facts) -> tuple[Health, Text]:
    """The state of a pulled view in one word, by its last run."""
    if not runs:
        return "mute", _("尚未拉取")
    last = runs[0]
    if last.state == SyncRun.State.HELD:
        loss = facts.losses.get(view)
        return "warn", loss.get_state_display() if loss else _("等待确认")
    if last.is_missing and view not in facts.ever_taken:
        return "mute", _("HIS 未提供")
    if not last.is_ok:
        return "bad", _("故障")
    return ("warn", _("变慢")) if last.read_ms > SLOW_MS else ("ok", _("正常"))


def rows_of(run: SyncRun, state: Text) -> Text:
    if not run.is_ok:
        return state
    words = _("%(rows)s 行") % {"rows": f"{run.read:,}"}
    if run.quarantined:
        aside = _("隔离 %(rows)s") % {"rows": f"{run.quarantined:,}"}
        return _("%(rows)s，%(aside)s") % {"rows": words, "aside": aside}
    return words


def took_of(milliseconds: int) -> Text:
    return _("%(ms)s 毫秒") % {"ms": f"{milliseconds:,}"}


def trouble_of(run: SyncRun, loss: Loss | None) -> Text:
    """One sentence for below the tiles; blank where nothing is to be done."""
    if run.state == SyncRun.State.HELD and loss is not None:
        if loss.state == Loss.State.OPEN:
            return _("%(known)s 行中有 %(gone)s 行消失，已停止采用，等待人工确认。") % {
                "known": f"{loss.known:,}",
                "gone": f"{len(loss.keys):,}",
            }
        return ""
    if run.state == SyncRun.State.FAILED:
        return _(run.error)
    return ""


def notes(found: Sequence[Tile], links: Mapping[str, str]) -> list[Note]:
    """What is wrong, with the way to its interface; what many suffer alike is said once,
    or a HIS that is away would push the queue off the page."""
    alike: dict[str, list[Tile]] = {}
    for tile in found:
        if tile.trouble and tile.is_alarming:
            alike.setdefault(shared_trouble(tile), []).append(tile)
    return [note_of(tiles, links[tiles[0].name]) for tiles in alike.values()]


def shared_trouble(tile: Tile) -> str:
    """The kind of trouble: 未应答 of one cause or another is one."""
    is_bad = tile.health == "bad"
    return re.split("[:：]", str(tile.trouble))[0] if is_bad else tile.name


def note_of(tiles: Sequence[Tile], url: str) -> Note:
    first = tiles[0]
    said = {"title": first.title, "trouble": first.trouble, "count": len(tiles)}
    words = (
        _("%(title)s：%(trouble)s")
        if len(tiles) == 1
        else _("%(title)s等 %(count)s 项接口：%(trouble)s")
    )
    tone: Any = "bad" if first.health == "bad" else "warn"
    return Note(tone, words % said, url, _("查看"))


# --- what is called -----------------------------------------------------------------


def called_tile(item: View | Function, facts: Facts, number: int) -> Tile:
    """A function and the view its line is read back from: by the last tries."""
    is_read = item.name in READ_BACK
    kinds = {
        kind.name for kind in KINDS.values() if item.name in {kind.function, kind.view}
    }
    seen = [
        attempt
        for attempt in facts.attempts
        if attempt.message.kind in kinds and (not is_read or attempt.outcome in READ)
    ]
    arrived = sum(facts.confirmed_today.get(kind, 0) for kind in kinds)
    contract, is_bad = contract_of(item, facts)
    health, state = called_health(seen, arrived)
    if health == "ok" and is_bad:
        health, state = "warn", _("契约检查未通过")
    today = _("今日 %(count)s 条") % {"count": f"{arrived:,}"}
    return Tile(
        name=item.name,
        title=title_of(item.name),
        health=health,
        state=state,
        at=write_arrival(seen[0].started_at) if seen else "—",
        rows=_("随送达回读") if is_read else today,
        took=took_of(seen[0].duration_ms) if seen else "—",
        contract=contract,
        contract_is_bad=is_bad,
        spark=sparkline([attempt.duration_ms for attempt in seen]) if seen else None,
        number=number,
    )


def called_health(seen: Sequence[Attempt], arrived: int) -> tuple[Health, Text]:
    """By the last try; a seldom kind may have none among the last of all kinds, and yet
    have ``arrived`` today."""
    if not seen:
        return ("ok", _("正常")) if arrived else ("mute", _("尚未使用"))
    if seen[0].outcome in UNHEARD:
        return "bad", _("故障")
    is_slow = seen[0].duration_ms > SLOW_MS
    return ("warn", _("变慢")) if is_slow else ("ok", _("正常"))


# --- the sparkline --------------------------------------------------------------------


def sparkline(newest_first: Sequence[int]) -> Sparkline | None:
    """Bars from the left to the newest on the right; None without any."""
    times = list(newest_first[:RUNS_SHOWN])[::-1]
    if not times:
        return None
    most = max(times)
    first = RUNS_SHOWN - len(times)
    label = _("近 %(count)s 次响应耗时，最慢 %(ms)s 毫秒") % {
        "count": len(times),
        "ms": f"{most:,}",
    }
    return Sparkline(
        [bar(first + place, time, most) for place, time in enumerate(times)], label
    )


def bar(place: int, time: int, most: int) -> Bar:
    height = max(LEAST, round(HEIGHT * time / max(most, 1)))
    css = "w" if time > SLOW_MS else ""
    return Bar(f"{place * BAR_STEP:g}", f"{HEIGHT - height}", f"{height}", css)


def last_look(facts: Facts) -> datetime | None:
    """When anything was last pulled."""
    return max((runs[0].started_at for runs in facts.runs.values()), default=None)
