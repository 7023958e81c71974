"""The world a check is asked in: everybody's lines, frozen so that a look-up answers.

``World`` is built from facts and patched one person at a time; what is compiled is
compiled when first asked for and kept.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import inf
from types import MappingProxyType
from typing import TypeAlias

from permissions.checks.codes import Code
from permissions.checks.entries import Entry
from permissions.checks.facts import (
    RELEVANT_PRIVILEGES,
    Context,
    DrugFacts,
    PersonFacts,
    ProcedureFacts,
    Standing,
    Terms,
)
from permissions.checks.question import Part
from permissions.checks.rights import (
    CodeTrack,
    Judging,
    Track,
    better,
    is_on_call,
    value_at,
)
from permissions.checks.rules import RULES, Mode, Rule, RuleMode, with_defaults

GRADES = range(5)
ALLOWED, OUT_OF_SCOPE = Code.ALLOWED, Code.OUT_OF_SCOPE


class Person:
    """A practitioner, compiled. ``ends`` is when the licence ends, in seconds.

    Most people hold no line that is bound to a place or side: they are plain, and
    their rights are kept by part alone.
    """

    __slots__ = ("ends", "facts", "flags", "is_plain", "items", "operating", "rights")

    def __init__(self, facts: PersonFacts) -> None:
        self.facts = facts
        practises = facts.standing is Standing.PRACTISING
        until = facts.registered_until
        self.ends = (inf if until is None else until.timestamp()) if practises else -inf
        items: dict[str, tuple[Terms, ...]] = {}
        flags: list[Terms] = []
        self.is_plain = True
        for item, terms in facts.lines:
            if item:
                held = items.get(item)
                items[item] = (*held, terms) if held else (terms,)
            else:
                flags.append(terms)
            is_bound = not terms.is_plain and terms.privilege in RELEVANT_PRIVILEGES
            if is_bound or is_on_call(terms):
                self.is_plain = False
        self.items, self.flags = items, tuple(flags)
        self.rights: dict[Part | tuple[Part, Context], Rights] = {}
        # Rights as surgeon that hold in every place, once asked for.
        self.operating: Rights | None = None

    def counting(self, lines: Sequence[Terms], context: Context) -> Sequence[Terms]:
        """Of some lines those that count in this place."""
        if self.is_plain:
            return lines
        return [terms for terms in lines if terms.counts_in(context)]


class Rights:
    """What one person may do in one part, in one kind of place."""

    __slots__ = (
        *("_ceiling", "_eased", "_flags", "_judging", "_on_call", "_part"),
        *("classes", "items"),
    )

    def __init__(
        self,
        part: Part,
        flags: Sequence[Terms],
        items: dict[Hashable, CodeTrack],
        ceiling: Track[int],
        judging: Judging,
        on_call: Track[int] | None = None,
    ) -> None:
        self._part, self._flags, self._judging = part, flags, judging
        self._ceiling = ceiling
        self._on_call = on_call
        self._eased: dict[Hashable, Track[Code]] = {}
        self.items = items
        self.classes = tuple(
            judging.class_track(part, grade, restricted, flags, ceiling)
            for grade in GRADES
            for restricted in (False, True)
        )

    def code_at(self, entry: Entry, at: float) -> Code:
        """By the item's own lines, else by what the person holds as a whole."""
        own = self.items.get(entry.key)
        code = own[1][bisect_right(own[0], at)] if own is not None else None
        if code is not ALLOWED:
            code = self.otherwise(code, entry.kind, at)
            if entry.eased is not None:
                code = better(code, value_at(self._eased_class(entry, entry.eased), at))
            if self._on_call is not None and code in LEFT_TO_DUTY:
                reach = value_at(self._on_call, at)
                return ALLOWED if reach >= entry.on_call_needs else code
        return code

    def otherwise(self, own: Code | None, kind: int, at: float) -> Code:
        """The better of what the item's lines say and what the rest says."""
        bounds, codes = self.classes[kind]
        other = codes[bisect_right(bounds, at)]
        return other if own is None else better(own, other)

    def _eased_class(self, entry: Entry, eased: ProcedureFacts) -> Track[Code]:
        """What classes that began before a regrading say in its transition."""
        found = self._eased.get(entry.key)
        if found is None:
            older = [terms for terms in self._flags if terms.start < entry.older]
            found = self._eased[entry.key] = self._judging.class_track(
                self._part, eased.grade, eased.is_restricted, older, self._ceiling
            )
        return found

    def ceiling_at(self, at: float) -> int:
        return value_at(self._ceiling, at)


