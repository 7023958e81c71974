"""Just enough of PostgreSQL's wire protocol (version 3) to know a call when it passes.

Spec: PostgreSQL manual, "Frontend/Backend Protocol". A client asks in batches that end
with Sync (or are one simple Query); the server ends the answer to each with one
ReadyForQuery, which also says whether a transaction is open.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

REFUSE_ENCRYPTION = b"N"
SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102

CALL = re.compile(rb"\byw_(?:priv|doctor_op|opgrade)_save\s*\(", re.IGNORECASE)
READY = ord("Z")
IDLE = b"I"  # ReadyForQuery: no transaction is open, all is committed


class Splitter:
    """Whole messages out of the bytes of one direction.

    The first message of a client has no type; the encryption question and the login
    look the same but for their code.
    """

    def __init__(self, *, is_login: bool) -> None:
        self._bytes = bytearray()
        self.is_login = is_login

    def feed(self, received: bytes) -> Iterator[bytes]:
        """The messages these bytes complete; a login ends with ``is_login`` off."""
        self._bytes += received
        while message := self._next():
            yield message

    def _next(self) -> bytes:
        head = 0 if self.is_login else 1
        if len(self._bytes) < head + 4:
            return b""
        length = head + int(struct.unpack_from("!I", self._bytes, head)[0])
        if len(self._bytes) < length:
            return b""
        message = bytes(self._bytes[:length])
        del self._bytes[:length]
        return message


def login_code(message: bytes) -> int:
    """What the first message asks: encryption, cancellation, or a session."""
    return int(struct.unpack_from("!I", message, 4)[0])


def strings(body: bytes, count: int) -> list[bytes]:
    """The first zero-ended strings of a message."""
    return body.split(b"\0", count)[:count]


class Questions:
    """Follows a client; tells for each finished batch how to ask its call again."""

    def __init__(self) -> None:
        self._statements: dict[bytes, bool] = {}  # by name: calls the function
        self._portals: dict[bytes, bool] = {}
        self._batch: list[bytes] = []
        self._is_call = False

    def hear(self, message: bytes) -> bytes | None:
        """None inside a batch; at its end what repeats the call, empty for no call."""
        kind, body = message[:1], message[5:]
        if kind == b"Q":
            return message if CALL.search(body) else b""
        if kind == b"P":
            name, query = strings(body, 2)
            self._statements[name] = bool(CALL.search(query))
            return None  # the statement stays known, it need not be parsed again
        self._note(kind, body)
        self._batch.append(message)
        if kind != b"S":
            return None
        again = b"".join(self._batch) if self._is_call else b""
        self._batch, self._is_call = [], False
        return again

    def _note(self, kind: bytes, body: bytes) -> None:
        if kind == b"B":
            portal, statement = strings(body, 2)
            self._portals[portal] = self._statements.get(statement, False)
        elif kind == b"E":
            self._is_call |= self._portals.get(strings(body, 1)[0], False)
