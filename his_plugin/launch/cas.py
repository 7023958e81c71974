"""CAS 2.0 and 3.0: the platform's page gives a ticket, its server says whose it is.

CAS knows no state; ours stands in the service address, so a ticket somebody else got
opens nothing here.
"""

from __future__ import annotations

from urllib.parse import urlencode
from xml.etree import ElementTree

from django.http import HttpRequest

from his_plugin.launch.fetching import fetch
from his_plugin.launch.handshakes import Handshake, once
from his_plugin.launch.oidc import staff_number
from his_plugin.launch.parameters import Launch
from his_plugin.launch.refusals import LaunchRefused, Refusal
from portal.his.entrances import CasServer, Method

CAS = "{http://www.yale.edu/tp/cas}"


def way_out(server: CasServer, handshake: Handshake, back: str) -> str:
    return f"{server.url}/login?{urlencode({'service': _service(handshake, back)})}"


def brought_back(
    server: CasServer, handshake: Handshake, request: HttpRequest, *, back: str
) -> Launch:
    """Whom the server names for the ticket. LaunchRefused."""
    ticket = once(request.GET, "ticket")
    if not ticket:
        raise LaunchRefused(Refusal.MALFORMED)
    asked = urlencode({"service": _service(handshake, back), "ticket": ticket})
    answer = fetch(
        f"{server.url}/p3/serviceValidate?{asked}",
        headers={"Accept": "application/xml"},
    )
    return Launch(
        app=server.name,
        emp_no=staff_number(_named(answer, server.attribute)),
        department="",
        station=handshake.station,
        nonce=handshake.used,
        method=Method.CAS,
    )


def _service(handshake: Handshake, back: str) -> str:
    return f"{back}?{urlencode({'state': handshake.state})}"


def _named(answer: bytes, attribute: str) -> str | None:
    """The user, or the one value of the attribute."""
    # An answer of CAS is UTF-8 and declares no entities; one that does is not looked
    # into. Read as text, so that no encoding it names can hide a declaration.
    try:
        text = answer.decode()
        if "<!" in text:
            raise LaunchRefused(Refusal.PLATFORM_DOWN)
        root = ElementTree.fromstring(text)  # noqa: S314  # no declarations inside
    except (UnicodeDecodeError, ElementTree.ParseError):
        raise LaunchRefused(Refusal.PLATFORM_DOWN) from None
    success = root.find(f"{CAS}authenticationSuccess")
    if root.tag != f"{CAS}serviceResponse" or success is None:
        raise LaunchRefused(Refusal.PLATFORM_REFUSED)
    where = f"{CAS}attributes/{CAS}{attribute}" if attribute else f"{CAS}user"
    found = success.findall(where)
    return (found[0].text or "").strip() if len(found) == 1 else None