NOBODY = Person(PersonFacts("", Standing.UNKNOWN_PERSON))


class World:
    """Everybody and everything a question may speak of, and how this hospital judges."""

    def __init__(
        self,
        *,
        people: Iterable[PersonFacts] = (),
        procedures: Iterable[ProcedureFacts] = (),
        drugs: Iterable[DrugFacts] = (),
        modes: Mapping[str, RuleMode] = MappingProxyType({}),
        operate_implies_order: bool = True,
        placed: frozenset[str] | None = None,
        certificates: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        """``placed`` are the campuses whose institution is known: at another one
        nobody's registration is asked about; None asks at all. ``certificates`` are
        those the use of a privilege demands, by its code."""
        self.certificates = certificates
        self.rule_modes = modes
        self.modes = with_defaults(modes)
        self.placed = placed
        self.scope_decides = self.modes["P03"] is Mode.MUST
        self.judging = Judging(
            operate_implies_order=operate_implies_order,
            overdue_suspends=self.modes["S13"] is Mode.MUST,
            on_call_counts=self.modes["S20"] is not Mode.OFF,
        )
        self._tracks: dict[tuple[Part, tuple[int, ...]], _Kept] = {}
        self.drugs = {drug.code: drug for drug in drugs}
        self.procedures = {facts.code: Entry(facts) for facts in procedures}
        self.people = {facts.emp_no: Person(facts) for facts in people}
        # The kind of each procedure that is closed to nobody by itself.
        self.open = {
            code: entry.kind for code, entry in self.procedures.items() if entry.is_open
        }

    def put(self, facts: PersonFacts) -> None:
        """Replace one person; the next question sees the new lines.

        What is compiled hangs on the person, never on the world: another thread that
        still compiles the old one cannot bring it back.
        """
        self.people[facts.emp_no] = Person(facts)

    def put_drugs(self, drugs: Iterable[DrugFacts]) -> None:
        """Replace the whole list of drugs."""
        self.drugs = {drug.code: drug for drug in drugs}

    def put_procedure(self, facts: ProcedureFacts) -> None:
        """Replace a catalogue entry, and all who were compiled with the old one."""
        entry = self.procedures[facts.code] = Entry(facts)
        self.open.pop(facts.code, None)
        for person in list(self.people.values()):
            if facts.code in person.items:
                self.put(person.facts)
        if entry.is_open:
            self.open[facts.code] = entry.kind

    def person(self, emp_no: str) -> Person:
        return self.people.get(emp_no, NOBODY)

    def rule(self, id: str) -> Rule:
        """A rule with the hospital's mode and wording."""
        rule, own = RULES[id], self.rule_modes.get(id)
        if own is None:
            return rule
        return replace(
            rule,
            mode=own.mode,
            text=own.text or rule.text,
            remedy=own.remedy or rule.remedy,
        )

    def code(
        self, emp_no: str, part: Part, procedure: str, at: float, context: Context
    ) -> Code:
        """The code of one person for one procedure, before any rescue."""
        entries = [self.entry(procedure, at)]
        return self.codes(emp_no, part, entries, at, context)[0]

    def entry(self, procedure: str, at: float) -> Entry | None:
        """A catalogue entry as it is at a moment; None is not in the catalogue."""
        found = self.procedures.get(procedure)
        return found.at(at) if found is not None else None

    def codes(
        self,
        emp_no: str,
        part: Part,
        entries: Sequence[Entry | None],
        at: float,
        context: Context,
    ) -> list[Code]:
        """The codes of one person for several procedures; None is not in the catalogue."""
        person = self.people.get(emp_no, NOBODY)
        if at >= person.ends:
            return [OUT_OF_SCOPE] * len(entries)
        rights = person.rights.get(part) or self.rights_of(person, part, context)
        found = []
        for entry in entries:
            if entry is None:
                found.append(Code.NOT_IN_CATALOGUE)
            elif entry.closed is not None:
                found.append(entry.closed)
            elif (entry.scopes or context.campus) and self.is_outside(
                person, part, entry, at, context
            ):
                found.append(OUT_OF_SCOPE)
            else:
                found.append(rights.code_at(entry, at))
        return found

    def is_outside(
        self, person: Person, part: Part, entry: Entry, at: float, context: Context
    ) -> bool:
        """Outside the registered scope (P03) or place (P04), where these decide."""
        return self.breaks_scope(person, part, entry, at) or self.breaks_place(
            person, at, context
        )

    def breaks_scope(self, person: Person, part: Part, entry: Entry, at: float) -> bool:
        if not self.scope_decides or not entry.scopes or part not in SCOPED_PARTS:
            return False
        scopes = person.facts.scopes_at(at)
        return scopes is not None and not entry.scopes & scopes

    def breaks_place(self, person: Person, at: float, context: Context) -> bool:
        if self.modes["P04"] is not Mode.MUST or not self.asks_place(context):
            return False
        places = person.facts.campuses_at(at)
        return places is not None and context.campus not in places

    def asks_place(self, context: Context) -> bool:
        """Is it known to which institution the campus belongs?"""
        is_placed = self.placed is None or context.campus in self.placed
        return bool(context.campus) and is_placed

    def rights_of(self, person: Person, part: Part, context: Context) -> Rights:
        """Compiled when first asked for; a plain person's hold in every place."""
        key = part if person.is_plain else (part, context)
        found = person.rights.get(key)
        if found is None:
            found = person.rights[key] = self._compiled(person, part, context)
            if key is Part.SURGEON:
                person.operating = found
        return found

    def _compiled(self, person: Person, part: Part, context: Context) -> Rights:
        items: dict[Hashable, CodeTrack] = {}
        held: list[Terms] = []
        flags = person.counting(person.flags, context)
        for code, lines in person.items.items():
            counting = person.counting(lines, context)
            held += counting
            entry = self.procedures.get(code)
            if entry is None:
                continue
            for phase in entry.phases:
                covering = [one for one in counting if phase.covers_as_item(one)]
                if covering and part is not Part.ANESTHETIST:
                    items[phase.key] = self._item_track(part, covering)
        ceiling: Track[int] = ((), (0,))
        on_call = None
        if part is Part.SURGEON:
            ceiling = self.judging.ceiling_track([*held, *flags])
            if context.is_urgent:
                on_call = self.judging.on_call_track(flags, ceiling)
        return Rights(part, flags, items, ceiling, self.judging, on_call)

    def _item_track(self, part: Part, lines: Sequence[Terms]) -> CodeTrack:
        """Shared by all who hold such lines; they are kept, so their ids stay theirs."""
        key = (part, tuple(map(id, lines)))
        kept = self._tracks.get(key)
        if kept is None:
            kept = self._tracks[key] = (self.judging.item_track(part, lines), lines)
        return kept[0]


_Kept: TypeAlias = tuple[CodeTrack, Sequence[Terms]]
# Where lines say nothing better, emergency duty may; what was shut or is bound to a
# supervisor it leaves as it is.
LEFT_TO_DUTY = frozenset({Code.NO_RIGHT, Code.ASSIST_ONLY, Code.EXPIRED})
SCOPED_PARTS = frozenset({Part.SURGEON, Part.SUPERVISOR, Part.ORDERER})
