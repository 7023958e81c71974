"""The vendored front-end files are exactly what the manifest says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from django.conf import settings

from portal.static.vendor.refresh import sprite, without_source_map

STATIC = Path(settings.BASE_DIR) / "portal" / "static"
VENDOR = STATIC / "vendor"
OWN = {"manifest.json", "refresh.py"}


def manifest() -> list[dict[str, Any]]:
    packages: list[dict[str, Any]] = json.loads(
        (VENDOR / "manifest.json").read_text(encoding="utf-8")
    )
    return packages


def entries() -> list[dict[str, str]]:
    return [entry for package in manifest() for entry in package["files"]]


def test_manifest_hashes_equal_the_files() -> None:
    changed = [
        entry["path"]
        for entry in entries()
        if hashlib.sha256((STATIC / entry["path"]).read_bytes()).hexdigest()
        != entry["sha256"]
    ]
    assert changed == []


def test_manifest_names_every_file_of_the_folder() -> None:
    named = {Path(entry["path"]).name for entry in entries()} - {"icons.svg"}
    found = {path.name for path in VENDOR.iterdir() if path.is_file()}
    assert found - OWN == named


def test_every_package_brings_its_licence() -> None:
    without = [
        package["name"]
        for package in manifest()
        if not any("LICENSE" in entry["path"] for entry in package["files"])
    ]
    assert without == []
    assert {package["licence"] for package in manifest()} == {
        "MIT",
        "Apache-2.0",
        "OFL-1.1",
    }


def test_no_file_points_to_a_source_map() -> None:
    pointing = [
        path.name
        for path in STATIC.rglob("*")
        if path.suffix in {".js", ".css"} and b"sourceMappingURL" in path.read_bytes()
    ]
    assert pointing == []


def test_no_style_asks_another_machine() -> None:
    for path in STATIC.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        assert "url(http" not in text, path.name
        assert "@import" not in text, path.name


def test_source_map_pointer_is_cut_from_script_and_style() -> None:
    assert without_source_map(b"f()\n//# sourceMappingURL=a.js.map") == b"f()\n"
    assert without_source_map(b"a{}\n/*# sourceMappingURL=a.css.map */\n") == b"a{}\n"
    assert without_source_map(b"a{}") == b"a{}"


def test_sprite_holds_each_icon_without_its_bounding_box() -> None:
    box = '<path stroke="none" d="M0 0h24v24H0z" fill="none"/>'
    drawn = f'<svg>\n  {box}\n  <path d="M5 12h14" />\n</svg>'.encode()

    assert sprite(["minus"], {"outline/minus.svg": drawn}, "outline/") == (
        b'<svg xmlns="http://www.w3.org/2000/svg">\n'
        b'<symbol id="i-minus" viewBox="0 0 24 24"><path d="M5 12h14"/></symbol>\n'
        b"</svg>\n"
    )
