"""TCP and TLS links whose every wait ends at one moment: the deadline of the call.

A time-out of the socket alone counts anew for each read, so a server that sends a byte
a second would hold a call for ever. Here each wait gets what is left of the whole.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from typing import Any

from portal.his.connection import BadDsn, Connection, Tls

LEAST_SECONDS = 0.001


class Unreached(Exception):
    """No link could be had: nothing was sent."""


class Untrusted(Exception):
    """Somebody answers, but not with a certificate that counts, or without TLS."""


class _Call(threading.local):
    until = 0.0


_call = _Call()


def begin(seconds: float) -> None:
    """The call this thread makes from now on is to end in so many seconds."""
    _call.until = time.monotonic() + seconds


def left() -> float:
    """Seconds left of this thread's call; raises TimeoutError when none are."""
    seconds = _call.until - time.monotonic()
    if seconds < LEAST_SECONDS:
        raise TimeoutError("the deadline has passed")
    return seconds


class Link(socket.socket):
    """A TCP link that waits no longer than is left of the call."""

    def recv_into(self, *arguments: Any) -> int:
        self.settimeout(left())
        return super().recv_into(*arguments)

    def recv(self, *arguments: Any) -> bytes:
        self.settimeout(left())
        return super().recv(*arguments)

    def sendall(self, *arguments: Any) -> None:
        self.settimeout(left())
        super().sendall(*arguments)


class TlsLink(ssl.SSLSocket):
    """The same, encrypted."""

    def recv_into(self, *arguments: Any) -> int:
        self.settimeout(left())
        return super().recv_into(*arguments)

    def recv(self, *arguments: Any) -> bytes:
        self.settimeout(left())
        return super().recv(*arguments)

    def send(self, *arguments: Any) -> int:
        self.settimeout(left())
        return super().send(*arguments)


def tls_context(connection: Connection, given: Tls) -> ssl.SSLContext | None:
    """For clients; None without TLS. ``given`` is what holds where the DSN is silent.

    Raises BadDsn for files that cannot be used.
    """
    tls = connection.tls or given
    if tls is Tls.OFF:
        return None
    try:
        context = ssl.create_default_context(cafile=connection.ca_file or None)
    except OSError:
        raise BadDsn("yw_ca_file: no file of certificates") from None
    if tls is Tls.ON:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if connection.cert_file:
        try:
            context.load_cert_chain(connection.cert_file, connection.key_file or None)
        except OSError:
            raise BadDsn("yw_cert_file: no certificate with its key") from None
    context.sslsocket_class = TlsLink
    return context


def connect(host: str, port: int, context: ssl.SSLContext | None) -> socket.socket:
    """A link within what is left of the call; raises Unreached and Untrusted."""
    link = connected(host, port)
    if context is None:
        return link
    try:
        link.settimeout(left())
        return context.wrap_socket(link, server_hostname=host)
    except TimeoutError:
        link.close()
        raise Unreached from None
    except ssl.SSLError as error:
        link.close()
        raise Untrusted(error.reason or "TLS") from None
    except OSError:
        link.close()
        raise Unreached from None


def connected(host: str, port: int) -> Link:
    """To the first of the host's addresses that answers."""
    for family, address in addresses(host, port):
        link = Link(family, socket.SOCK_STREAM)
        try:
            link.settimeout(left())
            link.connect(address)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            link.close()
        else:
            return link
    raise Unreached


def addresses(host: str, port: int) -> list[tuple[int, Any]]:
    """Asked in a thread of its own: nothing ends the wait for a dead name server."""
    found: list[tuple[int, Any]] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            return
        found.extend((family, address) for family, _t, _p, _c, address in answers)

    asking = threading.Thread(target=ask, name="his-name", daemon=True)
    asking.start()
    asking.join(left())
    return list(found)


def is_quiet(link: socket.socket) -> bool:
    """An idle link is still there: neither an end nor anything unasked has come."""
    poll = select.poll()
    poll.register(link, select.POLLIN | select.POLLHUP | select.POLLERR)
    return not poll.poll(0)
