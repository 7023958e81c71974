"""Opening the medical-affairs portal by a signed link, as domain 9.2 asks of a HIS.

The faulty ones exist to show that the portal refuses them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote

from portal.demo_his.clock import now
from portal.his.contract.launch import (
    STATIONS,
    TIMESTAMP_FORMAT,
    sign,
    signing_text,
)

LATE = timedelta(minutes=10)
FOREIGN_APP = "OTHER"
FAULTS = {
    "expired": "过期：时间戳是十分钟前的",
    "replayed": "重放：再用一次最近打开过的地址",
    "tampered": "篡改：签名之后换了工号",
    "foreign": "陌生：接入方编号和密钥都不是约定的",
}

Parameters = dict[str, str]


def launch(
    doctor: Mapping[str, str],
    *,
    app: str,
    station: str,
    page: str,
    patient: str = "",
    visit: str = "",
    late: timedelta = timedelta(),
) -> Parameters:
    """Everything but the signature, as of now."""
    return {
        "app": app,
        "u": doctor["emp_no"],
        "n": doctor["name"],
        "d": doctor["dept_code"].strip(),
        "pid": patient,
        "vid": visit,
        "st": station,
        "page": page,
        "ts": (now() - late).strftime(TIMESTAMP_FORMAT),
        "nonce": secrets.token_hex(16),
    }


def signed(parameters: Parameters, key: str) -> str:
    """The query string with its signature at the end."""
    return f"{signing_text(parameters)}&sign={quote(sign(parameters, key), safe='')}"


def faulty(fault: str, doctor: Mapping[str, str], *, app: str, key: str) -> str:
    """A query string the portal has to refuse (but for a replay, made elsewhere)."""
    station = next(reversed(STATIONS))
    if fault == "foreign":
        other = launch(doctor, app=FOREIGN_APP, station=station, page="my")
        return signed(other, secrets.token_hex(32))
    if fault == "expired":
        late = launch(doctor, app=app, station=station, page="my", late=LATE)
        return signed(late, key)
    good = launch(doctor, app=app, station=station, page="my")
    other_person = good | {"u": "1027" if good["u"] != "1027" else "1188"}
    return f"{signing_text(other_person)}&sign={sign(good, key)}"
