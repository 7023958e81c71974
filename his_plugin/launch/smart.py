"""SMART App Launch 2.2, launched by the HIS: ``iss`` and ``launch`` in, a doctor out.

We are the app. ``iss`` is compared with the list before anything is fetched. Who it is
comes from ``fhirUser``, looked up with the token that was given; the staff number is
the identifier of the agreed system, never the name. Patient and encounter of the token
response are shown and never believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from django.http import HttpRequest

from his_plugin.launch.authorization import (
    Client,
    Server,
    authorization_address,
    code_of,
    discovered,
    exchanged,
)
from his_plugin.launch.fetching import fetch_json, is_below
from his_plugin.launch.handshakes import Handshake
from his_plugin.launch.id_tokens import claims_of
from his_plugin.launch.oidc import staff_number
from his_plugin.launch.parameters import LONGEST, Launch
from his_plugin.launch.refusals import LaunchRefused, Refusal
from portal.his.entrances import Method, SmartEhr

DESCRIPTION = "/.well-known/smart-configuration"
FHIR = {"Accept": "application/fhir+json"}
PERSONS = ("Practitioner", "PractitionerRole")
# What the context calls them, and what we do.
CONTEXT = {"patient": "pid", "encounter": "vid"}


def way_out(ehr: SmartEhr, handshake: Handshake, launch: str, back: str) -> str:
    """To the authorization server of the HIS, with what it launched us with."""
    server = _server(ehr)
    client = _client(ehr, back)
    return authorization_address(server, client, handshake, launch=launch, aud=ehr.iss)


def brought_back(
    ehr: SmartEhr,
    handshake: Handshake,
    request: HttpRequest,
    *,
    back: str,
    at: datetime,
) -> Launch:
    """Whom the HIS named, with the patient it was at. LaunchRefused."""
    server, client = _server(ehr), _client(ehr, back)
    code = code_of(request, server)
    said = exchanged(server, client, handshake, code)
    claims = claims_of(
        said.get("id_token"),
        server=server,
        client_id=ehr.client_id,
        nonce=handshake.nonce,
        at=at,
    )
    person = _practitioner(ehr, claims.get("fhirUser"), str(said.get("access_token")))
    return Launch(
        app=ehr.name,
        emp_no=staff_number(_number_of(person, ehr.system)),
        department="",
        station=handshake.station,
        nonce=handshake.used,
        method=Method.SMART,
        patient=_patient(said),
    )


def _server(ehr: SmartEhr) -> Server:
    server = discovered(ehr.iss + DESCRIPTION)
    if "S256" not in server.challenge_methods:
        raise LaunchRefused(Refusal.PLATFORM_DOWN)
    return server


def _client(ehr: SmartEhr, back: str) -> Client:
    return Client(ehr.client_id, ehr.client_secret, back, ehr.scope)


def _practitioner(ehr: SmartEhr, fhir_user: object, token: str) -> dict[str, Any]:
    """The Practitioner ``fhirUser`` means, absolute or relative, itself or by a role."""
    found = _resource(ehr, fhir_user, token)
    if found.get("resourceType") == "PractitionerRole":
        reference = found.get("practitioner")
        inner = reference.get("reference") if isinstance(reference, dict) else None
        found = _resource(ehr, inner, token)
    if found.get("resourceType") != "Practitioner":
        raise LaunchRefused(Refusal.NO_STAFF_NUMBER)
    return found


def _resource(ehr: SmartEhr, reference: object, token: str) -> dict[str, Any]:
    """Below the FHIR base and nowhere else: the token is shown to nobody else."""
    if not isinstance(reference, str) or not reference:
        raise LaunchRefused(Refusal.NO_STAFF_NUMBER)
    address = urljoin(f"{ehr.iss}/", reference)
    is_person = any(
        is_below(address, f"{ehr.iss}/{person}")
        and "/" not in address.removeprefix(f"{ehr.iss}/{person}/")
        for person in PERSONS
    )
    if not is_person or {"?", "#", "%"} & set(address):
        raise LaunchRefused(Refusal.NO_STAFF_NUMBER)
    return fetch_json(address, headers=FHIR | {"Authorization": f"Bearer {token}"})


def _number_of(person: Mapping[str, Any], system: str) -> str | None:
    """The one identifier of the agreed system; two are as good as none."""
    identifiers = person.get("identifier")
    values = [
        one.get("value")
        for one in (identifiers if isinstance(identifiers, list) else [])
        if isinstance(one, dict) and one.get("system") == system
    ]
    return values[0] if len(values) == 1 and isinstance(values[0], str) else None


def _patient(said: Mapping[str, Any]) -> dict[str, str]:
    """Shown on the page: what is no short text is left out."""
    found = {ours: said.get(theirs) for theirs, ours in CONTEXT.items()}
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, str) and 0 < len(value) <= LONGEST and value.isprintable()
    }
