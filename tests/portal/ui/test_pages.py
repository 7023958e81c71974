"""Which pages a pager shows, and what a column head asks for."""

from __future__ import annotations

import pytest

from portal.ui.lists import Column
from portal.ui.pages import Head, column_heads, pager_of, sorting_of


@pytest.mark.parametrize(
    ("total", "asked", "shown"),
    [
        (0, "1", [1]),
        (20, "1", [1]),
        (21, "2", [1, 2]),
        (100, "3", [1, 2, 3, 4, 5]),
        (1846, "1", [1, 2, 3, None, 93]),
        (1846, "5", [1, None, 3, 4, 5, 6, 7, None, 93]),
        (1846, "93", [1, None, 91, 92, 93]),
        (1846, "²", [1, 2, 3, None, 93]),
    ],
)
def test_pager_shows_the_ends_and_the_neighbors(
    total: int, asked: str, shown: list[int | None]
) -> None:
    assert pager_of(total, asked, 20).shown == shown


def test_pager_of_the_last_page_goes_no_further() -> None:
    pager = pager_of(41, "9", 20)

    assert (pager.number, pager.start, pager.previous, pager.next) == (3, 40, 2, None)


def test_second_click_on_a_head_turns_the_order() -> None:
    columns: list[Column[object]] = [
        Column("name", "医师", order=("pinyin", "-pk")),
        Column("state", "状态", css="nw"),
    ]

    up = sorting_of(columns, "name", ("pk",))
    down = sorting_of(columns, "-name", ("pk",))

    assert (up.order, down.order) == (("pinyin", "-pk"), ("-pinyin", "pk"))
    assert column_heads(columns, up) == [
        Head("医师", "", "-name", "ascending"),
        Head("状态", "nw", "", ""),
    ]
    assert column_heads(columns, down)[0] == Head("医师", "", "name", "descending")


def test_column_without_an_order_cannot_be_sorted() -> None:
    columns: list[Column[object]] = [Column("state", "状态")]

    assert sorting_of(columns, "state", ("pk",)).order == ("pk",)
