"""How lines go on when their codes become others. Facts in, plan out; nothing is written.

Every line ends and goes on under each code its own became. Two that are one right then
(same role, setting, campus and side) go on as one, to the later end; one of them
suspended, so is the whole. A wider line takes in a narrower one and gives it nothing
that it did not have (docs/decisions/0021).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from permissions.enums import GrantStatus, Setting, Side
from permissions.ledger import SIDES_MET, LineKey, Span
from permissions.models import GrantState
from permissions.regrading.reaching import item_codes


@dataclass
class Going:
    """One line as it will be: ``main`` gives it its terms, ``sources`` end for it.

    ``target`` is its code. ``own`` is a line of that code the person holds already and
    that stays as it is; then nothing is opened.
    """

    target: str
    main: GrantState
    sources: list[GrantState]
    span: Span
    is_suspended: bool
    until: datetime | None
    own: GrantState | None = None

    @property
    def key(self) -> LineKey:
        return self.main.key

    @property
    def ends(self) -> float:
        return _end(self.span)


@dataclass
class Carried:
    """``crossing`` are pairs of lines of which neither takes in the other: somebody must
    put one of them right before."""

    goings: list[Going] = field(default_factory=list)
    crossing: list[tuple[GrantState, GrantState]] = field(default_factory=list)

    @property
    def ending(self) -> list[GrantState]:
        """Each line that ends, once, by person and in the order they were granted."""
        found = {
            state.pk: state
            for one in self.goings
            for state in one.sources
            if one.own is None or state.pk != one.own.pk
        }
        return sorted(found.values(), key=lambda one: (one.practitioner_id, one.pk))

    @property
    def united(self) -> list[Going]:
        return [one for one in self.goings if len(one.sources) > 1]


def carried(becomes: Mapping[str, Collection[str]], at: datetime) -> Carried:
    """For every living line of the old codes; ``becomes`` has the new ones of each."""
    lines = living(becomes, at)
    targets = {code for codes in becomes.values() for code in codes}
    held = [one for one in living(targets, at) if one.item_code not in becomes]
    concerned = {one.practitioner_id for one in lines}
    found = Carried()
    groups: dict[tuple[object, ...], list[Going]] = defaultdict(list)
    for line in lines:
        for target in becomes[line.item_code]:
            groups[_group(line, target)].append(_going(line, target, at))
    for line in held:
        group = _group(line, line.item_code)
        if line.practitioner_id in concerned and group in groups:
            going = _going(line, line.item_code, at)
            going.own = line
            groups[group].append(going)
    for goings in groups.values():
        _settle(_united(goings), found)
    return found


def living(codes: Iterable[str], at: datetime) -> list[GrantState]:
    """Lines of these codes that hold, wait or are suspended, by person."""
    wanted = list(codes)
    found: list[GrantState] = []
    for start in range(0, len(wanted), 400):
        rows = item_codes(at).filter(item_code__in=wanted[start : start + 400])
        found += rows.select_related("last_event", "grant__privilege")
    return sorted(found, key=lambda one: (one.practitioner_id, one.pk))


def living_of(grants: Collection[int], at: datetime) -> list[GrantState]:
    """Of these lines, by the keys of their grants, those that have not ended."""
    found = item_codes(at).filter(grant__in=grants).select_related("last_event")
    return list(found.order_by("practitioner", "pk"))


def suspended_at(line: GrantState, at: datetime) -> bool:
    """Not one whose suspension has run out, though nobody wrote that down yet."""
    until = line.suspended_until
    is_over = until is not None and until <= at
    return line.status == GrantStatus.SUSPENDED and not is_over


def _going(line: GrantState, target: str, at: datetime) -> Going:
    is_suspended = suspended_at(line, at)
    starts = max(line.valid_from, at) if line.item_code != target else line.valid_from
    return Going(
        target,
        line,
        [line],
        Span(starts, line.valid_to),
        is_suspended,
        line.suspended_until if is_suspended else None,
    )


def _group(line: GrantState, target: str) -> tuple[object, ...]:
    """Lines of different groups are never the same right."""
    return (
        *(line.practitioner_id, line.privilege_id, target, line.role, line.visit_no),
    )


# --- the same right -------------------------------------------------------------------


def _united(goings: Sequence[Going]) -> list[Going]:
    alike: dict[tuple[str, str, str], list[Going]] = defaultdict(list)
    for one in goings:
        alike[one.key.setting, one.key.campus, one.key.side].append(one)
    found: list[Going] = []
    for mine in alike.values():
        mine.sort(key=lambda one: (one.span.valid_from, one.own is None, one.main.pk))
        whole = [mine[0]]
        for one in mine[1:]:
            if one.span.valid_from.timestamp() <= whole[-1].ends:
                whole[-1] = _union(whole[-1], one)
            else:
                whole.append(one)
        found += whole
    return found


def _union(one: Going, other: Going) -> Going:
    """From the earlier start to the later end; suspended if either is."""
    longer = other if other.ends > one.ends else one
    paused = [each for each in (one, other) if each.is_suspended]
    forever = any(each.until is None for each in paused)
    ends = [each.until for each in paused if each.until is not None]
    until = None if forever else max(ends, default=None)
    starts = min(one.span.valid_from, other.span.valid_from)
    whole = Going(
        one.target,
        longer.main,
        [*one.sources, *other.sources],
        Span(starts, longer.span.valid_to),
        bool(paused),
        until,
    )
    owns = [each.own for each in (one, other) if each.own is not None]
    whole.own = next((own for own in owns if _says_the_same(own, whole)), None)
    return whole


def _says_the_same(own: GrantState, whole: Going) -> bool:
    is_suspended = own.status == GrantStatus.SUSPENDED
    return (
        own.valid_to == whole.span.valid_to
        and own.valid_from <= whole.span.valid_from
        and is_suspended == whole.is_suspended
        and (not is_suspended or own.suspended_until == whole.until)
    )


# --- wider and narrower ---------------------------------------------------------------


def _settle(goings: list[Going], found: Carried) -> None:
    """Wider ones first; a narrower one is taken in, goes on after, or crosses."""
    goings.sort(key=lambda one: (_narrowness(one.key), -one.ends, one.main.pk))
    kept: list[Going] = []
    for one in goings:
        if (rest := _beside(one, kept, found)) is not None:
            kept.append(rest)
    found.goings += [one for one in kept if one.own is None or len(one.sources) > 1]


def _beside(one: Going, kept: list[Going], found: Carried) -> Going | None:
    """What is left of a line beside wider ones; None where they take all of it in."""
    for wider in kept:
        if not (_meets(wider.key, one.key) and wider.span.meets(one.span)):
            continue
        is_taken_in = (
            _covers(wider.key, one.key)
            and wider.is_suspended == one.is_suspended
            and wider.span.valid_from <= one.span.valid_from
        )
        if not is_taken_in:
            found.crossing.append((wider.main, one.main))
            return None
        if wider.ends >= one.ends:
            wider.sources += one.sources
            return None
        starts = wider.span.valid_to or one.span.valid_from
        one.span, one.own = Span(starts, one.span.valid_to), None
    return one


def _narrowness(key: LineKey) -> int:
    sides = len(SIDES_MET[key.side])
    return (key.setting != Setting.ALL) + (key.campus != "") + (10 - sides)


def _meets(one: LineKey, other: LineKey) -> bool:
    """As ``LineKey.meets``, but for the item, which is the same by now."""
    return (
        (one.setting == other.setting or Setting.ALL in {one.setting, other.setting})
        and (one.campus == other.campus or "" in {one.campus, other.campus})
        and other.side in SIDES_MET[one.side]
    )


def _covers(wider: LineKey, other: LineKey) -> bool:
    is_side = wider.side in {Side.ANY, other.side} or (
        wider.side == Side.UNILATERAL and other.side in {Side.LEFT, Side.RIGHT}
    )
    return (
        wider.setting in {Setting.ALL, other.setting}
        and wider.campus in {"", other.campus}
        and is_side
    )


def _end(span: Span) -> float:
    return float("inf") if span.valid_to is None else span.valid_to.timestamp()
