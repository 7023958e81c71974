"""A department at the size of a large one, written straight into the ledger.

States are left out: what these pages read is lines and events.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from permissions.models import Grant, GrantEvent, Privilege
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.directory.models import Department, Practitioner
from surgery.enums import Grade, ProcedureCategory
from surgery.models import Procedure
from tests.cast import make_department, make_practitioner

ROLES = ("OPERATE", "OPERATE_SUPERVISED", "ASSIST", "SUPERVISE")


def ward(
    by: User, *, doctors: int, procedures: int, code: str = "0401"
) -> tuple[Department, list[Practitioner], list[Procedure]]:
    """``doctors`` × ``procedures`` of grade 3 and 4, a line for each pair of them."""
    department = make_department(code, "肝胆胰外科")
    people = [
        make_practitioner(
            f"6{number:03}",
            f"陈景行{number}",
            department=department,
            title_code=("231", "232", "233", "234")[number % 4],
        )
        for number in range(doctors)
    ]
    things = [
        Procedure(
            code=f"9{number:02}.{number:04}",
            name=f"腹腔镜下肝部分切除术之{number}",
            initials="x",
            category=ProcedureCategory.SURGERY,
            grade=Grade.FOUR if number % 2 else Grade.THREE,
            specialty="肝胆",
        )
        for number in range(procedures)
    ]
    with acting(by=None, reason="测试"):
        for thing in things:
            thing.save()
    write_lines(by, people, things)
    return department, people, things


def write_lines(
    by: User, people: list[Practitioner], things: list[Procedure], **fields: Any
) -> None:
    entries = {one.code: one for one in Privilege.objects.filter(category="SG")}
    begins = timezone.now() - timedelta(days=200)
    grants = Grant.objects.bulk_create(
        _grant(person, thing, entries, begins, place, **fields)
        for place, (person, thing) in enumerate(
            (person, thing) for person in people for thing in things
        )
    )
    GrantEvent.objects.bulk_create(
        GrantEvent(
            grant=grant,
            kind="GRANT",
            effective_at=begins,
            recorded_at=begins,
            by=by,
            reason="科室考核合格",
        )
        for grant in grants
    )


def _grant(
    person: Practitioner,
    thing: Procedure,
    entries: dict[str, Privilege],
    begins: datetime,
    place: int,
    **fields: Any,
) -> Grant:
    return Grant(
        **{
            "practitioner": person,
            "privilege": entries[f"SG0{thing.grade}"],
            "item_kind": "PROCEDURE",
            "item_code": thing.code,
            "item_name": thing.name,
            "item_grade": thing.grade,
            "role": ROLES[place % 4],
            "setting": "ALL",
            "valid_from": begins,
            "valid_to": begins + timedelta(days=210 + place % 700),
            "practitioner_name": person.name,
            "title_code": person.title_code,
            "department_code": person.department.code,
            "department_name": person.department.name,
            "recorded_at": begins,
            **fields,
        }
    )
