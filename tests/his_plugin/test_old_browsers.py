"""The scripts a station includes are read as its old browser reads them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.his_plugin.node_modules import PROVIDERS, node_modules

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "his_plugin" / "static" / "his_plugin").glob("*.js"))


def not_known(*files: Path) -> list[str]:
    """``file:line: what`` of everything Chromium 49 would stumble over."""
    given = (PROVIDERS / "old_browsers.mjs", node_modules(), *files)
    command = ["node", *map(str, given)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_scripts_of_the_stations_hold_nothing_their_browsers_do_not_know() -> None:
    assert [path.name for path in SCRIPTS] == ["field.js", "frame.js"]
    assert not_known(*SCRIPTS) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("let one = 1;", "Unexpected token (2:6)"),
        ("const one = 1;", "The keyword 'const' is reserved (2:2)"),
        ("[1].map((one) => one);", "Unexpected token (2:17)"),
        ("var one = `text`;", "Unexpected character '`' (2:12)"),
        ("class One {}", "The keyword 'class' is reserved (2:2)"),
        ("call(...list);", "Unexpected token (2:7)"),
        ("var one = {two};", "Unexpected token (2:16)"),
        ("fetch('/');", "fetch"),
        ("window.fetch('/');", ".fetch"),
        ("new Promise(go);", "Promise"),
        ("ask().then(go);", ".then"),
        ("'one'.includes('o');", ".includes"),
        ("'one'['padStart'](4);", ".padStart"),
        ("node.append(other);", ".append"),
        ("node.closest('form');", ".closest"),
        ("new URLSearchParams('');", "URLSearchParams"),
        ("node.attachShadow({});", ".attachShadow without asking"),
        ("if (!window.Reflect) { Reflect.construct(One); }", None),
    ],
)
def test_something_newer_is_found_with_its_line(
    tmp_path: Path, line: str, found: str | None
) -> None:
    script = tmp_path / "one.js"
    script.write_text(f"(function (go, ask, node) {{\n  {line}\n}}());\n")
    expected = [] if found is None else [f"one.js:2: {found}"]
    assert not_known(script) == expected
