"""Other ways into the portal than a signed link, for showing that they work."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_GET

from portal.demo_his import launching
from portal.demo_his.pages import Missing, operator, page
from portal.demo_his.site import Site, current
from portal.his.contract.launch import TICKET_PARAMETERS, sign

WAYS = {
    "form": "表单：参数不进地址栏",
    "ticket": "换取凭据：HIS 服务器用密钥换一次性凭据",
    "frame": "嵌入：门户显示在医生站页面里，不用 Cookie",
}
TIMEOUT_SECONDS = 5


@require_GET
def way(request: HttpRequest, name: str) -> HttpResponse:
    """Into the portal the named way, as the given doctor."""
    site = current()
    if name not in WAYS:
        raise Missing("没有这种进入方式。")
    doctor = operator(site.front, request.GET.get("u", ""))
    parameters = launching.launch(doctor, app=site.app, station="ZY", page="my")
    if name == "ticket":
        return HttpResponseRedirect(f"{site.portal_url}{_ticket(site, parameters)}")
    if name == "frame":
        link = launching.signed(parameters | {"frame": "1"}, site.key)
        words = {"address": f"{site.portal_url}/sso/launch?{link}"}
        return page(request, "his/framed.html", words)
    posted = parameters | {"sign": sign(parameters, site.key)}
    target = f"{site.portal_url}/sso/launch"
    return page(request, "his/posted.html", {"address": target, "posted": posted})


def _ticket(site: Site, parameters: dict[str, str]) -> str:
    """Where the browser is sent: asked for by this server, with its key."""
    asked = {name: parameters[name] for name in TICKET_PARAMETERS if name in parameters}
    proof = base64.b64encode(f"{site.app}:{site.key}".encode()).decode()
    request = Request(  # noqa: S310  # the portal's address is our own setting
        f"{site.portal_url}/sso/ticket",
        data=urlencode(asked).encode(),
        headers={"Authorization": f"Basic {proof}"},
    )
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            said: dict[str, Any] = json.load(answer)
    except HTTPError as refused:
        with refused:
            raise Missing(f"门户没有给凭据：{_words(refused)}") from None
    except (URLError, TimeoutError):
        raise Missing("门户没有应答，没有换到凭据。") from None
    return str(said["url"])


def _words(refused: HTTPError) -> str:
    try:
        return str(json.load(refused)["message"])
    except (ValueError, KeyError):
        return str(refused.code)
