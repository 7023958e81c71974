"""The two ways out: a mail through the hospital's SMTP server, a call of a webhook.

On the other side: servers of the hospital (mail, collaboration platform), named in
``docs/settings.md``. Each raises NotTaken (try again) or Refused (a person must look);
the words hold codes and never a person.
"""

from __future__ import annotations

import json
import smtplib
import ssl
import time
from http.client import HTTPConnection, HTTPException
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from portal.his import wire
from portal.notices.models import Channel, Delivery
from portal.notices.signing import signature

# Of a whole call, names and TLS included.
WEBHOOK_SECONDS = 10.0
HTTP_TRY_AGAIN = {408, 425, 429}


class NotTaken(Exception):
    """Nobody answered, or not now: the same again later."""


class Refused(Exception):
    """The other side will not take this; trying again is of no use."""


def send(delivery: Delivery) -> None:
    """Send it; returns when the other side has taken it."""
    if delivery.channel == Channel.MAIL:
        _mail(delivery)
    else:
        _call(delivery)


# --- mail -------------------------------------------------------------------------------


def _mail(delivery: Delivery) -> None:
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    message = EmailMessage(
        subject=delivery.payload["subject"],
        body=delivery.payload["text"],
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[delivery.target],
        headers={
            # The same in every try: a mail server, and a person, knows it again.
            "Message-ID": f"<{delivery.message_id}@{domain}>",
            "Auto-Submitted": "auto-generated",
        },
        connection=get_connection(),
    )
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as problem:
        codes = [code for code, _words in problem.recipients.values()]
        _smtp_problem(max(codes, default=0))
    except smtplib.SMTPAuthenticationError as problem:
        # Our settings, not this mail: it waits until they are put right.
        raise NotTaken(f"SMTP {problem.smtp_code}") from None
    except smtplib.SMTPResponseException as problem:
        _smtp_problem(problem.smtp_code)
    except (smtplib.SMTPException, ssl.SSLError, OSError) as problem:
        raise NotTaken(f"SMTP {type(problem).__name__}") from None


def _smtp_problem(code: int) -> None:
    kind = Refused if 500 <= code < 600 else NotTaken
    raise kind(f"SMTP {code}") from None


# --- webhook ----------------------------------------------------------------------------


def _call(delivery: Delivery) -> None:
    url = settings.NOTICE_WEBHOOKS.get(delivery.target)
    key = settings.NOTICE_WEBHOOK_KEYS.get(delivery.target)
    if url is None or key is None:
        raise NotTaken("NOTICE_WEBHOOKS")
    number = str(delivery.message_id)
    body = json.dumps(
        {"id": number, **delivery.payload}, ensure_ascii=False, sort_keys=True
    ).encode()
    now = int(time.time())
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "yiwu-notices/1",
        "X-Yiwu-Id": number,
        "X-Yiwu-Timestamp": str(now),
        "X-Yiwu-Signature": signature(key, now, body),
        "Connection": "close",
    }
    status = _posted(urlsplit(url), body, headers)
    if 200 <= status < 300:
        return
    # A redirect is not followed: only the addresses of the settings are ever called.
    if status >= 500 or status in HTTP_TRY_AGAIN:
        raise NotTaken(f"HTTP {status}")
    raise Refused(f"HTTP {status}")


def _posted(url: SplitResult, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer, within ``WEBHOOK_SECONDS`` whatever the other does."""
    host = url.hostname or ""
    context = None
    if url.scheme == "https":
        context = ssl.create_default_context()
        context.sslsocket_class = wire.TlsLink
    port = url.port or (443 if context else 80)
    wire.begin(WEBHOOK_SECONDS)
    path = url.path or "/"
    http = HTTPConnection(host, port)
    try:
        http.sock = wire.connect(host, port, context)
        http.request(
            "POST", f"{path}?{url.query}" if url.query else path, body, headers
        )
        return http.getresponse().status
    except wire.Untrusted as problem:
        raise NotTaken(f"TLS {problem}"[:200]) from None
    except (wire.Unreached, HTTPException, OSError) as problem:
        raise NotTaken(f"HTTP {type(problem).__name__}") from None
    finally:
        http.close()
