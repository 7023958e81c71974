"""System checks of the settings: what would hurt is named before anybody is hurt.

``manage.py check --deploy`` prints all of them; ``portal.wsgi`` refuses to serve while
one of the errors stands. What each variable means: ``docs/settings.md``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from portal.his.entrances import StationApp, address_of
from portal.his.gateway import HisMisconfigured
from portal.his.opening import verify
from portal.his.targets import problems
from portal.parameters.working_days import BadCalendar, calendar_of_settings
from portal.ui.moments import today

TRIAL_KEY_START = "trial-only-"
SHORTEST_LAUNCH_KEY = 16
SHORTEST_WEBHOOK_KEY = 32
LEASE_TIMEOUTS = 6
# A compatibility mode that may last for years is no compatibility mode.
LONGEST_DIGEST = timedelta(days=366)


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


def targets_readable(**kwargs: Any) -> list[CheckMessage]:
    """A further target nobody can reach would show only when it is told."""
    return [
        Error(
            f"{problem.setting} cannot be used: {problem.problem}.",
            hint="See docs/his-other-transports.md for what may stand there.",
            id="portal.E011",
        )
        for problem in problems(settings.HIS_TIMEOUT_SECONDS)
    ]


def launch_keys_long_enough(**kwargs: Any) -> list[CheckMessage]:
    """A short key can be guessed from one signed link."""
    return [
        Error(
            f"LAUNCH_KEYS: the key of {app.name} has {len(app.key)} characters.",
            hint=f"Agree on at least {SHORTEST_LAUNCH_KEY} random characters.",
            id="portal.E003",
        )
        for app in _stations()
        if len(app.key) < SHORTEST_LAUNCH_KEY
    ]


def plain_digests_end(**kwargs: Any) -> list[CheckMessage]:
    """A plain digest is let in for a while; who set the while must not forget it."""
    found: list[CheckMessage] = []
    for app in _stations():
        if app.until is None:
            continue
        if app.until > today() + LONGEST_DIGEST:
            problem = f"LAUNCH_APPS: {app.name} may use {app.algorithm} for too long."
            hint = f"Set until to a day at most {LONGEST_DIGEST.days} days ahead."
            found.append(Error(problem, hint=hint, id="portal.E011"))
        else:
            said = f"{app.name} signs with {app.algorithm} until {app.until}"
            hint = "Have the station sign with HMAC-SHA256 or HMAC-SM3."
            problem = f"LAUNCH_APPS: {said}."
            found.append(Warning(problem, hint=hint, id="portal.W006"))
    return found


def platforms_over_tls(**kwargs: Any) -> list[CheckMessage]:
    """Codes, tickets and tokens of a platform must not be read off the wire."""
    return [
        Warning(
            f"LAUNCH_APPS: {one.name} is reached without TLS.",
            hint="Use the https address of the platform.",
            id="portal.W007",
        )
        for one in settings.LAUNCH.platforms
        if urlsplit(address_of(one)).scheme == "http"
    ]


def platforms_know_our_address(**kwargs: Any) -> list[CheckMessage]:
    """A platform leads back to an address registered there, not to one a request names."""
    if settings.PORTAL_URL or not settings.LAUNCH.platforms:
        return []
    problem = "PORTAL_URL is not set: platforms of LAUNCH_APPS cannot lead back to us."
    hint = "Set it to the address registered there, such as https://yiwu.hospital.local"
    return [Error(problem, hint=hint, id="portal.E012")]


def _stations() -> list[StationApp]:
    return sorted(settings.LAUNCH.stations.values(), key=lambda app: app.name)


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
    """Without any entrance no doctor station can open the portal."""
    if settings.LAUNCH.stations or settings.LAUNCH.platforms:
        return []
    return [
        Warning(
            "LAUNCH_KEYS and LAUNCH_APPS are empty: no station can open the portal.",
            hint="Set LAUNCH_KEYS_FILE to a file with APP=key.",
            id="portal.W002",
        )
    ]


def lease_outlasts_calls(**kwargs: Any) -> list[CheckMessage]:
    """What is in doubt is read, sent and read back, and each may take a whole time-out
    in two waits; a worker that is only slow would be taken for dead, and its changes for
    unknown.

    What takes more calls, such as a whole set, has its lease renewed meanwhile: see
    ``trying.is_brief``.
    """
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


def webhooks_can_be_called(**kwargs: Any) -> list[CheckMessage]:
    """An address nobody can call, or a key anybody can guess."""
    found: list[CheckMessage] = []
    for name, address in sorted(settings.NOTICE_WEBHOOKS.items()):
        url = urlsplit(address)
        if url.scheme not in {"http", "https"} or not url.hostname or url.username:
            problem = f"NOTICE_WEBHOOKS: the address of {name} cannot be called."
            hint = "Write NAME=https://host/path, without user and password."
            found.append(Error(problem, hint=hint, id="portal.E006"))
        if len(settings.NOTICE_WEBHOOK_KEYS.get(name, "")) < SHORTEST_WEBHOOK_KEY:
            problem = f"NOTICE_WEBHOOK_KEYS: {name} has no key, or a short one."
            hint = f"Agree on at least {SHORTEST_WEBHOOK_KEY} random characters."
            found.append(Error(problem, hint=hint, id="portal.E007"))
        if url.scheme == "http":
            problem = f"NOTICE_WEBHOOKS: {name} is called without TLS."
            hint = "Use https; the signature proves who sent it but hides nothing."
            found.append(Warning(problem, hint=hint, id="portal.W004"))
    return found


def mail_can_be_sent(**kwargs: Any) -> list[CheckMessage]:
    """A pattern that gives everybody one address, or mails without a way back."""
    found: list[CheckMessage] = []
    pattern = settings.NOTICE_MAIL_ADDRESS
    if pattern and not _is_address_of_each(pattern):
        problem = "NOTICE_MAIL_ADDRESS does not give each staff number an address."
        hint = "For example {staff_no}@mail.hospital.local"
        found.append(Error(problem, hint=hint, id="portal.E008"))
    if settings.EMAIL_USE_TLS and settings.EMAIL_USE_SSL:
        problem = "SMTP_STARTTLS and SMTP_TLS exclude each other."
        hint = "SMTP_TLS for port 465, SMTP_STARTTLS for 587 and 25."
        found.append(Error(problem, hint=hint, id="portal.E009"))
    goes_out = settings.NOTICE_WEBHOOKS or (settings.EMAIL_HOST and pattern)
    if goes_out and not settings.PORTAL_URL:
        problem = "PORTAL_URL is not set: links in mails and webhooks lead nowhere."
        hint = "Set it to the address people open, such as https://yiwu.hospital.local"
        found.append(Warning(problem, hint=hint, id="portal.W005"))
    return found


def _is_address_of_each(pattern: str) -> bool:
    try:
        first, second = (pattern.format(staff_no=number) for number in ("1", "2"))
    except (KeyError, IndexError, ValueError):
        return False
    return first != second and first.count("@") == 1


def calendar_is_readable(**kwargs: Any) -> list[CheckMessage]:
    """A day that is none would move due dates without a word."""
    try:
        calendar_of_settings()
    except BadCalendar as problem:
        hint = "Days as 2027-01-01, separated by commas."
        return [Error(f"{problem}", hint=hint, id="portal.E010")]
    return []


SETTINGS_CHECKS = (
    trial_secret_key,
    his_dsn_readable,
    targets_readable,
    launch_keys_long_enough,
    plain_digests_end,
    platforms_over_tls,
    platforms_know_our_address,
    cookies_only_over_tls,
    some_station_may_open_us,
    lease_outlasts_calls,
    webhooks_can_be_called,
    mail_can_be_sent,
    calendar_is_readable,
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
