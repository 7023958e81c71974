"""Whom a change of the catalogue would hit: asked before the act, pure but for one read.

A change of the catalogue never touches a right that was granted; what is listed here
is what the office should look at, each right with every reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.enums import Setting, TitleRule
from permissions.models import GrantState
from permissions.models.entries import Entry
from permissions.queries.catalogue import EntryChange, living_grants
from permissions.queries.practitioners import in_force
from permissions.services.rules import RANK_WORDS, months_after
from portal.accounts.scope import HOUSE, Scope
from portal.his.contract.codes import TITLE_RANK
from portal.parameters.days import day_of, last_day_of
from portal.ui.phrases import listed

Held: TypeAlias = Collection[tuple[int, str]]
AT_ONCE = 500


class Hit(models.TextChoices):
    """Why a granted right should be looked at."""

    TITLE = "TITLE", gettext_lazy("不再满足职称")
    SETTING = "SETTING", gettext_lazy("失去场合")
    PREREQUISITE = "PREREQUISITE", gettext_lazy("缺新增前提")
    VALIDITY = "VALIDITY", gettext_lazy("超过新有效期")
    HIS = "HIS", gettext_lazy("HIS 取值改变")
    DISABLED = "DISABLED", gettext_lazy("条目停用")


@dataclass(frozen=True)
class Affected:
    """One right with what the change would mean for it."""

    state: GrantState
    hits: Sequence[tuple[Hit, str]]


@dataclass
class Summary:
    """How many rights of how many people, by reason; ``first`` are the first of them."""

    grants: int = 0
    people: set[int] = field(default_factory=set)
    by_hit: Counter[Hit] = field(default_factory=Counter)
    first: list[Affected] = field(default_factory=list)


def summary_of(
    changes: Sequence[EntryChange], *, now: datetime, limit: int, scope: Scope = HOUSE
) -> Summary:
    """All of them counted, the first ``limit`` kept; two queries."""
    summary = Summary()
    for one in affected_by(changes, now=now, scope=scope):
        summary.grants += 1
        summary.people.add(one.state.practitioner_id)
        summary.by_hit.update(hit for hit, _text in one.hits)
        if len(summary.first) < limit:
            summary.first.append(one)
    return summary


def affected_by(
    changes: Sequence[EntryChange], *, now: datetime, scope: Scope = HOUSE
) -> Iterator[Affected]:
    """The living rights a change would hit, in the order of the catalogue."""
    telling = [change for change in changes if change.before and change.after]
    if not telling:
        return iter(())
    states = living_grants([change.code for change in telling], now, scope)
    return pick(telling, states.iterator(AT_ONCE), held_of(telling, now))


def held_of(changes: Iterable[EntryChange], now: datetime) -> Held:
    """Who holds what the changes newly demand: (practitioner, code)."""
    codes = {code for change in changes for code in _new_requires(change)}
    if not codes:
        return frozenset()
    return frozenset(
        GrantState.objects.filter(in_force(now), privilege__code__in=codes)
        .order_by()
        .values_list("practitioner_id", "privilege__code")
    )


def pick(
    changes: Iterable[EntryChange], states: Iterable[GrantState], held: Held
) -> Iterator[Affected]:
    """Those of ``states`` that a change hits."""
    by_code: Mapping[str, EntryChange] = {change.code: change for change in changes}
    for state in states:
        hits = list(_hits(by_code[state.privilege.code], state, held))
        if hits:
            yield Affected(state, hits)


def _new_requires(change: EntryChange) -> Sequence[str]:
    if change.before is None or change.after is None:
        return ()
    return [one for one in change.after.requires if one not in change.before.requires]


def _hits(
    change: EntryChange, state: GrantState, held: Held
) -> Iterator[tuple[Hit, str]]:
    before, after = change.before, change.after
    if before is None or after is None:
        return
    rank = TITLE_RANK.get(state.practitioner.title_code, 0)
    if _bars(after, rank) and not _bars(before, rank):
        needed = RANK_WORDS[after.min_title_rank]
        yield Hit.TITLE, _("须%(needed)s及以上") % {"needed": needed}
    if _excludes(after, state.setting) and not _excludes(before, state.setting):
        yield (
            Hit.SETTING,
            _("只能用于「%(setting)s」") % {"setting": Setting(after.setting).label},
        )
    missing = [
        code
        for code in _new_requires(change)
        if (state.practitioner_id, code) not in held
    ]
    if missing:
        yield Hit.PREREQUISITE, _("没有 %(codes)s") % {"codes": listed(missing)}
    yield from _outlasts(before, after, state)
    if before.his_value != after.his_value:
        yield (
            Hit.HIS,
            _("现为 %(before)s，下次变更时送 %(after)s")
            % {"before": before.his_value or "—", "after": after.his_value or "—"},
        )
    if before.is_enabled and not after.is_enabled:
        yield Hit.DISABLED, _("继续有效，不能新增或续期")


def _bars(entry: Entry, rank: int) -> bool:
    return entry.title_rule == TitleRule.HARD and rank < entry.min_title_rank


def _excludes(entry: Entry, setting: str) -> bool:
    return entry.setting not in {Setting.ALL, setting}


def _outlasts(
    before: Entry, after: Entry, state: GrantState
) -> Iterator[tuple[Hit, str]]:
    """The right is longer than the entry would allow from now on."""
    months = after.validity_months
    is_shorter = months is not None and (
        before.validity_months is None or months < before.validity_months
    )
    if not is_shorter or months is None:
        return
    beyond = months_after(day_of(state.valid_from), months)
    last = last_day_of(state.valid_to)
    if last is None or last >= beyond:
        yield (
            Hit.VALIDITY,
            _("现至 %(last)s，新规定为 %(months)s 个月")
            % {"last": last.isoformat() if last else _("长期"), "months": months},
        )
