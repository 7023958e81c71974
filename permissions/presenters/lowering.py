"""Lower lines as choices of a form."""

from __future__ import annotations

from collections.abc import Iterable

from permissions.presenters import words
from permissions.services import Line


def lower_choices(lines: Iterable[Line]) -> dict[str, tuple[str, Line]]:
    """By a key that names privilege and role: what the form says, and the line."""
    return {f"{line.privilege.code}:{line.role}": (_name(line), line) for line in lines}


def _name(line: Line) -> str:
    name = f"{line.privilege.code} {line.privilege.name}"
    return f"{name} {words.role_word(line.role)}".strip()
