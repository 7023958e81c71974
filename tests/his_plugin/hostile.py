"""A platform on a real socket that says whatever a test has it say.

It speaks OIDC, CAS and SMART well enough to be believed; what it lies about is set by
the attributes. Real platforms are in ``tests/his_plugin/providers``.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from portal.his.entrances import CasServer, Entrances, OidcProvider, SmartEhr

CLIENT = "yiwu"
SYSTEM = "urn:hospital:staff"
CAS_OPEN = '<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">'


def cas_names(user: str) -> str:
    inner = f"<cas:user>{user}</cas:user>"
    success = f"<cas:authenticationSuccess>{inner}</cas:authenticationSuccess>"
    return f"{CAS_OPEN}{success}</cas:serviceResponse>"


CAS_REFUSES = (
    f'{CAS_OPEN}<cas:authenticationFailure code="INVALID_TICKET">no'
    "</cas:authenticationFailure></cas:serviceResponse>"
)


def practitioner(number: str = "1188", system: str = SYSTEM) -> dict[str, Any]:
    identifier = [{"system": system, "value": number}]
    return {"resourceType": "Practitioner", "identifier": identifier}


@dataclass
class Hostile:
    """What it says; ``asked`` is what it was asked, in order."""

    port: int = 0
    claims: dict[str, Any] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    nonce: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048))
    signing_key: RSAKey | None = None
    forged: str | None = None  # the whole token, instead
    token_answer: dict[str, Any] = field(default_factory=dict)
    description: dict[str, Any] = field(default_factory=dict)
    resources: dict[str, Any] = field(default_factory=dict)
    cas_answer: str = CAS_REFUSES
    encoding: str = "utf-8"
    status: int = 200
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def entrances(self) -> Entrances:
        """As the hospital would have written it down."""
        return Entrances(
            oidc={"plat": OidcProvider("plat", self.base, CLIENT, "secret")},
            cas={"cas": CasServer("cas", f"{self.base}/cas")},
            smart={"ehr": SmartEhr("ehr", f"{self.base}/fhir", CLIENT, "s", SYSTEM)},
        )

    def id_token(self) -> str:
        if self.forged is not None:
            return self.forged
        now = int(timezone.now().timestamp())
        claims = {
            "iss": self.base,
            "aud": CLIENT,
            "sub": "1188",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "fhirUser": "Practitioner/7",
            **self.claims,
        }
        for name in self.dropped:
            del claims[name]
        return jwt.encode({"alg": "RS256"}, claims, self.signing_key or self.key)

    def signed_with_our_secret(self) -> str:
        """HS256 with the secret the client shares: a token anybody of us could make."""
        claims = {"iss": self.base, "aud": CLIENT, "sub": "1188", "nonce": self.nonce}
        key = OctKey.import_key("secret" * 8)
        return jwt.encode({"alg": "HS256"}, claims, key)

    def answer(self, path: str) -> tuple[int, str]:
        url = urlsplit(path)
        self.asked.append((url.path, {k: v[0] for k, v in parse_qs(url.query).items()}))
        if self.status != 200:
            return self.status, ""
        return self._said(url.path)

    def _said(self, path: str) -> tuple[int, str]:
        if path.startswith("/cas/"):
            return 200, self.cas_answer
        if path.startswith("/fhir/") and ".well-known" not in path:
            found = self.resources.get(path.removeprefix("/fhir/"))
            return (200, json.dumps(found)) if found else (404, "")
        if path == "/jwks":
            return 200, json.dumps({"keys": [self.key.as_dict(private=False)]})
        if path == "/token":
            said = {
                "access_token": "at",
                "token_type": "Bearer",
                "id_token": self.id_token(),
            }
            return 200, json.dumps(said | self.token_answer)
        described = {
            "issuer": self.base,
            "authorization_endpoint": f"{self.base}/authorize",
            "token_endpoint": f"{self.base}/token",
            "jwks_uri": f"{self.base}/jwks",
            "code_challenge_methods_supported": ["S256"],
        }
        return 200, json.dumps(described | self.description)


@contextmanager
def hostile_platform() -> Iterator[Hostile]:
    hostile = Hostile(resources={"Practitioner/7": practitioner()})

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, text = hostile.answer(self.path)
            body = text.encode(hostile.encoding)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    hostile.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hostile
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
