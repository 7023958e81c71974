"""Fetches the vendored front-end files anew, as ``manifest.json`` names them.

To change a version: edit it in the manifest, run
``python portal/static/vendor/refresh.py`` (needs npm), look at the pages, commit.
Every file is taken unchanged from its npm package, but for the pointer to a source map
we do not ship. Tabler stays at 1.0.0: later ones need browsers newer than 109.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

STATIC = Path(__file__).resolve().parents[1]
MANIFEST = STATIC / "vendor" / "manifest.json"
SOURCE_MAP = re.compile(
    rb"\n?(?://# sourceMappingURL=\S+|/\*# sourceMappingURL=\S+ \*/)\s*$"
)
SYMBOL = re.compile(r'<symbol id="i-([^"]+)"')
SHAPE = re.compile(r"<(?:path|circle|rect|line|polyline|ellipse) [^>]*/>")
# Each icon begins with an invisible square.
BOUNDING_BOX = '<path stroke="none" d="M0 0h24v24H0z" fill="none"/>'


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def fetch(package: str, version: str, into: Path) -> dict[str, bytes]:
    """All files of a package, by their path inside it."""
    packed = subprocess.run(  # noqa: S603
        ["npm", "pack", "--silent", f"{package}@{version}"],  # noqa: S607
        cwd=into,
        capture_output=True,
        text=True,
        check=True,
    )
    archive = into / packed.stdout.split()[-1]
    with tarfile.open(archive) as members:
        return {
            member.name.removeprefix("package/"): opened.read()
            for member in members
            if (opened := members.extractfile(member)) is not None
        }


def without_source_map(content: bytes) -> bytes:
    return SOURCE_MAP.sub(b"\n", content)


def sprite(names: list[str], files: dict[str, bytes], folder: str) -> bytes:
    """One file with the icons the pages use, each a symbol ``i-<name>``."""
    lines = ['<svg xmlns="http://www.w3.org/2000/svg">']
    for name in sorted(names):
        drawn = files[f"{folder}{name}.svg"].decode().replace(" />", "/>")
        shapes = "".join(SHAPE.findall(drawn)).replace(BOUNDING_BOX, "")
        lines.append(f'<symbol id="i-{name}" viewBox="0 0 24 24">{shapes}</symbol>')
    return "\n".join([*lines, "</svg>", ""]).encode()


def refresh(package: dict[str, Any], into: Path) -> None:
    """Write the package's files and note their hashes in its manifest entry."""
    files = fetch(package["package"], package["version"], into)
    for entry in package["files"]:
        target = STATIC / entry["path"]
        if not entry["from"]:  # written by hand
            content = target.read_bytes()
        elif entry["from"].endswith("/"):
            names = SYMBOL.findall(target.read_text(encoding="utf-8"))
            content = sprite(names, files, entry["from"])
        else:
            content = without_source_map(files[entry["from"]])
        target.write_bytes(content)
        entry["sha256"] = digest(content)


def main() -> int:
    packages = json.loads(MANIFEST.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        for package in packages:
            sys.stdout.write(f"{package['package']} {package['version']}\n")
            refresh(package, Path(folder))
    text = json.dumps(packages, indent=2, ensure_ascii=False)
    MANIFEST.write_text(f"{text}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
