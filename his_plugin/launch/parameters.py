"""Reading the parameters of a launch and proving who signed them; plain Python.

Nothing here knows a person: a link that passes is well formed, signed by a station we
know and fresh. The signature itself is described in ``portal.his.contract.launch``.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from his_plugin.launch.refusals import LaunchRefused, Refusal
from portal.his.contract.launch import (
    PARAMETERS,
    REQUIRED,
    STATIONS,
    TIMESTAMP_FORMAT,
    sign,
)
from portal.his.entrances import Method, StationApp
from portal.parameters.days import ZONE

MY_PAGE, FIELD = "my", "field"
# No parameter has a reason to be longer; the name is the longest.
LONGEST = 64
# What a decoder leaves of bytes that are no UTF-8.
REPLACED = "\ufffd"
SHAPES = {
    "app": re.compile(r"[A-Za-z0-9_-]{1,20}"),
    "u": re.compile(r"[A-Za-z0-9_-]{1,20}"),
    "d": re.compile(r"[A-Za-z0-9_.-]{1,20}"),
    "frame": re.compile(r"1?"),
    "ts": re.compile(r"[0-9]{14}"),
    "nonce": re.compile(r"[0-9A-Fa-f]{16,64}"),
    "sign": re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}"),
}
Given = Iterable[tuple[str, list[str]]]


@dataclass(frozen=True)
class Launch:
    """Somebody's coming in, proven by whoever sent them: a link, a HIS, a platform."""

    app: str
    emp_no: str
    department: str  # "" when the sender does not know it
    station: str
    nonce: str
    method: Method
    page: str = MY_PAGE
    patient: Mapping[str, str] = field(default_factory=dict)
    is_framed: bool = False


def read(given: Given, *, page: str) -> dict[str, str]:
    """The parameters of a link, each once, each of its shape, for ``page``."""
    return read_named(given, PARAMETERS, REQUIRED, page=page)


def read_named(
    given: Given, allowed: Collection[str], required: Collection[str], *, page: str
) -> dict[str, str]:
    """Those ``allowed``, none twice, all ``required``; LaunchRefused."""
    said = list(given)
    for fault in faults(said, allowed, required, page=page):
        is_coding = fault.flaw is Flaw.ENCODING
        raise LaunchRefused(Refusal.ENCODING if is_coding else Refusal.MALFORMED)
    return {name: values[0] for name, values in said}


class Flaw(StrEnum):
    """What may be wrong with a parameter before anybody looks at the signature."""

    UNKNOWN = "UNKNOWN"
    REPEATED = "REPEATED"
    ENCODING = "ENCODING"
    MISSING = "MISSING"
    SHAPE = "SHAPE"


@dataclass(frozen=True)
class Fault:
    """One flaw, and the parameter it is of."""

    flaw: Flaw
    name: str


def faults(
    given: Sequence[tuple[str, list[str]]],
    allowed: Collection[str],
    required: Collection[str],
    *,
    page: str,
) -> Iterator[Fault]:
    """In the order in which one would mend them."""
    first = {name: values[0] for name, values in given}
    yield from (Fault(Flaw.UNKNOWN, name) for name in first if name not in allowed)
    for name, values in given:
        if len(values) > 1:
            yield Fault(Flaw.REPEATED, name)
    for name, value in first.items():
        if REPLACED in value:
            yield Fault(Flaw.ENCODING, name)
    yield from (Fault(Flaw.MISSING, name) for name in required if not first.get(name))
    for name, value in first.items():
        if not _is_sane(name, value, page):
            yield Fault(Flaw.SHAPE, name)


def _is_sane(name: str, value: str, page: str) -> bool:
    if name == "st":
        return value in STATIONS
    if name == "page":
        return (value or MY_PAGE) == page
    shape = SHAPES.get(name)
    if shape is not None:
        return shape.fullmatch(value) is not None
    return len(value) <= LONGEST and value.isprintable()


def prove(
    parameters: Mapping[str, str],
    *,
    stations: Mapping[str, StationApp],
    at: datetime,
    window: int,
) -> Launch:
    """Signed by the app it names, as agreed, at most ``window`` seconds from now."""
    app = stations.get(parameters["app"])
    if app is None:
        raise LaunchRefused(Refusal.UNKNOWN_APP)
    if Method.LINK not in app.methods:
        raise LaunchRefused(Refusal.METHOD)
    refuse_ended(app, at)
    made = sign(parameters, app.key, app.algorithm)
    if not hmac.compare_digest(made, parameters["sign"]):
        raise LaunchRefused(Refusal.SIGNATURE)
    refuse_far(moment_of(parameters["ts"]), at, window)
    nonce = parameters["nonce"].lower()
    return launch_of(parameters, app=app.name, nonce=nonce, method=Method.LINK)


def refuse_ended(app: StationApp, at: datetime) -> None:
    """A plain digest is over with its last day."""
    if app.until is not None and at.astimezone(ZONE).date() > app.until:
        raise LaunchRefused(Refusal.ALGORITHM_ENDED)


def refuse_far(signed_at: datetime, at: datetime, window: int) -> None:
    if at - signed_at > timedelta(seconds=window):
        raise LaunchRefused(Refusal.EXPIRED)
    if signed_at - at > timedelta(seconds=window):
        raise LaunchRefused(Refusal.CLOCK_AHEAD)


def launch_of(
    parameters: Mapping[str, str], *, app: str, nonce: str, method: Method
) -> Launch:
    """What read parameters say, once somebody vouched for them."""
    return Launch(
        app=app,
        emp_no=parameters["u"],
        department=parameters["d"],
        station=parameters["st"],
        nonce=nonce,
        method=method,
        page=parameters.get("page") or MY_PAGE,
        patient={
            name: parameters[name] for name in ("pid", "vid") if parameters.get(name)
        },
        is_framed=parameters.get("frame") == "1",
    )


def moment_of(text: str) -> datetime:
    try:
        return datetime.strptime(text, TIMESTAMP_FORMAT).replace(tzinfo=ZONE)
    except ValueError:
        raise LaunchRefused(Refusal.MALFORMED) from None
