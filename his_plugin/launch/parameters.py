"""Reading the parameters of a launch and proving who signed them; plain Python.

Nothing here knows a person: a link that passes is well formed, signed by a station we
know and fresh. The signature itself is described in ``portal.his.contract.launch``.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from his_plugin.launch.refusals import LaunchRefused, Refusal
from portal.his.contract.launch import (
    PARAMETERS,
    REQUIRED,
    STATIONS,
    TIMESTAMP_FORMAT,
    sign,
)
from portal.parameters.days import ZONE

MY_PAGE, FIELD = "my", "field"
# No parameter has a reason to be longer; the name is the longest.
LONGEST = 64
SHAPES = {
    "app": re.compile(r"[A-Za-z0-9_-]{1,20}"),
    "u": re.compile(r"[A-Za-z0-9_-]{1,20}"),
    "d": re.compile(r"[A-Za-z0-9_.-]{1,20}"),
    "ts": re.compile(r"[0-9]{14}"),
    "nonce": re.compile(r"[0-9A-Fa-f]{16,64}"),
    "sign": re.compile(r"[0-9a-f]{64}"),
}


@dataclass(frozen=True)
class Launch:
    """What a link says, as it was signed."""

    app: str
    emp_no: str
    department: str
    station: str
    page: str
    patient: Mapping[str, str]
    signed_at: datetime
    nonce: str


def read(given: Iterable[tuple[str, list[str]]], *, page: str) -> dict[str, str]:
    """The parameters, each once, each of its shape, for ``page``."""
    parameters = {}
    for name, values in given:
        if name not in PARAMETERS or len(values) != 1:
            raise LaunchRefused(Refusal.MALFORMED)
        parameters[name] = values[0]
    if not all(parameters.get(name) for name in REQUIRED):
        raise LaunchRefused(Refusal.MALFORMED)
    if not all(_is_sane(name, value) for name, value in parameters.items()):
        raise LaunchRefused(Refusal.MALFORMED)
    if parameters["st"] not in STATIONS or (parameters.get("page") or MY_PAGE) != page:
        raise LaunchRefused(Refusal.MALFORMED)
    return parameters


def _is_sane(name: str, value: str) -> bool:
    shape = SHAPES.get(name)
    if shape is not None:
        return shape.fullmatch(value) is not None
    return len(value) <= LONGEST and value.isprintable()


def prove(
    parameters: Mapping[str, str], *, keys: Mapping[str, str], at: datetime, window: int
) -> Launch:
    """Signed by the app it names, with its key, at most ``window`` seconds from now."""
    key = keys.get(parameters["app"])
    if not key:
        raise LaunchRefused(Refusal.UNKNOWN_APP)
    if not hmac.compare_digest(sign(parameters, key), parameters["sign"]):
        raise LaunchRefused(Refusal.SIGNATURE)
    signed_at = _moment(parameters["ts"])
    if at - signed_at > timedelta(seconds=window):
        raise LaunchRefused(Refusal.EXPIRED)
    if signed_at - at > timedelta(seconds=window):
        raise LaunchRefused(Refusal.CLOCK_AHEAD)
    return Launch(
        app=parameters["app"],
        emp_no=parameters["u"],
        department=parameters["d"],
        station=parameters["st"],
        page=parameters.get("page") or MY_PAGE,
        patient={
            name: parameters[name] for name in ("pid", "vid") if parameters.get(name)
        },
        signed_at=signed_at,
        nonce=parameters["nonce"].lower(),
    )


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, TIMESTAMP_FORMAT).replace(tzinfo=ZONE)
    except ValueError:
        raise LaunchRefused(Refusal.MALFORMED) from None
