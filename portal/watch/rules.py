"""When an operator must be called: the rules, each with its hospital parameter.

A parameter of 0 switches its rule off. What is found is one finding for each rule and
target, however many messages it is about.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from portal.his.targets import DEFAULT, targets
from portal.outbox import queries as outbox
from portal.outbox.freezing import frozen
from portal.outbox.models import EVERY_TARGET
from portal.parameters import of_the_his as hospital
from portal.parameters.queries import values_now
from portal.parameters.shape import Parameter
from portal.watch.models import Alert, Sign
from portal.watch.queries import open_counts, signs

Rule = Alert.Rule
LAG_OF = timedelta(hours=1)
PARAMETERS: Mapping[Rule, Parameter] = {
    Rule.STUCK: hospital.OUTBOX_STUCK_MINUTES,
    Rule.REJECTED: hospital.OUTBOX_REJECTED_COUNT,
    Rule.UNKNOWN: hospital.OUTBOX_UNKNOWN_MINUTES,
    Rule.UNCONFIRMED: hospital.READ_BACK_ALERT_MINUTES,
    Rule.LAG: hospital.OUTBOX_LAG_SECONDS,
    Rule.HIS_AWAY: hospital.HIS_AWAY_MINUTES,
    Rule.WORKER_SILENT: hospital.WORKER_SILENT_MINUTES,
    Rule.BEAT_SILENT: hospital.BEAT_SILENT_MINUTES,
}
# Counted among the open messages, and late by the minutes of their parameter.
OF_MESSAGES = {
    Rule.STUCK: outbox.IS_STUCK,
    Rule.UNKNOWN: outbox.IS_UNKNOWN,
    Rule.UNCONFIRMED: outbox.IS_OPEN,
}
# ``push`` delivers; ``worker`` does everything else, and hears the beat.
PUSH, WORKER, BEAT, HIS = "push", "worker", "beat", "his:"


@dataclass(frozen=True)
class Finding:
    """A rule that is broken; ``amount`` in the unit of the rule."""

    rule: Rule
    target: str
    amount: int
    since: datetime | None = None


def limits() -> dict[Rule, int]:
    """The rules that are switched on, with their limits; past the cache."""
    values = values_now(*PARAMETERS.values())
    found = {rule: values[parameter.key] for rule, parameter in PARAMETERS.items()}
    return {rule: limit for rule, limit in found.items() if limit}


def findings(at: datetime) -> list[Finding]:
    """Everything that is wrong now; at most five queries.

    What is frozen waits because a person said so: a banner tells of it.
    """
    on, at_rest = limits(), {state.name for state in frozen(at)}
    if EVERY_TARGET in at_rest:
        at_rest |= set(targets())
        return list(of_signs(on, at, at_rest))
    return [
        *of_messages(on, at, at_rest),
        *of_pace(on, at, at_rest),
        *of_signs(on, at, at_rest),
    ]


def of_messages(
    on: Mapping[Rule, int], at: datetime, at_rest: Collection[str]
) -> Iterator[Finding]:
    """What stands in the outbox too long, or was refused."""
    conditions: dict[str, tuple[Q, datetime]] = {
        rule: (condition, at - timedelta(minutes=on[rule]))
        for rule, condition in OF_MESSAGES.items()
        if rule in on
    }
    if Rule.REJECTED in on:
        conditions[Rule.REJECTED] = (outbox.IS_REJECTED, at)
    for (target, name), (count, since) in open_counts(conditions).items():
        rule = Rule(name)
        if target in at_rest or (
            rule is Rule.UNCONFIRMED and off_hours(on, target, at)
        ):
            continue
        least = on[rule] if rule is Rule.REJECTED else 1
        if count >= least:
            yield Finding(rule, target, count, since)


def off_hours(on: Mapping[Rule, int], name: str, at: datetime) -> bool:
    """Outside its hours a target is not told; and it has its time when they begin."""
    target = targets().get(name)
    begun = at - timedelta(minutes=on[Rule.UNCONFIRMED])
    return target is not None and not (target.is_open(at) and target.is_open(begun))


def of_pace(
    on: Mapping[Rule, int], at: datetime, at_rest: Collection[str]
) -> Iterator[Finding]:
    """Changes of the last hour arrived in the HIS, but slowly; where it is told in some
    hours only, they are meant to wait."""
    if Rule.LAG not in on or DEFAULT in at_rest or targets()[DEFAULT].window:
        return
    slowest = outbox.pace(at - LAG_OF).p99
    if slowest is not None and slowest > on[Rule.LAG]:
        yield Finding(Rule.LAG, "", round(slowest))


def of_signs(
    on: Mapping[Rule, int], at: datetime, at_rest: Collection[str]
) -> Iterator[Finding]:
    """Parts that are silent.

    Without any worker nobody hears the beat: then only the one that delivers is told
    of. A part that never gave a sign has not been installed yet.
    """
    known = signs()
    push, worker = (
        silence(on, Rule.WORKER_SILENT, known.get(name), at) for name in (PUSH, WORKER)
    )
    if push:
        yield push
    beat = silence(on, Rule.BEAT_SILENT, known.get(BEAT), at)
    if beat and not (push and worker):
        yield beat
    for name in targets():
        sign = known.get(f"{HIS}{name}")
        away = silence(on, Rule.HIS_AWAY, sign, sign.asked_at) if sign else None
        if away and name not in at_rest:
            yield away


def silence(
    on: Mapping[Rule, int], rule: Rule, sign: Sign | None, until: datetime
) -> Finding | None:
    if sign is None or rule not in on:
        return None
    minutes = int((until - sign.at).total_seconds() // 60)
    if minutes < on[rule]:
        return None
    target = sign.name.removeprefix(HIS) if rule is Rule.HIS_AWAY else ""
    return Finding(rule, target, minutes, sign.at)
