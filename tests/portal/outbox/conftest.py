"""A HIS in memory, and short ways to promise and deliver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from portal.his.targets import DEFAULT
from portal.outbox.delivery import Summary, deliver_due
from portal.outbox.models import Message
from portal.outbox.services import enqueue
from tests.cast import chen, lin, zhao
from tests.portal.outbox.memory_his import MemoryHis, priv_save

__all__ = ["chen", "lin", "zhao"]


@pytest.fixture
def his() -> MemoryHis:
    return MemoryHis()


@pytest.fixture
def deliver(his: MemoryHis) -> Callable[[], Summary]:
    """Work until nothing is due, as the worker does; one by one, to be foreseen."""
    return lambda: deliver_due(gateway=his, lanes=1)


def promise(emp_no: str = "1188", op: str = "ADD", **changes: Any) -> Message:
    """A message in the practitioner's stream, promised now."""
    not_before = changes.pop("not_before", None)
    target = changes.pop("target", DEFAULT)
    subject = changes.pop("subject", "permissions.grantevent:81")
    return enqueue(
        message=priv_save(emp_no, op, **changes),
        subject=subject,
        at=timezone.now(),
        not_before=not_before,
        target=target,
    )


def state_of(message: Message) -> str:
    message.refresh_from_db()
    return message.state


def tries_of(message: Message) -> list[tuple[str, str]]:
    return list(message.attempts.order_by("id").values_list("outcome", "code"))
