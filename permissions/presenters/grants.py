"""Rows and histories of grants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Any, Literal, NamedTuple, TypeVar

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from permissions.enums import TITLE_WORDS, EventKind, GrantKind
from permissions.models import Grant, GrantEvent, GrantState
from permissions.outbound import Ways
from permissions.presenters import words
from permissions.presenters.acts import ACTS, possible_acts
from permissions.presenters.arrivals import (
    GrantArrival,
    grant_arrival,
    untold_arrival,
)
from permissions.queries.grant_lines import Line, Terms
from permissions.queries.grants import (
    Standing,
    arrivals_of,
    is_suspended,
    standing_of,
    undone_revocations,
)
from permissions.services.lines import ROLES_OF
from portal.outbox.models import Message
from portal.outbox.presenters import Proofs, long_arrival
from portal.outbox.queries import Confirmed
from portal.parameters.queries import value_of
from portal.parameters.registry import UNDO_HOURS
from portal.ui.elements import Chip, Grade, Moment, Text, Timeline
from portal.ui.moments import write_moment
from portal.ui.phrases import noted, said
from portal.ui.stencils import address_of

MOST_KEPT = 8192
_SAID: dict[tuple[str, ...], Said] = {}
_WORDS: dict[tuple[str, int], tuple[Text, bytes]] = {}
_RANKS: dict[tuple[Any, ...], Rank] = {}
_MAKES: dict[tuple[Any, ...], Make] = {}
Kept = TypeVar("Kept")
MomentTone = Literal["", "ok", "bad", "mute"]
TONES: dict[EventKind, MomentTone] = {
    EventKind.SUSPEND: "bad",
    EventKind.REVOKE: "bad",
    EventKind.DOWNGRADE: "bad",
    EventKind.VOID: "mute",
    EventKind.UNRENEW: "mute",
    EventKind.RECODE: "mute",
}


@dataclass(frozen=True)
class RowAct:
    """One line of a row's menu."""

    label: Text
    icon: str
    url: str
    is_danger: bool = False


class Said(NamedTuple):
    """Words a row shares with many others."""

    title: Text
    role: Text
    setting: Text
    where: Text  # the setting, and the campus if the right is limited to one
    kind: Text
    escaped: tuple[bytes, ...]  # title, role, where and kind as markup


class Rank(NamedTuple):
    """How far a right goes: a surgery grade or a level in words."""

    grade: Grade | None
    level: Text
    rank: int | Text  # the one that is shown


class Make(NamedTuple):
    """What else a row shares with many others."""

    ends_soon: bool
    standing: Chip
    kinds_of_acts: tuple[str, ...]
    shape: tuple[Any, ...]  # all of it that decides the markup


class GrantRow(NamedTuple):
    """One line of the ledger as lists show it; a tuple, for it is made by the hundred."""

    id: int
    name: str
    emp_no: str
    practitioner_url: str
    department: str
    what: str
    codes: str
    starts_on: str
    ends_on: str
    arrival: GrantArrival | None
    doc_no: str
    # Of ``Said``, of ``Rank``, then of ``Make``, in their order.
    title: Text
    role: Text
    setting: Text
    where: Text
    kind: Text
    escaped: tuple[bytes, ...]
    grade: Grade | None
    level: Text
    rank: int | Text
    ends_soon: bool
    standing: Chip
    kinds_of_acts: tuple[str, ...]
    shape: tuple[Any, ...]

    @property
    def acts(self) -> list[RowAct]:
        return [_act(self.id, act) for act in self.kinds_of_acts]

    @property
    def history_url(self) -> str:
        return address_of("permissions:grant-history", self.id)

    @property
    def long_arrival(self) -> GrantArrival | None:
        return self.arrival.long() if self.arrival else None


def grant_rows(states: Sequence[GrantState | Line]) -> list[GrantRow]:
    """One query for all arrivals, one more each if any is open or may be undone."""
    messages = arrivals_of(states)
    ways, proofs = Ways(), Proofs()
    now, hours = timezone.now(), value_of(UNDO_HOURS)
    # Older ones cannot be undone any more, whether they were or not.
    undone = undone_revocations(states, now - timedelta(hours=hours))
    makes = Makes(undone, now, hours)
    return [
        _row(
            state,
            _arrival(state, messages.get(state.last_event_id), ways, proofs),
            makes.of(state),
        )
        for state in states
    ]


def _arrival(
    state: GrantState | Line,
    message: Message | Confirmed | None,
    ways: Ways,
    proofs: Proofs,
) -> GrantArrival | None:
    if message is None:
        return untold_arrival(state, ways)
    return grant_arrival(state, message, proofs)


def _row(
    state: GrantState | Line, arrival: GrantArrival | None, shared: tuple[Any, ...]
) -> GrantRow:
    practitioner, grant = state.practitioner, state.grant
    emp_no = practitioner.emp_no
    own = (
        state.pk,
        practitioner.name,
        emp_no,
        address_of("permissions:practitioner-detail", emp_no),
        practitioner.department.name,
        *words.what(grant),
        *words.span(state.valid_from, state.valid_to),
        arrival,
        grant.doc_no,
    )
    return GrantRow._make(own + shared)


