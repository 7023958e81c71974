"""Re-coding with its consequences: one transaction over both rooms.

``surgery`` ends the old entries and begins the new ones with their grades, this room
carries the grants. ``touched`` tells beforehand what that concerns.
"""

from permissions.recoding.acts import apply, apply_due, decide, undo
from permissions.recoding.foreseeing import Foreseen, Touched, foresee, touched

__all__ = [
    "Foreseen",
    "Touched",
    "apply",
    "apply_due",
    "decide",
    "foresee",
    "touched",
    "undo",
]
