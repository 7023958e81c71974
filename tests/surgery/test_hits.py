"""What is marked of a text is what the search found it by, and no markup gets through."""

from __future__ import annotations

import pytest
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from portal.ui.drawing import drawn
from portal.ui.elements import Marked
from surgery.hits import parts_of
from surgery.queries.search import words_of

CHOLE = "腹腔镜下胆囊切除术"


def marked(text: str, typed: str) -> str:
    """「[…]」 around what is marked."""
    parts = parts_of(text, words_of(typed))
    return "".join(f"[{part}]" if is_hit else part for part, is_hit in parts)


@pytest.mark.parametrize(
    ("text", "typed", "shown"),
    [
        (CHOLE, "胆囊", "腹腔镜下[胆囊]切除术"),
        (CHOLE, "fqj", "[腹腔镜]下胆囊切除术"),
        (CHOLE, "FQJ 胆囊", "[腹腔镜]下[胆囊]切除术"),
        (CHOLE, "dannang", "腹腔镜下[胆囊]切除术"),
        (CHOLE, "nnan", "腹腔镜下[胆囊]切除术"),
        (CHOLE, "f", "[腹]腔镜下胆囊切除术"),
        (CHOLE, "q", CHOLE),
        (CHOLE, "胃", CHOLE),
        (CHOLE, "", CHOLE),
        ("51.2300", "512", "[51.2]300"),
        ("51.2300", "５１．２３", "[51.23]00"),
        ("52.7x00", "7×0", "52.[7x0]0"),
        ("内镜逆行胰胆管造影[ERCP]", "ercp", "内镜逆行胰胆管造影[[ERCP]]"),
        ("鼓室成形术,I型", "sCXS", "鼓[室成形术],I型"),
        ("切除术、切除", "切除", "[切除]术、[切除]"),
    ],
)
def test_what_was_typed_is_marked(text: str, typed: str, shown: str) -> None:
    assert marked(text, typed) == shown


def test_markup_in_a_name_is_written_as_text() -> None:
    name = "<script>alert(1)</script>术&"
    found = drawn(Marked(parts_of(name, words_of("script"))))

    assert isinstance(found, SafeString)
    assert found.strip() == (
        "&lt;<mark>script</mark>&gt;alert(1)&lt;/<mark>script</mark>&gt;术&amp;"
    )


@given(st.text(max_size=40), st.text(max_size=12))
def test_parts_are_the_whole_text_whatever_is_typed(text: str, typed: str) -> None:
    parts = parts_of(text, words_of(typed))
    assert "".join(part for part, _is_hit in parts) == text
    assert all(one[1] != other[1] for one, other in zip(parts, parts[1:], strict=False))
