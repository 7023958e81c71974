"""The identity token of a platform: who issued it, for whom, when, and for which try."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.cache import cache
from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
from joserfc.jwk import KeySet

from his_plugin.launch.authorization import KEPT_SECONDS, Server
from his_plugin.launch.fetching import fetch_json
from his_plugin.launch.refusals import LaunchRefused, Refusal

# Signed by a key only the platform has: never "none", never our own secret.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384"]
LEEWAY_SECONDS = 30
LONGEST = 16 * 1024
REFUSED_BY_CLAIM = {
    "iss": Refusal.ISSUER,
    "aud": Refusal.ID_AUDIENCE,
    "azp": Refusal.ID_AUDIENCE,
    "exp": Refusal.ID_TIME,
    "iat": Refusal.ID_TIME,
    "nbf": Refusal.ID_TIME,
    "nonce": Refusal.ID_NONCE,
}


def claims_of(
    token: object, *, server: Server, client_id: str, nonce: str, at: datetime
) -> Mapping[str, Any]:
    """The claims of a token that is genuine, ours, of now and of this try."""
    if not isinstance(token, str) or len(token) > LONGEST:
        raise LaunchRefused(Refusal.ID_SIGNATURE)
    claims = _verified(token, server)
    _validate(claims, server=server, client_id=client_id, at=at)
    if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
        raise LaunchRefused(Refusal.ID_NONCE)
    return claims


def _verified(token: str, server: Server) -> dict[str, Any]:
    try:
        return _decoded(token, _keys(server, fresh=False))
    except LaunchRefused:
        # The platform may have changed its keys: look again before it is a forgery.
        return _decoded(token, _keys(server, fresh=True))


def _decoded(token: str, keys: KeySet) -> dict[str, Any]:
    try:
        return jwt.decode(token, keys, algorithms=ALGORITHMS).claims
    except (JoseError, ValueError):
        raise LaunchRefused(Refusal.ID_SIGNATURE) from None


def _keys(server: Server, *, fresh: bool) -> KeySet:
    kept = f"his_plugin.launch.keys.{server.jwks_uri}"
    document: Any = None if fresh else cache.get(kept)
    if document is None:
        document = fetch_json(server.jwks_uri)
        cache.set(kept, document, KEPT_SECONDS)
    try:
        return KeySet.import_key_set(document)
    except (JoseError, ValueError, KeyError, TypeError):
        raise LaunchRefused(Refusal.PLATFORM_DOWN) from None


def _validate(
    claims: dict[str, Any], *, server: Server, client_id: str, at: datetime
) -> None:
    audience = claims.get("aud")
    is_for_several = isinstance(audience, list) and len(audience) > 1
    azp = {"essential": is_for_several, "value": client_id}
    registry = jwt.JWTClaimsRegistry(
        now=int(at.timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": server.issuer},
        aud={"essential": True, "value": client_id},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True},
        **({"azp": azp} if is_for_several or "azp" in claims else {}),  # type: ignore[arg-type]
    )
    try:
        registry.validate(claims)
    except ExpiredTokenError:
        raise LaunchRefused(Refusal.ID_TIME) from None
    except ClaimError as problem:
        refusal = REFUSED_BY_CLAIM.get(problem.claim, Refusal.ID_AUDIENCE)
        raise LaunchRefused(refusal) from None
