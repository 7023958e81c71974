"""Filling the privilege catalogue and its small tables from files."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from permissions.models import (
    CatalogueVersion,
    Privilege,
    RegistrationScope,
    Regulation,
    Training,
)
from permissions.models.attributes import VersionState
from permissions.models.dictionaries import Named
from permissions.models.entries import ATTRIBUTES, LISTS, Entry
from permissions.models.entry_rules import Shelf, problems_of
from permissions.models.revising import write_entries
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.parameters.days import day_of

SEED = Path(__file__).parent.with_name("seed")
REASON = "导入医生权限字典种子数据"
NUMBERS = frozenset(
    {
        "assessment_months",
        "min_cases",
        "min_title_rank",
        "min_years",
        "validity_months",
    }
)


class SeedInvalid(Exception):
    """The file holds an entry that must not stand in the catalogue."""


@transaction.atomic
def load_catalogue(by: User | None = None, *, at: datetime | None = None) -> int:
    """Add the seed privileges that are missing and return how many were added.

    They are published as a version of their own. What is there stays as it is: running
    it again must not undo what the hospital has set.
    """
    with acting(by=by, reason=REASON):
        for model, name in (
            (Training, "trainings"),
            (RegistrationScope, "scopes"),
            (Regulation, "regulations"),
        ):
            _load_named(model, name)
        known = set(Privilege.objects.order_by().values_list("code", flat=True))
        missing = [entry for entry in seed_entries() if entry.code not in known]
        if missing:
            moment = at or timezone.now()
            version = _version(by, moment)
            version._history_date = moment  # type: ignore[attr-defined]
            version.save()
            write_entries(missing, version, at=moment)
    return len(missing)


def seed_entries() -> list[Entry]:
    """The entries of the file in their order; raises SeedInvalid."""
    entries = [
        _entry(row, sort) for sort, row in enumerate(_rows("privileges"), start=1)
    ]
    shelf = Shelf(
        {entry.code: entry for entry in entries},
        *(
            {row["code"] for row in _rows(name)}
            for name in ("trainings", "scopes", "regulations")
        ),
    )
    for entry in entries:
        if problems := problems_of(entry, shelf):
            raise SeedInvalid(f"{entry.code}: {problems}")
    return entries


def _rows(name: str) -> list[dict[str, str]]:
    with (SEED / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _entry(row: Mapping[str, str], sort: int) -> Entry:
    """What the file leaves empty keeps its default."""
    given: dict[str, Any] = {"sort": sort}
    for name in ATTRIBUTES:
        text = row.get(name, "")
        if not text:
            continue
        if name in LISTS:
            given[name] = tuple(text.split())
        elif name in NUMBERS:
            given[name] = int(text)
        else:
            given[name] = text
    return Entry(**given)


def _load_named(model: type[Named], name: str) -> None:
    known = set(model._default_manager.order_by().values_list("code", flat=True))
    for sort, row in enumerate(_rows(name), start=1):
        if row["code"] not in known:
            model(**row, sort=sort).save()


def _version(by: User | None, at: datetime) -> CatalogueVersion:
    """Published at once; nobody asked for it and nobody approved it."""
    last = CatalogueVersion.objects.exclude(number=None).order_by("-number").first()
    return CatalogueVersion(
        number=(last.number or 0) + 1 if last else 1,
        state=VersionState.PUBLISHED,
        is_open=False,
        effective_on=day_of(at),
        reason=REASON,
        started_by=by,
        started_at=at,
        published_at=at,
    )
