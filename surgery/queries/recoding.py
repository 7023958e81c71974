"""What codes were before, straight or over others, by re-codings that hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from surgery.enums import RecodingState
from surgery.models import RecodingLine


def all_before(entry: int, before: Mapping[int, Collection[int]]) -> set[int]:
    """Itself and all it was before; ``before`` has what each was one step earlier."""
    found: set[int] = set()
    looked_at = {entry}
    while looked_at:
        found |= looked_at
        looked_at = {old for one in looked_at for old in before.get(one, ())} - found
    return found


def former_keys(entries: Collection[int]) -> dict[int, set[str]]:
    """Keys of the codes each of these entries had before; one query."""
    lines = RecodingLine.objects.filter(recoding__state=RecodingState.APPLIED)
    before: dict[int, set[int]] = defaultdict(set)
    keys: dict[int, str] = {}
    for new, old, key in lines.order_by("pk").values_list(
        "new_id", "old_id", "old__code_key"
    ):
        before[new].add(old)
        keys[old] = key
    return {
        one: {keys[old] for old in all_before(one, before) - {one}} for one in entries
    }
