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
from portal.watch.comparisons import standings
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
    Rule.DRIFT: hospital.DRIFT_ALERT_COUNT,
    Rule.NOT_COMPARED: hospital.COMPARE_ALERT_HOURS,
}
# Counted among the open messages, and late by the minutes of their parameter.
OF_MESSAGES = {
    Rule.STUCK: outbox.IS_STUCK,
    Rule.UNKNOWN: outbox.IS_UNKNOWN,
}
LATE_REJECTED = "LATE_REJECTED"  # a count that is no rule
Counted = tuple[int, datetime | None]  # how many, and since when the first
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
    """Everything that is wrong now; at most seven queries.

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
        *of_comparisons(on, at),
    ]


def of_messages(
    on: Mapping[Rule, int], at: datetime, at_rest: Collection[str]
) -> Iterator[Finding]:
    """What stands in the outbox too long, or was refused."""
    asked = standing(on, at)
    counts = open_counts(asked)
    for target in dict.fromkeys(target for target, _name in counts):
        if target not in at_rest:
            found = {name: counts[target, name] for name in asked}
            yield from of_target(on, at, target, found)


def standing(on: Mapping[Rule, int], at: datetime) -> dict[str, tuple[Q, datetime]]:
    """What is counted: of what was not read back only what no other rule tells of.

    The rejected are counted apart, for their rule may want more of them than there are.
    """
    found: dict[str, tuple[Q, datetime]] = {
        rule: (condition, at - timedelta(minutes=on[rule]))
        for rule, condition in OF_MESSAGES.items()
        if rule in on
    }
    if Rule.UNCONFIRMED in on:
        late = at - timedelta(minutes=on[Rule.UNCONFIRMED])
        rest = outbox.IS_OPEN & ~outbox.IS_REJECTED
        for condition, moment in found.values():
            rest &= ~(condition & Q(not_before__lte=moment))
        found[Rule.UNCONFIRMED] = rest, late
        found[LATE_REJECTED] = outbox.IS_REJECTED, late
    if Rule.REJECTED in on:
        found[Rule.REJECTED] = outbox.IS_REJECTED, at
    return found


def of_target(
    on: Mapping[Rule, int], at: datetime, target: str, found: Mapping[str, Counted]
) -> Iterator[Finding]:
    """Of one target; ``found`` by the names of ``standing``."""
    counts = dict(found)
    late_rejected = counts.pop(LATE_REJECTED, (0, None))
    is_told = Rule.REJECTED in on and counts[Rule.REJECTED][0] >= on[Rule.REJECTED]
    if Rule.UNCONFIRMED in on and off_hours(on, target, at):
        del counts[Rule.UNCONFIRMED]
    elif Rule.UNCONFIRMED in on and not is_told:
        counts[Rule.UNCONFIRMED] = both(counts[Rule.UNCONFIRMED], late_rejected)
    for name, (count, since) in counts.items():
        rule = Rule(name)
        if count >= (on[rule] if rule is Rule.REJECTED else 1):
            yield Finding(rule, target, count, since)


def both(one: Counted, other: Counted) -> Counted:
    """How many there are of either, and since when the first."""
    moments = [since for _count, since in (one, other) if since]
    return one[0] + other[0], min(moments, default=None)


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


def of_comparisons(on: Mapping[Rule, int], at: datetime) -> Iterator[Finding]:
    """What the HIS shows otherwise, and nights without a look. A part that was never
    looked at is none of a HIS just connected."""
    if on.keys().isdisjoint({Rule.DRIFT, Rule.NOT_COMPARED}):
        return
    for one in standings():
        if Rule.DRIFT in on and one.count >= on[Rule.DRIFT]:
            yield Finding(Rule.DRIFT, one.part, one.count, one.since)
        if Rule.NOT_COMPARED in on and one.looked_at is not None:
            hours = int((at - one.looked_at).total_seconds() // 3600)
            if hours >= on[Rule.NOT_COMPARED]:
                yield Finding(Rule.NOT_COMPARED, one.part, hours, one.looked_at)


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
