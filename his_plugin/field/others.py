"""Who may operate instead, with what they have to do that day."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from his_plugin.field.questions import Answer
from permissions.checks.codes import Code
from permissions.checks.question import Member, Part
from permissions.checks.reverse import who_may
from permissions.snapshot import whole_world
from portal.directory.models import Practitioner
from portal.parameters.days import day_of, end_of, start_of
from surgery.queries.bookings import bookings_between

MOST = 5


def others_who_may(answer: Answer) -> dict[str, list[dict[str, Any]]]:
    """By procedure the surgeon may not do: who may on their own, those of the surgeon's
    department and with the least to do first.

    Nothing is read where the surgeon may; else three queries, however many procedures.
    """
    blocked = [
        one.procedure_code
        for one in answer.verdict.rights
        if one.part is Part.SURGEON and one.blocks
    ]
    if not blocked:
        return {}
    surgeon, world = answer.asked.surgeon, whole_world()
    found = {
        code: [
            one.emp_no
            for one in who_may(
                replace(answer.question, team=(Member(surgeon),), procedures=(code,)),
                world,
            )
            if one.first.code is Code.ALLOWED and one.emp_no != surgeon
        ]
        for code in blocked
    }
    known = Practitioner.objects.select_related("department").filter(
        emp_no__in={emp_no for people in found.values() for emp_no in people}
    )
    people = {one.emp_no: one for one in known.order_by("pk")}
    load = _load(answer)
    home = answer.surgeon.department_id if answer.surgeon else None

    def nearest(emp_no: str) -> tuple[bool, int, str]:
        return people[emp_no].department_id != home, load[emp_no], emp_no

    return {
        code: [
            _shown(people[emp_no], load[emp_no])
            for emp_no in sorted(filter(people.__contains__, able), key=nearest)[:MOST]
        ]
        for code, able in found.items()
    }


def _load(answer: Answer) -> Counter[str]:
    """Operations each surgeon is booked for on the day, in the HIS and with us."""
    day = day_of(answer.asked.planned_at)
    ends = end_of(day)
    if ends is None:
        return Counter()
    return Counter(emp_no for emp_no, _at in bookings_between(start_of(day), ends))


def _shown(person: Practitioner, load: int) -> dict[str, Any]:
    return {
        "emp_no": person.emp_no,
        "name": person.name,
        "department": person.department.name,
        "load": load,
        "words": _("%(n)s 台") % {"n": load},
    }
