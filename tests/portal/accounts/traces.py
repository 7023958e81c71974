"""What an act leaves: rows, their history and lines of the event log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axes.models import AccessAttempt

from portal.accounts.models import LoginSession, RoleAssignment, User
from portal.accounts.refusals import AccountRefusal
from portal.audit.models import AuditEvent
from portal.outbox.models import Message


def everything() -> dict[str, list[Any]]:
    """All rows an act on accounts could touch, as they stand."""
    tables: tuple[Any, ...] = (
        User,
        User.history.model,
        RoleAssignment,
        RoleAssignment.history.model,
        LoginSession,
        AccessAttempt,
        AuditEvent,
        Message,
    )
    return {
        table.__name__: list(table._default_manager.order_by("pk").values())
        for table in tables
    }


@contextmanager
def refused(refusal: type[AccountRefusal]) -> Iterator[None]:
    """The act inside is refused so, and not a row is another than before."""
    before = everything()
    with pytest.raises(refusal):
        yield
    assert everything() == before
