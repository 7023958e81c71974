"""A later change given up when nobody knew whether the HIS took it: nothing earlier of
its line may come to stand on it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.outbox.delivery import Summary
from portal.outbox.models import Message, State
from portal.outbox.services import NotPossible, retry, stop
from tests.portal.outbox.conftest import promise, state_of
from tests.portal.outbox.memory_his import MemoryHis

pytestmark = pytest.mark.django_db
Deliver = Callable[[], Summary]
REASON = "已与信息科核对"


def rejected_one(his: MemoryHis, deliver: Deliver, code: str = "RX01") -> Message:
    message = promise(priv_code=code)
    his.rejects = {code: "2004"}
    deliver()
    his.rejects = {}
    assert state_of(message) == State.REJECTED
    return message


def given_up(message: Message, by: User) -> None:
    message.refresh_from_db()
    stop(message=message, by=by, at=timezone.now(), reason=REASON)


def revoked_and_lost(his: MemoryHis, deliver: Deliver, by: User) -> Message:
    """In the HIS; the answer was lost, it could not be read, and a person stopped it."""
    revocation = promise(op="REVOKE")
    his.save_faults, his.read_faults = ["lost"], ["down"]
    deliver()
    assert state_of(revocation) == State.UNKNOWN
    given_up(revocation, by)
    his.read_faults = []
    return revocation


def test_earlier_one_is_not_told_again(
    his: MemoryHis, deliver: Deliver, lin: User
) -> None:
    rejected = rejected_one(his, deliver)
    revoked_and_lost(his, deliver, lin)
    before = list(Message.objects.order_by("pk").values())
    rejected.refresh_from_db()

    with pytest.raises(NotPossible, match="停止前可能已经生效，这条只能停止"):
        retry(message=rejected, by=lin, at=timezone.now(), reason=REASON)

    assert list(Message.objects.order_by("pk").values()) == before
    kinds = list(AuditEvent.objects.values_list("kind", flat=True))
    assert kinds == [EventKind.MESSAGE_STOPPED]


def test_earlier_one_that_waits_is_never_sent(
    his: MemoryHis, deliver: Deliver, lin: User
) -> None:
    rejected = rejected_one(his, deliver, "RX09")
    renewal, other = promise(op="UPDATE"), promise(op="UPDATE", priv_code="AB02")
    revoked_and_lost(his, deliver, lin)
    given_up(rejected, lin)

    deliver()

    assert [state_of(row) for row in (renewal, other)] == ["STOPPED", "CONFIRMED"]
    assert [effect.op for effect in his.effects] == ["REVOKE", "UPDATE"]


def test_later_one_that_was_refused_and_given_up_is_no_obstacle(
    his: MemoryHis, deliver: Deliver, lin: User
) -> None:
    rejected = rejected_one(his, deliver)
    revocation = promise(op="REVOKE")
    his.save_faults = ["refuse"]
    deliver()
    assert state_of(revocation) == State.REJECTED
    given_up(revocation, lin)
    rejected.refresh_from_db()

    retry(message=rejected, by=lin, at=timezone.now(), reason=REASON)
    deliver()

    assert state_of(rejected) == State.CONFIRMED
    assert [effect.op for effect in his.effects] == ["ADD"]
