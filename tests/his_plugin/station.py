"""What a doctor station does: sign a link, open it, ask the field's questions."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.utils import timezone

from portal.his.contract.launch import TIMESTAMP_FORMAT, sign
from portal.parameters.days import ZONE

KEY = "test-key-0001"
ORIGIN = "http://his.hospital"
PLANNED = "2026-11-25T08:30"
# Procedures of the tests: grade 3, grade 4, stopped, restricted.
CHOLE, LIVER, STOPPED, CORNEA = "51.2300", "50.2205", "50.3x00", "11.6400x001"
_made = iter(range(10**6))


def stamp(moment: datetime) -> str:
    return moment.astimezone(ZONE).strftime(TIMESTAMP_FORMAT)


def signed(key: str = KEY, **changes: Any) -> dict[str, str]:
    """Parameters for 罗 at the inpatient station, signed; None takes one away."""
    parameters = {
        "app": "YW",
        "u": "1188",
        "n": "罗景文",
        "d": "0401",
        "pid": "P0001",
        "vid": "V0001",
        "st": "ZY",
        "page": "my",
        "ts": stamp(timezone.now()),
        "nonce": f"{next(_made):016x}",
        **changes,
    }
    given = {name: value for name, value in parameters.items() if value is not None}
    return {**given, "sign": sign(given, key)}


def link(parameters: dict[str, str]) -> str:
    return f"/sso/launch?{urlencode(parameters)}"


def token_of(client: Client, **changes: Any) -> str:
    """Exchange a signed text for the token of the field."""
    answer: Any = client.post(
        "/plugin/v1/session",
        urlencode(signed(page="field", **changes)),
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 200, answer.content.decode()
    return str(answer.json()["token"])


def ask(client: Client, token: str, path: str, body: Any) -> Any:
    return client.post(
        f"/plugin/v1/{path}",
        body,
        content_type="application/json",
        HTTP_AUTHORIZATION=f"Bearer {token}",
    )


def question(**changes: Any) -> dict[str, Any]:
    return {
        "surgeon": "1188",
        "procedures": [CHOLE],
        "planned_at": PLANNED,
        "nature": "1",
        "is_rescue": False,
        **changes,
    }


def declaration(**changes: Any) -> dict[str, Any]:
    return question(
        application_no="SS26112301",
        is_planned="1",
        reoperation="0",
        reoperation_reason="",
        preop_discussion="TL26112001",
        preop_discussed_at="2026-11-20T16:00",
        mdt="MDT26112002",
        **changes,
    )
