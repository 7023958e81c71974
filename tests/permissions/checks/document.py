"""The rules table of docs/check-engine.md: ``python -m tests.permissions.checks.document``."""

from __future__ import annotations

from pathlib import Path

from permissions.checks.rules import TABLE, Mode

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "check-engine.md"
BEGIN, END = "<!-- rules -->", "<!-- /rules -->"
MODES = {Mode.MUST: "must", Mode.SUGGEST: "suggest", Mode.OFF: "off"}


def rules_table() -> str:
    lines = ["| id | rule | next step | source | default | code |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for rule in TABLE:
        mode = "**must**" if rule.is_fixed else MODES[rule.mode]
        code = f"`{rule.code.value}`" if rule.code else ""
        cells = (rule.id, rule.text, rule.remedy, rule.source, mode, code)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def written(text: str) -> str:
    """The document with today's table."""
    head, rest = text.split(BEGIN)
    _old, tail = rest.split(END)
    return f"{head}{BEGIN}\n{rules_table()}\n{END}{tail}"


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text("utf-8")), "utf-8")
