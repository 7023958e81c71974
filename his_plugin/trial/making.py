"""A launch made by hand, with every step a HIS maker has to copy.

Making one is an act of its own in the event log: whoever follows the link sees what
that doctor sees.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.urls import reverse

from his_plugin.launch.parameters import MY_PAGE
from portal.accounts.models import User
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.directory.models import Practitioner
from portal.his.contract.launch import TIMESTAMP_FORMAT, sign, signing_text
from portal.his.entrances import Method, StationApp
from portal.parameters.days import ZONE


@dataclass(frozen=True)
class Asked:
    """Where a station would stand when its doctor clicks."""

    doctor: Practitioner
    department: str
    station: str
    patient: str = ""
    visit: str = ""
    is_framed: bool = True


@dataclass(frozen=True)
class MadeLink:
    """The parameters as signed, the text that was signed, and the address."""

    app: StationApp
    parameters: Mapping[str, str]
    text: str
    sign: str
    address: str


@transaction.atomic
def make_link(
    *, app: StationApp, asked: Asked, portal: str, by: User, at: datetime
) -> MadeLink:
    """Sign a link that is good now, and write down who made it for whom."""
    parameters = fields(asked) | {
        "app": app.name,
        "n": asked.doctor.name,
        "ts": at.astimezone(ZONE).strftime(TIMESTAMP_FORMAT),
        "nonce": secrets.token_hex(16),
    }
    parameters = dict(sorted(parameters.items()))
    text = signing_text(parameters)
    made = sign(parameters, app.key, app.algorithm)
    way = f"{portal}{reverse('his_plugin:launch')}?{text}&sign={made}"
    record(
        EventKind.TEST_LINK,
        by=by,
        subject=("practitioner", asked.doctor.pk),
        app=app.name,
        method=Method.LINK,
        station=asked.station,
    )
    return MadeLink(app, parameters, text, made, way)


def fields(asked: Asked) -> dict[str, str]:
    """What is sent whichever way; empty ones are left out."""
    said = {
        "u": asked.doctor.emp_no,
        "d": asked.department,
        "st": asked.station,
        "page": MY_PAGE,
        "pid": asked.patient,
        "vid": asked.visit,
        "frame": "1" if asked.is_framed else "",
    }
    return {name: value for name, value in said.items() if value}
