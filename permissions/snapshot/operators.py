"""How many may operate now: what the catalogue of procedures shows beside each."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.utils import timezone

from permissions.checks.codes import Code
from permissions.checks.facts import Context, Setting, Side
from permissions.checks.question import Part
from permissions.snapshot.keeping import whole_world
from surgery.queries.operators import asked_of

# As somebody asks who names no place, side or urgency.
ANYWHERE = Context(Setting.INPATIENT, is_urgent=False, campus="", side=Side.ANY)


@asked_of
def operators(codes: Collection[str]) -> Mapping[str, int]:
    """By code, those who may alone, as the check itself says; one query, for what
    changed since the last."""
    world, at = whole_world(), timezone.now().timestamp()
    asked = list(codes)
    entries = [world.entry(code, at) for code in asked]
    counts = [0] * len(asked)
    for emp_no, person in list(world.people.items()):
        if not (person.items or person.flags):
            continue
        found = world.codes(emp_no, Part.SURGEON, entries, at, ANYWHERE)
        for place, code in enumerate(found):
            counts[place] += code is Code.ALLOWED
    return dict(zip(asked, counts, strict=True))
