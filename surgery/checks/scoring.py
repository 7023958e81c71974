"""The score sheet behind a grade (domain 3.4): four dimensions, one proposal.

It supports the committee and decides nothing: the grade asked for may differ, and then
the page says so.
"""

from __future__ import annotations

from dataclasses import dataclass

LOWEST, HIGHEST = 1, 5
# The highest total of each grade; what lies above is grade 4.
TOTALS = ((8, 1), (12, 2), (16, 3))
TOP = 4


class ScoreOutOfRange(ValueError):
    """A dimension has 1 to 5 points."""


@dataclass(frozen=True)
class ScoreSheet:
    """Points from 1 to 5 for 手术风险, 难易程度, 资源消耗, 伦理风险."""

    risk: int
    difficulty: int
    resources: int
    ethics: int

    def __post_init__(self) -> None:
        if not all(LOWEST <= points <= HIGHEST for points in self.points):
            raise ScoreOutOfRange(self.points)

    @property
    def points(self) -> tuple[int, int, int, int]:
        return self.risk, self.difficulty, self.resources, self.ethics

    @property
    def total(self) -> int:
        return sum(self.points)

    @property
    def grade(self) -> int:
        """4–8 is 1, 9–12 is 2, 13–16 is 3, 17–20 is 4; full points for ethics are 4."""
        if self.ethics == HIGHEST:
            return TOP
        return next((grade for most, grade in TOTALS if self.total <= most), TOP)
