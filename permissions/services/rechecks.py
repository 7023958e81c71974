"""Booked operations that the HIS changed are checked again.

What takes a right away puts its operations down in its own transaction; here it is the
other way round: the right stands and the surgeon, the procedure or the day is another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from permissions.checks.codes import Code
from permissions.checks.engine import check
from permissions.checks.facts import Urgency
from permissions.checks.question import Member, Question
from permissions.checks.world import World
from permissions.models import BookingHit
from permissions.services.bookings import clear_of, hit
from permissions.snapshot import world_for
from portal.accounts.services import system_account
from portal.directory.models import Practitioner
from surgery.enums import Nature
from surgery.models import BookedOperation, SurgeryApplication
from surgery.queries.bookings import BookedProcedure, booked_now, bookings

# By application number.
Booked: TypeAlias = Mapping[str, Sequence[BookedProcedure]]
Asked: TypeAlias = Mapping[str, Question]
WHY = "手术申请在 HIS 中有改动"
CLEARED = "手术申请已改动，核对通过"
# Who learns operates under a supervisor the HIS does not name.
STANDS = frozenset({Code.ALLOWED, Code.SUPERVISED, Code.OVERRIDE, Code.UNKNOWN})


def recheck_changed(*, at: datetime) -> tuple[int, int]:
    """How many operations were put down, and how many were cleared.

    One is looked at when the HIS changed it after it was first seen, until an entry
    opened or handled after the change says what became of it. A declared rescue is let be.
    """
    changed = {one.apply_id: one for one in _changed(at)}
    booked = booked_now(list(changed)) if changed else {}
    if not booked:
        return 0, 0
    asked = {
        number: _question(lines, changed[number]) for number, lines in booked.items()
    }
    lost = _lost(booked, asked)
    sound = [number for number in booked if number not in lost]
    by = system_account()
    with transaction.atomic():
        # People before entries, as every act has it: nobody waits in a ring.
        still = _still_lost({number: booked[number] for number in lost}, asked)
        made = hit(still, why=WHY, by=by, at=at)
        cleared = clear_of(sound, by=by, at=at, text=CLEARED)
    return len(made), cleared


def _changed(at: datetime) -> list[BookedOperation]:
    since = OuterRef("changed_at")
    younger = BookingHit.objects.filter(
        Q(opened_at__gte=since) | Q(handled_at__gte=since),
        application_no=OuterRef("apply_id"),
    )
    rescues = SurgeryApplication.objects.filter(
        application_no=OuterRef("apply_id"), is_rescue=True
    )
    return list(
        bookings()
        .filter(
            ~Exists(younger),
            ~Exists(rescues),
            planned_at__gte=at,
            changed_at__gt=F("first_seen_at"),
        )
        .order_by("apply_id")
    )


def _question(lines: Sequence[BookedProcedure], booked: BookedOperation) -> Question:
    """Its surgeon, its procedures and its day as they are now."""
    is_urgent = booked.nature == Nature.EMERGENCY
    return Question(
        team=(Member(lines[0].surgeon.emp_no),),
        moment=lines[0].planned_at,
        procedures=tuple(one.code for one in lines),
        urgency=Urgency.EMERGENCY if is_urgent else Urgency.ROUTINE,
    )


def _still_lost(booked: Booked, asked: Asked) -> list[BookedProcedure]:
    """Again, while nobody changes the rights of these surgeons: one may have been given
    back, or have put the operation down, since we looked."""
    if not booked:
        return []
    surgeons = {lines[0].surgeon_id for lines in booked.values()}
    people = Practitioner.objects.select_for_update().filter(pk__in=surgeons)
    list(people.order_by("pk").values_list("pk"))
    lost = _lost(booked, {number: asked[number] for number in booked})
    return [line for lines in lost.values() for line in lines]


def _lost(booked: Booked, asked: Asked) -> dict[str, list[BookedProcedure]]:
    """Of each operation the procedures its surgeon may not do, where there are any."""
    world = _world(asked.values())
    found = {}
    for number, lines in booked.items():
        codes = check(asked[number], world).codes
        lost = [
            one for one, code in zip(lines, codes, strict=True) if code not in STANDS
        ]
        if lost:
            found[number] = lost
    return found


def _world(asked: Collection[Question]) -> World:
    """One for all of them: to see whether it is fresh costs a statement each time."""
    first = next(iter(asked))
    everybody = dict.fromkeys(member for one in asked for member in one.team)
    codes = dict.fromkeys(code for one in asked for code in one.procedures)
    return world_for(replace(first, team=tuple(everybody), procedures=tuple(codes)))
