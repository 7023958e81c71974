"""MLLP: one message at a time on a link, framed by ``0B … 1C 0D``.

Answers are told from questions by the link alone, so a link that failed, is late, or
has said something unasked is closed and never used again.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from portal.his import wire

START = b"\x0b"
END = b"\x1c\r"
LINE_ENDS = b"\r\n"
LARGEST_MESSAGE = 1024 * 1024
CHUNK = 64 * 1024


class BadFrame(Exception):
    """The bytes are not framed as agreed, or there is no end of them."""


class Frames:
    """The messages that come over one link."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self._rest = b""

    @property
    def is_idle(self) -> bool:
        """Nothing more was said than was read, and the other side is still there."""
        return not self._rest and wire.is_quiet(self.link)

    def send(self, message: bytes) -> None:
        self.link.sendall(START + message + END)

    def receive(self) -> bytes:
        """The next message; raises BadFrame, and OSError when the link ends."""
        while END not in self._rest:
            data = self.link.recv(CHUNK)
            if not data:
                raise ConnectionResetError
            # Some engines end a frame with a line more than the protocol has.
            self._rest = (self._rest + data).lstrip(LINE_ENDS)
            if self._rest and not self._rest.startswith(START):
                raise BadFrame
            if len(self._rest) > LARGEST_MESSAGE:
                raise BadFrame
        message, rest = self._rest.split(END, 1)
        self._rest = rest.lstrip(LINE_ENDS)
        return message.removeprefix(START)


class Links:
    """Links to one endpoint, kept open between messages; safe between threads."""

    def __init__(
        self, host: str, port: int, context: ssl.SSLContext | None, keep: int
    ) -> None:
        self._address = (host, port, context)
        self._keep = keep
        self._idle: list[Frames] = []
        self._lock = threading.Lock()

    @contextmanager
    def link(self) -> Iterator[Frames]:
        """One of our own until it is given back; closed when the work on it fails."""
        frames = self._taken() or Frames(wire.connect(*self._address))
        is_well = False
        try:
            yield frames
            is_well = True
        finally:
            if not (is_well and self._given_back(frames)):
                frames.link.close()

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for frames in idle:
            frames.link.close()

    def _taken(self) -> Frames | None:
        while True:
            with self._lock:
                frames = self._idle.pop() if self._idle else None
            if frames is None or frames.is_idle:
                return frames
            frames.link.close()

    def _given_back(self, frames: Frames) -> bool:
        if not frames.is_idle:
            return False
        with self._lock:
            if len(self._idle) >= self._keep:
                return False
            self._idle.append(frames)
        return True
