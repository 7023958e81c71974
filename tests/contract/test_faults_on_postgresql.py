"""Faults of the wire and of a HIS on PostgreSQL, each by its right name."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg
import pytest

from portal.his.gateway import HisMisconfigured, HisRejected, HisUnavailable
from portal.his.sql.gateway import SqlGateway
from tests.contract.conftest import TIMEOUT_SECONDS, message_for
from tests.contract.peers import Peer
from tests.contract.wire import Wire
from tests.services import free_port

pytestmark = [pytest.mark.integration, pytest.mark.slow]

WANG = ("001027", "RX01")


def test_save_while_the_his_is_down_was_not_sent_and_works_after(
    postgresql_his: Peer, far_gateway: SqlGateway, wire: Wire
) -> None:
    message = message_for(*WANG)
    wire.is_down = True

    with pytest.raises(HisUnavailable, match="连接不上") as caught:
        far_gateway.save_privilege(message)
    assert caught.value.sent is False
    assert postgresql_his.logged(message.request_id) == 0

    wire.is_down = False
    assert far_gateway.save_privilege(message).code == "0"


def test_save_to_a_port_nobody_listens_on_was_not_sent(
    open_gateway: Callable[..., SqlGateway],
) -> None:
    gateway = open_gateway(f"postgresql://postgres@127.0.0.1:{free_port()}/his")
    with pytest.raises(HisUnavailable) as caught:
        gateway.save_privilege(message_for(*WANG))
    assert caught.value.sent is False


def test_save_after_the_his_restarted_is_not_even_noticed(
    far_gateway: SqlGateway, wire: Wire
) -> None:
    message = message_for(*WANG)
    far_gateway.save_privilege(message_for(*WANG))
    far_gateway.ping()
    wire.cut()

    assert far_gateway.save_privilege(message).code == "0"
    assert far_gateway.doctor_privilege(message) is not None


def test_save_whose_answer_is_lost_may_have_been_done_and_is_read_back(
    postgresql_his: Peer, far_gateway: SqlGateway, wire: Wire
) -> None:
    message = message_for(*WANG)
    for _call in range(3):  # then the driver has nothing left to prepare beforehand
        far_gateway.save_privilege(message_for(*WANG, setting="OUTP"))
    wire.loses_answers = True

    with pytest.raises(HisUnavailable, match="应答丢失") as caught:
        far_gateway.save_privilege(message)
    assert caught.value.sent is True

    wire.loses_answers = False
    line = far_gateway.doctor_privilege(message)
    assert line is not None
    assert line.status == "1"
    assert far_gateway.save_privilege(message).code == "0"
    assert postgresql_his.logged(message.request_id) == 1


def test_save_without_an_answer_ends_at_the_deadline_as_sent(
    far_gateway: SqlGateway, wire: Wire
) -> None:
    far_gateway.save_privilege(message_for(*WANG))
    wire.is_mute = True
    started = time.monotonic()

    with pytest.raises(HisUnavailable) as caught:
        far_gateway.save_privilege(message_for(*WANG))

    assert caught.value.sent is True
    assert TIMEOUT_SECONDS - 0.1 < time.monotonic() - started < TIMEOUT_SECONDS + 1


def test_read_without_an_answer_ends_at_the_deadline(
    far_gateway: SqlGateway, wire: Wire
) -> None:
    far_gateway.ping()
    wire.is_mute = True

    with pytest.raises(HisUnavailable, match="连接中断") as caught:
        list(far_gateway.doctors())
    assert caught.value.sent is False


def test_login_without_an_answer_ends_in_time(
    far_gateway: SqlGateway, wire: Wire
) -> None:
    wire.is_mute = True
    started = time.monotonic()

    with pytest.raises(HisUnavailable) as caught:
        far_gateway.save_privilege(message_for(*WANG))

    assert caught.value.sent is False
    assert time.monotonic() - started < TIMEOUT_SECONDS + 1.5


def test_save_into_a_locked_table_gives_up_and_nothing_was_done(
    postgresql_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    gateway = open_gateway(postgresql_his.dsn, 1)
    message = message_for(*WANG)
    with psycopg.connect(postgresql_his.dsn) as other:
        other.execute("LOCK TABLE line IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(HisUnavailable, match="忙或超时") as caught:
            gateway.save_privilege(message)
    assert caught.value.sent is False
    assert postgresql_his.logged(message.request_id) == 0


def test_save_that_makes_the_his_raise_is_rejected_without_its_words(
    postgresql_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    gateway = open_gateway(postgresql_his.dsn)
    message = message_for(*WANG, reason="raise")

    with pytest.raises(HisRejected) as caught:
        gateway.save_privilege(message)

    assert (caught.value.code, caught.value.message) == (
        "3002",
        "HIS 数据库错误 P0001",
    )
    assert gateway.doctor_privilege(message) is None


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("DROP VIEW v_yw_doctor", "HIS_DSN: V_YW_DOCTOR 不可用 42P01"),
        (
            "ALTER VIEW v_yw_doctor RENAME COLUMN post TO job",
            "HIS_DSN: V_YW_DOCTOR 不可用 42703",
        ),
        (
            "CREATE ROLE guest LOGIN; ALTER ROLE guest SET ROLE guest",
            "HIS_DSN: V_YW_DOCTOR 不可用 42501",
        ),
    ],
)
def test_read_a_view_that_is_not_as_agreed_names_the_view(
    postgresql_his: Peer,
    open_gateway: Callable[..., SqlGateway],
    broken: str,
    words: str,
) -> None:
    with psycopg.connect(postgresql_his.dsn, autocommit=True) as server:
        server.execute("DROP ROLE IF EXISTS guest")
        server.execute(broken.encode())
    user = "guest" if "guest" in broken else "postgres"
    dsn = postgresql_his.dsn.replace("postgres@", f"{user}@")

    with pytest.raises(HisMisconfigured) as caught:
        list(open_gateway(dsn).doctors())

    assert str(caught.value) == words
    assert caught.value.setting == "HIS_DSN"


def test_save_without_the_function_names_it(
    postgresql_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    with psycopg.connect(postgresql_his.dsn, autocommit=True) as server:
        server.execute("DROP FUNCTION yw_priv_save")

    with pytest.raises(HisMisconfigured, match="YW_PRIV_SAVE 不可用 42883"):
        open_gateway(postgresql_his.dsn).save_privilege(message_for(*WANG))


def test_reader_may_not_write(
    postgresql_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    with psycopg.connect(postgresql_his.dsn, autocommit=True) as server:
        server.execute(
            "CREATE FUNCTION sly() RETURNS varchar LANGUAGE sql AS"
            " $$ DELETE FROM line; SELECT ''::varchar $$;"
            "CREATE OR REPLACE VIEW v_yw_priv_dict AS SELECT priv_code, name, category,"
            " value_kind, sly()::varchar(10) AS priv_level, enabled, last_modified"
            " FROM privilege"
        )
    with pytest.raises(HisMisconfigured, match="V_YW_PRIV_DICT 不可用 25006"):
        list(open_gateway(postgresql_his.dsn).privileges())


def test_save_a_value_the_driver_refuses_is_rejected(
    postgresql_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    message = message_for(*WANG, reason="a\0b")

    with pytest.raises(HisRejected, match="3002 HIS 数据库错误"):
        open_gateway(postgresql_his.dsn).save_privilege(message)

    assert postgresql_his.logged(message.request_id) == 0


def test_save_keeps_our_deadline_whatever_the_dsn_asks_for(
    postgresql_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    gateway = open_gateway(
        f"{postgresql_his.dsn}?connect_timeout=60&options=-c%20statement_timeout%3D0", 1
    )
    with psycopg.connect(postgresql_his.dsn) as other:
        other.execute("LOCK TABLE line IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(HisUnavailable, match="忙或超时"):
            gateway.save_privilege(message_for(*WANG))


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://nobody-here@{server}/his",
        "postgresql://postgres@{server}/no-such-database",
        "postgresql://postgres:secret@no-such-host.invalid/his",
        "postgresql://postgres@{server}/his?no_such_option=1",
    ],
)
def test_open_a_wrong_dsn_names_the_setting_and_never_the_secret(
    postgres_server: str, open_gateway: Callable[..., SqlGateway], dsn: str
) -> None:
    server = postgres_server.split("@")[1].split("/")[0]

    with pytest.raises(HisMisconfigured) as caught:
        open_gateway(dsn.format(server=server)).ping()

    assert caught.value.setting == "HIS_DSN"
    assert "secret" not in str(caught.value)
