"""``make chaos``, small: everything goes wrong once, and nothing is lost by it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.run import SIZES

ROOT = Path(__file__).resolve().parents[2]
LAST_LINE = re.compile(
    r"CHAOS faults=(\d+) changes=(\d+) lost=0 doubled=0 disordered=0"
)
KINDS = 17


@pytest.mark.integration
@pytest.mark.slow
def test_no_change_is_lost_doubled_or_disordered_by_any_fault(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.chaos.run"),
            *("--size", "small", "--keep", str(tmp_path)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    found = LAST_LINE.fullmatch(done.stdout.strip().splitlines()[-1])
    assert found is not None, done.stdout[-3000:]
    faults, changes = map(int, found.groups())
    small = SIZES["small"]
    assert changes == small.by_sql[1] + small.by_mllp[1]
    assert faults >= KINDS
