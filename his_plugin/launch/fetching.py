"""Asking a platform we trust: one answer, small, in time, and never another address.

On the other side: the identity platform or the HIS named in ``LAUNCH_APPS``. Redirects
are not followed, so an answer cannot send us to another machine of the hospital.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from his_plugin.launch.refusals import LaunchRefused, Refusal

SECONDS = 5.0
LARGEST = 256 * 1024
_POOL = urllib3.PoolManager(
    maxsize=4,
    retries=False,
    timeout=urllib3.Timeout(connect=SECONDS, read=SECONDS),
)


def fetch(
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The body of a 200 answer to a GET, or to the posted form; LaunchRefused."""
    status, body = _asked(url, form, dict(headers or {}))
    if 400 <= status < 500:
        raise LaunchRefused(Refusal.PLATFORM_REFUSED)
    if status != 200:
        raise LaunchRefused(Refusal.PLATFORM_DOWN)
    return body


def _asked(
    url: str, form: Mapping[str, str] | None, headers: dict[str, str]
) -> tuple[int, bytes]:
    body = None if form is None else urlencode(form)
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        answer = _POOL.request(
            "GET" if form is None else "POST",
            url,
            body=body,
            headers={"Accept": "application/json", **headers},
            redirect=False,
            preload_content=False,
        )
        with answer:
            content = answer.read(LARGEST + 1)
    except HTTPError:
        raise LaunchRefused(Refusal.PLATFORM_DOWN) from None
    if len(content) > LARGEST:
        raise LaunchRefused(Refusal.PLATFORM_DOWN)
    return answer.status, content


def fetch_json(url: str, **how: Any) -> dict[str, Any]:
    """A JSON object, whatever its Content-Type says; LaunchRefused."""
    try:
        said = json.loads(fetch(url, **how))
    except (ValueError, RecursionError):
        raise LaunchRefused(Refusal.PLATFORM_DOWN) from None
    if not isinstance(said, dict):
        raise LaunchRefused(Refusal.PLATFORM_DOWN)
    return said


def is_below(url: str, base: str) -> bool:
    """Whether an address lies below another one, on the same origin."""
    one, other = urlsplit(url), urlsplit(base)
    steps = one.path.split("/")
    return (
        (one.scheme, one.netloc) == (other.scheme, other.netloc)
        and one.path.startswith(other.path.rstrip("/") + "/")
        and not {".", ".."} & set(steps)
    )
