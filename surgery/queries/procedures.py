"""Reading the procedure catalogue."""

from __future__ import annotations

from collections.abc import Iterable

from surgery.codes import key
from surgery.models import Procedure


def procedure_by_code(code: str) -> Procedure | None:
    """The catalogue entry with this code in any spelling, enabled or not."""
    found: Procedure | None = Procedure.objects.filter(code_key=key(code)).first()
    return found


def procedures_by_code(codes: Iterable[str]) -> dict[str, Procedure]:
    """Catalogue entries by the codes asked for, in any spelling.

    A code that is not in the catalogue is left out.
    """
    keys = {code: key(code) for code in codes}
    entries = Procedure.objects.filter(code_key__in=set(keys.values()))
    found = {entry.code_key: entry for entry in entries}
    return {code: found[one] for code, one in keys.items() if one in found}
