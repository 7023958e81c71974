"""Who is told, and real servers of mail and HTTP to receive what goes out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cast import chen, lin, su, wang, zhao
from tests.portal.notices.receivers import HttpReceiver, SmtpReceiver

__all__ = ["chen", "lin", "su", "wang", "zhao"]

KEY = "k" * 32


@pytest.fixture
def mail_server(settings: Any) -> Iterator[SmtpReceiver]:
    """A mail server the portal writes to."""
    with SmtpReceiver() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = server.port
        settings.EMAIL_TIMEOUT = 2
        settings.NOTICE_MAIL_ADDRESS = "{staff_no}@mail.hospital.local"
        settings.DEFAULT_FROM_EMAIL = "yiwu@mail.hospital.local"
        settings.PORTAL_URL = "https://yiwu.hospital.local"
        yield server


@pytest.fixture
def endpoint(settings: Any) -> Iterator[HttpReceiver]:
    """An endpoint the portal calls as ``oa``."""
    with HttpReceiver() as server:
        settings.NOTICE_WEBHOOKS = {"oa": f"{server.url}/hooks/yiwu?tenant=1"}
        settings.NOTICE_WEBHOOK_KEYS = {"oa": KEY}
        settings.PORTAL_URL = "https://yiwu.hospital.local"
        yield server
