"""The integration engine of a chaos run, as a program: MLLP in, functions of the HIS out.

``python -m tests.chaos.engine <DSN of the HIS> <file for the port>``
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from portal.his.contract.interfaces import YW_PRIV_SAVE
from portal.his.gateway import HisRejected, HisUnavailable
from portal.his.hl7v2.answers import Reply
from portal.his.sql.gateway import SqlGateway
from tests.contract.hl7_peers import Engine, arguments, parse_message
from tests.contract.scripted import scripted


class BusyEngine(Engine):
    """Keeps its links to the HIS, and nothing of what it heard."""

    def act(self, text: str, control: str) -> Reply:
        self.heard.clear()
        values = arguments(parse_message(text, find_groups=False), self.encoding)
        try:
            done = SqlGateway(self.database, 5).call(YW_PRIV_SAVE, values)
        except HisRejected as refusal:
            return Reply(control, False, refusal.code, refusal.message)
        except HisUnavailable:
            # Hangs up: whether the HIS has done it, nobody can say.
            raise ConnectionAbortedError from None
        return Reply(control, False, done.code, done.message, done.his_row_id)


def main(dsn: str, port_file: str) -> None:
    engine = BusyEngine(dsn)
    with scripted(engine.serve) as server:
        Path(port_file).write_text(str(server.port))
        threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
