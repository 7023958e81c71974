"""The gateway of a site, chosen by the scheme of its DSN."""

from __future__ import annotations

from django.conf import settings

from portal.his.gateway import HisGateway
from portal.his.sql.gateway import SqlGateway


def from_settings(deadline: float | None = None) -> HisGateway:
    """The gateway to the HIS this portal is set up for; cheap to call each time.

    Pages that only ask for a sign of life give a shorter ``deadline`` in seconds.
    """
    return open_gateway(settings.HIS_DSN, deadline or settings.HIS_TIMEOUT_SECONDS)


def open_gateway(dsn: str, deadline: float) -> HisGateway:
    """A gateway to the HIS at ``dsn``; no call waits longer than ``deadline`` seconds."""
    if dsn.startswith("rest+"):
        from portal.his.rest import RestGateway

        return RestGateway(dsn, deadline)
    return SqlGateway(dsn, deadline)
