"""Real receivers on real sockets: a mail server that speaks SMTP, and an HTTP endpoint.

Each can be told to misbehave: ``replies`` are given in turn, the last one for ever.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

CUT = "cut"  # end the link without an answer, after everything was taken
SILENT = "silent"  # never answer


class _Receiver:
    """Listens on a free port; each link is served by a thread of its own."""

    def __init__(self) -> None:
        self.replies: list[str] = []
        self.links = 0
        self._given = 0
        self._over = threading.Event()
        self._open: list[socket.socket] = []

    def __enter__(self) -> Any:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self.stop()

    def stop(self) -> None:
        """From now on the port refuses."""
        self._over.set()
        # Wakes accept(), which close() alone would not.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self._open:
            link.close()

    def next_reply(self, default: str) -> str:
        if not self.replies:
            return default
        reply = self.replies[min(self._given, len(self.replies) - 1)]
        self._given += 1
        return reply

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                link, _address = self._listener.accept()
            except OSError:
                return
            self.links += 1
            self._open.append(link)
            threading.Thread(
                target=self._serve_and_close, args=(link,), daemon=True
            ).start()

    def _serve_and_close(self, link: socket.socket) -> None:
        try:
            self.serve(link)
        except OSError:
            pass  # the other side went away, which is what some tests are about
        finally:
            link.close()

    def serve(self, link: socket.socket) -> None:
        raise NotImplementedError


class SmtpReceiver(_Receiver):
    """RFC 5321 as far as a client needs it; ``replies`` answer the end of the data.

    ``refused`` are addresses it does not take, with 550.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[EmailMessage] = []
        self.refused: set[str] = set()

    def serve(self, link: socket.socket) -> None:
        lines = link.makefile("rb")

        def say(text: str) -> None:
            link.sendall(f"{text}\r\n".encode())

        say("220 mail.hospital.local ESMTP")
        while line := lines.readline():
            verb = line[:4].upper()
            if verb in {b"EHLO", b"HELO"}:
                say("250 mail.hospital.local")
            elif verb == b"RCPT" and self._is_refused(line):
                say("550 5.1.1 no such user")
            elif verb == b"DATA":
                say("354 go on")
                self._take(lines)
                reply = self.next_reply("250 2.0.0 taken")
                if reply == CUT:
                    return
                say(reply)
            elif verb == b"QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")

    def _is_refused(self, line: bytes) -> bool:
        return any(address.encode() in line for address in self.refused)

    def _take(self, lines: Any) -> None:
        taken = []
        while (line := lines.readline()) != b".\r\n":
            taken.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        mail = message_from_bytes(b"".join(taken), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)


@dataclass
class Call:
    """One request as it came over the wire."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class HttpReceiver(_Receiver):
    """HTTP/1.1 by hand; ``replies`` are status lines, CUT, SILENT or ``drip``."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self, link: socket.socket) -> None:
        lines = link.makefile("rb")
        call = Call(lines.readline().split()[1].decode())
        while (line := lines.readline().strip()) != b"":
            name, _colon, value = line.decode().partition(":")
            call.headers[name.lower()] = value.strip()
        call.body = lines.read(int(call.headers["content-length"]))
        self.calls.append(call)
        reply = self.next_reply("204 No Content")
        if reply == CUT:
            return
        if reply == SILENT:
            self._over.wait()
            return
        if reply == "drip":
            self._drip(link)
            return
        link.sendall(f"HTTP/1.1 {reply}\r\nContent-Length: 0\r\n\r\n".encode())

    def _drip(self, link: socket.socket) -> None:
        """A byte now and then, so that no time-out between bytes ever fires."""
        link.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self._over.wait(0.05):
            link.sendall(b"x")
