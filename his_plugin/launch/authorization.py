"""The authorization code flow with PKCE, as OIDC and SMART App Launch 2.2 share it.

On the other side: an authorization server whose description we fetched from an address
of ``LAUNCH_APPS``. Specifications: OpenID Connect Core and Discovery, RFC 7636, RFC
9207, HL7 SMART App Launch 2.2.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from django.core.cache import cache
from django.http import HttpRequest

from his_plugin.launch.fetching import fetch_json
from his_plugin.launch.handshakes import Handshake, once
from his_plugin.launch.refusals import LaunchRefused, Refusal

# Keys are rolled over rarely, and an unknown one is asked for at once.
KEPT_SECONDS = 300


@dataclass(frozen=True)
class Server:
    """What a server says of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    challenge_methods: tuple[str, ...] = ()


@dataclass(frozen=True)
class Client:
    """What we are to a server."""

    client_id: str
    client_secret: str
    redirect_uri: str
    scope: str


def discovered(url: str) -> Server:
    """The server described at ``url``; kept for some minutes. LaunchRefused."""
    kept = f"his_plugin.launch.server.{url}"
    document = cache.get(kept)
    if document is None:
        document = fetch_json(url)
    server = Server(
        issuer=_text(document, "issuer"),
        authorization_endpoint=_endpoint(document, "authorization_endpoint", url),
        token_endpoint=_endpoint(document, "token_endpoint", url),
        jwks_uri=_endpoint(document, "jwks_uri", url),
        challenge_methods=_words(document, "code_challenge_methods_supported"),
    )
    cache.set(kept, document, KEPT_SECONDS)
    return server


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise LaunchRefused(Refusal.PLATFORM_DOWN)
    return value


def _words(document: dict[str, Any], name: str) -> tuple[str, ...]:
    value = document.get(name, [])
    if not isinstance(value, list):
        raise LaunchRefused(Refusal.PLATFORM_DOWN)
    return tuple(str(one) for one in value)


def _endpoint(document: dict[str, Any], name: str, url: str) -> str:
    """Never less protected than where it is described."""
    value = _text(document, name)
    parts = urlsplit(value)
    allowed = {"https"} if urlsplit(url).scheme == "https" else {"http", "https"}
    if parts.scheme not in allowed or not parts.hostname or parts.username:
        raise LaunchRefused(Refusal.PLATFORM_DOWN)
    return value


def authorization_address(
    server: Server, client: Client, handshake: Handshake, **more: str
) -> str:
    """Where the browser is sent to."""
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": client.scope,
        "state": handshake.state,
        "nonce": handshake.nonce,
        "code_challenge": handshake.challenge,
        "code_challenge_method": "S256",
        **more,
    }
    joint = "&" if urlsplit(server.authorization_endpoint).query else "?"
    return f"{server.authorization_endpoint}{joint}{urlencode(asked)}"


def code_of(request: HttpRequest, server: Server) -> str:
    """The code a server sent the browser back with. LaunchRefused."""
    # A server that names itself must be the one we sent the browser to.
    if once(request.GET, "iss", default=server.issuer) != server.issuer:
        raise LaunchRefused(Refusal.ISSUER)
    if once(request.GET, "error"):
        raise LaunchRefused(Refusal.PLATFORM_REFUSED)
    code = once(request.GET, "code")
    if not code:
        raise LaunchRefused(Refusal.MALFORMED)
    return code


def exchanged(
    server: Server, client: Client, handshake: Handshake, code: str
) -> dict[str, Any]:
    """What a code is worth: tokens and, in a SMART launch, the context."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": handshake.verifier,
    }
    headers = {}
    if client.client_secret:
        headers["Authorization"] = _basic(client.client_id, client.client_secret)
    else:
        form["client_id"] = client.client_id
    said = fetch_json(server.token_endpoint, form=form, headers=headers)
    if str(said.get("token_type", "")).lower() != "bearer":
        raise LaunchRefused(Refusal.PLATFORM_DOWN)
    return said


def _basic(name: str, secret: str) -> str:
    # RFC 6749 has both form-encoded first.
    pair = f"{quote_plus(name)}:{quote_plus(secret)}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"
