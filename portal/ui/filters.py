"""Filters of a list: what the address may ask for, and how it narrows the rows.

What does not make sense (an unknown choice, a day that is none) narrows nothing, and
the control then shows that nothing is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from typing import Any, Literal, Protocol

from django.db.models import Q
from django.utils.translation import gettext as _

from portal.parameters.days import FIRST_DAY, LAST_DAY, end_of, start_of
from portal.ui.elements import Text
from portal.ui.phrases import listed

# Value, label and, for choices one types a part of, the initials in pinyin.
Choice = tuple[str, Text] | tuple[str, Text, str]
Choices = Sequence[Choice]
LONGEST_SEARCH = 50


@dataclass(frozen=True)
class Option:
    value: str
    label: Text
    is_on: bool
    initials: str = ""


class Options(Sequence[Option]):
    """The options of a choice, made when a page is drawn that shows them."""

    def __init__(self, choices: Choices, value: str) -> None:
        self.choices, self._value = choices, value

    def _made(self) -> list[Option]:
        return [
            Option(str(key), label, str(key) == self._value, *initials)
            for key, label, *initials in self.choices
        ]

    def __iter__(self) -> Iterator[Option]:
        return iter(self._made())

    def __getitem__(self, place: Any) -> Any:
        return self._made()[place]

    def __len__(self) -> int:
        return len(self.choices)


@dataclass(frozen=True)
class Control:
    """One filter as the filter row draws it, and what it says when it is set."""

    kind: Literal["choice", "text", "dates"]
    name: str
    label: Text
    value: str = ""
    until: str = ""
    options: Sequence[Option] = ()
    says: str = ""
    is_searchable: bool = False

    @property
    def choices(self) -> Choices:
        """What is offered, as it was read."""
        return self.options.choices if isinstance(self.options, Options) else ()

    @property
    def names(self) -> tuple[str, ...]:
        """Its part of the address."""
        if self.kind == "dates":
            return f"{self.name}_from", f"{self.name}_to"
        return (self.name,)

    def ignored_in(self, given: Mapping[str, str]) -> Iterator[str]:
        """Names whose value is none this filter knows (any more)."""
        if not self.says:
            yield from (name for name in self.names if given.get(name, "").strip())


class Filter(Protocol):
    """Reads its part of the address once: how it looks and what it asks for."""

    def read(self, given: Mapping[str, str]) -> tuple[Control, Q]: ...


@dataclass(frozen=True)
class ChoiceFilter:
    """One of some values: ``lookup`` is a field, or a function from value to Q.

    ``is_searchable`` where there are too many to look through: one types a part.
    Without any choice there is no control.
    """

    name: str
    label: Text
    choices: Choices | Callable[[], Choices]
    lookup: str | Callable[[str], Q]
    is_searchable: bool = False

    def read(self, given: Mapping[str, str]) -> tuple[Control, Q]:
        value = given.get(self.name, "")
        choices = self.choices() if callable(self.choices) else self.choices
        says = _label_of(value, choices) if value else ""
        control = Control(
            "choice",
            self.name,
            self.label,
            value,
            options=Options(choices, value),
            says=says,
            is_searchable=self.is_searchable,
        )
        return control, self._condition(value) if says else Q()

    def _condition(self, value: str) -> Q:
        return self.lookup(value) if callable(self.lookup) else Q((self.lookup, value))


def _label_of(value: str, choices: Choices) -> str:
    return next((str(label) for key, label, *_ in choices if str(key) == value), "")


@dataclass(frozen=True)
class DateRange:
    """From a day to a day, both included; ``is_moment`` for fields with a time, and
    ``is_end`` for exclusive ends: the day meant is the last one before."""

    name: str
    label: Text
    field: str
    is_moment: bool = True
    is_end: bool = False

    def read(self, given: Mapping[str, str]) -> tuple[Control, Q]:
        first = day_or_none(given.get(f"{self.name}_from", ""))
        last = day_or_none(given.get(f"{self.name}_to", ""))
        start, end = (day.isoformat() if day else "" for day in (first, last))
        if not (start or end):
            return Control("dates", self.name, self.label), Q()
        says = _("%(first)s 至 %(last)s") % {"first": start, "last": end}
        control = Control("dates", self.name, self.label, start, end, says=says)
        return control, self._condition(first, last)

    def _condition(self, first: date | None, last: date | None) -> Q:
        found = Q()
        if self.is_end:
            # What ends with the last day of a month has the first of the next as its end.
            if first:
                found &= Q((f"{self.field}__gt", start_of(first)))
            if last:
                found &= Q((f"{self.field}__lte", end_of(last)))
            return found
        if first:
            start = start_of(first) if self.is_moment else first
            found &= Q((f"{self.field}__gte", start))
        if last and self.is_moment:
            found &= Q((f"{self.field}__lt", end_of(last)))
        elif last:
            found &= Q((f"{self.field}__lte", last))
        return found


@dataclass(frozen=True)
class Search:
    """One text looked for in several ways, e.g. ``name__contains`` and
    ``initials__istartswith``; a function from text to Q does the same."""

    label: Text
    lookups: tuple[str, ...] | Callable[[str], Q]
    name: str = "q"
    # What to order by while nobody sorts: the best of what was typed first.
    ranking: Callable[[str], tuple[Any, ...]] | None = None

    def read(self, given: Mapping[str, str]) -> tuple[Control, Q]:
        text = given.get(self.name, "").strip()[:LONGEST_SEARCH]
        control = Control("text", self.name, self.label, text, says=text)
        return control, self._condition(text) if text else Q()

    def _condition(self, text: str) -> Q:
        if callable(self.lookups):
            return self.lookups(text)
        return reduce(or_, [Q((lookup, text)) for lookup in self.lookups])


def day_or_none(text: str) -> date | None:
    """The day a text names, if a person could mean it."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def given_conditions(controls: Sequence[Control]) -> str:
    """「心胸外科、暂停」: what narrows the list, in words."""
    return listed(control.says for control in controls)
