"""The score sheet of 3.4 is a table: points in, proposed grade out."""

from __future__ import annotations

import pytest

from surgery.checks.scoring import ScoreOutOfRange, ScoreSheet


@pytest.mark.parametrize(
    ("points", "total", "grade"),
    [
        ((1, 1, 1, 1), 4, 1),
        ((2, 2, 2, 2), 8, 1),
        ((3, 2, 2, 2), 9, 2),
        ((3, 3, 3, 3), 12, 2),
        ((4, 3, 3, 3), 13, 3),
        ((4, 4, 4, 4), 16, 3),
        ((5, 4, 4, 4), 17, 4),
        ((5, 5, 5, 4), 19, 4),
        ((5, 5, 5, 5), 20, 4),
        ((1, 1, 1, 5), 8, 4),
        ((5, 1, 1, 1), 8, 1),
        ((2, 2, 3, 5), 12, 4),
    ],
)
def test_total_and_ethics_propose_the_grade(
    points: tuple[int, int, int, int], total: int, grade: int
) -> None:
    sheet = ScoreSheet(*points)
    assert (sheet.total, sheet.grade) == (total, grade)


@pytest.mark.parametrize("points", [(0, 1, 1, 1), (1, 6, 1, 1), (1, 1, -1, 1)])
def test_points_outside_one_to_five_are_no_sheet(
    points: tuple[int, int, int, int],
) -> None:
    with pytest.raises(ScoreOutOfRange):
        ScoreSheet(*points)
