"""Many calls on one link of PostgreSQL: each for itself, whatever becomes of another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import psycopg
import pytest

from portal.his.gateway import HisRejected, HisUnavailable, Told
from portal.his.messages import Answer, PrivSave
from portal.his.sql.gateway import SqlGateway
from tests.contract.conftest import message_for
from tests.contract.peers import Peer
from tests.contract.wire import Wire

pytestmark = [pytest.mark.integration, pytest.mark.slow]

WANG = ("001027", "RX01")


def told(gateway: SqlGateway, *messages: PrivSave) -> list[Told]:
    return list(gateway.tell_each(messages))


def outcomes(found: Sequence[Told]) -> list[str]:
    """The code of each answer, or the kind of failure."""
    return [
        one.answer.code
        if isinstance(one.answer, Answer | HisRejected)
        else type(one.answer).__name__
        for one in found
    ]


def test_each_is_answered_and_read_back_for_itself(
    postgresql_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    gateway = open_gateway(postgresql_his.dsn)
    assert gateway.at_once == 25
    good = [message_for(*WANG, item_code=str(number)) for number in range(5)]
    nobody = message_for("999999", "RX01")
    broken = message_for(*WANG, item_code="9", reason="raise")
    unwritable = message_for(*WANG, item_code="10", reason="\0")

    found = told(
        gateway, good[0], nobody, good[1], broken, good[2], unwritable, *good[3:]
    )

    assert outcomes(found) == ["0", "2001", "0", "3002", "0", "3002", "0", "0"]
    shown = [one.line.item_code for one in found if isinstance(one.answer, Answer)]
    assert shown == ["0", "1", "2", "3", "4"]
    logged = [postgresql_his.logged(one.request_id) for one in (*good, nobody, broken)]
    assert logged == [1, 1, 1, 1, 1, 1, 0]


def test_told_twice_is_done_once(
    postgresql_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    gateway = open_gateway(postgresql_his.dsn)
    message = message_for(*WANG)

    first, second = told(gateway, message, message)

    assert (first.answer, first.line) == (second.answer, second.line)
    assert postgresql_his.logged(message.request_id) == 1


def test_link_serves_single_calls_and_many_in_turn(
    postgresql_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    gateway = open_gateway(postgresql_his.dsn)
    first, second, third = (message_for(*WANG, item_code=str(n)) for n in range(3))

    with gateway.kept_open():
        assert outcomes(told(gateway, first)) == ["0"]
        assert gateway.save_privilege(second).code == "0"
        assert gateway.doctor_privilege(second) is not None
        assert outcomes(told(gateway, third, second)) == ["0", "0"]


def test_function_that_is_not_there_is_named_and_the_link_goes_on(
    postgresql_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    gateway = open_gateway(postgresql_his.dsn)
    with psycopg.connect(postgresql_his.dsn) as server:
        server.execute("ALTER FUNCTION yw_priv_save RENAME TO gone")

    found = told(gateway, message_for(*WANG), message_for(*WANG))

    assert [str(one.answer) for one in found] == [
        "HIS_DSN: YW_PRIV_SAVE 不可用 42883"
    ] * 2
    with psycopg.connect(postgresql_his.dsn) as server:
        server.execute("ALTER FUNCTION gone RENAME TO yw_priv_save")
    assert outcomes(told(gateway, message_for(*WANG))) == ["0"]


def test_many_while_the_his_is_down_were_not_sent(
    postgresql_his: Peer, far_gateway: SqlGateway, wire: Wire
) -> None:
    messages = [message_for(*WANG, item_code=str(number)) for number in range(3)]
    wire.is_down = True

    with pytest.raises(HisUnavailable, match="连接不上") as caught:
        told(far_gateway, *messages)

    assert caught.value.sent is False
    assert [postgresql_his.logged(one.request_id) for one in messages] == [0, 0, 0]


def test_lost_answers_leave_all_in_doubt_and_nothing_twice(
    postgresql_his: Peer, far_gateway: SqlGateway, wire: Wire
) -> None:
    messages = [message_for(*WANG, item_code=str(number)) for number in range(3)]
    assert outcomes(told(far_gateway, message_for(*WANG))) == ["0"]
    wire.loses_answers = True

    with pytest.raises(HisUnavailable) as caught:
        told(far_gateway, *messages)

    assert caught.value.sent is True
    wire.loses_answers = False
    assert outcomes(told(far_gateway, *messages)) == ["0"] * 3
    assert [postgresql_his.logged(one.request_id) for one in messages] == [1, 1, 1]
