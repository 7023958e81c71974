"""Documents as PDF: a typst source of ours, filled with JSON, the Chinese font inside.

What comes from people or foreign systems is handed over as JSON, never as source text
(docs/decisions/0012).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn as fonts
import typst


def pdf(source: Path, name: str, content: Mapping[str, Any]) -> bytes:
    """``source`` reads ``content`` from ``sys.inputs`` by ``name``."""
    made: bytes = typst.compile(
        str(source),
        root=str(source.parent),
        font_paths=[str(Path(str(fonts.sans_path())).parent)],
        ignore_system_fonts=True,
        sys_inputs={name: json.dumps(content, ensure_ascii=False)},
    )
    return made
