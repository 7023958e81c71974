"""Filling the privilege catalogue from a file."""

from __future__ import annotations

import csv
from pathlib import Path

from django.db import transaction

from permissions.enums import Category, Setting, TitleRule, ValueKind
from permissions.models import Privilege
from portal.accounts.models import User
from portal.audit.acting import acting
from surgery.importers import initials_of

SEED_FILE = Path(__file__).with_name("catalogue.csv")


@transaction.atomic
def load_catalogue(by: User | None = None) -> int:
    """Add the seed privileges that are missing and return how many were added.

    What is there stays as it is: running it again must not undo what the hospital
    has set.
    """
    known = set(Privilege.objects.values_list("code", flat=True))
    with SEED_FILE.open(encoding="utf-8", newline="") as file:
        rows = list(enumerate(csv.DictReader(file), start=1))
    missing = [(place, row) for place, row in rows if row["code"] not in known]
    with acting(by=by, reason="导入医生权限字典种子数据"):
        for place, row in missing:
            _privilege(row, place).save()
    return len(missing)


def _privilege(row: dict[str, str], place: int) -> Privilege:
    return Privilege(
        code=row["code"],
        name=row["name"],
        initials=initials_of(row["name"]),
        category=Category(row["category"]),
        value_kind=ValueKind(row["kind"]),
        level=row["level"],
        setting=Setting(row["setting"]),
        title_rule=TitleRule(row["title_rule"]),
        min_title_rank=int(row["rank"] or 0),
        requirements=row["requirements"],
        validity_months=int(row["validity_months"]) if row["validity_months"] else None,
        his_effect=row["his_effect"],
        sort=place,
    )
