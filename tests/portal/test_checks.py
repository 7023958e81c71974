"""Each check speaks up for one wrong setting and is silent for a right one."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core import checks as django_checks
from django.test import override_settings

from portal import checks
from portal.his.entrances import Entrances, entrances

ROOT = Path(__file__).resolve().parents[2]
RIGHT_APPS = """
[station.YW]
key = "kkkkkkkkkkkkkkkk"
algorithm = "HMAC-SM3"
methods = ["LINK", "TICKET"]
"""
PLATFORM = """
[cas.platform]
url = "https://sso.hospital.local/cas"
"""
RIGHT_LAUNCH = entrances({}, RIGHT_APPS)


def old(until: date) -> Entrances:
    """A station that knows plain digests only, for a while."""
    return entrances(
        {},
        f'[station.OLD]\nkey = "{"k" * 16}"\nalgorithm = "MD5"\nuntil = {until}',
    )


RIGHT: dict[str, Any] = {
    "DEMO": False,
    "SECRET_KEY": "r" * 60,
    "HIS_DSN": "postgresql+psycopg://u:p@h/his",
    "HIS_PUSH_DSN": "mllp://h:2575?mode=enhanced&yw_encoding=gbk&yw_tls=verify",
    "LAUNCH": RIGHT_LAUNCH,
    "SECURE_COOKIES": True,
    "HIS_TIMEOUT_SECONDS": 10,
    "OUTBOX_LEASE_SECONDS": 60,
    "PORTAL_URL": "https://yiwu.hospital.local",
    "EMAIL_HOST": "mail.hospital.local",
    "EMAIL_USE_TLS": True,
    "NOTICE_MAIL_ADDRESS": "{staff_no}@hospital.local",
    "NOTICE_WEBHOOKS": {"oa": "https://oa.hospital.local/hook"},
    "NOTICE_WEBHOOK_KEYS": {"oa": "k" * 32},
    "HOLIDAYS": ["2026-10-01"],
    "WORKED_WEEKENDS": ["2026-10-10"],
}
WRONG = [
    ({"SECRET_KEY": "trial-only-xxx"}, "portal.E001"),
    ({"HIS_DSN": "not a url"}, "portal.E002"),
    ({"HIS_DSN": "gopher://h/his"}, "portal.E002"),
    ({"HIS_DSN": "mllp://h"}, "portal.E002"),
    ({"HIS_DSN": "rest+https:///no-host"}, "portal.E002"),
    ({"HIS_PUSH_DSN": "mllp://h?mode=loud"}, "portal.E002"),
    ({"HIS_PUSH_DSN": "postgresql://u:p@h/his"}, "portal.E002"),
    ({"LAUNCH": entrances({"YW": "k" * 15}, "")}, "portal.E003"),
    ({"LAUNCH": old(date(2027, 3, 31))}, "portal.W006"),
    ({"LAUNCH": old(date(2028, 3, 31))}, "portal.E011"),
    ({"LAUNCH": entrances({}, PLATFORM.replace("https", "http"))}, "portal.W007"),
    ({"SECURE_COOKIES": False}, "portal.W001"),
    ({"LAUNCH": Entrances()}, "portal.W002"),
    ({"OUTBOX_LEASE_SECONDS": 59}, "portal.W003"),
    ({"NOTICE_WEBHOOKS": {"oa": "file:///etc/passwd"}}, "portal.E006"),
    ({"NOTICE_WEBHOOKS": {"oa": "https://u:p@h/hook"}}, "portal.E006"),
    ({"NOTICE_WEBHOOK_KEYS": {"oa": "k" * 31}}, "portal.E007"),
    ({"NOTICE_WEBHOOK_KEYS": {}}, "portal.E007"),
    ({"NOTICE_WEBHOOKS": {"oa": "http://oa.hospital.local/hook"}}, "portal.W004"),
    ({"NOTICE_MAIL_ADDRESS": "office@hospital.local"}, "portal.E008"),
    ({"NOTICE_MAIL_ADDRESS": "{name}@hospital.local"}, "portal.E008"),
    ({"EMAIL_USE_SSL": True}, "portal.E009"),
    ({"PORTAL_URL": ""}, "portal.W005"),
    ({"HOLIDAYS": ["2026-02-30"]}, "portal.E010"),
]


def ids() -> list[str | None]:
    return [message.id for check in checks.SETTINGS_CHECKS for message in check()]


@override_settings(**RIGHT)
def test_right_settings_are_passed_in_silence() -> None:
    assert ids() == []
    assert checks.refusals() == []


@pytest.mark.parametrize(("wrong", "expected"), WRONG)
def test_wrong_setting_is_named(wrong: dict[str, Any], expected: str) -> None:
    with override_settings(**RIGHT | wrong):
        assert ids() == [expected]


@override_settings(**RIGHT | {"NOTICE_WEBHOOKS": {}, "EMAIL_HOST": ""})
def test_platforms_need_to_know_our_address() -> None:
    with override_settings(LAUNCH=entrances({}, PLATFORM), PORTAL_URL=""):
        assert ids() == ["portal.E012"]


@override_settings(**RIGHT | {"DEMO": True, "SECURE_COOKIES": False})
def test_demo_needs_neither_tls_nor_a_key_of_its_own() -> None:
    with override_settings(SECRET_KEY="trial-only-xxx"):
        assert ids() == []


@override_settings(**RIGHT | {"HIS_DSN": "no url, but secret-word inside"})
def test_his_dsn_is_not_repeated_in_the_message() -> None:
    assert "secret-word" not in " ".join(checks.refusals())


def test_checks_are_part_of_check_deploy() -> None:
    registered = django_checks.registry.registry.get_checks(
        include_deployment_checks=True
    )
    assert set(checks.SETTINGS_CHECKS) <= set(registered)


@pytest.mark.slow
def test_portal_refuses_to_serve_with_the_trial_key(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)}
    refused = subprocess.run(
        [sys.executable, "-c", "import portal.wsgi"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 4
    assert refused.stderr.startswith(
        "portal.E001: SECRET_KEY is the published trial key."
    )
