"""Reading the procedure catalogue."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from surgery.models import Procedure


def procedure_by_code(code: str) -> Procedure | None:
    """The catalogue entry with exactly this code, enabled or not."""
    return Procedure.objects.filter(code=code).first()


def procedures_by_code(codes: Iterable[str]) -> dict[str, Procedure]:
    """Catalogue entries by code; a code that is not in the catalogue is left out."""
    found = Procedure.objects.filter(code__in=list(codes))
    return {procedure.code: procedure for procedure in found}


def search(text: str, *, limit: int = 20) -> list[Procedure]:
    """Enabled procedures whose name, code or initials contain ``text``."""
    words = text.strip()
    if not words:
        return []
    matches = (
        Q(name__icontains=words)
        | Q(code__istartswith=words)
        | Q(initials__icontains=words.lower())
    )
    return list(Procedure.objects.filter(matches, is_enabled=True)[:limit])
