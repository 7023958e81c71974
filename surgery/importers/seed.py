"""Filling the procedure catalogue from a file."""

from __future__ import annotations

import csv
from pathlib import Path

from django.db import transaction

from portal.audit.acting import acting
from surgery.enums import Grade, ProcedureCategory, RestrictedClass, Source
from surgery.models import Procedure

SEED_FILE = Path(__file__).with_name("procedures.csv")
# What the seed marks behind the specialty.
RESTRICTED_MARK, LICENCE_MARK = "(限制类)", "(专项许可)"


def _procedure(row: dict[str, str]) -> Procedure:
    is_restricted = RESTRICTED_MARK in row["specialty"]
    specialty = row["specialty"].removesuffix(RESTRICTED_MARK)
    return Procedure(
        code=row["code"],
        name=row["name"],
        category=ProcedureCategory(row["category"]),
        grade=Grade(int(row["grade"])),
        specialty=specialty.removesuffix(LICENCE_MARK),
        is_mini_invasive=row["mini"] == "Y",
        restricted_class=(
            RestrictedClass.NATIONAL if is_restricted else RestrictedClass.NONE
        ),
        needs_special_licence=LICENCE_MARK in row["specialty"],
        source=Source.SEED,
    )


@transaction.atomic
def load_seed_procedures() -> int:
    """Add the seed procedures that are missing and return how many were added.

    What is there stays as it is: running it again must not undo a grade the
    hospital has set. The HIS is not told: these grades are an illustration, and where
    its own differ the comparison shows it (``surgery.services.grade_differences``).
    """
    known = set(Procedure.objects.values_list("code", flat=True))
    with SEED_FILE.open(encoding="utf-8", newline="") as file:
        missing = [row for row in csv.DictReader(file) if row["code"] not in known]
    with acting(by=None, reason="导入手术目录种子数据"):
        Procedure.objects.bulk_create([_procedure(row) for row in missing])
    return len(missing)
