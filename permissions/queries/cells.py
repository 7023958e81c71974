"""One cell of the matrix: all lines behind it, with what happened to each."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from permissions.checks.grouping import ASSISTING, CLASS_PRIVILEGES
from permissions.models import GrantEvent, GrantState
from permissions.queries.grants import grant_states
from portal.directory.models import Practitioner
from surgery.models import Procedure


def states_behind(
    practitioner: Practitioner,
    *,
    procedure: Procedure | None = None,
    privilege: str = "",
) -> list[GrantState]:
    """Lines for the procedure and the classes that reach it, or of the privilege; the
    newest first, ended ones too."""
    if procedure is None:
        which = Q(privilege__code=privilege)
    else:
        classes = [
            code for code, reach in CLASS_PRIVILEGES.items() if reach >= procedure.grade
        ]
        which = Q(item_code=procedure.code) | Q(
            privilege__code__in=[*classes, ASSISTING]
        )
    found = grant_states().filter(which, practitioner=practitioner)
    return list(found.order_by("privilege__sort", "-valid_from", "-pk"))


def events_behind(states: Sequence[GrantState]) -> list[GrantEvent]:
    """What happened to these lines, newest first."""
    found = GrantEvent.objects.filter(grant__in=[state.grant_id for state in states])
    return list(
        found.select_related("by", "grant__privilege").order_by("-recorded_at", "-pk")
    )
