"""Regrading with its consequences: one transaction over both rooms.

``surgery`` takes the decision, this room applies what follows for the rights that were
granted before. ``foresee`` tells it before anybody decides.
"""

from permissions.regrading.acts import approve, follow_due, undo
from permissions.regrading.foreseeing import (
    BookedEffect,
    Changing,
    Fate,
    Foreseen,
    Outlook,
    foresee,
)
from permissions.regrading.lists import LineEffect, ListForeseen, foresee_list

__all__ = [
    "BookedEffect",
    "Changing",
    "Fate",
    "Foreseen",
    "LineEffect",
    "ListForeseen",
    "Outlook",
    "approve",
    "follow_due",
    "foresee",
    "foresee_list",
    "undo",
]
