"""What was declared, read by plain SQL as the HIS would."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.management import call_command
from django.db import connection

from portal.accounts.models import User
from surgery import his_view
from surgery.enums import DeclaredRole
from surgery.services.declarations import DeclaredDetails, DeclaredMember
from tests.cast import wang
from tests.surgery.test_declaration_list import CHOLE, LIVER, declared

__all__ = ["wang"]
PATIENT = {"patient", "inpatient_no", "visit_no", "bed", "birth", "id_no", "phone"}


def read(view: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {view}")  # noqa: S608  # a name of ours
        names = [one[0] for one in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_view_shows_the_values_that_stand(wang: User) -> None:
    helper = DeclaredMember(DeclaredRole.ASSIST, "1188", "罗景文")
    declared(wang, "SS1", CHOLE, LIVER, team=[helper])
    details = DeclaredDetails(
        side="R", is_mini=True, mdt="MDT1", technique="2", technique_text="荧光导航"
    )
    other = DeclaredMember(DeclaredRole.SUPERVISE, "1190", "沈知行")
    declared(wang, "SS1", LIVER, details=details, team=[other], code="1G")
    [row] = read("V_YW_SURGERY_DECLARED")
    shown = ("application_no", "surgeon_no", "side", "is_mini", "is_day", "mdt")
    assert tuple(row[name] for name in shown) == ("SS1", "1188", "R", 1, 0, "MDT1")
    assert (row["verdict_code"], row["technique_text"]) == ("1G", "荧光导航")
    [member] = read("V_YW_SURGERY_DECLARED_TEAM")
    assert member == {
        "application_no": "SS1",
        "position": 2,
        "role": "SUPERVISE",
        "emp_no": "1190",
        "name": "沈知行",
    }
    [line] = read("V_YW_SURGERY_DECLARED_ITEM")
    assert (line["code"], line["grade"]) == ("50.2205", 4)


def test_view_tells_nothing_of_the_patient(db: None) -> None:
    with connection.cursor() as cursor:
        for view in his_view.NAMES:
            cursor.execute(f"SELECT * FROM {view}")  # noqa: S608  # a name of ours
            names = [one[0] for one in cursor.description]
            assert [one for one in names if any(p in one for p in PATIENT)] == []


def test_view_is_there_again_after_a_migration(wang: User) -> None:
    his_view.take_down(using="default", plan=["something"])
    call_command("migrate", verbosity=0)
    declared(wang, "SS1", planned_at=datetime(2026, 11, 25, 0, 30, tzinfo=UTC))
    assert len(read("V_YW_SURGERY_DECLARED")) == 1
