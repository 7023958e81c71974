"""Who may act: nobody on a right of their own, and two where the hospital says so."""

from __future__ import annotations

from permissions.services.refusals import (
    OwnRight,
    SecondPersonMissing,
    SecondPersonNotAnother,
)
from portal.accounts.models import User
from portal.parameters.queries import value_of
from portal.parameters.registry import DIRECT_SECOND_PERSON


def must_be_two(by: User, second: User | None, practitioner_id: int) -> None:
    """For acts that give; what takes a right away never waits for a second person.

    That the second person is really there, the door has proven.
    """
    must_not_be_own(by, practitioner_id)
    if second is None:
        if is_second_needed():
            raise SecondPersonMissing
        return
    if second.pk == by.pk or second.practitioner_id == practitioner_id:
        raise SecondPersonNotAnother


def must_not_be_own(by: User, practitioner_id: int) -> None:
    if by.practitioner_id == practitioner_id:
        raise OwnRight


def is_second_needed() -> bool:
    """Whether this hospital asks for a second person where something is given."""
    return bool(value_of(DIRECT_SECOND_PERSON))
