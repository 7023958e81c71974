"""Every setting has a row in ``docs/settings.md``, and every row has a setting."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("portal", "permissions", "surgery", "reports", "his_plugin")
READERS = {
    *("env_str", "env_bool", "env_int", "env_list", "env_pairs", "env_secret"),
    "env_networks",
}


def settings_read() -> Iterator[str]:
    """The first argument of every call of a reader of ``portal.env``."""
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id in READERS
                    and isinstance(node.args[0], ast.Constant)
                ):
                    yield str(node.args[0].value)


def settings_documented() -> set[str]:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([A-Z_]+)` \|", text, flags=re.MULTILINE))


def test_every_setting_has_a_row() -> None:
    assert set(settings_read()) - settings_documented() == set()


def test_every_row_has_a_setting() -> None:
    by_tests = {"CHROMIUM", "TEST_HIS_DSN"}
    assert settings_documented() - set(settings_read()) == by_tests
