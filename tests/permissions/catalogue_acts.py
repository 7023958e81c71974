"""Short ways to change the catalogue, for its tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.utils import timezone

from permissions.models import (
    Basis,
    CatalogueVersion,
    DraftEntry,
    Prerequisite,
    Privilege,
    PrivilegeRevision,
    ScopeLimit,
    TrainingNeed,
)
from permissions.models.entries import Entry
from permissions.queries.catalogue import entry_of, open_version
from permissions.services import catalogue
from portal.accounts.models import User
from portal.parameters.days import day_of
from tests.permissions.ledger import nothing_written, privilege, rows

REASON = "药事管理与药物治疗学委员会决定"
KEPT: tuple[Any, ...] = (
    CatalogueVersion,
    CatalogueVersion.history.model,
    DraftEntry,
    DraftEntry.history.model,
    Privilege,
    Privilege.history.model,
    PrivilegeRevision,
    Prerequisite,
    TrainingNeed,
    ScopeLimit,
    Basis,
)


def entry(code: str) -> Entry:
    return entry_of(privilege(code))


def draft(by: User, code: str, **changes: Any) -> DraftEntry:
    """An entry of the catalogue with some attributes changed, into the draft."""
    return catalogue.draft_entry(
        entry=replace(entry(code), **changes), by=by, at=timezone.now(), reason=REASON
    )


def under_way() -> CatalogueVersion:
    version = open_version()
    assert version is not None
    return version


def submit(by: User, **given: Any) -> CatalogueVersion:
    """What is under way, effective today; what matters is given."""
    return catalogue.submit(
        **{
            "version": open_version(),
            "effective_on": day_of(timezone.now()),
            "doc_no": "云医务〔2026〕88号",
            "by": by,
            "at": timezone.now(),
            "reason": REASON,
            **given,
        }
    )


def approve(by: User, **given: Any) -> CatalogueVersion:
    return catalogue.approve_version(
        **{
            "version": open_version(),
            "by": by,
            "at": timezone.now(),
            "reason": "委员会审定通过",
            **given,
        }
    )


def published(drafter: User, decider: User, code: str, **changes: Any) -> None:
    """One change, all the way."""
    draft(drafter, code, **changes)
    submit(drafter)
    approve(decider)


@contextmanager
def nothing_changed() -> Iterator[None]:
    """Neither the catalogue nor the ledger has a row more or other."""
    before = {model: rows(model) for model in KEPT}
    with nothing_written():
        yield
    for model in KEPT:
        assert rows(model) == before[model], model.__name__
