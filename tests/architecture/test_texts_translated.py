"""English is complete, says what the Chinese says, and is compiled as the .po has it."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterable, Iterator

import pytest
from babel.messages.catalog import Message
from django.conf import settings
from django.test import Client

from tests.texts import CATALOG, KEYWORDS, collect, known, missing, sources

PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[a-z%]|\{\w*\}")
MARKUP = re.compile(r"<[^>]*>|&\w+;")
# Curly quotes too: the Chinese font draws them full width.
CHINESE = re.compile(r"[\u2018-\u201d\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
ALIAS = re.compile(r"\bn?p?gettext(?:_lazy|_noop)? as (\w+)|^(\w+) = gettext\w*$", re.M)
# Header values nobody filled in.
UNFILLED = re.compile(r"PROJECT|VERSION|ORGANIZATION|AUTHOR|FULL NAME|ADDRESS|YEAR|LL@")


def translated() -> Iterator[tuple[Message, list[str], list[str]]]:
    """Each message with its Chinese and its English forms."""
    for message in known():
        if message.id:
            yield message, _forms(message.id), _forms(message.string)


def _forms(text: str | Iterable[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or ())


def test_every_name_of_gettext_is_collected() -> None:
    assert {
        f"{path.name}: {name}"
        for path in sources()
        for found in ALIAS.findall(path.read_text(encoding="utf-8"))
        for name in found
        if name and name not in KEYWORDS
    } == set()


def test_every_text_has_english() -> None:
    kept = known()
    wanted = {(message.id, message.context) for message in collect() if message.id}
    held = {(message.id, message.context) for message in kept if message.id}
    assert wanted - held == set(), "run: make texts"
    assert held - wanted == set(), "run: make texts"
    assert missing(kept) == []


def test_compiled_texts_are_up_to_date() -> None:
    with CATALOG.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message, chinese, english in translated():
        if len(chinese) > 1:
            one, many = chinese
            said = [compiled.ngettext(one, many, n) for n in (1, 2)]
        elif message.context:
            said = [compiled.pgettext(message.context, chinese[0])]
        else:
            said = [compiled.gettext(chinese[0])]
        assert said == english


def test_english_keeps_every_placeholder_and_tag() -> None:
    for _message, chinese, english in translated():
        for found in (PLACEHOLDER, MARKUP):
            wanted = sorted(found.findall(chinese[-1]))
            assert [(form, sorted(found.findall(form))) for form in english] == [
                (form, wanted) for form in english
            ]


def test_english_holds_no_chinese() -> None:
    assert [
        form
        for _message, _chinese, english in translated()
        for form in english
        if CHINESE.search(form)
    ] == []


def test_header_is_filled_in() -> None:
    text = CATALOG.read_text(encoding="utf-8")
    header = text[: text.index("\n\n")]
    assert not UNFILLED.search(header.replace("Project-Id-Version", ""))
    assert "fuzzy" not in header
    assert known().num_plurals == 2


@pytest.mark.django_db
def test_page_speaks_the_language_of_the_browser(client: Client) -> None:
    page = client.get("/accounts/login", headers={"accept-language": "en"}).text
    assert '<html lang="en">' in page
    # The switch back names each language as its readers do.
    for own_word in (settings.HOSPITAL_NAME, "简体中文"):
        page = page.replace(own_word, "")
    assert CHINESE.findall(page) == []
    page = client.get("/accounts/login", headers={"accept-language": "fr"}).text
    assert '<html lang="zh-CN">' in page
