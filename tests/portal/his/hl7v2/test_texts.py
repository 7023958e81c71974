from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.his.hl7v2.texts import escaped, field_text, unescaped


@given(st.text(st.characters(codec="gbk", exclude_categories=["Cc"])))
def test_text_comes_back_as_it_was(text: str) -> None:
    written = escaped(text)
    assert not set("|^&~") & set(written)
    assert unescaped(written, "gbk") == text


def test_line_ends_of_a_reason_become_blanks() -> None:
    assert escaped("one\r\ntwo\x0b\x1c") == "one two "


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", r"a|b^c&d~e\f"),
        ("\\X0D0A\\\\XB9FA\\", "\r\n国"),
        (r"one\.br\two", "one\ntwo"),
        (r"C:\temp", r"C:\temp"),
        (r"\H\bold\N\ ", r"\H\bold\N\ "),
    ],
)
def test_escape_of_a_sender_is_understood(written: str, meant: str) -> None:
    assert unescaped(written, "gbk") == meant


def test_value_is_written_as_hl7_has_it() -> None:
    assert field_text(date(2026, 12, 1)) == "20261201"
    assert field_text(None) == '""'
    assert field_text("") == ""
    assert field_text("a|b") == r"a\F\b"
