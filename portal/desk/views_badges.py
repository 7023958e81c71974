"""The numbers of the shell: what waits for this user, and how the HIS is.

Every open page asks every 15 seconds, with ``X-YW-Poll``: that keeps no session alive.
"""

from __future__ import annotations

from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from permissions.queries.applications import to_decide
from permissions.queries.reviews import open_reviews
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, signed_in
from portal.desk.presenters_his_tiles import HisState
from portal.desk.views_his import his_state
from portal.notices.queries import deliveries_in_trouble, unread_count
from portal.outbox.freezing import frozen
from portal.outbox.presenters import freeze_notes
from portal.outbox.queries import needing_a_person
from portal.ui.context import TELLING
from portal.ui.elements import Badges, Text, Tone

# One request in so many seconds asks the HIS; all others show what it found.
ASKED_EVERY_SECONDS = 15
KNOWN_FOR_SECONDS = 120


@signed_in
@require_GET
def badges(request: AuthenticatedRequest) -> HttpResponse:
    """A few counts; where the shell has no place for a number, it is left out."""
    found = badges_for(request.user.pk, request.capabilities)
    return render(request, found.template, {"it": found})


def badges_for(user_id: int, capabilities: frozenset[Capability]) -> Badges:
    waiting = reviews = trouble = deliveries = None
    his_line: tuple[Tone, Text] | None = None
    if Capability.VIEW_PRIVILEGES in capabilities:
        may_decide = Capability.APPROVE_PRIVILEGE in capabilities
        waiting = to_decide(user_id).count() if may_decide else 0
        may_conclude = Capability.CHANGE_GRANT in capabilities
        reviews = open_reviews().count() if may_conclude else 0
    if Capability.VIEW_HIS in capabilities:
        trouble = needing_a_person()
        deliveries = deliveries_in_trouble()
        his_line = his_words(known_his_state(), trouble)
    return Badges(
        applications=waiting,
        reviews=reviews,
        his=trouble,
        deliveries=deliveries,
        unread=unread_count(user_id),
        frozen=freeze_notes(frozen(timezone.now())) if TELLING & capabilities else None,
        his_line=his_line,
        his_url=reverse("desk:his"),
        inbox_url=reverse("notices:notice-list"),
    )


def known_his_state() -> HisState | None:
    """None until somebody asked: a dead HIS holds up one request, not every poll."""
    if cache.add("desk.badges.asking", 1, ASKED_EVERY_SECONDS):
        state = his_state()
        cache.set("desk.badges.his", state, KNOWN_FOR_SECONDS)
        return state
    known: HisState | None = cache.get("desk.badges.his")
    return known


def his_words(state: HisState | None, trouble: int) -> tuple[Tone, Text]:
    if state is None:
        return "mute", _("HIS 对接")
    if state.milliseconds is None:
        return "bad", _("HIS 未应答")
    if trouble:
        return "warn", _("HIS %(n)s 条待处理") % {"n": trouble}
    return "ok", _("HIS 正常")
