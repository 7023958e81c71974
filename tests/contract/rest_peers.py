"""The demo HIS as a REST service: its own process, on a socket of the loopback."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.demo_his.database import Database, prepare
from tests.contract.peers import Peer
from tests.services import free_port, program, wait_until

KEY = "rest-key-0001"


@contextmanager
def rest_his(database: str, log: Path) -> Iterator[Peer]:
    """Over a filled database of its own; the calls it kept are counted there."""
    prepare(Database(database))
    port = free_port()
    words = ("-m", "portal.demo_his", "serve", "--dsn", database, "--port", str(port))
    env = {"LAUNCH_KEY": "station-key-0001", "DEMO_HIS_API_KEY": KEY}

    def answers() -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
        except OSError:
            return False
        return True

    with program(*words, env=env, log=log):
        wait_until(answers, what=f"the demo HIS answers; see {log}")
        dsn = f"rest+http://:{KEY}@127.0.0.1:{port}/api/yw"
        yield Peer(dsn, "v_yw_call_log", kept_in=database)