class Makes:
    """Words and make of each line at this moment; each kept by all that is asked of a
    line for it, for thousands of lines have a few hundred."""

    def __init__(self, undone: set[int], now: datetime, undo_hours: int) -> None:
        self._now = now
        self._undone = undone
        self._undo_hours = undo_hours
        self._since = now - timedelta(hours=undo_hours)
        self._language = get_language() or ""

    def of(self, state: GrantState | Line) -> tuple[Any, ...]:
        """The fields of ``Said``, of ``Rank``, then those of ``Make``."""
        return self._said_of(state) + _rank_of(state.grant) + self._make_of(state)

    def _said_of(self, state: GrantState | Line) -> Said:
        key = (
            *(self._language, state.kind, state.role, state.setting, state.campus),
            state.practitioner.title_code,
        )
        return _SAID.get(key) or _keep(_SAID, key, self._said(state))

    def _said(self, state: GrantState | Line) -> Said:
        title = TITLE_WORDS.get(state.practitioner.title_code, "")
        role, kind = words.role_word(state.role), words.kind_word(state.kind)
        where = words.where(state.setting, state.campus)
        return Said(
            title=title,
            role=role,
            setting=words.setting_word(state.setting),
            where=where,
            kind=kind,
            escaped=tuple(map(self._escaped, (title, role, where, kind))),
        )

    def _escaped(self, word: Text) -> bytes:
        """A word of the interface is looked up once a language."""
        if isinstance(word, str):
            return escape(word).encode()
        # Kept with the word: while that lives, its id is its own.
        key = (self._language, id(word))
        kept = _WORDS.get(key) or _keep(_WORDS, key, (word, escape(str(word)).encode()))
        return kept[1]

    def _make_of(self, state: GrantState | Line) -> Make:
        event, grant = state.last_event, state.grant
        entry = grant.privilege
        standing = standing_of(state, self._now)
        key = (
            *(standing, state.status, state.kind == GrantKind.DOWNGRADE),
            # The code decides only where it has roles of its own.
            *(entry.code in ROLES_OF and entry.code, entry.value_kind, entry.level),
            *(entry.category, grant.item_kind, grant.role),
            *(grant.application_id is None, state.valid_to is None),
            *(grant.visit_no == "", event.kind),
            *(event.recorded_at < self._since, event.pk in self._undone),
            *(grant.follows_id is None, event.undoes_id is None),
            is_suspended(state, self._now),
        )
        return _MAKES.get(key) or _keep(_MAKES, key, self._make(state, standing))

    def _make(self, state: GrantState | Line, standing: Standing) -> Make:
        chip = words.STANDING_CHIPS[standing]
        ends_soon = standing is Standing.EXPIRING
        acts = possible_acts(
            state, self._now, undo_hours=self._undo_hours, undone=self._undone
        )
        return Make(
            ends_soon=ends_soon,
            standing=chip,
            kinds_of_acts=acts,
            shape=(chip.icon, ends_soon, acts),
        )


def _rank_of(grant: Grant | Terms) -> Rank:
    entry, item_grade = grant.privilege, grant.item_grade
    key = (entry.code, entry.value_kind, entry.level, item_grade)
    found = _RANKS.get(key)
    if found is None:
        grade, level = words.grade_of(entry, item_grade), words.level_word(entry)
        found = Rank(grade, level, grade.number if grade and grade.number else level)
        _keep(_RANKS, key, found)
    return found


def _keep(kept: dict[Any, Kept], key: Any, value: Kept) -> Kept:
    if len(kept) >= MOST_KEPT:
        kept.clear()
    kept[key] = value
    return value


def _act(state_id: int, act: str) -> RowAct:
    return RowAct(
        label=ACTS[act].word,
        icon=ACTS[act].icon,
        url=address_of("permissions:grant-change", state_id, act),
        is_danger=ACTS[act].is_last,
    )


# --- histories ------------------------------------------------------------------------


def event_moment(event: GrantEvent, about: str, message: Message | None) -> Moment:
    """One entry of a timeline: what, why, who, and whether it arrived."""
    kind = EventKind(event.kind)
    text = f"{kind.label} {about}".strip()
    reason = words.reason_words(
        event.reason_code,
        event.get_reason_code_display() if event.reason_code else "",
        event.reason,
    )
    arrived = long_arrival(message, event.recorded_at) if message else ""
    details = [words.late_words(event), said(event.by.name, reason), arrived]
    return Moment(
        write_moment(event.recorded_at),
        noted(text, _("补记")) if words.is_late(event) else text,
        " · ".join(part for part in details if part),
        _tone(kind),
    )


def _tone(kind: EventKind) -> MomentTone:
    return TONES.get(kind, "ok")


def history(events: Sequence[GrantEvent], arrivals: dict[str, Message]) -> Timeline:
    """The timeline of one grant; where it went over from other codes, each says which."""
    is_one = len({event.grant.item_code for event in events}) < 2
    return Timeline(
        [
            event_moment(
                event,
                "" if is_one else event.grant.item_code,
                arrivals.get(event.subject),
            )
            for event in events
        ]
    )


def timeline(events: Sequence[GrantEvent], arrivals: dict[str, Message]) -> Timeline:
    """The timeline of one practitioner: each entry says which right."""
    return Timeline(
        [
            event_moment(
                event, words.what_in_one(event.grant), arrivals.get(event.subject)
            )
            for event in events
        ]
    )
