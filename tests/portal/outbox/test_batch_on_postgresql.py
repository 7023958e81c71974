"""A batch on a real PostgreSQL: claimed in place, its tries copied in, none left out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.portal.outbox.batch_on_postgresql import COUNT, WORDS

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[3]


def test_batch_is_claimed_in_place_and_every_try_is_kept_to_the_letter(
    fresh_postgres: str,
) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": fresh_postgres,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "REDIS_URL": "memory://",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.portal.outbox.batch_on_postgresql"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)

    assert found["tried"] == {"CONFIRMED": COUNT}
    assert found["open"] == 0
    assert len(found["messages"]) == COUNT
    assert [(state, text) for _id, _request, state, text in found["messages"]] == [
        ("CONFIRMED", WORDS)
    ] * COUNT
    assert found["tries"] == [
        [number, request, "CONFIRMED", WORDS]
        for number, request, _state, _text in found["messages"]
    ]
    assert min(found["durations"]) >= 0
    # One by the claim, one by its outcome; the claims write no index anew.
    assert found["updated"] == 2 * COUNT
    assert found["in_place"] > COUNT // 2
