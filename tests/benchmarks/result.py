"""What a benchmark hands to ``make bench``: its table and one figure with its goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Result:
    """Ours, the peers and the limit on the same work in the same run.

    ``figure`` is the ratio (or absolute figure) the goal speaks of; ``rows`` are the
    lines of the table below ``columns``; ``notes`` are printed under it: sizes, peak
    memory, what was not measured.
    """

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    figure: float
    goal: float
    unit: str = ""
    less_is_better: bool = False
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def is_reached(self) -> bool:
        if self.less_is_better:
            return self.figure <= self.goal
        return self.figure >= self.goal

    @property
    def last_line(self) -> str:
        verdict = "OK" if self.is_reached else "SHORT"
        bound = "<=" if self.less_is_better else ">="
        return (
            f"BENCH {self.name}: {self.figure:.3g}{self.unit} "
            f"goal {bound} {self.goal:g}{self.unit} {verdict}"
        )
