"""A server on a real socket that says exactly the bytes it is told, faults included."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Script = Callable[["Caller"], None]


class Caller:
    """One client that connected."""

    def __init__(self, link: socket.socket, number: int) -> None:
        self.link = link
        self.number = number  # 1 for the first connection
        self.heard = b""

    def hear(self, end: bytes) -> bytes:
        """What comes until ``end``; shorter when the client leaves."""
        begun = len(self.heard)
        while end not in self.heard[begun:]:
            data = self.link.recv(65536)
            if not data:
                break
            self.heard += data
        return self.heard[begun:]

    def say(self, data: bytes) -> None:
        self.link.sendall(data)

    def drip(self, data: bytes, pause: float) -> None:
        """Byte by byte, with a pause before each."""
        for byte in data:
            time.sleep(pause)
            self.link.sendall(bytes([byte]))

    def wait_for_end(self) -> None:
        """Silent until the client leaves."""
        while self.link.recv(65536):
            pass


class Scripted:
    """Runs the script for each client, in a thread of its own; then hangs up."""

    def __init__(self, script: Script, context: ssl.SSLContext | None) -> None:
        self._script = script
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.callers: list[Caller] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                link, _address = self._listener.accept()
            except OSError:
                return
            caller = Caller(link, len(self.callers) + 1)
            self.callers.append(caller)
            thread = threading.Thread(target=self._serve, args=(caller,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, caller: Caller) -> None:
        with suppress(OSError):
            if self._context is not None:
                caller.link = self._context.wrap_socket(caller.link, server_side=True)
            self._script(caller)
        with suppress(OSError):
            caller.link.shutdown(socket.SHUT_RDWR)
        caller.link.close()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for caller in self.callers:
            with suppress(OSError):
                caller.link.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=5)


@contextmanager
def scripted(
    script: Script, context: ssl.SSLContext | None = None
) -> Iterator[Scripted]:
    """With a context it speaks TLS."""
    server = Scripted(script, context)
    try:
        yield server
    finally:
        server.close()
