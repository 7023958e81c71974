"""The words of an alert, the same on the page, in a notice and in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal.his.targets import targets
from portal.ui.elements import Note, Text
from portal.ui.moments import write_second
from portal.ui.navigation import url_if_any
from portal.watch.comparisons import PARTS
from portal.watch.models import Alert

Rule = Alert.Rule
# The view of the page HIS 对接 that shows what an alert is about.
VIEWS: Mapping[Rule, str] = {
    Rule.STUCK: "stuck",
    Rule.REJECTED: "rejected",
    Rule.UNKNOWN: "doubt",
    Rule.UNCONFIRMED: "open",
    Rule.LAG: "day",
}
OF_MESSAGES = frozenset({Rule.STUCK, Rule.REJECTED, Rule.UNKNOWN, Rule.UNCONFIRMED})
OF_COMPARISONS = frozenset({Rule.DRIFT, Rule.NOT_COMPARED})
# Nothing arrives at all while one of these is open.
GRAVE = frozenset({Rule.HIS_AWAY, Rule.WORKER_SILENT, Rule.BEAT_SILENT, Rule.REJECTED})


def words_of(alert: Alert) -> str:
    """What is wrong, since when, and what to do."""
    given = {
        "n": f"{alert.amount:,}",
        "at": write_second(alert.since),
        "part": PARTS.get(alert.target, alert.target),
    }
    words: str = _WORDS[Rule(alert.rule)]() % given
    if alert.rule in OF_MESSAGES and alert.target not in targets():
        lost = _(
            "对接目标 %(target)s 已不在设置中，请把它放回 HIS_TARGETS，或停止这些变更。"
        )
        words += lost % {"target": alert.target}
    return words


_WORDS: Mapping[Rule, Callable[[], str]] = {
    Rule.STUCK: lambda: _(
        "%(n)s 条变更多次送达未成，最早的应于 %(at)s 送达。请查看原因后重新送达或停止。"
    ),
    Rule.REJECTED: lambda: _(
        "%(n)s 条变更被 HIS 拒收，最早的应于 %(at)s 送达。请按 HIS 给出的原因处理。"
    ),
    Rule.UNKNOWN: lambda: _(
        "%(n)s 条变更不知是否写入 HIS，最早的应于 %(at)s 送达。请在 HIS 核对后处理。"
    ),
    Rule.UNCONFIRMED: lambda: _(
        "%(n)s 条变更到时仍未回读一致，最早的应于 %(at)s 送达。请查看发件队列。"
    ),
    Rule.LAG: lambda: _(
        "最近一小时百分之一的变更送达超过 %(n)s 秒。请查看 HIS 响应耗时和后台进程。"
    ),
    Rule.HIS_AWAY: lambda: _(
        "HIS 已有 %(n)s 分钟没有应答，最后一次应答 %(at)s。变更都已保存，HIS 恢复后自动送达。"
    ),
    Rule.WORKER_SILENT: lambda: _(
        "后台进程已有 %(n)s 分钟没有动静，最后一次 %(at)s。变更都已保存，"
        "请在服务器检查 yiwu-push 和消息中间件。"
    ),
    Rule.BEAT_SILENT: lambda: _(
        "定时进程已有 %(n)s 分钟没有动静，最后一次 %(at)s。"
        "请在服务器检查 yiwu-beat 和 yiwu-worker；到期、拉取和对账都等它唤起。"
    ),
    Rule.DRIFT: lambda: _(
        "%(part)s与 HIS 有 %(n)s 项差异没有处理，最早的发现于 %(at)s。请修复、提议采纳或注明不处理。"
    ),
    Rule.NOT_COMPARED: lambda: _(
        "%(part)s已有 %(n)s 小时没有与 HIS 比对完成，最后一次 %(at)s。请查看最近的比对为何没有完成。"
    ),
}


@dataclass(frozen=True)
class AlertRow:
    """One open alert of the page; its note leads to what it is about, if anywhere."""

    id: int
    title: Text
    opened_at: str
    note: Note


def alert_rows(alerts: Sequence[Alert], url: str) -> list[AlertRow]:
    return [alert_row(alert, url) for alert in alerts]


def alert_row(alert: Alert, url: str) -> AlertRow:
    rule = Rule(alert.rule)
    where, link = _way(rule, url)
    return AlertRow(
        alert.pk,
        rule.label,
        write_second(alert.opened_at),
        Note(
            "bad" if rule in GRAVE else "warn",
            _("%(title)s：%(words)s") % {"title": rule.label, "words": words_of(alert)},
            where,
            link,
        ),
    )


def _way(rule: Rule, url: str) -> tuple[str, str]:
    """To what the alert is about, if a page shows it."""
    if rule in OF_COMPARISONS:
        where = url_if_any("permissions:drift-list")
        return where, _("查看差异") if where else ""
    view = VIEWS.get(rule, "")
    return (f"{url}?view={view}", _("查看消息")) if view else ("", "")
