"""The catalogue as the tests of its acts and pages need it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from portal.parameters.days import day_of
from surgery.models import Procedure, ProcedureAlias, ProcedureDepartment
from surgery.services.procedures import COLUMNS, Attributes

REASON = "按国临 3.0 目录核对后修改"
CHOLE, LIVER = "51.2300", "50.2205"


def procedure(code: str = CHOLE) -> Procedure:
    found: Procedure = Procedure.objects.get(code=code)
    return found


def today() -> date:
    return day_of(timezone.now())


def day(after: int) -> date:
    return today() + timedelta(days=after)


def attributes(code: str = CHOLE, **changes: Any) -> Attributes:
    """What the entry says now, with some of it changed."""
    entry = procedure(code)
    now = {name: getattr(entry, name) for name in COLUMNS}
    now["aliases"] = names_of(code)
    now["departments"] = places_of(code)
    return Attributes(**{**now, **changes})


def names_of(code: str) -> tuple[str, ...]:
    rows = ProcedureAlias.objects.filter(procedure__code=code, is_dropped=False)
    return tuple(rows.order_by("pk").values_list("name", flat=True))


def places_of(code: str) -> tuple[str, ...]:
    rows = ProcedureDepartment.objects.filter(procedure__code=code, is_dropped=False)
    codes = rows.order_by("department__code").values_list("department__code", flat=True)
    return tuple(codes)


def new(**given: Any) -> Attributes:
    return Attributes(**{"name": "腹腔镜下残余胆囊切除术", "category": "1", **given})


def rows_written() -> tuple[int, int, int]:
    """History rows of entries, of aliases, of departments."""
    return (
        Procedure.history.count(),
        ProcedureAlias.history.count(),
        ProcedureDepartment.history.count(),
    )
