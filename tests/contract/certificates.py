"""Certificates for tests of TLS: an authority, a server on 127.0.0.1, a client."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Certificates:
    """Files in PEM; ``server`` and ``client`` hold the certificate and its key."""

    authority: Path
    server: Path
    client: Path

    def server_context(self, *, asks_client: bool = False) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server)
        if asks_client:
            context.load_verify_locations(self.authority)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def certificates(place: Path) -> Certificates:
    """Made anew in the directory, valid for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = named("authority")
    is_authority = x509.BasicConstraints(ca=True, path_length=0)
    root = (begun(name, name, key).add_extension(is_authority, critical=True)).sign(
        key, hashes.SHA256()
    )
    (place / "authority.pem").write_bytes(root.public_bytes(PEM))
    for who in ("server", "client"):
        write_leaf(place / f"{who}.pem", who, root, key)
    return Certificates(
        *(place / f"{n}.pem" for n in ("authority", "server", "client"))
    )


def write_leaf(
    path: Path, who: str, root: x509.Certificate, root_key: ec.EllipticCurvePrivateKey
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    here = x509.SubjectAlternativeName(
        [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    made = begun(named(who), root.subject, key).add_extension(here, critical=False)
    signed = made.sign(root_key, hashes.SHA256())
    secret = key.private_bytes(
        PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(signed.public_bytes(PEM) + secret)


def named(who: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who)])


def begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )
