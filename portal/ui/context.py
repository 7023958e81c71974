"""What the page shell needs on every page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal.accounts.capabilities import Capability
from portal.ui.navigation import navigation_for, place_of, url_if_any

VERSION = "0.1"
# Who may see something the search of the top bar finds.
SEARCHING = {Capability.VIEW_PRIVILEGES, Capability.VIEW_USERS}
# Who should know that nothing is sent to the HIS at the moment.
TELLING = {Capability.VIEW_PRIVILEGES, Capability.VIEW_HIS}


def shell(request: HttpRequest) -> dict[str, Any]:
    """Nothing here asks the database; numbers come later, from ``desk:badges``."""
    capabilities: frozenset[Capability] = getattr(request, "capabilities", frozenset())
    match = request.resolver_match
    view_name = match.view_name if match else ""
    return {
        "hospital": settings.HOSPITAL_NAME,
        "portal_version": VERSION,
        "capabilities": capabilities,
        "navigation": SimpleLazyObject(lambda: navigation_for(capabilities, view_name)),
        "place": place_of(view_name),
        "search_text": request.GET.get("q", "") if view_name == "desk:search" else "",
        "has_banner": bool(TELLING & capabilities),
        "shell_urls": {
            "home": url_if_any("desk:home"),
            "search": url_if_any("desk:search") if SEARCHING & capabilities else "",
            "badges": url_if_any("desk:badges"),
            "his": url_if_any("desk:his") if "VIEW_HIS" in capabilities else "",
            "inbox": url_if_any("notices:notice-list"),
            "account": url_if_any("accounts:profile"),
            "password": url_if_any("accounts:password-change"),
            "logout": url_if_any("accounts:logout"),
        },
    }
