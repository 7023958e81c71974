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
    if by.practitioner_id == practitioner_id:
        raise OwnRight
    if second is None:
        if value_of(DIRECT_SECOND_PERSON):
            raise SecondPersonMissing
        return
    if second.pk == by.pk or second.practitioner_id == practitioner_id:
        raise SecondPersonNotAnother
