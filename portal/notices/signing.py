"""How a webhook proves that it is ours. Plain: what a receiver does is the same.

The signature is HMAC-SHA256 over ``<timestamp>.<body>``, in hexadecimal behind ``v1=``.
"""

from __future__ import annotations

import hashlib
import hmac

VERSION = "v1"
# A receiver refuses what is older: a call somebody recorded is of no use then.
FRESH_SECONDS = 300


def signature(key: str, timestamp: int, body: bytes) -> str:
    signed = str(timestamp).encode() + b"." + body
    return f"{VERSION}={hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()}"


def is_genuine(key: str, timestamp: str, body: bytes, given: str, *, now: int) -> bool:
    """What a receiver asks: the sample of the documentation does the same."""
    if not (timestamp.isascii() and timestamp.isdigit()):
        return False
    if abs(now - int(timestamp)) > FRESH_SECONDS:
        return False
    return hmac.compare_digest(signature(key, int(timestamp), body), given)
