"""The second person at the same form: proven by their own password, or told why not."""

from __future__ import annotations

from permissions.forms.second import WithSecond
from permissions.services import ActRefused
from portal.accounts.guards import AuthenticatedRequest
from portal.accounts.models import User


class NotAgreed(Exception):
    """Nobody agreed; the form says why."""


def second_of(request: AuthenticatedRequest, form: WithSecond) -> User | None:
    """Who agreed; None where the form asks for nobody. Raises NotAgreed."""
    if not form.needs_second:
        return None
    second = form.second(request)
    if second is None:
        raise NotAgreed
    return second


def put_refusal(form: WithSecond, refused: ActRefused) -> None:
    """Why the act was refused, at the field it is about."""
    name = "second_no" if refused.field == "second" else refused.field
    form.add_error(name if name in form.fields else None, str(refused.message))
