"""Reads of the catalogue: entries, versions, what is under way, what stood when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Count, Model, Q, QuerySet

from permissions.enums import Category, GrantStatus
from permissions.models import (
    Basis,
    CatalogueVersion,
    DraftEntry,
    GrantState,
    Prerequisite,
    Privilege,
    PrivilegeRevision,
    RegistrationScope,
    Regulation,
    ScopeLimit,
    Training,
    TrainingNeed,
)
from permissions.models.attributes import VersionState
from permissions.models.entries import (
    COLUMNS,
    LINKED,
    LISTS,
    Entry,
    changed_attributes,
)
from permissions.models.entry_rules import Shelf
from permissions.queries.grants import OF_PRACTITIONER
from portal.accounts.scope import HOUSE, Scope

# Entries whose lines name one procedure each; shown under category SI.
ITEM_ENTRIES = ("SG03", "SG04")
EFFECTIVE = (GrantStatus.ACTIVE, GrantStatus.SUSPENDED)


@dataclass(frozen=True)
class EntryChange:
    """One entry in two versions; None where it is not in one of them."""

    code: str
    before: Entry | None
    after: Entry | None

    @property
    def attributes(self) -> list[str]:
        return changed_attributes(self.before, self.after)

    @property
    def entry(self) -> Entry:
        found = self.after or self.before
        assert found is not None  # noqa: S101  # one side is always there
        return found


# --- entries --------------------------------------------------------------------------


def entry_matches(text: str) -> Q:
    """By name, code or pinyin initials."""
    return (
        Q(name__contains=text)
        | Q(code__istartswith=text)
        | Q(initials__contains=text.lower())
    )


def in_category(value: str, prefix: str = "") -> Q:
    """Entries of a category behind ``prefix``; SI has those of SG03 and SG04."""
    if value == Category.SI:
        return Q((f"{prefix}code__in", ITEM_ENTRIES))
    return Q((f"{prefix}category", value))


def privilege_or_none(code: str) -> Privilege | None:
    return Privilege.objects.select_related("version").filter(code=code).first()


def entries_of(privileges: Sequence[Privilege]) -> dict[str, Entry]:
    """Entries by code with everything they refer to; four queries for all."""
    ids = [one.pk for one in privileges]
    links: dict[tuple[int, str], list[str]] = {}

    def gather(name: str, pairs: Iterable[tuple[int, str]]) -> None:
        for owner, code in pairs:
            links.setdefault((owner, name), []).append(code)

    own = Q(privilege__in=ids)
    gather("requires", _pairs(Prerequisite.objects.current().filter(own), "needed"))
    gather("scopes", _pairs(ScopeLimit.objects.current().filter(own), "scope"))
    gather("basis", _pairs(Basis.objects.current().filter(own), "regulation"))
    needs = TrainingNeed.objects.current().filter(own)
    for owner, code, is_exam in needs.values_list(
        "privilege_id", "training__code", "is_exam"
    ):
        gather("exams" if is_exam else "trainings", [(owner, code)])
    return {one.code: _entry(one, links) for one in privileges}


def _pairs(rows: QuerySet[Any], name: str) -> Iterable[tuple[int, str]]:
    return rows.values_list("privilege_id", f"{name}__code")


def _entry(one: Privilege, links: Mapping[tuple[int, str], list[str]]) -> Entry:
    given: dict[str, Any] = {
        name: tuple(getattr(one, name)) if name in LISTS else getattr(one, name)
        for name in COLUMNS
    }
    given |= {name: tuple(links.get((one.pk, name), ())) for name in LINKED}
    return Entry(**given)


def entry_of(privilege: Privilege) -> Entry:
    return entries_of([privilege])[privilege.code]


def present_entries() -> dict[str, Entry]:
    """The whole catalogue as it stands."""
    return entries_of(list(Privilege.objects.order_by("sort", "code")))


def shelf_of(entries: Mapping[str, Entry]) -> Shelf:
    """A catalogue of these entries, with the codes of the small tables."""
    trainings, scopes, regulations = (
        set(model._default_manager.order_by().values_list("code", flat=True))
        for model in (Training, RegistrationScope, Regulation)
    )
    return Shelf(entries, trainings, scopes, regulations)


class Names:
    """What codes of other tables are called; each table is read when it is asked."""

    @cached_property
    def privileges(self) -> Mapping[str, str]:
        return _names_of(Privilege)

    @cached_property
    def trainings(self) -> Mapping[str, str]:
        return _names_of(Training)

    @cached_property
    def scopes(self) -> Mapping[str, str]:
        return _names_of(RegistrationScope)

    @cached_property
    def regulations(self) -> Mapping[str, str]:
        return _names_of(Regulation)

    def of_missing(self, code: str) -> str:
        """Of a privilege, a course or a scope; "" where none is called so. Most are
        privileges: the other tables are not read for them."""
        found = self.privileges.get(code) or self.trainings.get(code)
        return found or self.scopes.get(code, "")


def _names_of(model: type[Model]) -> Mapping[str, str]:
    rows = model._default_manager.order_by("sort")
    return dict(rows.values_list("code", "name"))


def names() -> Names:
    """At most four queries."""
    return Names()


def regulations() -> QuerySet[Regulation]:
    return Regulation.objects.order_by("sort")


def needing(privilege: Privilege) -> QuerySet[Privilege]:
    """Entries that have this one as a prerequisite now."""
    links = Prerequisite.objects.current().filter(needed=privilege)
    return Privilege.objects.filter(pk__in=links.values("privilege")).order_by("sort")


def living_grants(
    codes: Iterable[str], now: datetime, scope: Scope = HOUSE
) -> QuerySet[GrantState]:
    """Rights under these entries that hold, wait or are suspended: not yet ended."""
    return (
        GrantState.objects.filter(
            scope.of(OF_PRACTITIONER),
            Q(valid_to__isnull=True) | Q(valid_to__gt=now),
            privilege__code__in=list(codes),
            status__in=EFFECTIVE,
        )
        .select_related("practitioner__department", "privilege", "grant__privilege")
        .order_by("privilege__sort", "practitioner__pinyin", "pk")
    )


def grant_counts(
    ids: Sequence[int], now: datetime, scope: Scope = HOUSE
) -> dict[int, int]:
    """How many living rights each entry has; one query."""
    rows = (
        GrantState.objects.filter(
            scope.of(OF_PRACTITIONER),
            Q(valid_to__isnull=True) | Q(valid_to__gt=now),
            privilege__in=ids,
            status__in=EFFECTIVE,
        )
        .order_by()
        .values("privilege")
        .annotate(count=Count("pk"))
    )
    return {row["privilege"]: row["count"] for row in rows}


# --- versions -------------------------------------------------------------------------


def versions() -> QuerySet[CatalogueVersion]:
    return CatalogueVersion.objects.select_related(
        "started_by", "submitted_by", "decided_by"
    )


def open_version() -> CatalogueVersion | None:
    """The version under way; there is at most one."""
    return versions().filter(is_open=True).first()


def drafts_of(version: CatalogueVersion) -> QuerySet[DraftEntry]:
    """The changes collected so far, without those taken back."""
    return (
        DraftEntry.objects.filter(version=version, is_dropped=False)
        .select_related("changed_by")
        .order_by("code")
    )


def with_drafts(
    entries: Mapping[str, Entry], drafts: Iterable[DraftEntry]
) -> dict[str, Entry]:
    """The catalogue as it would be."""
    changed = {one.code: Entry.from_json(one.content) for one in drafts}
    return {**entries, **changed}


def changes_of(version: CatalogueVersion) -> list[EntryChange]:
    """What a version changes or changed, against what stood before it."""
    if version.state == VersionState.PUBLISHED and version.number is not None:
        before = catalogue_at(version.number - 1)
        codes = set(version.revisions.values_list("privilege__code", flat=True))
        return compare(before, catalogue_at(version.number), codes)
    drafts = drafts_of(version)
    before = present_entries()
    return compare(before, with_drafts(before, drafts), {one.code for one in drafts})


def catalogue_at(number: int) -> dict[str, Entry]:
    """The whole catalogue after the version of this number."""
    rows = (
        PrivilegeRevision.objects.filter(version__number__lte=number)
        .order_by("version__number")
        .values_list("privilege__code", "content")
    )
    return {code: Entry.from_json(content) for code, content in rows}


def compare(
    before: Mapping[str, Entry],
    after: Mapping[str, Entry],
    codes: Iterable[str] | None = None,
) -> list[EntryChange]:
    """What differs, in the order of the catalogue; only ``codes`` where given."""
    asked = {*before, *after} if codes is None else set(codes)
    found = [EntryChange(code, before.get(code), after.get(code)) for code in asked]
    return sorted(
        (change for change in found if change.attributes),
        key=lambda change: (change.entry.sort, change.code),
    )


def revisions_of(privilege: Privilege) -> list[PrivilegeRevision]:
    """An entry through the versions, newest first."""
    return list(
        privilege.revisions.select_related(
            "version__submitted_by", "version__decided_by", "version__started_by"
        ).order_by("-version__number")
    )
