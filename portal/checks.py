"""System checks of the settings: what would hurt is named before anybody is hurt.

``manage.py check --deploy`` prints all of them; ``portal.wsgi`` refuses to serve while
one of the errors stands. What each variable means: ``docs/settings.md``.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from portal.his.gateway import HisMisconfigured
from portal.his.opening import verify

TRIAL_KEY_START = "trial-only-"
SHORTEST_LAUNCH_KEY = 16
LEASE_TIMEOUTS = 4


def trial_secret_key(**kwargs: Any) -> list[CheckMessage]:
    """The published key signs sessions: everybody could sign in as anybody."""
    if settings.DEMO or not settings.SECRET_KEY.startswith(TRIAL_KEY_START):
        return []
    return [
        Error(
            "SECRET_KEY is the published trial key.",
            hint="Set SECRET_KEY_FILE to a file with 50 random characters.",
            id="portal.E001",
        )
    ]


def his_dsn_readable(**kwargs: Any) -> list[CheckMessage]:
    """A HIS address nobody can read would show only when the first change is sent."""
    seconds = settings.HIS_TIMEOUT_SECONDS
    try:
        verify(settings.HIS_DSN, seconds, settings.HIS_PUSH_DSN)
    except HisMisconfigured as problem:
        return [
            Error(
                f"{problem.setting} cannot be used: {problem.problem}.",
                hint="For example postgresql+psycopg://user:password@host:5432/his",
                id="portal.E002",
            )
        ]
    return []


def launch_keys_long_enough(**kwargs: Any) -> list[CheckMessage]:
    """A short key can be guessed from one signed link."""
    return [
        Error(
            f"LAUNCH_KEYS: the key of {app} has {len(key)} characters.",
            hint=f"Agree on at least {SHORTEST_LAUNCH_KEY} random characters.",
            id="portal.E003",
        )
        for app, key in sorted(settings.LAUNCH_KEYS.items())
        if len(key) < SHORTEST_LAUNCH_KEY
    ]


def cookies_only_over_tls(**kwargs: Any) -> list[CheckMessage]:
    """Without it a session can be read off the wire."""
    if settings.DEMO or settings.SECURE_COOKIES:
        return []
    return [
        Warning(
            "SECURE_COOKIES is off: sessions travel without TLS.",
            hint="Serve the portal over https and set SECURE_COOKIES=True.",
            id="portal.W001",
        )
    ]


def some_station_may_open_us(**kwargs: Any) -> list[CheckMessage]:
    """Without a launch key no doctor station can open the portal."""
    if settings.LAUNCH_KEYS:
        return []
    return [
        Warning(
            "LAUNCH_KEYS is empty: no doctor station can open the portal.",
            hint="Set LAUNCH_KEYS_FILE to a file with APP=key.",
            id="portal.W002",
        )
    ]


def lease_outlasts_calls(**kwargs: Any) -> list[CheckMessage]:
    """A call and its read-back may each take a whole time-out, in two waits; a worker
    that is only slow would be taken for dead, and its changes for unknown."""
    enough = LEASE_TIMEOUTS * settings.HIS_TIMEOUT_SECONDS
    if enough <= settings.OUTBOX_LEASE_SECONDS:
        return []
    return [
        Warning(
            f"OUTBOX_LEASE_SECONDS is shorter than {LEASE_TIMEOUTS} calls to the HIS.",
            hint=f"Set it to at least {enough}, or lower HIS_TIMEOUT_SECONDS.",
            id="portal.W003",
        )
    ]


SETTINGS_CHECKS = (
    trial_secret_key,
    his_dsn_readable,
    launch_keys_long_enough,
    cookies_only_over_tls,
    some_station_may_open_us,
    lease_outlasts_calls,
)


def register_all() -> None:
    """Tell Django of them; they concern a machine that serves people."""
    for check in SETTINGS_CHECKS:
        register(check, Tags.security, deploy=True)


def refusals() -> list[str]:
    """Errors with which the portal must not serve: ``id: what is wrong``."""
    return [
        f"{message.id}: {message.msg} {message.hint or ''}".strip()
        for check in SETTINGS_CHECKS
        for message in check()
        if message.is_serious()
    ]
