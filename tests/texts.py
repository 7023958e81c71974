"""Collect the texts people read and compile their English (``make texts``).

Texts are written in Chinese in the code; ``en/LC_MESSAGES/django.po`` holds the
English. Babel does what gettext's binaries would, so nothing has to be installed.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
CATALOG = ROOT / "portal" / "locale" / "en" / "LC_MESSAGES" / "django.po"
ROOMS = ("portal", "permissions", "surgery", "reports", "his_plugin")
BEGUN = datetime(2026, 11, 25, tzinfo=UTC)
KEYWORDS: dict[str, tuple[int, ...] | tuple[tuple[int, str], int] | None] = {
    "_": None,
    # Where a module needs both the text at once and the lazy one.
    "_l": None,
    "_t": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}


def sources() -> Iterator[Path]:
    """Every file that may hold a text; the demo HIS is a foreign system."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "demo_his" not in path.parts and "migrations" not in path.parts:
                yield path
    for path in sorted((ROOT / "templates").rglob("*.html")):
        if "demo_his" not in path.parts:
            yield path


STRING = r"u?(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")"
CALL = re.compile(
    rf"\b(gettext|ngettext|pgettext|_)\(({STRING})(?:,\s*({STRING}))?", re.DOTALL
)

Text = tuple[str | tuple[str, ...], str | None]  # message (or plurals), context


def texts_in_template(path: Path) -> Iterator[Text]:
    """What a template's tags ask to be translated."""
    source = templatize(path.read_text(encoding="utf-8"), origin=path.name)
    for function, first, second in CALL.findall(source):
        one = ast.literal_eval(first)
        two = ast.literal_eval(second) if second else ""
        if function == "ngettext":
            yield (one, two), None
        elif function == "pgettext":
            yield two, one
        else:
            yield one, None


def texts_in_python(path: Path) -> Iterator[Text]:
    """What a module asks to be translated."""
    with path.open("rb") as file:
        for _line, message, _comments, context in extract("python", file, KEYWORDS):
            yield message, context


def empty() -> Catalog:
    """A catalogue with its header; no moment of writing, so that nothing new is
    nothing changed."""
    return Catalog(
        locale="en",
        header_comment="# English of the portal's texts. Kept by make texts.",
        project="医务管理系统",
        version="yiwu",
        copyright_holder="yiwu",
        msgid_bugs_address="yiwu",
        creation_date=BEGUN,
        revision_date=BEGUN,
        last_translator="yiwu",
        language_team="English",
        charset="utf-8",
        fuzzy=False,
    )


def collect() -> Catalog:
    """A catalogue of all texts with the files they stand in, no translations."""
    catalog = empty()
    for path in sources():
        name = str(path.relative_to(ROOT))
        texts = texts_in_python if path.suffix == ".py" else texts_in_template
        for message, context in texts(path):
            catalog.add(message, locations=[(name, 1)], context=context)
    return catalog


def known() -> Catalog:
    """The catalogue as it is kept."""
    if not CATALOG.exists():
        return empty()
    with CATALOG.open("rb") as file:
        return read_po(file, locale="en")


def save(catalog: Catalog) -> None:
    """Write the .po and what is compiled from it."""
    with CATALOG.open("wb") as file:
        write_po(file, catalog, width=100, include_lineno=False, sort_by_file=True)
    with CATALOG.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)


def update() -> Catalog:
    """Bring the .po up to date, keep translations, and compile it; returns it."""
    found, kept = collect(), known()
    for message in found:
        before = kept.get(message.id, message.context) if message.id else None
        if before is not None:
            message.string = before.string
    save(found)
    return found


def missing(catalog: Catalog) -> list[str]:
    """Texts without English."""
    return [
        str(message.id)
        for message in catalog
        if message.id and not (message.string and all(message.string))
    ]


if __name__ == "__main__":
    left = missing(update())
    sys.stdout.write("".join(f"{text}\n" for text in left))
    sys.exit(1 if left else 0)
