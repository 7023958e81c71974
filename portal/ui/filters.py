"""Filters of a list: what the address may ask for, and how it narrows the rows.

What does not make sense (an unknown choice, a day that is none) narrows nothing, and
the control then shows that nothing is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from typing import Literal, Protocol

from django.db.models import Q
from django.utils.translation import gettext as _

from portal.parameters.days import end_of, start_of
from portal.ui.elements import Text

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


class Filter(Protocol):
    def condition(self, given: Mapping[str, str]) -> Q: ...

    def control(self, given: Mapping[str, str]) -> Control: ...


@dataclass(frozen=True)
class ChoiceFilter:
    """One of some values: ``lookup`` is a field, or a function from value to Q."""

    name: str
    label: Text
    choices: Choices | Callable[[], Choices]
    lookup: str | Callable[[str], Q]

    def _choices(self) -> Choices:
        return self.choices() if callable(self.choices) else self.choices

    def condition(self, given: Mapping[str, str]) -> Q:
        value = given.get(self.name, "")
        if value not in {str(key) for key, _label in self._choices()}:
            return Q()
        if callable(self.lookup):
            return self.lookup(value)
        return Q((self.lookup, value))

    def control(self, given: Mapping[str, str]) -> Control:
        value = given.get(self.name, "")
        options = [
            Option(str(key), label, str(key) == value) for key, label in self._choices()
        ]
        says = next((str(option.label) for option in options if option.is_on), "")
        return Control(
            "choice", self.name, self.label, value, options=options, says=says
        )


@dataclass(frozen=True)
class DateRange:
    """From a day to a day, both included; ``is_moment`` for fields with a time."""

    name: str
    label: Text
    field: str
    is_moment: bool = True

    def _days(self, given: Mapping[str, str]) -> tuple[date | None, date | None]:
        return (
            day_or_none(given.get(f"{self.name}_from", "")),
            day_or_none(given.get(f"{self.name}_to", "")),
        )

    def condition(self, given: Mapping[str, str]) -> Q:
        first, last = self._days(given)
        found = Q()
        if first:
            found &= Q(
                (f"{self.field}__gte", start_of(first) if self.is_moment else first)
            )
        if last and self.is_moment:
            found &= Q((f"{self.field}__lt", end_of(last)))
        elif last:
            found &= Q((f"{self.field}__lte", last))
        return found

    def control(self, given: Mapping[str, str]) -> Control:
        first, last = (day.isoformat() if day else "" for day in self._days(given))
        says = _("%(first)s 至 %(last)s") % {"first": first, "last": last}
        return Control(
            "dates",
            self.name,
            self.label,
            first,
            last,
            says=says if first or last else "",
        )


@dataclass(frozen=True)
class Search:
    """One text looked for in several ways, e.g. ``name__contains`` and
    ``initials__istartswith``; a function from text to Q does the same."""

    label: Text
    lookups: tuple[str, ...] | Callable[[str], Q]
    name: str = "q"

    def _text(self, given: Mapping[str, str]) -> str:
        return given.get(self.name, "").strip()[:LONGEST_SEARCH]

    def condition(self, given: Mapping[str, str]) -> Q:
        text = self._text(given)
        if not text:
            return Q()
        if callable(self.lookups):
            return self.lookups(text)
        return reduce(or_, [Q((lookup, text)) for lookup in self.lookups])

    def control(self, given: Mapping[str, str]) -> Control:
        text = self._text(given)
        return Control("text", self.name, self.label, text, says=text)


def day_or_none(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def given_conditions(controls: Sequence[Control]) -> str:
    """「心胸外科、暂停」: what narrows the list, in words."""
    return "、".join(control.says for control in controls if control.says)
