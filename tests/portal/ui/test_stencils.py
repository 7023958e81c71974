"""Markup drawn once and filled many times."""

from __future__ import annotations

import pytest
from django.utils import translation

from portal.ui.stencils import SAMPLE_ID, Kept, Stencil, address_of, hole


def test_holes_are_filled_and_the_rest_stays_to_the_letter() -> None:
    drawn = f'<td title="100 %s">{hole("name")}</td><a href="/x/{SAMPLE_ID}/">%</a>'
    words = ("id", "more", "name")
    filled = Stencil(drawn, words).fill([b"7", b"unused", "50 %d 例".encode()])
    assert filled.decode() == '<td title="100 %s">50 %d 例</td><a href="/x/7/">%</a>'


def test_markup_without_holes_is_itself() -> None:
    assert Stencil("<hr> 5 %", ()).fill([]) == b"<hr> 5 %"


def test_unknown_hole_is_an_error_not_an_empty_place() -> None:
    with pytest.raises(ValueError, match="not in"):
        Stencil(hole("name"), ("id",))


def test_each_key_is_drawn_once_a_language_and_never_more_than_the_most() -> None:
    drawn: list[str] = []

    def draw() -> str:
        drawn.append(translation.get_language())
        return "x"

    kept = Kept(2, ())
    for language in ("zh-hans", "en", "zh-hans"):
        with translation.override(language):
            kept.stencil("row", draw)
    assert drawn == ["zh-hans", "en"]
    with translation.override("en"):
        kept.stencil("other", draw)  # the third: all begin anew
        kept.stencil("row", draw)
    assert drawn == ["zh-hans", "en", "en", "en"]


def test_address_is_that_of_reverse() -> None:
    assert address_of("permissions:grant-history", 81) == "/privileges/81/history/"
    name = "permissions:practitioner-detail"
    assert address_of(name, "001027") == "/doctors/001027/"
    assert address_of(name, "王 1") == "/doctors/%E7%8E%8B%201/"
