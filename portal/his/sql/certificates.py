"""TLS for drivers that are given a context of Python's."""

from __future__ import annotations

import ssl

from portal.his.connection import BadDsn, Connection, Tls


def tls_context(connection: Connection) -> ssl.SSLContext:
    """Raises BadDsn when the file of authorities cannot be read."""
    try:
        context = ssl.create_default_context(cafile=connection.ca_file or None)
    except OSError:
        raise BadDsn("yw_ca_file: no file of certificates") from None
    if connection.tls is not Tls.VERIFY:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
