"""OpenID Connect: a platform of the hospital says who somebody is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from his_plugin.launch.authorization import (
    Client,
    Server,
    authorization_address,
    code_of,
    discovered,
    exchanged,
)
from his_plugin.launch.handshakes import Handshake
from his_plugin.launch.id_tokens import claims_of
from his_plugin.launch.parameters import SHAPES, Launch
from his_plugin.launch.refusals import LaunchRefused, Refusal
from portal.his.entrances import Method, OidcProvider

DESCRIPTION = "/.well-known/openid-configuration"


def way_out(provider: OidcProvider, handshake: Handshake, back: str) -> str:
    """Where the browser goes to say who it is; ``back`` is our registered address."""
    return authorization_address(_server(provider), _client(provider, back), handshake)


def brought_back(
    provider: OidcProvider,
    handshake: Handshake,
    request: HttpRequest,
    *,
    back: str,
    at: datetime,
) -> Launch:
    """Whom the provider names in its identity token. LaunchRefused."""
    server, client = _server(provider), _client(provider, back)
    code = code_of(request, server)
    said = exchanged(server, client, handshake, code)
    claims = claims_of(
        said.get("id_token"),
        server=server,
        client_id=provider.client_id,
        nonce=handshake.nonce,
        at=at,
    )
    return Launch(
        app=provider.name,
        emp_no=staff_number(claims.get(provider.claim)),
        department=_department(provider, claims),
        station=handshake.station,
        nonce=handshake.used,
        method=Method.OIDC,
    )


def staff_number(value: object) -> str:
    """A staff number as they are written; anything else names nobody."""
    if not isinstance(value, str) or SHAPES["u"].fullmatch(value) is None:
        raise LaunchRefused(Refusal.NO_STAFF_NUMBER)
    return value


def _department(provider: OidcProvider, claims: Mapping[str, Any]) -> str:
    if not provider.department_claim:
        return ""
    value = claims.get(provider.department_claim)
    # The platform was said to know it; without it nothing can be compared.
    if not isinstance(value, str) or SHAPES["d"].fullmatch(value) is None:
        raise LaunchRefused(Refusal.DEPARTMENT)
    return value


def _server(provider: OidcProvider) -> Server:
    server = discovered(provider.issuer.rstrip("/") + DESCRIPTION)
    if server.issuer != provider.issuer:
        raise LaunchRefused(Refusal.ISSUER)
    return server


def _client(provider: OidcProvider, back: str) -> Client:
    return Client(
        provider.client_id, provider.client_secret, back, scope=provider.scope
    )
