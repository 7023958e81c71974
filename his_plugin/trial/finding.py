"""Why a link fails: the first thing that is wrong with it, named.

The checks are those of a launch, in the same order; nothing is used up, nobody is made
a user, nobody comes in. Of a signature that differs the usual slips are tried, so that
the maker of the HIS is told which one it was; the right signature is never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from django.conf import settings
from django.http import QueryDict

from his_plugin.launch.parameters import (
    MY_PAGE,
    Fault,
    faults,
    moment_of,
    prove,
    refuse_ended,
    refuse_far,
)
from his_plugin.launch.refusals import LaunchRefused, Refusal
from his_plugin.launch.services import is_used, person_of
from portal.accounts.capabilities import Role
from portal.accounts.models import RoleAssignment, User
from portal.directory.models import Practitioner
from portal.his.contract.launch import (
    PARAMETERS,
    REQUIRED,
    Algorithm,
    sign,
    signature_of,
    signing_text,
)
from portal.his.entrances import StationApp
from portal.parameters.queries import value_of
from portal.parameters.registry import LAUNCH_WINDOW_SECONDS


class Step(StrEnum):
    """What is looked at, in this order."""

    ADDRESS = "ADDRESS"
    PARAMETERS = "PARAMETERS"
    APP = "APP"
    SIGNATURE = "SIGNATURE"
    TIME = "TIME"
    NONCE = "NONCE"
    PERSON = "PERSON"
    ACCOUNT = "ACCOUNT"


class Slip(StrEnum):
    """How a signature came to differ."""

    UNSORTED = "UNSORTED"
    RAW = "RAW"
    PLUS = "PLUS"
    LOWER_HEX = "LOWER_HEX"
    GBK = "GBK"
    WITHOUT_EMPTY = "WITHOUT_EMPTY"
    ALGORITHM = "ALGORITHM"


@dataclass(frozen=True)
class Finding:
    """The step at which it fails, and why; None where it would let in."""

    step: Step | None
    refusal: Refusal | None = None
    fault: Fault | None = None
    slip: Slip | None = None
    used: Algorithm | None = None  # what it was signed with, if not as agreed
    seconds: int = 0  # how far its clock is from ours; positive is ahead


def first_fault_of(address: str, *, at: datetime) -> Finding:
    """What a launch of this address would be told now."""
    url = urlsplit(address.strip())
    if not url.path.endswith("/sso/launch") or not url.query:
        return Finding(Step.ADDRESS)
    given = list(QueryDict(url.query).lists())
    for fault in faults(given, PARAMETERS, REQUIRED, page=MY_PAGE):
        return Finding(Step.PARAMETERS, Refusal.MALFORMED, fault)
    parameters = {name: values[0] for name, values in given}
    return next(_refusals(parameters, url.query, at), Finding(None))


def _refusals(
    parameters: Mapping[str, str], query: str, at: datetime
) -> Iterator[Finding]:
    app = settings.LAUNCH.stations.get(parameters["app"])
    if app is None:
        yield Finding(Step.APP, Refusal.UNKNOWN_APP)
        return
    signed_at = _moment(parameters["ts"])
    if signed_at is None:
        yield Finding(Step.TIME, Refusal.MALFORMED)
        return
    window = value_of(LAUNCH_WINDOW_SECONDS)
    seconds = int((signed_at - at).total_seconds())
    yield from _told(
        lambda: refuse_ended(app, at), lambda refusal: Finding(Step.APP, refusal)
    )
    # Its own time is taken for now, so that an old link still shows its signature.
    known = {app.name: app}
    yield from _told(
        lambda: prove(parameters, stations=known, at=signed_at, window=window),
        lambda refusal: _of_signature(refusal, parameters, query, app),
    )
    yield from _told(
        lambda: refuse_far(signed_at, at, window),
        lambda refusal: Finding(Step.TIME, refusal, seconds=seconds),
    )
    if is_used(app.name, parameters["nonce"].lower()):
        yield Finding(Step.NONCE, Refusal.REPLAYED)
    yield from _told(
        lambda: person_of(parameters["u"], parameters["d"]),
        lambda refusal: Finding(Step.PERSON, refusal),
    )
    yield from _of_account(person_of(parameters["u"], parameters["d"]))


def _told(
    look: Callable[[], object], finding: Callable[[Refusal], Finding]
) -> Iterator[Finding]:
    try:
        look()
    except LaunchRefused as refused:
        yield finding(refused.refusal)


def _moment(text: str) -> datetime | None:
    try:
        return moment_of(text)
    except LaunchRefused:
        return None


def _of_account(practitioner: Practitioner) -> Iterator[Finding]:
    """As the launch would find it, without making anybody."""
    if not practitioner.is_practising:
        yield Finding(Step.PERSON, Refusal.NOT_PRACTISING)
    user = User.objects.filter(staff_no=practitioner.emp_no).first()
    if user is None:
        return
    if not user.is_active:
        yield Finding(Step.ACCOUNT, Refusal.USER_INACTIVE)
    doctor = user.role_assignments.filter(role=Role.DOCTOR).order_by("-id").first()
    if doctor is not None and doctor.state != RoleAssignment.State.ACTIVE:
        yield Finding(Step.ACCOUNT, Refusal.ROLE_ENDED)


# --- the signature ------------------------------------------------------------------


def _of_signature(
    refusal: Refusal, parameters: Mapping[str, str], query: str, app: StationApp
) -> Finding:
    if refusal is not Refusal.SIGNATURE:
        return Finding(Step.APP, refusal)
    given = parameters["sign"]
    for algorithm in Algorithm:
        if sign(parameters, app.key, algorithm) == given:
            return Finding(Step.SIGNATURE, refusal, slip=Slip.ALGORITHM, used=algorithm)
    for slip, text in _slips(parameters, query):
        if signature_of(text, app.key, app.algorithm) == given:
            return Finding(Step.SIGNATURE, refusal, slip=slip)
    return Finding(Step.SIGNATURE, refusal)


def _slips(parameters: Mapping[str, str], query: str) -> Iterator[tuple[Slip, bytes]]:
    """The texts stations sign by mistake."""
    said = sorted((n, v) for n, v in parameters.items() if n != "sign")
    in_order = [word for word in query.split("&") if not word.startswith("sign=")]
    yield Slip.UNSORTED, "&".join(in_order).encode()
    raw = "&".join(f"{name}={value}" for name, value in said)
    yield Slip.RAW, raw.encode()
    yield Slip.PLUS, _joined(said, quote_plus)
    yield Slip.LOWER_HEX, _lowered(signing_text(parameters)).encode()
    yield Slip.GBK, _joined(said, lambda value: quote(value.encode("gbk", "replace")))
    yield Slip.GBK, raw.encode("gbk", "replace")
    yield Slip.WITHOUT_EMPTY, signing_text({n: v for n, v in said if v}).encode()
    read_again = parse_qsl(query, keep_blank_values=True)
    unsorted = "&".join(f"{n}={v}" for n, v in read_again if n != "sign")
    yield Slip.RAW, unsorted.encode()


def _joined(said: list[tuple[str, str]], coded: Callable[[str], str]) -> bytes:
    return "&".join(f"{name}={coded(value)}" for name, value in said).encode()


def _lowered(text: str) -> str:
    """The hexadecimals alone."""
    first, *rest = text.split("%")
    return first + "".join(f"%{part[:2].lower()}{part[2:]}" for part in rest)
