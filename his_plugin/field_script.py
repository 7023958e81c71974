"""The script of the field group, joined from ``his_plugin/js`` into one file.

A station includes one address and has no build of its own, so the joined file is kept
beside the sources: ``python -m his_plugin.field_script`` writes it.
"""

from __future__ import annotations

from pathlib import Path

ROOM = Path(__file__).resolve().parent
JOINED = ROOM / "static" / "his_plugin" / "field.js"
# In the order in which they are read.
SOURCES = (
    "early",
    "icons",
    "tools",
    "group",
    "demands",
    "question",
    "verdict",
    "errors",
    "declaring",
    "start",
)


def joined() -> str:
    """All sources in one function, so that no name of theirs is the host's."""
    texts = [
        (ROOM / "js" / f"{name}.js").read_text(encoding="utf-8") for name in SOURCES
    ]
    opening, closing = '(function () {\n"use strict";\n\n', "}());\n"
    return opening + "\n".join(texts) + closing


if __name__ == "__main__":
    JOINED.write_text(joined(), encoding="utf-8")
