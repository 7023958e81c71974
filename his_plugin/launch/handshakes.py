"""A way to a platform and back: what this browser began, and nobody else's.

The state stands in the address and, signed, in a cookie of this browser; verifier and
nonce are derived from it by our key, so nothing waits in the database. That a state is
used once is decided where every launch is let in: it is the nonce of the launch.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.crypto import salted_hmac

from his_plugin.launch.parameters import REPLACED
from his_plugin.launch.refusals import LaunchRefused, Refusal
from portal.his.contract.launch import STATIONS

COOKIE, PATH = "yw_handshake", "/sso/"
SECONDS = 300
SALT = "his_plugin.launch.handshake"
STATE = re.compile(r"[A-Za-z0-9_-]{43}")
# Codes and tickets of the platforms we know are much shorter.
LONGEST = 2048


@dataclass(frozen=True)
class Handshake:
    """``platform`` is its name in ``LAUNCH_APPS``."""

    state: str
    platform: str
    station: str

    @property
    def nonce(self) -> str:
        """Into the identity token and back."""
        return _derived(self.state, "nonce")

    @property
    def verifier(self) -> str:
        """PKCE: whoever catches the code cannot use it."""
        return _derived(self.state, "verifier")

    @property
    def challenge(self) -> str:
        return _packed(hashlib.sha256(self.verifier.encode()).digest())

    @property
    def used(self) -> str:
        """As what it is used up, 64 hex."""
        return hashlib.sha256(self.state.encode()).hexdigest()


def begin(platform: str, station: str) -> Handshake:
    return Handshake(secrets.token_urlsafe(32), platform, station)


def remember(response: HttpResponse, handshake: Handshake) -> HttpResponse:
    """Lax: it comes back with the platform's redirect, and with no form of others."""
    said = {"s": handshake.state, "p": handshake.platform, "st": handshake.station}
    response.set_cookie(
        COOKIE,
        signing.dumps(said, salt=SALT),
        max_age=SECONDS,
        path=PATH,
        httponly=True,
        samesite="Lax",
        secure=settings.SECURE_COOKIES,
    )
    return response


def forget(response: HttpResponse) -> HttpResponse:
    response.delete_cookie(COOKIE, path=PATH, samesite="Lax")
    return response


def resume(request: HttpRequest, platform: str) -> Handshake:
    """The handshake this browser began with ``platform``. LaunchRefused."""
    given = once(request.GET, "state")
    try:
        said = signing.loads(
            request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=SECONDS
        )
    except signing.BadSignature:
        raise LaunchRefused(Refusal.STATE) from None
    is_same = hmac.compare_digest(given.encode(), said["s"].encode())
    if not is_same or said["p"] != platform or not STATE.fullmatch(given):
        raise LaunchRefused(Refusal.STATE)
    return Handshake(said["s"], said["p"], said["st"])


def once(given: QueryDict, name: str, *, default: str = "") -> str:
    """A word of the address, there at most once and of sane length. LaunchRefused."""
    values = given.getlist(name) or [default]
    value = values[0]
    if len(values) > 1 or len(value) > LONGEST or not value.isprintable():
        raise LaunchRefused(Refusal.MALFORMED)
    if REPLACED in value:
        raise LaunchRefused(Refusal.ENCODING)
    return value


def station_of(given: QueryDict, default: str) -> str:
    """The station a link to a platform names, or the platform's own."""
    station = once(given, "st", default=default)
    if station not in STATIONS:
        raise LaunchRefused(Refusal.MALFORMED)
    return station


def public_address(path: str) -> str:
    """As the platform knows it: never built from what a request calls us."""
    return f"{settings.PORTAL_URL}{path}"


def _derived(state: str, purpose: str) -> str:
    made = salted_hmac(f"{SALT}.{purpose}", state, algorithm="sha256")
    return _packed(made.digest())


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
