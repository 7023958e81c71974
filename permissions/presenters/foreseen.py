"""Finding out what an act on some lines would do, as far as its form is filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from permissions import services
from permissions.enums import EventKind
from permissions.models import GrantState
from permissions.presenters.acts import DOWNGRADE, RENEW, UNDO, kind_of
from permissions.services import Line
from permissions.services.consequences import Consequences, LastDay
from permissions.services.lines import Fitting
from permissions.services.refusals import ActRefused
from portal.accounts.models import User


@dataclass(frozen=True)
class Foreseen:
    """What was found out about an act on these lines."""

    act: str
    states: Sequence[GrantState]
    now: datetime
    given: Mapping[str, Any]
    refused: dict[int, ActRefused]
    consequences: Consequences
    instead: Sequence[Fitting] = field(default=())

    @property
    def effective_at(self) -> datetime:
        """Now, or the moment of an act that is recorded late."""
        given: datetime | None = self.given.get("effective_at")
        return given or self.now


def foresee(
    act: str,
    states: Sequence[GrantState],
    *,
    by: User,
    now: datetime,
    given: Mapping[str, Any],
    seen: Mapping[int, int],
    offered: Mapping[str, Line],
) -> Foreseen:
    """``given`` is what was typed so far and makes sense; ``offered`` lower lines.

    ``seen`` has the last event of each line that the page showed.
    """
    if act == UNDO:
        return _foresee_undo(states[0], by, now, seen)
    kind = kind_of(act, states[0]) if states else EventKind.SUSPEND
    last_day = _last_day(act, states, given)
    refused = services.refused_ahead(
        states,
        kind,
        by=by,
        at=now,
        last_day=last_day,
        seen=seen,
        effective_at=given.get("effective_at"),
    )
    possible = [state for state in states if state.pk not in refused]
    instead: list[Fitting] = []
    if act == DOWNGRADE and possible:
        chosen = [offered[key] for key in given.get("to", ())]
        instead = _lowered(states[0], chosen, now, refused)
    found = services.consequences(
        possible, kind, at=now, last_day=last_day, instead=instead
    )
    return Foreseen(act, states, now, given, refused, found, instead)


def _last_day(
    act: str, states: Sequence[GrantState], given: Mapping[str, Any]
) -> LastDay:
    """Without a day a renewal lasts as long as each line's entry allows."""
    day: date | None = given.get("last_day")
    if act != RENEW or day is not None:
        return day
    longest = {state.pk: services.longest_renewal(state) for state in states}
    return {pk: day for pk, day in longest.items() if day is not None}


def _lowered(
    state: GrantState,
    chosen: Sequence[Line],
    now: datetime,
    refused: dict[int, ActRefused],
) -> list[Fitting]:
    found = []
    for line in chosen:
        try:
            found.append(services.lowered(state, line, at=now))
        except ActRefused as refusal:
            refused[state.pk] = refusal
    return found


def _foresee_undo(
    state: GrantState, by: User, now: datetime, seen: Mapping[int, int]
) -> Foreseen:
    """An undone revocation is a grant; the others are one more act on the line."""
    kind = services.undone_by_kind(state)
    refused: dict[int, ActRefused] = {}
    found = Consequences((), ())
    instead: list[Fitting] = []
    try:
        services.must_be_undoable(state, now)
        services.must_not_be_undone(state.last_event)
        if kind is EventKind.UNRENEW:
            services.must_rest_on_nothing(state, now)
        if kind is EventKind.GRANT:
            line = services.line_anew(state, now)
            instead = [services.grantable(state.practitioner, line, at=now)]
            found = services.consequences_of_granting(instead[0], at=now)
        else:
            refused = services.refused_ahead([state], kind, by=by, at=now, seen=seen)
            found = services.consequences([state], kind, at=now)
    except ActRefused as refusal:
        refused[state.pk] = refusal
    return Foreseen(UNDO, [state], now, {}, refused, found, instead)
