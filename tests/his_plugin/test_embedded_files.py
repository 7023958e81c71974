"""The files a station includes keep to what old browsers and foreign pages bear."""

from __future__ import annotations

import re
from pathlib import Path

from django.contrib.staticfiles import finders

from his_plugin.field_script import SOURCES, joined

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "his_plugin" / "static" / "his_plugin" / "field.js"
STYLES = ROOT / "portal" / "static" / "ui" / "embed.css"


def test_script_is_joined_from_what_lies_beside_it() -> None:
    written = {path.stem for path in (ROOT / "his_plugin" / "js").glob("*.js")}
    assert written == set(SOURCES)
    assert SCRIPT.read_text(encoding="utf-8") == joined()


def test_script_writes_no_markup() -> None:
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", SCRIPT.read_text(encoding="utf-8"))
    for unsafe in ("innerHTML", "insertAdjacentHTML", ".style", "eval(", "keydown"):
        assert unsafe not in text, unsafe


def test_styles_touch_nothing_of_the_host() -> None:
    text = re.sub(r"/\*.*?\*/", "", STYLES.read_text(encoding="utf-8"), flags=re.DOTALL)
    selectors = [
        one.strip()
        for rule in re.findall(r"([^{}]+)\{", text)
        for one in rule.split(",")
    ]
    assert [one for one in selectors if not re.match(r"(body)?\.yw|:host$", one)] == []
    for newer in ("grid", "var(", "gap:", "inset:", ":has", "clamp("):
        assert newer not in text, newer


def test_script_is_served_under_its_own_name() -> None:
    assert finders.find("his_plugin/field.js") == str(SCRIPT)
