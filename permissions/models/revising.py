"""Writing entries of a version: rows, revisions and links, in one go.

The only way an entry changes. Whether it may is decided before (services, importers).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import models

from permissions.models.catalogue import (
    Basis,
    Prerequisite,
    Privilege,
    PrivilegeRevision,
    ScopeLimit,
    TrainingNeed,
)
from permissions.models.dictionaries import RegistrationScope, Regulation, Training
from permissions.models.entries import COLUMNS, LISTS, Entry
from permissions.models.versions import CatalogueVersion
from surgery.spelling import initials_of


def write_entries(
    entries: Sequence[Entry], version: CatalogueVersion, *, at: datetime
) -> None:
    """Inside ``acting()``; every code an entry refers to must be there by now."""
    rows = {row.code: row for row in Privilege.objects.order_by("pk")}
    for entry in entries:
        row = rows.setdefault(entry.code, Privilege(code=entry.code))
        for name in COLUMNS:
            value = getattr(entry, name)
            setattr(row, name, list(value) if name in LISTS else value)
        row.initials = initials_of(entry.name)
        row.version = version
        # simple-history dates its row by it.
        row._history_date = at  # type: ignore[attr-defined]
        row.save()
    PrivilegeRevision.objects.bulk_create(
        PrivilegeRevision(
            privilege=rows[entry.code], version=version, content=entry.as_json()
        )
        for entry in entries
    )
    _write_links(entries, rows, version)


def _write_links(
    entries: Sequence[Entry], rows: dict[str, Privilege], version: CatalogueVersion
) -> None:
    trainings, scopes, regulations = (
        _by_code(Training),
        _by_code(RegistrationScope),
        _by_code(Regulation),
    )

    def made(entry: Entry, name: str) -> Iterator[dict[str, Any]]:
        owner = {"privilege": rows[entry.code], "version": version}
        return ({**owner, "code": code} for code in getattr(entry, name))

    Prerequisite.objects.bulk_create(
        Prerequisite(needed=rows[link.pop("code")], **link)
        for entry in entries
        for link in made(entry, "requires")
    )
    TrainingNeed.objects.bulk_create(
        TrainingNeed(training=trainings[link.pop("code")], is_exam=is_exam, **link)
        for entry in entries
        for name, is_exam in (("trainings", False), ("exams", True))
        for link in made(entry, name)
    )
    ScopeLimit.objects.bulk_create(
        ScopeLimit(scope=scopes[link.pop("code")], **link)
        for entry in entries
        for link in made(entry, "scopes")
    )
    Basis.objects.bulk_create(
        Basis(regulation=regulations[link.pop("code")], **link)
        for entry in entries
        for link in made(entry, "basis")
    )


def _by_code(model: type[models.Model]) -> dict[str, Any]:
    return {row.code: row for row in model._default_manager.order_by("pk")}  # type: ignore[attr-defined]
