"""docs/station-integration.md says what the program does."""

from __future__ import annotations

from pathlib import Path

from his_plugin.launch.refusals import WORDS, Refusal
from permissions.checks.codes import Code
from portal.his.contract.launch import (
    PARAMETERS,
    VECTOR_KEY,
    VECTOR_PARAMETERS,
    Algorithm,
    sign,
    signing_text,
)

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "station-integration.md").read_text(encoding="utf-8")


def test_test_vector_is_that_of_the_contract() -> None:
    assert f"\n{signing_text(VECTOR_PARAMETERS)}\n" in TEXT
    for algorithm in Algorithm:
        made = sign(VECTOR_PARAMETERS, VECTOR_KEY, algorithm)
        assert f"\n{algorithm:<13}{made}\n" in TEXT


def test_every_parameter_refusal_and_code_is_described() -> None:
    assert [name for name in PARAMETERS if f"`{name}`" not in TEXT] == []
    assert [one.value for one in Refusal if f"`{one.value}`" not in TEXT] == []
    assert [
        one.value for one in Code if f"| `{one.value}` | {one.label} |" not in TEXT
    ] == []


def test_every_refusal_has_words() -> None:
    assert set(WORDS) == set(Refusal)
