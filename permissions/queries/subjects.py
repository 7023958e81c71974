"""What can be asked about: a procedure, an entry of the catalogue, or a drug.

In addresses a subject is one text: ``P:51.2300``, ``R:BL01`` or ``D:`` and the HIS's
number of the drug.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from django.db.models import Q

from permissions.models import Privilege
from permissions.queries.catalogue import entry_matches
from portal.directory.models import Drug
from portal.directory.pinyin import spelled
from surgery.models import Procedure
from surgery.queries.procedures import procedure_by_code
from surgery.queries.search import search

Thing: TypeAlias = Procedure | Privilege | Drug
MOST = 12


@dataclass(frozen=True)
class Subject:
    """``value`` is what stands in the address, ``code`` what people know it by."""

    value: str
    code: str
    name: str
    thing: Thing


def subject_or_none(value: str) -> Subject | None:
    kind, _colon, key = value.partition(":")
    if kind == "P":
        procedure = procedure_by_code(key)
        return of_procedure(procedure) if procedure else None
    if kind == "R":
        entry = Privilege.objects.filter(code=key).first()
        return of_entry(entry) if entry else None
    if kind == "D":
        drug = Drug.objects.filter(drug_id=key).first()
        return of_drug(drug) if drug else None
    return None


def of_procedure(one: Procedure) -> Subject:
    return Subject(f"P:{one.code}", one.code, one.name, one)


def of_entry(one: Privilege) -> Subject:
    return Subject(f"R:{one.code}", one.code, one.name, one)


def of_drug(one: Drug) -> Subject:
    name = f"{one.generic_name} {one.spec}".strip()
    return Subject(f"D:{one.drug_id}", one.drug_code, name, one)


def subjects_like(text: str) -> list[Subject]:
    """Procedures first, those out of use last of them; then privileges, then drugs."""
    words = text.strip()
    if not words:
        return []
    entries = Privilege.objects.filter(entry_matches(words), is_enabled=True)
    return [
        *map(of_procedure, search(words, limit=MOST, in_use=False)),
        *map(of_entry, entries.order_by("sort", "code")[:MOST]),
        *map(of_drug, _drugs(words)),
    ]


def _drugs(words: str) -> list[Drug]:
    """The HIS gives no initials of drugs: those of a few hundred names are made here."""
    enabled = Drug.objects.filter(is_enabled=True, missing_since__isnull=True)
    named = (
        Q(generic_name__contains=words)
        | Q(trade_name__contains=words)
        | Q(drug_code__istartswith=words)
    )
    found = list(enabled.filter(named).order_by("generic_name", "drug_id")[:MOST])
    if found or not words.isascii() or not words.isalpha():
        return found
    names = enabled.order_by("generic_name").values_list("generic_name", flat=True)
    like = [
        name
        for name in names.distinct()
        if "".join(part[0] for part in spelled(name)).startswith(words.lower())
    ]
    named = Q(generic_name__in=like[:MOST])
    return list(enabled.filter(named).order_by("generic_name", "drug_id")[:MOST])
