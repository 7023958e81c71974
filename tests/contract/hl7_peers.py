"""An integration engine that takes HL7 v2 over MLLP and acts on a small HIS."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from hl7apy.core import Message
from hl7apy.parser import parse_message
from hl7apy.validation import Validator

from portal.his.contract.interfaces import YW_PRIV_SAVE
from portal.his.contract.shape import Type
from portal.his.gateway import HisRejected
from portal.his.hl7v2.answers import Reply, answer
from portal.his.hl7v2.mllp import END, START
from portal.his.hl7v2.texts import NULL, unescaped
from portal.his.sql.gateway import SqlGateway
from tests.contract.peers import Peer, small_sqlite
from tests.contract.scripted import Caller, Scripted, scripted


@dataclass
class Engine:
    """``style``: MFK, ACK, or COMMIT (a CA first, then the MFK)."""

    database: str
    style: str = "MFK"
    encoding: str = "utf-8"
    heard: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, caller: Caller) -> None:
        """Every message of one connection."""
        while (frame := caller.hear(END)).endswith(END):
            for said in self.answers(frame):
                caller.say(START + said.encode(self.encoding) + END)

    def answers(self, frame: bytes) -> Iterator[str]:
        text = frame.removeprefix(START).removesuffix(END).decode(self.encoding)
        self.heard.append(text)
        message = parse_message(text)
        assert Validator.validate(message)
        control = parse_message(text, find_groups=False).msh.msh_10.to_er7()
        now = datetime.now()  # noqa: DTZ005 (local time of the HIS)
        if self.style == "COMMIT":
            commit = Reply(control, True, "0", "")
            yield answer(text, commit, at=now, with_mfk=False)
        reply = self.act(text, control)
        yield answer(text, reply, at=now, with_mfk=self.style != "ACK")

    def act(self, text: str, control: str) -> Reply:
        """What ZYP says is done through the function of the HIS."""
        values = arguments(parse_message(text, find_groups=False), self.encoding)
        gateway = SqlGateway(self.database, 5)
        try:
            with self._lock:
                done = gateway.call(YW_PRIV_SAVE, values)
        except HisRejected as refusal:
            return Reply(control, False, refusal.code, refusal.message)
        finally:
            gateway.close()
        return Reply(control, False, done.code, done.message, done.his_row_id)


def arguments(message: Message, encoding: str) -> dict[str, Any]:
    """Of the call, out of ZYP."""
    fields = message.zyp.to_er7().split("|")[1:]
    values: dict[str, Any] = {}
    for item, text in zip(YW_PRIV_SAVE.arguments, fields, strict=True):
        if item.type is Type.DATE:
            values[item.name] = None if text == NULL else date.fromisoformat(text)
        else:
            values[item.name] = unescaped(text, encoding)
    return values


@contextmanager
def hl7_his(
    path: Path, style: str = "MFK", encoding: str = "utf-8"
) -> Iterator[tuple[Peer, Engine, Scripted]]:
    """The HIS is read by SQL and told by HL7 v2."""
    database = small_sqlite(path)
    engine = Engine(database.dsn, style, encoding)
    serve: Callable[[Caller], None] = engine.serve
    with scripted(serve) as server:
        mode = "enhanced" if style == "COMMIT" else "original"
        push = f"mllp://127.0.0.1:{server.port}?yw_encoding={encoding}&mode={mode}"
        yield Peer(database.dsn, "log", push_dsn=push), engine, server
