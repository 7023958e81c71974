"""Which lines an act is about: one, those that were ticked, or all that a list found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import Http404, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from permissions.models import GrantState
from permissions.queries.grants import states_by_id
from permissions.views.lists import grant_list_spec
from permissions.views.scoped import OF_PRACTITIONER, state_in_scope
from portal.accounts.guards import AuthenticatedRequest, demand_department
from portal.ui.ids import is_id
from portal.ui.lists import found_rows

# As many lines as one transaction changes in a time a person waits for.
MOST = 500


@dataclass(frozen=True)
class Chosen:
    """Lines in the order they are shown, with the last event seen of each.

    ``total`` is how many were asked for; with more than ``MOST`` there are none.
    """

    states: list[GrantState]
    seen: Mapping[int, int] = field(default_factory=dict)
    total: int = 0

    @property
    def ids(self) -> str:
        """For a hidden field: ``12:345,13:350``, line and last event seen."""
        return ",".join(
            f"{state.pk}:{self.seen.get(state.pk, state.last_event_id)}"
            for state in self.states
        )

    @property
    def too_many(self) -> str:
        if self.total <= MOST:
            return ""
        return _("一次最多办理 %(most)s 项，已选 %(n)s 项。缩小筛选后分次办理。") % {
            "most": MOST,
            "n": self.total,
        }

    def without(self, ids: Mapping[int, Any]) -> Chosen:
        left = [state for state in self.states if state.pk not in ids]
        return replace(self, states=left, total=len(left))


def one_line(request: AuthenticatedRequest, state_id: int) -> Chosen:
    """The line of the address; a form brings ``seen``, the last event on the page."""
    state = state_in_scope(request, state_id)
    seen = request.POST.get("seen", "")
    return Chosen([state], {state.pk: int(seen)} if is_id(seen) else {}, 1)


def many_lines(request: AuthenticatedRequest) -> Chosen:
    """Repeated ``id`` or ``selected``, each ``line`` or ``line:event``, several joined
    by commas; or ``all=1`` with the filters of the list."""
    given = request.POST if request.method == "POST" else request.GET
    if given.get("all") == "1" and not given.get("id"):
        return _all_found(request, given)
    seen = _seen_of(given)
    if len(seen) > MOST:
        return Chosen([], {}, len(seen))
    states = states_by_id(seen)
    if len(states) < len(seen):
        raise Http404
    for state in states:
        demand_department(request, state.practitioner.department.code)
    known = {line: event for line, event in seen.items() if event is not None}
    return Chosen(states, known, len(states))


def _all_found(request: AuthenticatedRequest, given: QueryDict) -> Chosen:
    spec = grant_list_spec(timezone.now())
    theirs = GrantState.objects.filter(request.scope.of(OF_PRACTITIONER))
    found = found_rows(spec, theirs, given).order_by("pk")
    ids = list(found.values_list("pk", flat=True)[: MOST + 1])
    if len(ids) > MOST:
        return Chosen([], {}, found.count())
    return Chosen(states_by_id(ids), {}, len(ids))


def _seen_of(given: QueryDict) -> dict[int, int | None]:
    """Line and event by what was given; nonsense is not found."""
    found: dict[int, int | None] = {}
    for text in [*given.getlist("id"), *given.getlist("selected")]:
        for pair in filter(None, text.split(",")):
            line, _colon, event = pair.partition(":")
            if not is_id(line) or (event and not is_id(event)):
                raise Http404
            found[int(line)] = int(event) if event else None
    return found
