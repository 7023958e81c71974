"""Who may call the JSON interface, how often, and with how much."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from his_plugin.api.errors import TokenRefused, TooLong, answer_of
from his_plugin.tokens import Holder, TokenExpired, TokenWrong, holder_of
from portal.accounts.models import User
from portal.audit.middleware import address_of

LONGEST_BODY = 16 * 1024
LONGEST_TOKEN = 512


class ShallowJsonParser(JSONParser):
    """A body of brackets alone is no question either."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().parse(*args, **kwargs)
        except RecursionError:
            raise ParseError from None


class BearerAuthentication(BaseAuthentication):
    """``Authorization: Bearer <token>`` and nothing else, never a cookie."""

    def authenticate(self, request: Request) -> tuple[User, Holder] | None:
        kind, _space, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
            return None
        try:
            holder = holder_of(token)
        except TokenExpired:
            raise TokenRefused("EXPIRED") from None
        except TokenWrong:
            raise TokenRefused("WRONG") from None
        return holder.user, holder

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="field"'


class HoldsToken(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, Holder)


class PerHolder(SimpleRateThrottle):
    """A person types, the script waits 300 ms: nobody needs more."""

    scope = "field"
    rate = "240/min"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        holder = request.auth
        if not isinstance(holder, Holder):
            return None
        return f"his_plugin.field.{holder.user.pk}"


class PerAddress(SimpleRateThrottle):
    """Many stations may stand behind one address."""

    scope = "session"
    rate = "600/min"

    def get_cache_key(self, request: Request, view: Any) -> str:
        return f"his_plugin.session.{address_of(request._request)}"


class FieldView(APIView):
    """A view behind the token; errors are JSON in words."""

    authentication_classes: Any = (BearerAuthentication,)
    permission_classes: Any = (HoldsToken,)
    renderer_classes = (JSONRenderer,)
    throttle_classes: Any = (PerHolder,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST_BODY:
            raise TooLong
        super().initial(request, *args, **kwargs)

    def get_exception_handler(self) -> Any:
        return answer_of

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers["Cache-Control"] = "no-store"
        return answer


class OpenFieldView(FieldView):
    """Before there is a token: the signature is the proof."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (PerAddress,)
