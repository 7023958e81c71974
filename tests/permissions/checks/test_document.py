"""docs/check-engine.md says what the program does."""

from __future__ import annotations

from permissions.checks.codes import Code
from tests.permissions.checks.document import DOCUMENT, written

TEXT = DOCUMENT.read_text(encoding="utf-8")


def test_table_of_rules_is_that_of_the_program() -> None:
    assert written(TEXT) == TEXT, "run: python -m tests.permissions.checks.document"


def test_every_code_is_described() -> None:
    assert [
        code.value for code in Code if f"| `{code.value}` | {code.label} |" not in TEXT
    ] == []
