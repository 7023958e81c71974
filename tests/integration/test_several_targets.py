"""One change for three real targets at once: PostgreSQL, HL7 v2 and REST, one away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from portal.his.targets import target_of
from portal.outbox.delivery import deliver_due
from portal.outbox.models import Attempt, Message, State, TargetState
from portal.outbox.outcomes import Outcome
from portal.outbox.services import enqueue
from tests.contract.conftest import message_for
from tests.contract.hl7_peers import hl7_his
from tests.contract.peers import Peer, small_postgresql
from tests.contract.rest_peers import rest_his
from tests.services import free_port

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.real_time,
]


@pytest.fixture
def his(
    fresh_postgres: str, tmp_path: Path, settings: Any
) -> Iterator[dict[str, Peer]]:
    with ExitStack() as stack:
        engine, _engine, _server = stack.enter_context(
            hl7_his(tmp_path / "engine.sqlite3")
        )
        rest = stack.enter_context(
            rest_his(f"sqlite:///{tmp_path / 'rest.sqlite3'}", tmp_path / "log")
        )
        found = {
            "his": small_postgresql(fresh_postgres),
            "engine": engine,
            "rest": rest,
        }
        settings.HIS_DSN = found["his"].dsn
        settings.HIS_TIMEOUT_SECONDS = 10
        settings.HIS_TARGETS = f"""
            [engine]
            dsn = "{engine.push_dsn}"
            [rest]
            dsn = "{rest.dsn}"
            """
        yield found
        for name in found:
            target_of(name).gateway().close()


# A doctor each of them knows.
DOCTORS = {"his": "001027", "engine": "001027", "rest": "1027"}


def promise_all(number: int) -> None:
    for target, emp_no in DOCTORS.items():
        enqueue(
            message=message_for(
                emp_no,
                "RX01",
                op=("UPDATE", "SUSPEND", "RESTORE")[number % 3] if number else "ADD",
            ),
            subject=f"test:{number}",
            at=timezone.now(),
            target=target,
        )


def deliver_to(target: str) -> None:
    deliver_due(gateway=target_of(target).gateway(), target=target)


def states(target: str) -> list[str]:
    rows = Message.objects.filter(target=target).order_by("id")
    return list(rows.values_list("state", flat=True))


def test_each_target_is_told_by_its_own_transport_and_one_away_holds_up_none(
    his: dict[str, Peer], settings: Any
) -> None:
    whole = settings.HIS_TARGETS
    away = f"rest+http://:key@127.0.0.1:{free_port()}/api/yw"
    settings.HIS_TARGETS = whole.replace(his["rest"].dsn, away)
    for number in range(10):
        promise_all(number)

    for target in ("rest", "his", "engine"):
        deliver_to(target)

    assert states("his") == [State.CONFIRMED] * 10
    assert states("engine") == [State.CONFIRMED] * 10
    assert states("rest") == [State.WAITING] * 10
    assert TargetState.objects.get(name="rest").away_since is not None
    # It comes back.
    settings.HIS_TARGETS = whole
    Message.objects.filter(target="rest").update(due_at=timezone.now())
    deliver_to("rest")

    assert states("rest") == [State.CONFIRMED] * 10
    assert TargetState.objects.get(name="rest").away_since is None
    for name, peer in his.items():
        sent = Message.objects.filter(target=name).values_list("request_id", flat=True)
        assert [peer.logged(str(one)) for one in sent.order_by("id")] == [1] * 10
    # The engine shows nothing and is believed; the others were read back.
    proven = Attempt.objects.filter(outcome__in=(Outcome.CONFIRMED, Outcome.ACCEPTED))
    assert set(proven.order_by().values_list("message__target", "outcome")) == {
        ("his", "CONFIRMED"),
        ("engine", "ACCEPTED"),
        ("rest", "CONFIRMED"),
    }
