"""Reading saved views."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.models import Q

from portal.prepared import Prepared
from portal.ui.models import SavedView


class KeptView(NamedTuple):
    """A saved view as a list offers it to one reader."""

    id: int
    name: str
    query: str
    is_shared: bool
    is_default: bool  # for the reader
    is_own: bool
    owner: str

    @property
    def address(self) -> str:
        """Behind the ``?`` of the list, with which view it is."""
        return f"{self.query}&saved={self.id}" if self.query else f"saved={self.id}"


def _offered(list_key: str, user_id: int, office: str) -> Any:
    # Who has no office shares with nobody.
    shared = Q(is_shared=True, owner__office=office) & ~Q(owner__office="")
    seen = Q(owner=user_id) | shared
    return (
        SavedView.objects.filter(seen, list_key=list_key, removed_at__isnull=True)
        .order_by("name", "id")
        .values_list(
            *("id", "name", "query", "is_shared", "is_default"),
            *("owner_id", "owner__name"),
        )
    )


_OFFERED = Prepared(_offered)


def views_for(user: Any, list_key: str) -> list[KeptView]:
    """The user's own views of a list, then those shared in the same office."""
    rows = _OFFERED.rows(list_key, user.pk, user.office)
    views = [
        KeptView(id, name, query, shared, default and is_own, is_own, owner)
        for id, name, query, shared, default, owner_id, owner in rows
        for is_own in (owner_id == user.pk,)
    ]
    return sorted(views, key=lambda view: not view.is_own)


def own_view_or_none(user: Any, view_id: int) -> SavedView | None:
    return SavedView.objects.filter(
        pk=view_id, owner=user.pk, removed_at__isnull=True
    ).first()
