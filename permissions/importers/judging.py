"""The dry run: what each row would do, by the same rules the acts follow.

First every row by itself, then all in their order, for what one row grants another one
meets. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from permissions.enums import EventKind
from permissions.importers.cells import Read
from permissions.importers.columns import Field
from permissions.importers.house import Held, House, Place
from permissions.ledger import LineKey, Span
from permissions.models import GrantEvent, GrantImport, GrantImportRow, GrantState
from permissions.models.imports import Verdict
from permissions.queries.grants import is_suspended
from permissions.services import ActRefused, Line
from permissions.services import lines as lines_of
from permissions.services.changes import must_be_free, must_be_possible
from permissions.services.direct import fitting_line, key_of
from permissions.services.lines import Fitting
from permissions.services.refusals import GrantOverlaps, OwnRight
from permissions.services.rules import span_words
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import day_of, end_of, last_day_of, start_of
from portal.sheets.cells import Problem
from portal.ui.elements import Text

# In which column stands what a refusal is about.
FIELD_OF = {
    "practitioner": Field.EMP_NO,
    "privilege": Field.PRIVILEGE,
    "item": Field.ITEM,
    "item_name": Field.ITEM,
    "item_kind": Field.ITEM,
    "role": Field.ROLE,
    "setting": Field.SETTING,
    "valid_from": Field.VALID_FROM,
    "valid_to": Field.VALID_TO,
    "until": Field.VALID_TO,
}


@dataclass
class Judged:
    """A row with its verdict; ``held`` is the line of the ledger it is about."""

    read: Read
    verdict: Verdict = Verdict.ERROR
    held: Held | None = None
    seen: int | None = None
    was: date | None = None  # the last day of a line that will last longer
    problems: list[Problem] = field(default_factory=list)

    @property
    def number(self) -> int:
        return self.read.number

    @property
    def given(self) -> Mapping[str, str]:
        return self.read.given

    @property
    def verdict_label(self) -> Text:
        return self.verdict.label

    def as_row(self, one: GrantImport) -> GrantImportRow:
        row = self.read
        return GrantImportRow(
            grant_import=one,
            number=row.number,
            verdict=self.verdict,
            is_proposed=row.is_proposed,
            text=" ".join(row.given.values())[:300],
            given=row.given,
            line=as_json(row.line, self.was) if row.line else {},
            problems=[problem.as_json() for problem in self.problems],
            practitioner=row.practitioner,
            state_id=self.held.pk if self.held else None,
            seen=self.seen,
        )

    def refuse(self, verdict: Verdict, refusal: ActRefused | str) -> None:
        where = FIELD_OF.get(getattr(refusal, "field", ""), "")
        given = self.read.given.get(where, "")
        self.verdict = verdict
        self.problems.append(Problem(where, str(refusal), given))


@dataclass(frozen=True)
class _Whole:
    """A row that can be read, with the line as the catalogue takes it."""

    judged: Judged
    practitioner: Practitioner
    line: Line
    key: LineKey
    asked: Span

    @property
    def is_span(self) -> bool:
        return self.asked.meets(self.asked)


class Judge:
    """Judges the rows of one sheet for the person who brings it."""

    def __init__(self, house: House, by: User) -> None:
        self._house = house
        self._by = by

    def judge(self, rows: Iterable[Read]) -> list[Judged]:
        judged = [Judged(row, problems=list(row.problems)) for row in rows]
        whole = [found for one in judged if (found := self._whole(one)) is not None]
        pairs = ((one.practitioner.pk, one.line.privilege.pk) for one in whole)
        self._house.read_lines(pairs)
        self._house.read_states(self._same_lines(whole))
        for one in whole:
            self._decide(one)
        return judged

    def _whole(self, judged: Judged) -> _Whole | None:
        row = judged.read
        if row.line is None or row.practitioner is None or row.problems:
            return None
        try:
            if row.practitioner.pk == self._by.practitioner_id:
                raise OwnRight
            item, role = lines_of.must_fit_catalogue(row.line, self._house)
        except ActRefused as refusal:
            judged.refuse(Verdict.ERROR, refusal)
            return None
        span = self._asked(row.line)
        fitted = Fitting(row.practitioner, row.line, item, role, span)
        return _Whole(judged, row.practitioner, row.line, key_of(fitted), span)

    def _asked(self, line: Line) -> Span:
        """The days as they stand in the sheet; what begins today begins now."""
        start, at = start_of(line.valid_from), self._house.at
        if line.valid_from == day_of(at):
            start = max(start, at)
        return Span(start, end_of(line.valid_to))

    def _same_lines(self, whole: Sequence[_Whole]) -> dict[int, None]:
        """Lines of the ledger that are exactly what a row speaks of."""
        return {
            place.held.pk: None
            for one in whole
            if one.is_span
            for place in self._house.places_met(one.key, one.asked)
            if place.held is not None and place.key == one.key
        }

    # --- in their order ---------------------------------------------------------------

    def _decide(self, one: _Whole) -> None:
        met = self._house.places_met(one.key, one.asked) if one.is_span else []
        earlier = [place.row for place in met if place.row is not None]
        if earlier:
            text = _("与本表第 %(row)s 行是同一授权，日期重叠。只保留一行。")
            one.judged.refuse(Verdict.CONFLICT, text % {"row": earlier[0]})
            return
        if len(met) == 1 and met[0].key == one.key and met[0].held is not None:
            self._beside(one, met[0], met[0].held)
            return
        self._anew(one)

    def _anew(self, one: _Whole) -> None:
        try:
            fitted = fitting_line(
                one.practitioner, one.line, at=self._house.at, ground=self._house
            )
        except ActRefused as refusal:
            one.judged.refuse(Verdict.ERROR, refusal)
            return
        try:
            lines_of.must_not_overlap(one.key, fitted.span, ground=self._house)
        except ActRefused as refusal:
            one.judged.refuse(Verdict.CONFLICT, refusal)
            return
        one.judged.verdict = Verdict.NEW
        self._house.take(one.key, fitted.span, one.judged.read.number)

    def _beside(self, one: _Whole, place: Place, held: Held) -> None:
        """The line is there: it is the same, lasts longer, or is in the way."""
        state = self._house.state(held.pk, one.practitioner)
        one.judged.held, one.judged.seen = held, state.last_event_id
        why = self._differs(one, held, state)
        if why is not None:
            one.judged.refuse(Verdict.CONFLICT, why)
        elif one.line.valid_to == last_day_of(held.valid_to):
            one.judged.verdict = Verdict.SAME
        else:
            self._prolonged(one, place, held)

    def _differs(
        self, one: _Whole, held: Held, state: GrantState
    ) -> ActRefused | str | None:
        """What keeps the row from being this line as it is, or for longer."""
        if is_suspended(state, self._house.at):
            return _("已有这项授权，现为暂停。先恢复，再导入。")
        asked = one.line.conditions
        if asked and asked != state.grant.conditions:
            return _("已有这项授权，条件不同：现为「%(now)s」。先取消再授权。") % {
                "now": state.grant.conditions or _("无")
            }
        starts_earlier = one.line.valid_from < day_of(held.valid_from)
        if starts_earlier or not _reaches(one.asked, held):
            return GrantOverlaps(span_words(held.valid_from, held.valid_to))
        return None

    def _prolonged(self, one: _Whole, place: Place, held: Held) -> None:
        state = self._house.state(held.pk, one.practitioner)
        at = self._house.at
        event = GrantEvent(
            grant=state.grant,
            kind=EventKind.RENEW,
            effective_at=at,
            recorded_at=at,
            until=one.asked.valid_to,
        )
        try:
            earlier = self._house.events(state)
            must_be_possible(event, state, earlier)
            must_be_free(event, state, self._house)
        except ActRefused as refusal:
            one.judged.refuse(Verdict.CONFLICT, refusal)
            return
        one.judged.verdict = Verdict.RENEW
        one.judged.was = last_day_of(held.valid_to)
        self._house.prolong(place, one.asked.valid_to, one.judged.read.number)


def _reaches(asked: Span, held: Held) -> bool:
    """Whether the row lasts at least as long as the line does."""
    if held.ended_at is not None and held.ended_at != held.valid_to:
        return False
    if asked.valid_to is None or held.valid_to is None:
        return asked.valid_to is held.valid_to
    return asked.valid_to >= held.valid_to


def as_json(line: Line, was: date | None) -> dict[str, Any]:
    """What is kept of a line until it is written; ``was`` is the end it has."""
    return {
        "was": was.isoformat() if was else "",
        "privilege": line.privilege.pk,
        "what": f"{line.privilege.code} {line.privilege.name}",
        "valid_from": line.valid_from.isoformat(),
        "valid_to": line.valid_to.isoformat() if line.valid_to else "",
        **{name: getattr(line, name) for name in TEXTS},
    }


TEXTS = (
    *("item", "item_kind", "item_name", "role", "setting", "campus", "side", "kind"),
    *("conditions", "evidence", "doc_no"),
)
