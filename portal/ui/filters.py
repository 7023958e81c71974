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
from typing import Literal, Protocol

from django.db.models import Q
from django.utils.translation import gettext as _

from portal.parameters.days import FIRST_DAY, LAST_DAY, end_of, start_of
from portal.ui.elements import Text
from portal.ui.phrases import listed

Choices = Sequence[tuple[str, Text]]
LONGEST_SEARCH = 50


@dataclass(frozen=True)
class Option:
    value: str
    label: Text
    is_on: bool


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
    """

    name: str
    label: Text
    choices: Choices | Callable[[], Choices]
    lookup: str | Callable[[str], Q]
    is_searchable: bool = False

    def read(self, given: Mapping[str, str]) -> tuple[Control, Q]:
        value = given.get(self.name, "")
        choices = self.choices() if callable(self.choices) else self.choices
        options = [Option(str(key), label, str(key) == value) for key, label in choices]
        chosen = [option for option in options if option.is_on]
        says = str(chosen[0].label) if chosen else ""
        control = Control(
            "choice",
            self.name,
            self.label,
            value,
            options=options,
            says=says,
            is_searchable=self.is_searchable,
        )
        return control, self._condition(value) if chosen else Q()

    def _condition(self, value: str) -> Q:
        return self.lookup(value) if callable(self.lookup) else Q((self.lookup, value))


@dataclass(frozen=True)
class DateRange:
    """From a day to a day, both included; ``is_moment`` for fields with a time."""

    name: str
    label: Text
    field: str
    is_moment: bool = True

    def read(self, given: Mapping[str, str]) -> tuple[Control, Q]:
        first = day_or_none(given.get(f"{self.name}_from", ""))
        last = day_or_none(given.get(f"{self.name}_to", ""))
        start, end = (day.isoformat() if day else "" for day in (first, last))
        says = _("%(first)s 至 %(last)s") % {"first": start, "last": end}
        control = Control(
            "dates",
            self.name,
            self.label,
            start,
            end,
            says=says if start or end else "",
        )
        return control, self._condition(first, last)

    def _condition(self, first: date | None, last: date | None) -> Q:
        found = Q()
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
