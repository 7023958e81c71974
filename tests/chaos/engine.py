"""The integration engine of a chaos run, as a program: MLLP in, functions of the HIS out.

``python -m tests.chaos.engine <DSN of the HIS> <file for the port>``
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from hl7apy.core import Message
from hl7apy.parser import parse_message

from portal.his.contract.interfaces import YW_PRIV_SAVE
from portal.his.gateway import HisRejected, HisUnavailable
from portal.his.hl7v2.answers import Reply, answer
from portal.his.hl7v2.mllp import END, START
from portal.his.sql.gateway import SqlGateway
from tests.contract.hl7_peers import Engine, arguments
from tests.contract.scripted import scripted


class BusyEngine(Engine):
    """Keeps its links to the HIS, and nothing of what it heard; checks no grammar."""

    def answers(self, frame: bytes) -> Iterator[str]:
        text = frame.removeprefix(START).removesuffix(END).decode(self.encoding)
        message = parse_message(text, find_groups=False)
        reply = self.told(message, message.msh.msh_10.to_er7())
        now = datetime.now()  # noqa: DTZ005 (local time of the HIS)
        yield answer(text, reply, at=now, with_mfk=True)

    def told(self, message: Message, control: str) -> Reply:
        values = arguments(message, self.encoding)
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
