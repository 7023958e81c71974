"""Where in a TOML file something stands: ``tomllib`` gives values without places."""

from __future__ import annotations

import re

HEADER = re.compile(r"^\s*\[\[?\s*(?P<name>[^\]]+?)\s*\]\]?\s*(#.*)?$")
KEY = re.compile(r"""^\s*(?P<name>"[^"]+"|'[^']+'|[\w.-]+)\s*=""")


class Lines:
    """Line numbers of tables and keys; a key without a line has its table's."""

    def __init__(self, text: str) -> None:
        self._found: dict[tuple[str, ...], int] = {}
        table: tuple[str, ...] = ()
        for number, line in enumerate(text.splitlines(), start=1):
            if header := HEADER.match(line):
                table = parts(header["name"])
                self._found.setdefault(table, number)
            elif key := KEY.match(line):
                self._found.setdefault(table + parts(key["name"]), number)

    def of(self, *path: str) -> int:
        """The line of the longest part of the path that stands in the file."""
        for end in range(len(path), 0, -1):
            if path[:end] in self._found:
                return self._found[path[:end]]
        return 1


def parts(name: str) -> tuple[str, ...]:
    """``YW_PRIV_SAVE."项目编码"`` as its parts, without quotes."""
    found = re.findall(r"""\s*("[^"]*"|'[^']*'|[^.\s]+)\s*\.?""", name)
    return tuple(part.strip("\"'") for part in found)
