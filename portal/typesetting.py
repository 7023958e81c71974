"""Documents as PDF: a typst source of ours, filled with JSON, the Chinese font inside.

What comes from people or foreign systems is handed over as JSON, never as source text
(docs/decisions/0012).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn as fonts
import typst

# Long enough that nobody meets it by chance, short enough to be read out.
CHECK_DIGITS = 12


def check_code(content: Any) -> str:
    """``8F3A-21BC-90D4`` stands for what JSON says: one changed word, another code."""
    text = json.dumps(content, ensure_ascii=False)
    digits = hashlib.sha256(text.encode()).hexdigest()[:CHECK_DIGITS].upper()
    return "-".join(digits[at : at + 4] for at in range(0, CHECK_DIGITS, 4))


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
