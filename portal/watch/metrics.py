"""What Prometheus is told: read from our database, the same from every process.

Nothing is counted in memory, so it does not matter which of several web processes is
asked, or how often they were started. The number of queries is constant, and none of
them grows with what was delivered. ``docs/operations.md`` lists the names.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from portal.directory.models import SyncRun
from portal.his.targets import targets
from portal.outbox.models import UNCONFIRMED, Message, State
from portal.outbox.queries import IS_STUCK
from portal.watch import tallies
from portal.watch.comparisons import standings
from portal.watch.models import Alert
from portal.watch.queries import open_alerts, signs
from portal.watch.rules import HIS

PREFIX = "yiwu_"


class Collector:
    """All families at one moment."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def collect(self) -> Iterator[Metric]:
        yield from self._messages()
        yield from self._tries()
        yield self._alerts()
        yield from self._signs()
        yield self._pulls()
        yield from self._comparisons()

    def _messages(self) -> Iterator[Metric]:
        """One query by the index of what is not confirmed."""
        names = ["target", "state"]
        count = gauge("outbox_messages", "Messages that are not confirmed", names)
        stuck = gauge("outbox_stuck", "Messages tried three times or more", ["target"])
        oldest = gauge(
            "outbox_oldest_seconds",
            "Age of the oldest message that should be in the HIS by now",
            ["target"],
        )
        is_due = Q(not_before__lte=self._at) & ~Q(state=State.STOPPED)
        rows: Any = (
            Message.objects.filter(confirmed_at__isnull=True)
            .order_by()
            .values("target", "state")
            .annotate(
                n=Count("pk"),
                stuck=Count("pk", filter=IS_STUCK),
                oldest=Min("not_before", filter=is_due),
            )
        )
        found = {(row["target"], row["state"]): row for row in rows.order_by("target")}
        for name in dict.fromkeys([*targets(), *(target for target, _s in found)]):
            mine = [row for (target, _s), row in found.items() if target == name]
            for state in UNCONFIRMED:
                row = found.get((name, state))
                count.add_metric([name, state], row["n"] if row else 0)
            stuck.add_metric([name], sum(row["stuck"] for row in mine))
            moments = [row["oldest"] for row in mine if row["oldest"]]
            oldest.add_metric([name], self._age(min(moments)) if moments else 0)
        yield from (count, stuck, oldest)

    def _tries(self) -> Iterator[Metric]:
        """Counters that only grow, and the times of every try."""
        tries = CounterMetricFamily(
            f"{PREFIX}outbox_attempts",
            "Tries to deliver or to read back, by what came of them",
            labels=["target", "outcome"],
        )
        times = HistogramMetricFamily(
            f"{PREFIX}outbox_attempt_seconds",
            "How long tries took",
            labels=["target"],
        )
        by_target: dict[str, tallies.Line] = {}
        for line in tallies.totals():
            tries.add_metric([line.target, line.outcome], line.count)
            known = by_target.get(line.target)
            by_target[line.target] = known.plus(line) if known else line
        for target, line in sorted(by_target.items()):
            times.add_metric([target], cumulated(line), line.total_ms / 1000)
        yield from (tries, times)

    def _alerts(self) -> Metric:
        family = gauge("alert_open", "1 while the alert is open", ["rule", "target"])
        found = {(alert.rule, alert.target) for alert in open_alerts()}
        silent = {(rule.value, "") for rule in Alert.Rule} - {
            (rule, "") for rule, _target in found
        }
        for rule, target in sorted(found | silent):
            family.add_metric([rule, target], int((rule, target) in found))
        return family

    def _signs(self) -> Iterator[Metric]:
        """Of the workers, the beat, and each HIS: its breaker as all processes see it."""
        age = gauge("sign_of_life_seconds", "Since a part was last heard of", ["part"])
        answers = gauge(
            "his_answers", "1 when the HIS answered when last asked", ["target"]
        )
        for name, sign in signs().items():
            age.add_metric([name], self._age(sign.at))
            if name.startswith(HIS):
                is_there = int(sign.at == sign.asked_at)
                answers.add_metric([name.removeprefix(HIS)], is_there)
        yield from (age, answers)

    def _pulls(self) -> Metric:
        """One query by the index of the runs' numbers."""
        family = gauge("pull_age_seconds", "Since a view was last taken", ["view"])
        rows = SyncRun.objects.filter(state=SyncRun.State.TAKEN).order_by()
        last = rows.values("view").annotate(last=Max("ended_at")).order_by("view")
        for row in last:
            if row["last"]:
                family.add_metric([row["view"]], self._age(row["last"]))
        return family

    def _comparisons(self) -> Iterator[Metric]:
        """What the HIS shows otherwise than we do; as many queries as rooms compare."""
        drifts = gauge(
            "drifts",
            "Drifts that ask for somebody, by what the HIS is",
            ["part", "kind"],
        )
        oldest = gauge("drift_oldest_seconds", "Age of the oldest of them", ["part"])
        age = gauge(
            "comparison_age_seconds", "Since a look last came to its end", ["part"]
        )
        for one in standings():
            for kind, count in one.open.items():
                drifts.add_metric([one.part, kind], count)
            oldest.add_metric([one.part], self._age(one.since) if one.since else 0)
            if one.looked_at:
                age.add_metric([one.part], self._age(one.looked_at))
        yield from (drifts, oldest, age)

    def _age(self, moment: datetime) -> float:
        return max((self._at - moment).total_seconds(), 0.0)


def gauge(name: str, text: str, labels: list[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}{name}", text, labels=labels)


def cumulated(line: tallies.Line) -> list[tuple[str, float]]:
    """Pairs of a bound in seconds and how many did not exceed it, ``+Inf`` at the end."""
    bounds = [*(str(bound / 1000) for bound in tallies.BOUNDS), "+Inf"]
    reached, pairs = 0, []
    for bound, count in zip(bounds, line.buckets, strict=True):
        reached += count
        pairs.append((bound, float(reached)))
    return pairs


def exposition(at: datetime) -> bytes:
    """The text Prometheus reads."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector(at))
    return generate_latest(registry)
