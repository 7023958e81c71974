"""HIS 对接: how its interfaces are, what waits for the HIS and what it said.

The page itself asks our database only; the tiles come as a fragment that also asks the
HIS for a sign of life, so a dead HIS never holds up the page.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Count
from django.db.models.query import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET
from django_htmx.http import trigger_client_event

from permissions.presenters.drift_looks import drift_kpi, his_notes
from permissions.queries.drifts import latest_reconciliations, open_by_part
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.desk import presenters_his_tiles as present
from portal.desk import presenters_interfaces as interface
from portal.desk.interface_words import PULLED
from portal.desk.lists_his import archive_list, message_list
from portal.directory import pull_queries
from portal.directory.conformance import last_conformance
from portal.his.gateway import HisMisconfigured, HisUnavailable
from portal.his.opening import from_settings
from portal.his.targets import DEFAULT, targets
from portal.outbox import queries
from portal.outbox.archived import ArchivedMessage
from portal.outbox.freezing import frozen
from portal.outbox.kinds import KINDS
from portal.outbox.models import Attempt, Message
from portal.parameters.days import start_of
from portal.ui.lists import list_response
from portal.ui.moments import today, write_arrival
from portal.watch.presenters import alert_rows
from portal.watch.queries import open_alerts
from portal.watch.services import watch_seldom

PING_TIMEOUT_SECONDS = 2
PING_KEPT_SECONDS = 5
PACE_OF = timedelta(hours=1)


@requires(Capability.VIEW_HIS)
@require_GET
def his(request: AuthenticatedRequest) -> HttpResponse:
    """The page, or the rows of its list; 归档 shows what has left the outbox, and
    ``message`` opens a drawer."""
    may_operate = Capability.OPERATE_HIS in request.capabilities
    page = "desk/his.html"
    opened = request.GET.get("message", "")
    context = {
        "is_frozen": bool(frozen(timezone.now())),
        "opened": opened if opened.isascii() and opened.isdigit() else "",
    }
    if request.GET.get("view") == "archive":
        archived = ArchivedMessage.objects.all()
        return list_response(
            request, archive_list(), archived, template=page, context=context
        )
    spec = message_list(request.GET, timezone.now(), may_operate=may_operate)
    messages = queries.with_places(Message.objects.all(), timezone.now())
    return list_response(request, spec, messages, template=page, context=context)


@requires(Capability.VIEW_HIS)
@require_GET
def his_tiles(request: AuthenticatedRequest) -> HttpResponse:
    """Numbers and interfaces; the list reads itself anew with them."""
    facts = facts_now()
    interfaces, beside = interface.tiles(facts), interface.auxiliary_tiles(facts)
    links = {
        tile.name: reverse("desk:his-interface", args=[tile.name])
        for tile in (*interfaces, *beside)
    }
    now = timezone.now()
    watch_seldom(now)
    page = reverse("desk:his")
    looks, drifts = latest_reconciliations(), open_by_part()
    context = {
        "tiles": [
            *present.tiles(
                queries.figures(now),
                his_state(),
                interfaces,
                deliveries(facts, now),
                page,
                now,
            ),
            drift_kpi(looks, drifts),
        ],
        "alerts": alert_rows(open_alerts(), page),
        "interfaces": interfaces,
        "beside": beside,
        "notes": (
            *present.lost_targets(queries.open_without_target(targets()), page),
            *interface.notes((*interfaces, *beside), links),
        ),
        "read_at": write_arrival(now),
        "drifts": his_notes(looks, drifts),
    }
    response = render(request, "desk/_his_tiles.html", context)
    if request.headers.get("X-YW-Poll"):
        trigger_client_event(response, "yw:changed", {"isPoll": True}, after="settle")
    return response


def deliveries(facts: interface.Facts, now: datetime) -> present.Deliveries:
    """In the HIS, of today and of the last hour; three queries by the index of what
    arrived."""
    arrived = confirmed_in_the_his()
    return present.Deliveries(
        sum(facts.confirmed_today.values()),
        arrived.filter(tries=1, rereads=0).count(),
        queries.pace(now - PACE_OF),
    )


def facts_now() -> interface.Facts:
    """What all tiles are made of, in six queries."""
    return interface.Facts(
        runs=pull_queries.recent_runs(len(PULLED)),
        ever_taken=pull_queries.ever_taken(),
        losses=pull_queries.current_losses(),
        conformance=last_conformance(),
        attempts=recent_attempts(),
        confirmed_today=confirmed_today(),
    )


def facts_of(name: str) -> interface.Facts:
    """What the tile of one interface is made of."""
    is_pulled = name in PULLED
    return interface.Facts(
        runs=pull_queries.runs_of(name) if is_pulled else {},
        ever_taken=pull_queries.ever_taken() if is_pulled else frozenset(),
        losses=pull_queries.current_losses() if is_pulled else {},
        conformance=last_conformance(),
        attempts=() if is_pulled else recent_attempts(),
        confirmed_today={} if is_pulled else confirmed_today(),
    )


def recent_attempts() -> list[Attempt]:
    """The last of all kinds, without what the messages say; the tiles are the HIS's, and
    what another target answers says nothing of it."""
    found = Attempt.objects.select_related("message").defer("message__payload")
    of_his = found.filter(message__target=DEFAULT).order_by("-id")
    return list(of_his[: pull_queries.RUNS_SHOWN * len(KINDS)])


def confirmed_today() -> dict[str, int]:
    """How many, by kind."""
    found = confirmed_in_the_his().order_by()
    return dict(found.values_list("kind").annotate(Count("pk")))


def confirmed_in_the_his() -> QuerySet[Message]:
    """Of today."""
    since = start_of(today())
    return Message.objects.filter(target=DEFAULT, confirmed_at__gte=since)


def his_state() -> present.HisState:
    """A sign of life, asked for at most every few seconds however many look on."""
    state: present.HisState | None = cache.get("desk.his_state")
    if state is None:
        state = ask_his()
        cache.set("desk.his_state", state, PING_KEPT_SECONDS)
    return state


def ask_his() -> present.HisState:
    try:
        seconds = from_settings(PING_TIMEOUT_SECONDS).ping()
    except (HisUnavailable, HisMisconfigured) as problem:
        return present.HisState(None, str(problem))
    return present.HisState(max(round(seconds * 1000), 1))
