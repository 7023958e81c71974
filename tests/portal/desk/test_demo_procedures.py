"""The demo's procedure catalogue is worked on through the acts of the office."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.accounts.capabilities import Role
from portal.desk.demo.procedures import ENDING, KNOWN, UNGRADED, seed_procedures
from portal.parameters.days import day_of
from surgery.enums import Grade
from surgery.importers import load_seed_procedures
from surgery.models import Procedure, ProcedureDepartment
from surgery.queries.search import search
from tests.cast import make_department, make_user


@pytest.mark.django_db
def test_demo_has_aliases_departments_and_ungraded_entries() -> None:
    now = timezone.now()
    load_seed_procedures()
    make_department("0401", "肝胆胰外科")
    seed_procedures(by=make_user("2032", "林知远", Role.OFFICER), now=now)

    assert Procedure.objects.exclude(code_insurance="").count() == len(KNOWN) + 3
    ungraded = Procedure.objects.filter(grade=Grade.UNGRADED).order_by("code")
    assert [one.code for one in ungraded] == sorted(code for code, *_ in UNGRADED)
    # Departments the hospital does not have are left out.
    places = ProcedureDepartment.objects.values_list("department__code", flat=True)
    assert set(places) == {"0401"}
    assert [one.code for one in search("人工全髋关节置换术")] == ["81.5100"]
    ending = Procedure.objects.get(code=ENDING)
    assert ending.is_enabled
    assert ending.effective_to == day_of(now) + timedelta(days=20)
    first, *later = Procedure.objects.get(code="51.2300").history.order_by("history_id")
    assert [first.history_date < one.history_date for one in later] == [True]
