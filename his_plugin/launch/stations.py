"""What a station sends itself: a signed link, or its server's request for a ticket."""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid
from datetime import datetime

from django.conf import settings

from his_plugin.launch.parameters import (
    MY_PAGE,
    Given,
    launch_of,
    prove,
    read,
    read_named,
)
from his_plugin.launch.refusals import LaunchRefused, Refusal
from his_plugin.launch.services import Accepted, Trace, let_in, traced
from portal.his.contract.launch import TICKET_PARAMETERS, TICKET_REQUIRED
from portal.his.entrances import Method, StationApp
from portal.parameters.queries import value_of
from portal.parameters.registry import LAUNCH_WINDOW_SECONDS

LONGEST_CREDENTIALS = 512


def accept(given: Given, *, page: str, at: datetime) -> Accepted:
    """Check a signed link and let its doctor in. LaunchRefused."""
    with traced(Trace(Method.LINK, page)) as trace:
        parameters = read(given, page=page)
        trace.station = parameters["st"]
        launch = prove(
            parameters,
            stations=settings.LAUNCH.stations,
            at=at,
            window=value_of(LAUNCH_WINDOW_SECONDS),
        )
        trace.app = launch.app
        return let_in(launch, at=at, with_ticket=page == MY_PAGE)


def exchange(authorization: str, given: Given, *, at: datetime) -> Accepted:
    """A ticket for the server of a station that proved itself by name and key.

    ``authorization`` is the header, ``Basic`` with ``app:key``. LaunchRefused.
    """
    with traced(Trace(Method.TICKET)) as trace:
        app = _server(authorization)
        trace.app = app.name
        parameters = read_named(given, TICKET_PARAMETERS, TICKET_REQUIRED, page=MY_PAGE)
        trace.station = parameters["st"]
        nonce = uuid.uuid4().hex
        launch = launch_of(parameters, app=app.name, nonce=nonce, method=Method.TICKET)
        return let_in(launch, at=at, with_ticket=True)


def _server(authorization: str) -> StationApp:
    """Whose credentials these are; a wrong name and a wrong key look the same."""
    name, key = _credentials(authorization)
    app = settings.LAUNCH.stations.get(name)
    expected = app.key if app else ""
    is_right = hmac.compare_digest(key.encode(), expected.encode())
    if app is None or not is_right:
        raise LaunchRefused(Refusal.CREDENTIALS)
    if Method.TICKET not in app.methods:
        raise LaunchRefused(Refusal.METHOD)
    return app


def _credentials(authorization: str) -> tuple[str, str]:
    kind, _space, packed = authorization.partition(" ")
    if kind.lower() != "basic" or len(packed) > LONGEST_CREDENTIALS:
        raise LaunchRefused(Refusal.CREDENTIALS)
    try:
        text = base64.b64decode(packed, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise LaunchRefused(Refusal.CREDENTIALS) from None
    name, _colon, key = text.partition(":")
    return name, key
