"""Links belong to one process."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.his.connection import BadDsn
from portal.his.opening import from_settings
from portal.his.sql.engines import dispose, engines_for
from portal.his.sql.gateway import SqlGateway
from tests.contract.conftest import message_for, open_gateway, postgresql_his
from tests.contract.peers import Peer

__all__ = ["open_gateway", "postgresql_his"]

WANG = ("001027", "RX01")


def test_engines_for_the_same_dsn_are_made_once(tmp_path: Path) -> None:
    dsn = f"sqlite:///{tmp_path / 'his.sqlite3'}"
    first = engines_for(dsn, 1.0)
    try:
        assert engines_for(dsn, 1.0) is first
        assert engines_for(dsn, 2.0) is not first
    finally:
        dispose(dsn, 1.0)
        dispose(dsn, 2.0)


def test_engines_for_a_bad_dsn_are_not_kept() -> None:
    for _try in range(2):
        with pytest.raises(BadDsn):
            engines_for("db2://h/x", 1.0)


def test_from_settings_opens_nothing(tmp_path: Path, settings: object) -> None:
    settings.HIS_DSN = f"sqlite:///{tmp_path / 'absent.sqlite3'}"  # type: ignore[attr-defined]

    assert isinstance(from_settings(), SqlGateway)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.integration
def test_save_in_a_forked_worker_leaves_the_links_of_its_parent_alone(
    postgresql_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    gateway = open_gateway(postgresql_his.dsn)
    gateway.save_privilege(message_for(*WANG))

    child = os.fork()
    if child == 0:
        exit_code = 1
        try:
            answer = gateway.save_privilege(message_for(*WANG, setting="INP"))
            exit_code = int(answer.code)
        finally:
            os._exit(exit_code)
    _pid, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert gateway.save_privilege(message_for(*WANG, setting="OR")).code == "0"
