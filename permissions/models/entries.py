"""An entry of the catalogue as one value, with everything it refers to.

Drafts and revisions keep it as JSON; rows of the catalogue are read into it and
written from it, so that two versions are compared attribute by attribute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

Codes = tuple[str, ...]
# Attributes that are links to other rows, not columns of the entry's own row.
LINKED = frozenset({"scopes", "requires", "trainings", "exams", "basis"})
LISTS = LINKED | {"certificates", "enforced_at"}


@dataclass(frozen=True)
class Entry:
    """Domain 2.1; months and years in whole numbers, None where nothing is set."""

    code: str
    name: str
    category: str
    value_kind: str
    level: str = ""
    setting: str = "ALL"
    title_rule: str = "NONE"
    min_title_rank: int = 0
    scopes: Codes = ()
    requires: Codes = ()
    trainings: Codes = ()
    exams: Codes = ()
    certificates: Codes = ()
    min_years: int | None = None
    min_cases: int | None = None
    requirements: str = ""
    validity_months: int | None = None
    ends_with: str = ""
    assessment_months: int | None = None
    flow: str = "OFFICE"
    his_target: str = ""
    his_value: str = ""
    enforced_at: Codes = ()
    on_expiry: str = "SUSPEND"
    basis: Codes = ()
    is_enabled: bool = True
    sort: int = 0

    def __post_init__(self) -> None:
        """Lists are sets: in whatever order they were given, they are the same."""
        for name in LISTS:
            object.__setattr__(self, name, tuple(sorted(set(getattr(self, name)))))

    def as_json(self) -> dict[str, Any]:
        return {
            name: list(value) if name in LISTS else value
            for name, value in self.attributes().items()
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Entry:
        """What a later release added and the content lacks keeps its default."""
        given: dict[str, Any] = {
            name: tuple(content[name]) if name in LISTS else content[name]
            for name in ATTRIBUTES
            if name in content
        }
        return cls(**given)

    def attributes(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ATTRIBUTES}


ATTRIBUTES = tuple(field.name for field in fields(Entry))
COLUMNS = tuple(name for name in ATTRIBUTES if name not in LINKED)


def changed_attributes(before: Entry | None, after: Entry | None) -> list[str]:
    """Names of what differs, in order; all of them where one side is missing."""
    return [
        name
        for name in ATTRIBUTES
        if before is None
        or after is None
        or getattr(before, name) != getattr(after, name)
    ]
