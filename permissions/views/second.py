"""The second person at the same form: proven by their own password, or told why not."""

from __future__ import annotations

from permissions.forms.acts import WithSecond
from permissions.services import ActRefused
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest
from portal.accounts.models import User
from portal.accounts.proving import agreeing
from portal.accounts.refusals import SecondPersonRefused

FIELDS = {"staff_no": "second_no", "password": "second_password"}


class NotAgreed(Exception):
    """Nobody agreed; the form says why."""


def second_of(request: AuthenticatedRequest, form: WithSecond) -> User | None:
    """Who agreed; None where the form asks for nobody. Raises NotAgreed."""
    if not form.needs_second:
        return None
    try:
        return agreeing(
            request,
            staff_no=form.cleaned_data["second_no"],
            password=form.cleaned_data["second_password"],
            capability=Capability.CHANGE_GRANT,
        )
    except SecondPersonRefused as refusal:
        form.add_error(FIELDS[refusal.field], str(refusal.text))
        raise NotAgreed from refusal


def put_refusal(form: WithSecond, refused: ActRefused) -> None:
    """Why the act was refused, at the field it is about."""
    name = "second_no" if refused.field == "second" else refused.field
    form.add_error(name if name in form.fields else None, str(refused.message))
