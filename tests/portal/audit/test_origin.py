"""Where a request came from, behind the hospital's proxy and without it."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from portal.audit.middleware import address_of


@pytest.mark.parametrize(
    ("near", "said", "address"),
    [
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "10.20.3.7", "10.20.3.7"),
        ("::1", "10.9.9.9, 10.20.3.7", "10.20.3.7"),
        ("127.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("127.0.0.1", "nobody", "127.0.0.1"),
        ("127.0.0.1", "10.20.3.7:443", "127.0.0.1"),
        ("10.20.3.8", "10.20.3.7", "10.20.3.8"),
        ("", "10.20.3.7", ""),
    ],
)
def test_address_is_told_by_our_own_proxy_alone(
    rf: RequestFactory, near: str, said: str, address: str
) -> None:
    request = rf.get("/", REMOTE_ADDR=near, headers={"X-Forwarded-For": said})

    assert address_of(request) == address
