"""HTTPS on the loopback with a certificate of our own, for pages of two sites."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CHUNK = 65536


def own_certificate(folder: Path, *addresses: str) -> ssl.SSLContext:
    """A server's context with a certificate nobody but a test would trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, addresses[0])])
    alternatives = [x509.IPAddress(ip_address(one)) for one in addresses]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .sign(key, hashes.SHA256())
    )
    both = folder / "both.pem"
    both.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context


@contextmanager
def https_before(url: str, tls: ssl.SSLContext) -> Iterator[str]:
    """An HTTPS address whose bytes go to the plain server at ``url`` and back."""
    address, port = url.removeprefix("http://").split(":")

    class Door(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                self.request.do_handshake()
                with socket.create_connection((address, int(port))) as inner:
                    _both_ways(self.request, inner)
            except OSError:
                return  # the browser went away

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

        def get_request(self) -> tuple[ssl.SSLSocket, object]:
            taken, peer = self.socket.accept()
            wrapped = tls.wrap_socket(
                taken, server_side=True, do_handshake_on_connect=False
            )
            return wrapped, peer

    with Server(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _both_ways(outer: socket.socket, inner: socket.socket) -> None:
    back = threading.Thread(target=_pump, args=(inner, outer), daemon=True)
    back.start()
    _pump(outer, inner)
    back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(CHUNK):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
