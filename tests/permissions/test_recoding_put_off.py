"""A re-coding the database ends for the sake of another act comes again by itself."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection
from django.utils import timezone

from permissions import recoding
from permissions.models import GrantEvent
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.outbox.models import Message
from portal.parameters.days import day_of
from surgery.enums import RecodingState
from surgery.models import Recoding
from tests.cast import make_user
from tests.permissions.recodings import CHOLE, LIVER, NEW, OTHER, decide, pair

DEADLOCK = "deadlock detected"


class EndedOnce:
    """The database ends the first transaction that writes an entry."""

    def __init__(self) -> None:
        self.is_over = False

    def __call__(
        self, execute: Any, sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if not self.is_over and sql.startswith('UPDATE "surgery_procedure"'):
            self.is_over = True
            raise OperationalError(DEADLOCK)
        return execute(sql, params, many, context)


@pytest.fixture
def he(db: None) -> User:
    return make_user("2003", "何主任", Role.OFFICE_HEAD)


@pytest.mark.usefixtures("catalogue")
def test_others_go_on_and_the_one_put_off_is_done_at_the_next_beat(
    lin: User, he: User, caplog: pytest.LogCaptureFixture
) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    first, second = (
        decide(lin, he, wish, effective_on=day_of(tomorrow))
        for wish in (pair(CHOLE, NEW), pair(LIVER, OTHER))
    )

    def states() -> list[str]:
        return list(Recoding.objects.order_by("pk").values_list("state", flat=True))

    told = Message.objects.count(), GrantEvent.objects.count()
    with time_machine.travel(tomorrow, tick=True):
        with caplog.at_level(logging.WARNING), connection.execute_wrapper(EndedOnce()):
            assert recoding.apply_due(at=timezone.now()) == 1
        assert states() == [RecodingState.PLANNED, RecodingState.APPLIED]
        assert (Message.objects.count(), GrantEvent.objects.count()) == told
        [line] = [one for one in caplog.records if one.msg == "recoding put off"]
        assert (line.__dict__["recoding"], second.pk > first.pk) == (first.pk, True)
        assert recoding.apply_due(at=timezone.now()) == 1
        assert states() == [RecodingState.APPLIED, RecodingState.APPLIED]
