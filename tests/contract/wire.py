"""A wire to a server that can be cut, held and healed: a TCP proxy of 60 lines."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Wire:
    """Passes bytes both ways until told otherwise.

    ``is_down`` refuses new connections; ``loses_answers`` passes questions and cuts the
    connection when the answer comes; ``is_mute`` keeps answers back; ``says_twice``
    repeats them; ``delay_seconds`` passes before each; ``says_instead`` puts other
    bytes in the place of some.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._threads: list[threading.Thread] = []
        self.is_down = False
        self.loses_answers = False
        self.is_mute = False
        self.says_twice = False
        self.delay_seconds = 0.0
        self.says_instead: tuple[bytes, bytes] = (b"", b"")
        self._spawn(self._accept)

    def cut(self) -> None:
        """End every connection, as a restarting server does."""
        for pair in self._pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(timeout=5)
        for pair in self._pairs:
            for end in pair:
                end.close()

    def _spawn(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._listener.accept()
            except OSError:
                return
            if self.is_down:
                near.close()
                continue
            far = socket.create_connection(self._target)
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pairs.append((near, far))
            self._spawn(self._pump, near, far, False)
            self._spawn(self._pump, far, near, True)

    def _pump(
        self, source: socket.socket, sink: socket.socket, is_answer: bool
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if is_answer and self.loses_answers:
                    break
                if is_answer and self.says_instead[0]:
                    data = data.replace(*self.says_instead)
                if not (is_answer and self.is_mute):
                    time.sleep(self.delay_seconds if is_answer else 0)
                    sink.sendall(data * (1 + (is_answer and self.says_twice)))
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def wire_to(host: str, port: int) -> Iterator[Wire]:
    wire = Wire(host, port)
    try:
        yield wire
    finally:
        wire.close()
