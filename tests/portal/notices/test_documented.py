"""The sample and the vector of the documentation are what the portal does."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from portal.notices.signing import signature

TEXT = (
    Path(__file__).resolve().parents[3] / "docs" / "reminders-and-reviews.md"
).read_text(encoding="utf-8")
KEY = "0123456789abcdef0123456789abcdef"


def test_vector_of_the_documentation_is_our_signature() -> None:
    (documented,) = re.findall(r"`(v1=[0-9a-f]{64})`", TEXT)
    assert signature(KEY, 1795399200, b'{"id":"1"}') == documented


def test_sample_of_the_documentation_verifies_a_call() -> None:
    sample = TEXT.split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(sample, names)  # noqa: S102
    now = int(time.time())
    body = b'{"id":"1"}'
    given = signature(KEY, now, body)
    is_genuine = names["is_genuine"]
    assert is_genuine(KEY, str(now), body, given)
    assert not is_genuine(KEY, str(now), body + b" ", given)
    assert not is_genuine(KEY, str(now - 301), body, signature(KEY, now - 301, body))
    assert not is_genuine(KEY, "x", body, given)
