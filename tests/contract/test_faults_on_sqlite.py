"""Faults of a HIS that is a file: gone, moved, replaced, locked, broken."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from portal.his.gateway import HisMisconfigured, HisRejected, HisUnavailable
from portal.his.sql.gateway import SqlGateway
from tests.contract.conftest import message_for
from tests.contract.peers import Peer, small_sqlite

pytestmark = [pytest.mark.integration, pytest.mark.slow]

WANG = ("001027", "RX01")


def test_save_without_the_file_was_not_sent_and_creates_none(
    tmp_path: Path, open_gateway: Callable[..., SqlGateway]
) -> None:
    path = tmp_path / "absent.sqlite3"

    with pytest.raises(HisUnavailable, match="连接不上") as caught:
        open_gateway(f"sqlite:///{path}").save_privilege(message_for(*WANG))

    assert caught.value.sent is False
    assert list(tmp_path.iterdir()) == []


def test_save_after_the_file_moved_away_is_noticed_and_works_when_it_is_back(
    sqlite_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    gateway = open_gateway(sqlite_his.dsn)
    gateway.save_privilege(message_for(*WANG))
    gateway.ping()
    shutil.move(sqlite_his.path, f"{sqlite_his.path}.away")
    message = message_for(*WANG, setting="INP")

    with pytest.raises(HisUnavailable) as caught:
        gateway.save_privilege(message)
    assert caught.value.sent is False
    with pytest.raises(HisUnavailable):
        gateway.ping()

    shutil.move(f"{sqlite_his.path}.away", sqlite_his.path)
    assert sqlite_his.logged(message.request_id) == 0
    assert gateway.save_privilege(message).code == "0"


def test_save_after_the_file_was_replaced_goes_into_the_new_one(
    sqlite_his: Peer, tmp_path: Path, open_gateway: Callable[..., SqlGateway]
) -> None:
    gateway = open_gateway(sqlite_his.dsn)
    gateway.save_privilege(message_for(*WANG))
    small_sqlite(tmp_path / "new.sqlite3")
    (tmp_path / "new.sqlite3").replace(sqlite_his.path)
    message = message_for(*WANG)

    gateway.save_privilege(message)

    assert sqlite_his.logged(message.request_id) == 1


def test_save_into_a_locked_file_gives_up_in_time_and_nothing_was_done(
    sqlite_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    gateway = open_gateway(sqlite_his.dsn, 0.3)
    message = message_for(*WANG)
    with closing(sqlite3.connect(sqlite_his.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        started = time.monotonic()
        with pytest.raises(HisUnavailable, match="忙或超时") as caught:
            gateway.save_privilege(message)
        took = time.monotonic() - started
        other.execute("ROLLBACK")

    assert caught.value.sent is False
    assert 0.2 < took < 2
    assert sqlite_his.logged(message.request_id) == 0


def test_read_an_endless_view_ends_at_the_deadline(
    sqlite_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    with closing(sqlite3.connect(sqlite_his.path)) as link:
        link.executescript(
            "DROP VIEW V_YW_PRIV_DICT; CREATE VIEW V_YW_PRIV_DICT AS"
            " WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
            " SELECT p.* FROM privilege p, n WHERE n.x < 0;"
        )
    with pytest.raises(HisUnavailable, match="忙或超时"):
        list(open_gateway(sqlite_his.dsn, 0.3).privileges())


def test_save_that_makes_the_his_raise_is_rejected_without_its_words(
    sqlite_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    gateway = open_gateway(sqlite_his.dsn)
    message = message_for(*WANG, reason="raise")

    with pytest.raises(HisRejected) as caught:
        gateway.save_privilege(message)

    assert (caught.value.code, caught.value.message) == (
        "3002",
        "HIS 数据库错误 SQLITE_CONSTRAINT_TRIGGER",
    )
    assert gateway.doctor_privilege(message) is None


def test_save_without_the_inbox_names_the_function(
    sqlite_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    with closing(sqlite3.connect(sqlite_his.path)) as link:
        link.execute("DROP TABLE YW_PRIV_SAVE")

    with pytest.raises(HisMisconfigured, match="HIS_DSN: YW_PRIV_SAVE 不可用"):
        open_gateway(sqlite_his.dsn).save_privilege(message_for(*WANG))


def test_save_into_an_inbox_nobody_answers_is_sent_without_an_answer(
    sqlite_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    with closing(sqlite3.connect(sqlite_his.path)) as link:
        link.execute("DROP TRIGGER save")

    with pytest.raises(HisUnavailable, match="应答丢失") as caught:
        open_gateway(sqlite_his.dsn).save_privilege(message_for(*WANG))
    assert caught.value.sent is True


def test_open_a_file_that_is_no_database_names_the_setting(
    tmp_path: Path, open_gateway: Callable[..., SqlGateway]
) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database " * 100)

    with pytest.raises(HisMisconfigured) as caught:
        list(open_gateway(f"sqlite:///{path}").doctors())
    assert caught.value.setting == "HIS_DSN"


@pytest.mark.parametrize(
    ("dsn", "words"),
    [
        ("sqlite://", "HIS_DSN: SQLite needs the path of a file"),
        ("sqlite:///:memory:", "HIS_DSN: SQLite needs the path of a file"),
        ("no dsn at all", "HIS_DSN: not an SQLAlchemy URL"),
        ("db2://u:secret@h/x", "HIS_DSN: no transport for 'db2'"),
    ],
)
def test_open_an_unusable_dsn_names_the_setting_and_never_the_secret(
    open_gateway: Callable[..., SqlGateway], dsn: str, words: str
) -> None:
    with pytest.raises(HisMisconfigured) as caught:
        open_gateway(dsn).ping()
    assert str(caught.value) == words


def test_reader_may_not_write(
    sqlite_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    gateway = open_gateway(sqlite_his.dsn)
    reader = gateway._engines().reader
    with (
        closing(reader.connect()) as link,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        link.cursor().execute("DELETE FROM line")
