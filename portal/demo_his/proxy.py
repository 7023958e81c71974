"""The wire to the demo HIS on PostgreSQL, with faults that can be switched on.

Passes bytes both ways. Down ends all connections and lets nobody in; the delay keeps
answers back; a lost answer is cut off after the call of a maintenance function was committed; a
doubled call is asked twice of the server, its first answer is the one that is passed. The
repeat goes right behind the call, so that a client may ask on before it hears.
"""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from portal.demo_his import pgwire
from portal.demo_his.pgwire import Questions, Splitter

CHUNK = 65536
HOST = "127.0.0.1"


@dataclass
class WireFaults:
    """What is wrong with the wire just now."""

    is_down: bool = False
    delay_seconds: float = 0.0
    loses_answers: bool = False
    doubles_calls: bool = False
    changed: threading.Condition = field(default_factory=threading.Condition)

    def change(self, **values: float) -> None:
        """Set some; whoever waits for a delay looks again."""
        with self.changed:
            for name, value in values.items():
                setattr(self, name, value)
            self.changed.notify_all()

    def wait(self) -> None:
        """Keep an answer back as long as the delay stays the same."""
        seconds = self.delay_seconds
        if seconds:
            with self.changed:
                self.changed.wait_for(lambda: self.delay_seconds != seconds, seconds)


class Proxy:
    """Listens at ``port`` (0: a free one) and passes to the server at ``target``."""

    def __init__(self, target: tuple[str, int], port: int = 0) -> None:
        self.faults = WireFaults()
        self._target = target
        self._listener = socket.create_server((HOST, port))
        self.port: int = self._listener.getsockname()[1]
        self._links: set[Link] = set()
        start(self._accept)

    def go_down(self) -> None:
        """Nobody comes in, and whoever was in is put out."""
        self.faults.change(is_down=True)
        for link in list(self._links):
            link.cut()

    def come_back(self) -> None:
        self.faults.change(is_down=False)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.go_down()

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._listener.accept()
            except OSError:
                return
            if self.faults.is_down:
                near.close()
            else:
                start(self._serve, near)

    def _serve(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self._target, timeout=5)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        for end in (near, far):  # an answer in several parts would wait 40 ms for each
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = Link(near, far, self.faults)
        self._links.add(link)
        try:
            link.run()
        finally:
            self._links.discard(link)


@dataclass(frozen=True)
class Asked:
    """What a ReadyForQuery to come will answer."""

    is_call: bool = False
    is_repeat: bool = False  # by us: its answer is for nobody


class Link:
    """One client's connection and the one opened for it to the server."""

    def __init__(
        self, near: socket.socket, far: socket.socket, faults: WireFaults
    ) -> None:
        self._near, self._far, self._faults = near, far, faults
        # One entry for each ReadyForQuery to come; the login has one too.
        self._asked: deque[Asked] = deque([Asked()])
        self._questions = Questions()
        self._is_uncommitted = False

    def run(self) -> None:
        """Until one side ends."""
        asking = start(self._pass_questions)
        with suppress(OSError):
            self._pass_answers()
        self.cut()
        asking.join()
        for end in (self._near, self._far):
            end.close()

    def cut(self) -> None:
        for end in (self._near, self._far):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    # --- client to server ---------------------------------------------------------

    def _pass_questions(self) -> None:
        splitter = Splitter(is_login=True)
        with suppress(OSError):
            while received := self._near.recv(CHUNK):
                passed = b"".join(
                    self._question(splitter, message)
                    for message in splitter.feed(received)
                )
                self._far.sendall(passed)
        self.cut()

    def _question(self, splitter: Splitter, message: bytes) -> bytes:
        """What of it is passed on."""
        if splitter.is_login:
            return self._login(splitter, message)
        again = self._questions.hear(message)
        if again is not None:
            self._asked.append(Asked(is_call=bool(again)))
        if again and self._faults.doubles_calls:
            self._asked.append(Asked(is_call=True, is_repeat=True))
            return message + again
        return message

    def _login(self, splitter: Splitter, message: bytes) -> bytes:
        if pgwire.login_code(message) in {pgwire.SSL_REQUEST, pgwire.GSS_REQUEST}:
            self._near.sendall(pgwire.REFUSE_ENCRYPTION)  # we have to read along
            return b""
        splitter.is_login = False
        return message

    # --- server to client ---------------------------------------------------------

    def _pass_answers(self) -> None:
        splitter = Splitter(is_login=False)
        held = bytearray()
        is_lost = False
        while received := self._far.recv(CHUNK):
            for message in splitter.feed(received):
                held += message
                if message[0] == pgwire.READY:
                    asked = self._asked.popleft() if self._asked else Asked()
                    is_lost |= self._is_lost(asked, message)
                    if is_lost and not self._is_repeat_to_come():
                        return
                    if is_lost or asked.is_repeat:
                        held.clear()
                        continue
                    self._faults.wait()
                elif self._is_held():
                    continue
                self._near.sendall(held)
                held.clear()

    def _is_held(self) -> bool:
        """Nothing of a call's answer may get through before its end is known."""
        if self._is_repeat_to_come():
            return True
        is_call = bool(self._asked and self._asked[0].is_call) or self._is_uncommitted
        return is_call and self._faults.loses_answers

    def _is_repeat_to_come(self) -> bool:
        return bool(self._asked and self._asked[0].is_repeat)

    def _is_lost(self, asked: Asked, ready: bytes) -> bool:
        self._is_uncommitted |= asked.is_call
        if not self._is_uncommitted or ready[5:6] != pgwire.IDLE:
            return False
        self._is_uncommitted = False
        return self._faults.loses_answers


def start(work: Callable[..., object], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    return thread
