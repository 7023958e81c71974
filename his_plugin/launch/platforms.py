"""OIDC, CAS and SMART: sending the browser to a platform, and letting in who came back.

All three end in the same ``let_in``; they differ in how the staff number is proven.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from his_plugin.launch import cas, oidc, smart
from his_plugin.launch.handshakes import (
    Handshake,
    begin,
    once,
    public_address,
    resume,
    station_of,
)
from his_plugin.launch.parameters import MY_PAGE, Launch
from his_plugin.launch.refusals import LaunchRefused, Refusal
from his_plugin.launch.services import Accepted, Trace, let_in, traced
from portal.his.entrances import CasServer, Method, OidcProvider, Platform, SmartEhr

METHODS: dict[type[Platform], Method] = {
    OidcProvider: Method.OIDC,
    CasServer: Method.CAS,
    SmartEhr: Method.SMART,
}


@dataclass(frozen=True)
class Way:
    """Where the browser goes, and what it must bring back."""

    address: str
    handshake: Handshake


def way_to(request: HttpRequest, method: Method, name: str) -> Way:
    """To the platform of this name, OIDC or CAS. LaunchRefused."""
    with traced(Trace(method)) as trace:
        platform = _named(method, name, trace)
        if once(request.GET, "page", default=MY_PAGE) != MY_PAGE:
            raise LaunchRefused(Refusal.MALFORMED)
        trace.station = station_of(request.GET, platform.station)
        handshake = begin(name, trace.station)
        back = address_back(platform)
        if isinstance(platform, CasServer):
            return Way(cas.way_out(platform, handshake, back), handshake)
        assert isinstance(platform, OidcProvider)  # noqa: S101  # _named gives no SMART
        return Way(oidc.way_out(platform, handshake, back), handshake)


def way_to_ehr(request: HttpRequest) -> Way:
    """To the HIS that launched us by SMART. LaunchRefused."""
    with traced(Trace(Method.SMART)) as trace:
        ehr = settings.LAUNCH.ehr_of(once(request.GET, "iss"))
        if ehr is None:
            raise LaunchRefused(Refusal.ISSUER)
        trace.app, trace.station = ehr.name, ehr.station
        launch = once(request.GET, "launch")
        if not launch:
            raise LaunchRefused(Refusal.MALFORMED)
        handshake = begin(ehr.name, ehr.station)
        return Way(smart.way_out(ehr, handshake, launch, address_back(ehr)), handshake)


def come_back(
    request: HttpRequest, method: Method, name: str, *, at: datetime
) -> Accepted:
    """Who came back from the platform of this name, let in. LaunchRefused."""
    with traced(Trace(method)) as trace:
        platform = _named(method, name, trace)
        handshake = resume(request, name)
        trace.station = handshake.station
        launch = _proven(request, platform, handshake, at)
        return let_in(launch, at=at, with_ticket=False)


def address_back(platform: Platform) -> str:
    """Where the platform leads back to, as it is registered there."""
    method = METHODS[type(platform)]
    path = reverse(f"his_plugin:{method.lower()}-back", args=[platform.name])
    return public_address(path)


def _named(method: Method, name: str, trace: Trace) -> Platform:
    groups: Mapping[Method, Mapping[str, Platform]] = {
        Method.OIDC: settings.LAUNCH.oidc,
        Method.CAS: settings.LAUNCH.cas,
        Method.SMART: settings.LAUNCH.smart,
    }
    platform = groups[method].get(name)
    if platform is None:
        raise LaunchRefused(Refusal.ISSUER)
    trace.app, trace.station = platform.name, platform.station
    return platform


def _proven(
    request: HttpRequest, platform: Platform, handshake: Handshake, at: datetime
) -> Launch:
    back = address_back(platform)
    if isinstance(platform, OidcProvider):
        return oidc.brought_back(platform, handshake, request, back=back, at=at)
    if isinstance(platform, CasServer):
        return cas.brought_back(platform, handshake, request, back=back)
    return smart.brought_back(platform, handshake, request, back=back, at=at)
