"""The Content-Security-Policy of an answer.

Nearly all answers have the one of the settings; django-csp writes it anew for each.
"""

from __future__ import annotations

from typing import Any

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class PolicyMiddleware(CSPMiddleware):
    """Keeps the policy of the settings as written, until others are in force.

    Nothing of ours asks for a nonce, which would have to stand in it.
    """

    _kept: tuple[Any, str] = (None, "")

    def process_request(self, request: HttpRequest) -> None:
        """No nonce is offered."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        has_own = any(name.startswith("_csp") for name in vars(response))
        if has_own or HEADER in response.headers or settings.DEBUG:
            return super().process_response(request, response)
        of, text = self._kept
        if of is settings.CONTENT_SECURITY_POLICY:
            response.headers[HEADER] = text
            return response
        super().process_response(request, response)
        if HEADER in response.headers:
            self._kept = settings.CONTENT_SECURITY_POLICY, response.headers[HEADER]
        return response
