"""Faults of the wire and of a HIS on MariaDB, each by its right name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pymysql
import pytest

from portal.his.gateway import HisMisconfigured, HisRejected, HisUnavailable
from portal.his.sql.gateway import SqlGateway
from tests.contract.conftest import TIMEOUT_SECONDS, message_for
from tests.contract.peers import Peer
from tests.contract.wire import Wire, wire_to
from tests.mariadb import MariaDb

pytestmark = [pytest.mark.integration, pytest.mark.slow]

WANG = ("001027", "RX01")


@pytest.fixture
def peer(typical_mysql_his: Peer) -> Peer:
    return typical_mysql_his


@pytest.fixture
def server(peer: Peer) -> MariaDb:
    assert peer.server is not None
    return peer.server


@pytest.fixture
def mysql_wire(server: MariaDb) -> Iterator[Wire]:
    with wire_to("127.0.0.1", server.port) as wire:
        yield wire


@pytest.fixture
def far(
    peer: Peer,
    server: MariaDb,
    mysql_wire: Wire,
    open_gateway: Callable[..., SqlGateway],
) -> SqlGateway:
    return open_gateway(peer.dsn.replace(f":{server.port}/", f":{mysql_wire.port}/"))


def other_session(
    server: MariaDb,
) -> closing[pymysql.Connection[pymysql.cursors.Cursor]]:
    return closing(
        pymysql.connect(
            host="127.0.0.1", port=server.port, user="root", database=server.database
        )
    )


def test_save_while_the_his_is_down_was_not_sent_and_works_after(
    peer: Peer, far: SqlGateway, mysql_wire: Wire
) -> None:
    message = message_for(*WANG)
    mysql_wire.is_down = True

    with pytest.raises(HisUnavailable, match="连接不上") as caught:
        far.save_privilege(message)
    assert caught.value.sent is False
    assert peer.logged(message.request_id) == 0

    mysql_wire.is_down = False
    assert far.save_privilege(message).code == "0"


def test_save_whose_answer_is_lost_may_have_been_done_and_is_read_back(
    peer: Peer, far: SqlGateway, mysql_wire: Wire
) -> None:
    message = message_for(*WANG)
    far.save_privilege(message_for(*WANG, setting="OUTP"))
    far.ping()
    mysql_wire.loses_answers = True

    with pytest.raises(HisUnavailable, match="应答丢失") as caught:
        far.save_privilege(message)
    assert caught.value.sent is True

    mysql_wire.loses_answers = False
    line = far.doctor_privilege(message)
    assert line is not None
    assert line.status == "1"
    assert far.save_privilege(message).code == "0"
    assert peer.logged(message.request_id) == 1


def test_save_without_an_answer_ends_at_the_deadline_as_sent(
    far: SqlGateway, mysql_wire: Wire
) -> None:
    far.save_privilege(message_for(*WANG))
    mysql_wire.is_mute = True
    started = time.monotonic()

    with pytest.raises(HisUnavailable) as caught:
        far.save_privilege(message_for(*WANG))

    assert caught.value.sent is True
    took = time.monotonic() - started
    assert TIMEOUT_SECONDS - 0.1 < took < TIMEOUT_SECONDS + 0.5


def test_read_without_an_answer_ends_at_the_deadline(
    far: SqlGateway, mysql_wire: Wire
) -> None:
    far.ping()
    mysql_wire.is_mute = True

    with pytest.raises(HisUnavailable, match="连接中断") as caught:
        list(far.doctors())
    assert caught.value.sent is False


def test_read_that_stops_halfway_ends_at_the_deadline(
    server: MariaDb, far: SqlGateway, mysql_wire: Wire
) -> None:
    server.run(
        "INSERT INTO 人员表 SELECT 10000 + seq, seq, REPEAT('王', 40), 101, '01', NOW()"
        " FROM seq_1_to_100000;"
    )
    rows = far.doctors()
    next(rows)
    mysql_wire.is_mute = True
    heard = [time.monotonic()]

    with pytest.raises(HisUnavailable, match="连接中断"):
        # What had arrived before is read first.
        heard.extend(time.monotonic() for _row in rows)
    assert time.monotonic() - heard[-1] < TIMEOUT_SECONDS + 0.5


def test_save_behind_another_call_gives_up_and_nothing_was_done(
    peer: Peer, server: MariaDb, open_gateway: Callable[..., SqlGateway]
) -> None:
    gateway = open_gateway(peer.dsn, 1)
    message = message_for(*WANG)
    with other_session(server) as other, closing(other.cursor()) as cursor:
        cursor.execute("SELECT GET_LOCK('YW_PRIV_SAVE', 0)")
        with pytest.raises(HisUnavailable, match="忙或超时") as caught:
            gateway.save_privilege(message)
    assert caught.value.sent is False
    assert peer.logged(message.request_id) == 0
    assert gateway.save_privilege(message).code == "0"


def test_save_into_a_locked_row_gives_up_and_nothing_was_done(
    peer: Peer, server: MariaDb, open_gateway: Callable[..., SqlGateway]
) -> None:
    gateway = open_gateway(peer.dsn, 2)
    gateway.save_privilege(message_for(*WANG))
    message = message_for(*WANG, op="SUSPEND")
    with other_session(server) as other, closing(other.cursor()) as cursor:
        cursor.execute("SELECT * FROM 人员权限 FOR UPDATE")
        with pytest.raises(HisUnavailable, match="忙或超时") as caught:
            gateway.save_privilege(message)
    assert caught.value.sent is False
    assert peer.logged(message.request_id) == 0


def test_save_that_makes_the_his_raise_is_rejected_without_its_words(
    peer: Peer, server: MariaDb, open_gateway: Callable[..., SqlGateway]
) -> None:
    server.run(
        "CREATE TRIGGER broken BEFORE INSERT ON 人员权限 FOR EACH ROW"
        " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'broken for 王建国';"
    )
    gateway = open_gateway(peer.dsn)
    message = message_for(*WANG)

    with pytest.raises(HisRejected) as caught:
        gateway.save_privilege(message)

    assert (caught.value.code, caught.value.message) == ("3002", "HIS 数据库错误 1644")
    assert gateway.doctor_privilege(message) is None


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("DROP VIEW V_YW_DOCTOR", "HIS_DSN: V_YW_DOCTOR 不可用 1146"),
        (
            "CREATE OR REPLACE VIEW V_YW_DOCTOR AS SELECT 1 AS emp_no",
            "HIS_DSN: V_YW_DOCTOR 不可用 1054",
        ),
        ("DROP TABLE 人员表", "HIS_DSN: V_YW_DOCTOR 不可用 1356"),
    ],
)
def test_read_a_view_that_is_not_as_agreed_names_the_view(
    peer: Peer,
    server: MariaDb,
    open_gateway: Callable[..., SqlGateway],
    broken: str,
    words: str,
) -> None:
    server.run(f"{broken};")

    with pytest.raises(HisMisconfigured) as caught:
        list(open_gateway(peer.dsn).doctors())

    assert str(caught.value) == words


def test_account_without_a_right_names_the_view(
    peer: Peer, server: MariaDb, open_gateway: Callable[..., SqlGateway]
) -> None:
    server.run("REVOKE SELECT ON V_YW_DOCTOR FROM 'yiwu'@'%';")
    dsn = peer.dsn.replace("//root@", "//yiwu@")

    with pytest.raises(HisMisconfigured, match="V_YW_DOCTOR 不可用 1142"):
        list(open_gateway(dsn).doctors())


def test_save_without_the_function_names_it(
    peer: Peer, server: MariaDb, open_gateway: Callable[..., SqlGateway]
) -> None:
    server.run("DROP PROCEDURE YW_PRIV_SAVE;")

    with pytest.raises(HisMisconfigured, match="YW_PRIV_SAVE 不可用 1305"):
        open_gateway(peer.dsn).save_privilege(message_for(*WANG))


def test_reader_may_not_write(
    peer: Peer, server: MariaDb, open_gateway: Callable[..., SqlGateway]
) -> None:
    server.run(
        "CREATE FUNCTION sly() RETURNS VARCHAR(10) MODIFIES SQL DATA"
        " BEGIN DELETE FROM 人员权限; RETURN ''; END".join(["DELIMITER $$\n", "$$\n"])
        + "DELIMITER ;\n"
        "CREATE OR REPLACE VIEW V_YW_PRIV_DICT AS SELECT 编码 AS priv_code, 名称 AS name,"
        " 类别 AS category, 取值方式 AS value_kind, sly() AS priv_level,"
        " 1 AS enabled, 最后修改时间 AS last_modified FROM 医生权限字典;"
    )
    with pytest.raises(HisMisconfigured, match="V_YW_PRIV_DICT 不可用 1792"):
        list(open_gateway(peer.dsn).privileges())


def test_save_a_character_gbk_has_not_is_rejected_and_nothing_was_done(
    gbk_mysql_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    message = message_for(*WANG, reason="延期😀")

    with pytest.raises(HisRejected, match="3002 HIS 数据库错误"):
        open_gateway(gbk_mysql_his.dsn).save_privilege(message)
    assert gbk_mysql_his.logged(message.request_id) == 0


@pytest.mark.parametrize(
    "dsn",
    [
        "mysql+pymysql://nobody:secret@127.0.0.1:{port}/typical",
        "mysql+pymysql://root@127.0.0.1:{port}/no_such_database",
        "mysql+pymysql://root:secret@no-such-host.invalid/typical",
        "mysql+pymysql://root@127.0.0.1:{port}/typical?no_such_option=1",
        "mysql+mysqldb://root:secret@127.0.0.1:{port}/typical",
        "mysql+pymysql://root@127.0.0.1:{port}/typical?yw_tls=verify",
        "mysql+pymysql://root@127.0.0.1:{port}/typical?yw_tls=verify&yw_ca_file=/no",
    ],
)
def test_open_a_wrong_dsn_names_the_setting_and_never_the_secret(
    mariadb: MariaDb, open_gateway: Callable[..., SqlGateway], dsn: str
) -> None:
    with pytest.raises(HisMisconfigured) as caught:
        open_gateway(dsn.format(port=mariadb.port)).ping()

    assert caught.value.setting == "HIS_DSN"
    assert "secret" not in str(caught.value)
